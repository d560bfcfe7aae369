/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/export_backend.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "support/cmocka.h"

static struct arena arena;
static struct local_exports local_exports;
static char directory[] = "/tmp/csicore-backend-XXXXXX";
static struct status st;

static int set_up(void **state)
{
	static char spelling[PATH_MAX];
	arena_init(&arena, 1 << 20);
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(spelling, sizeof(spelling), "nas:/srv=%s", directory);
	const struct option_list spellings = {{spelling}, 1};
	return local_exports_parse(&arena, &spellings, &local_exports, &st);
}

static int tear_down(void **state)
{
	arena_release(&arena);
	return rmdir(directory);
}

static struct fs *open_export(const char *server, const char *share, struct path *ret_below)
{
	struct export_backend backend = {
		.local_exports = &local_exports, .connect_timeout_ms = 1000, .reply_timeout_ms = 1000};
	const struct export_key key = {.server = server, .share = share};
	return export_backend_open(&backend, &key, &arena, ret_below, &st);
}

static void local_export_is_its_directory(void **state)
{
	struct path below;
	struct fs *fs = open_export("nas", "/srv", &below);
	assert_non_null(fs);
	assert_string_equal(fs->ops->name, "dirfd");
	assert_int_equal(below.count, 0);
	fs_free(fs);
}

static void share_below_a_local_export_comes_as_a_path(void **state)
{
	struct path below;
	struct fs *fs = open_export("nas", "/srv/team/a", &below);
	assert_non_null(fs);
	assert_string_equal(fs->ops->name, "dirfd");
	assert_string_equal(path_join(&arena, &below), "team/a");
	fs_free(fs);
}

static void everything_else_is_an_nfs_server(void **state)
{
	struct path below;
	struct fs *fs = open_export("nas", "/other", &below);
	assert_non_null(fs);
	assert_string_equal(fs->ops->name, "libnfs");
	assert_int_equal(below.count, 0);
	fs_free(fs);
}

static void local_directory_that_is_gone_is_a_failure(void **state)
{
	struct path below;
	assert_int_equal(rmdir(directory), 0);
	assert_null(open_export("nas", "/srv", &below));
	assert_string_equal(status_code_name(st.code), "NOT_FOUND");
	assert_int_equal(mkdir(directory, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_export_is_its_directory),
		cmocka_unit_test(share_below_a_local_export_comes_as_a_path),
		cmocka_unit_test(everything_else_is_an_nfs_server),
		cmocka_unit_test(local_directory_that_is_gone_is_a_failure),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
