/* SPDX-License-Identifier: Apache-2.0 */
/* What can be seen of it where the kernel has no NFS client; the rest is tested in the guest. */
#include "controller/kernel_export.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/status.h"
#include "controller/export_backend.h"
#include "mount/mounter_kernel.h"
#include "storage/fs.h"
#include "support/cmocka.h"
#include "support/nfs_fake.h"

#define TIMEOUT_MS 10000

static struct local_exports local_exports;
static struct export_backend backend;
static struct arena arena;
static struct cancel cancel;
static struct status st;

static int set_up(void **state)
{
	arena_init(&arena, 1 << 16);
	cancel_init(&cancel, TIMEOUT_MS);
	backend = (struct export_backend){.local_exports = &local_exports,
					  .mounter = mounter_kernel_new(),
					  .connect_timeout_ms = TIMEOUT_MS,
					  .reply_timeout_ms = TIMEOUT_MS};
	return 0;
}

static int tear_down(void **state)
{
	export_backend_release(&backend);
	cancel_release(&cancel);
	arena_release(&arena);
	return 0;
}

static struct fs *open_with(const char *options)
{
	const struct export_key key = {.server = "127.0.0.1", .share = "/share", .options = options};
	struct path below;
	return export_backend_open(&backend, &key, &arena, &below, &st);
}

static void nothing_is_mounted_before_the_first_use(void **state)
{
	struct fs *fs = open_with(NULL);
	assert_non_null(fs);
	assert_string_equal(fs->ops->name, "kernel");
	fs_free(fs);
}

static void options_that_cannot_be_read_are_refused(void **state)
{
	assert_null(open_with("sec=krb5,remount"));
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

static void ping_asks_the_port_of_the_options(void **state)
{
	struct nfs_fake *fake = nfs_fake_start(NFS_FAKE_V4);
	struct fs *fs = open_with(arena_printf(&arena, "vers=4.1,port=%u", nfs_fake_port(fake)));
	assert_non_null(fs);
	if (fs_ping(fs, &cancel, &st) < 0)
		fail_msg("%s", st.message);
	fs_free(fs);
	nfs_fake_stop(fake);
}

static void ping_says_that_nobody_listens(void **state)
{
	struct fs *fs = open_with("port=1");
	assert_non_null(fs);
	assert_int_equal(fs_ping(fs, &cancel, &st), -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_int_equal(st.errnum, ECONNREFUSED);
	fs_free(fs);
}

static void kernel_without_nfs_says_so(void **state)
{
	int context = fsopen("nfs", FSOPEN_CLOEXEC);
	if (context >= 0) {
		(void)close(context);
		skip();
	}
	struct fs *fs = open_with("vers=4.2,port=1");
	struct fs_dir *root;
	assert_non_null(fs);
	assert_int_equal(fs_open_root(fs, &cancel, &root, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	fs_free(fs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_mounted_before_the_first_use),
		TEST(options_that_cannot_be_read_are_refused),
		TEST(ping_asks_the_port_of_the_options),
		TEST(ping_says_that_nobody_listens),
		TEST(kernel_without_nfs_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
