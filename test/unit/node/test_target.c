/* SPDX-License-Identifier: Apache-2.0 */
#include "node/target.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "support/cmocka.h"

struct fixture {
	struct arena arena;
	char directory[64];
	char path[128]; /* directory/a/b */
};

static int open_fixture(void **state)
{
	static struct fixture f;

	arena_init(&f.arena, 1 << 20);
	(void)snprintf(f.directory, sizeof(f.directory), "/tmp/csi-target-test-XXXXXX");
	if (!mkdtemp(f.directory))
		return -1;
	(void)snprintf(f.path, sizeof(f.path), "%s/a/b", f.directory);
	*state = &f;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;
	char command[128];

	arena_release(&f->arena);
	(void)snprintf(command, sizeof(command), "rm -rf %s", f->directory);
	return system(command);
}

static size_t must_make(const char *path)
{
	size_t kept_bytes = 0;
	struct status st = {0};

	if (target_make(path, &kept_bytes, &st) < 0)
		fail_msg("%s", st.message);
	return kept_bytes;
}

static void check_normalizes(void **state)
{
	struct fixture *f = *state;
	struct status st;

	assert_string_equal(target_check(&f->arena, "target path", "/a//b/./c/", &st), "/a/b/c");
}

static void check_refuses_what_is_no_target(void **state)
{
	static const char *const paths[] = {"", "a/b", "/", "/..", "/a/../b"};
	struct fixture *f = *state;
	struct status st;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_null(target_check(&f->arena, "target path", paths[i], &st));
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	}
	char *deep = arena_alloc(&f->arena, PATH_MAX + 1);

	memset(deep, '/', PATH_MAX);
	deep[PATH_MAX] = '\0';
	assert_null(target_check(&f->arena, "target path", deep, &st));
	assert_non_null(strstr(st.message, "longer than"));
}

static void make_makes_parents_and_unmake_takes_them_back(void **state)
{
	struct fixture *f = *state;
	struct stat now;
	size_t kept_bytes = must_make(f->path);

	assert_int_equal(kept_bytes, strlen(f->directory));
	assert_int_equal(stat(f->path, &now), 0);
	assert_int_equal(now.st_mode & 07007, 0);
	target_unmake(f->path, kept_bytes);
	assert_int_equal(rmdir(f->directory), 0);
	assert_int_equal(mkdir(f->directory, 0700), 0);
}

static void unmake_leaves_what_was_there(void **state)
{
	struct fixture *f = *state;

	(void)must_make(f->path);
	size_t kept_bytes = must_make(f->path);

	assert_int_equal(kept_bytes, strlen(f->path));
	target_unmake(f->path, kept_bytes);
	assert_int_equal(access(f->path, F_OK), 0);
	assert_int_equal(rmdir(f->path), 0);
	kept_bytes = must_make(f->path);
	target_unmake(f->path, kept_bytes);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(access(arena_printf(&f->arena, "%s/a", f->directory), F_OK), 0);
}

static void make_fails_below_a_file_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	char *file = arena_printf(&f->arena, "%s/file", f->directory);
	size_t kept_bytes;
	struct status st;
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(target_make(arena_printf(&f->arena, "%s/x/y", file), &kept_bytes, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_int_equal(target_make(file, &kept_bytes, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
}

static void link_to_a_directory_is_no_target(void **state)
{
	struct fixture *f = *state;
	char *link = arena_printf(&f->arena, "%s/link", f->directory);
	size_t kept_bytes;
	struct status st;

	assert_int_equal(symlink("/tmp", link), 0);
	assert_int_equal(target_make(link, &kept_bytes, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
}

static void make_hides_nothing(void **state)
{
	struct fixture *f = *state;
	size_t kept_bytes;
	struct status st;

	(void)must_make(f->path);
	char *parent = arena_printf(&f->arena, "%s/a", f->directory);

	assert_int_equal(target_make(parent, &kept_bytes, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_int_equal(access(f->path, F_OK), 0);
}

static void remove_is_repeatable(void **state)
{
	struct fixture *f = *state;
	struct status st;

	(void)must_make(f->path);
	assert_int_equal(target_remove(f->path, &st), 0);
	assert_int_equal(target_remove(f->path, &st), 0);
	assert_int_equal(target_remove("/nowhere/at/all", &st), 0);
	assert_int_equal(target_remove("/etc/hostname/x", &st), 0);
}

static void remove_keeps_a_directory_with_something_in_it(void **state)
{
	struct fixture *f = *state;
	struct status st;

	(void)must_make(f->path);
	char *parent = arena_printf(&f->arena, "%s/a", f->directory);

	assert_int_equal(target_remove(parent, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_int_equal(access(f->path, F_OK), 0);
}

static void remove_keeps_what_nobody_mounts_on(void **state)
{
	struct fixture *f = *state;
	char *link = arena_printf(&f->arena, "%s/link", f->directory);
	struct status st;

	assert_int_equal(symlink("/nowhere", link), 0);
	assert_int_equal(target_remove(link, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_int_equal(unlink(link), 0);
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(check_normalizes),
		WITH_FIXTURE(check_refuses_what_is_no_target),
		WITH_FIXTURE(make_makes_parents_and_unmake_takes_them_back),
		WITH_FIXTURE(unmake_leaves_what_was_there),
		WITH_FIXTURE(make_fails_below_a_file_and_leaves_nothing),
		WITH_FIXTURE(link_to_a_directory_is_no_target),
		WITH_FIXTURE(make_hides_nothing),
		WITH_FIXTURE(remove_is_repeatable),
		WITH_FIXTURE(remove_keeps_a_directory_with_something_in_it),
		WITH_FIXTURE(remove_keeps_what_nobody_mounts_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
