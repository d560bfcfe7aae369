/* SPDX-License-Identifier: Apache-2.0 */
/* What can be seen of it without an NFS server; the rest is tested by way of the mounter, and in the guest. */
#include "mount/nfs_mounting.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/status.h"
#include "mount/mount_child.h"
#include "mount/nfs_versions.h"
#include "support/cmocka.h"
#include "support/nfs_fake.h"

static struct arena arena;
static struct cancel cancel;
static struct nfs_options options;
static struct nfs_mount source;
static struct nfs_mounting mounting;
static struct status st;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 16);
	cancel_init(&cancel, 10000);
	st = (struct status){0};
	source = (struct nfs_mount){.server = "127.0.0.1", .path = "/share", .options = &options};
	mounting = (struct nfs_mounting){
		.children = mount_children_new(1), .versions = nfs_versions_new(), .source = &source};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	mount_children_free(mounting.children);
	nfs_versions_free(mounting.versions);
	cancel_release(&cancel);
	arena_release(&arena);
	return 0;
}

static void read_options(const char *text)
{
	assert_int_equal(nfs_options_parse(&arena, &text, 1, &options, &st), 0);
}

static void server_that_answers_is_there(void **state)
{
	struct nfs_fake *fake = nfs_fake_start(NFS_FAKE_V4);

	(void)state;
	read_options(arena_printf(&arena, "port=%u", nfs_fake_port(fake)));
	if (nfs_mounting_ping(&mounting, &cancel, &st) < 0)
		fail_msg("%s", st.message);
	nfs_fake_stop(fake);
}

static void server_that_refuses_is_named(void **state)
{
	(void)state;
	read_options("port=1");
	assert_int_equal(nfs_mounting_ping(&mounting, &cancel, &st), -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_int_equal(st.errnum, ECONNREFUSED);
	assert_non_null(strstr(st.message, "NFS server 127.0.0.1"));
}

static void what_cannot_be_asked_is_not_held_against_it(void **state)
{
	(void)state;
	read_options("port=1,xprtsec=tls");
	assert_int_equal(nfs_mounting_ping(&mounting, &cancel, &st), 0);
}

static void kernel_without_nfs_says_so(void **state)
{
	int context = fsopen("nfs", FSOPEN_CLOEXEC);

	(void)state;
	if (context >= 0) {
		(void)close(context);
		skip();
	}
	read_options("port=1,vers=4.2");
	assert_int_equal(nfs_mounting_run(&mounting, &cancel, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_non_null(strstr(st.message, "mount 127.0.0.1:/share: open the file system type"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(server_that_answers_is_there),
		TEST(server_that_refuses_is_named),
		TEST(what_cannot_be_asked_is_not_held_against_it),
		TEST(kernel_without_nfs_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
