/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/options.h"

#include "base/status.h"
#include "support/cmocka.h"

#define ARGUMENTS_MAX 40

static struct controller_options options;
static enum options_outcome outcome;
static struct status st;

static int tear_down(void **state)
{
	controller_options_release(&options);
	return 0;
}

static int parse(const char *const *arguments)
{
	char *argv[ARGUMENTS_MAX] = {(char *)"csi-controller"};
	int argc = 1;
	while (arguments[argc - 1]) {
		argv[argc] = (char *)arguments[argc - 1];
		argc++;
	}
	controller_options_init(&options);
	return controller_options_parse(&options, argc, argv, &outcome, &st);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void nothing_is_required(void **state)
{
	assert_int_equal(parse((const char *const[]){NULL}), 0);
	assert_int_equal(outcome, OPTIONS_RUN);
	assert_string_equal(options.default_on_delete, "");
	assert_false(options.removes_archived);
	assert_int_equal(options.calls_per_server, 100);
	assert_int_equal(options.nfs_uid, 0);
	assert_int_equal(options.nfs_gid, 0);
}

static void the_arguments_of_csi_driver_nfs_are_taken(void **state)
{
	assert_int_equal(PARSE("-v=5", "--nodeid=node", "--endpoint=unix:///csi/csi.sock",
			       "--drivername=nfs.csi.k8s.io", "--mount-permissions=0777", "--working-mount-dir=/tmp",
			       "--default-ondelete-policy=Archive", "--use-tar-command-in-snapshot=false",
			       "--enable-snapshot-compression=true", "--vol-stats-cache-expire-in-minutes=10",
			       "--remove-archived-volume-path=true"),
			 0);
	assert_string_equal(options.default_on_delete, "Archive");
	assert_true(options.removes_archived);
	assert_string_equal(options.driver.driver_name, "nfs.csi.k8s.io");
}

static void bad_policy_is_named(void **state)
{
	assert_int_equal(PARSE("--default-ondelete-policy=recycle"), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_string_equal(st.message, "--default-ondelete-policy: \"recycle\" is not delete, retain or archive");
}

static void bounds_are_kept(void **state)
{
	assert_int_equal(PARSE("--calls-per-server=0"), -1);
	assert_int_equal(PARSE("--reply-timeout=0s"), -1);
	assert_int_equal(PARSE("--nfs-uid=-1"), -1);
	assert_int_equal(PARSE("--reply-timeout=1m30s", "--nfs-uid=65534"), 0);
	assert_int_equal(options.reply_timeout_ms, 90 * 1000);
	assert_int_equal(options.nfs_uid, 65534);
}

static void shares_are_read_with_their_options(void **state)
{
	assert_int_equal(PARSE("--share=srv:/a//b/", "--share", "[::1]:/,nfsvers=3,port=12049"), 0);
	assert_int_equal(options.share_count, 2);
	const struct export_key plain = {.server = "srv", .share = "/a/b"};
	const struct export_key with_options = {"::1", "/", NFS_VERSION_3, 12049};
	assert_true(export_key_equals(&options.shares[0], &plain));
	assert_true(export_key_equals(&options.shares[1], &with_options));
}

static void options_of_shares_are_kept_for_the_kernel(void **state)
{
	assert_int_equal(PARSE("--access=kernel", "--share=srv:/a,sec=krb5,port=12049", "--share=srv:/b"), 0);
	assert_true(options.is_access_kernel);
	assert_string_equal(options.shares[0].options, "sec=krb5,port=12049");
	assert_int_equal(options.shares[0].nfs_port, 12049);
	assert_null(options.shares[1].options);
}

static void unknown_access_is_named(void **state)
{
	assert_int_equal(PARSE("--access=magic"), -1);
	assert_string_equal(st.message, "--access: \"magic\" is not user or kernel");
}

static void user_of_nfs_is_not_the_kernels_business(void **state)
{
	assert_int_equal(PARSE("--access=kernel", "--nfs-uid=65534"), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

static void bad_share_is_named(void **state)
{
	assert_int_equal(PARSE("--share=srv/a"), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_string_equal(st.message, "--share: invalid share \"srv/a\": it is written SERVER:/PATH or "
					"SERVER:/PATH,OPTIONS");
}

static void unknown_capability_is_named(void **state)
{
	assert_int_equal(PARSE("--capabilities=-single-node-multi-writer"), 0);
	assert_false(capabilities_have(&options.capabilities, CONTROLLER_CAN(SINGLE_NODE_MULTI_WRITER)));
	assert_int_equal(PARSE("--capabilities=+teleport-volume"), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_string_equal(
		st.message,
		"--capabilities: \"teleport-volume\" is no capability of this controller: see csi-controller(8)");
}

static void attach_adds_to_the_capabilities_of_any_list(void **state)
{
	assert_int_equal(PARSE("--attach"), 0);
	assert_true(capabilities_have(&options.capabilities, CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME)));
	assert_int_equal(PARSE("--capabilities=create-delete-volume", "--attach", "--nodes-file=/etc/nodes"), 0);
	assert_true(capabilities_have(&options.capabilities, CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME)));
	assert_string_equal(options.nodes_file, "/etc/nodes");
}

static void options_reach_the_configuration(void **state)
{
	struct export_backend backend;
	struct controller_config config;
	assert_int_equal(PARSE("--nfs-uid=7", "--connect-timeout=3s", "--calls-per-server=9", "--drivername=a.b",
			       "--default-ondelete-policy=retain"),
			 0);
	controller_options_apply(&options, &backend, &config);
	assert_int_equal(backend.nfs_uid, 7);
	assert_int_equal(backend.connect_timeout_ms, 3000);
	assert_int_equal(config.calls_per_server, 9);
	assert_string_equal(config.driver_name, "a.b");
	assert_string_equal(config.default_on_delete, "retain");
	assert_ptr_equal(config.exports.context, &backend);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_required),
		TEST(the_arguments_of_csi_driver_nfs_are_taken),
		TEST(bad_policy_is_named),
		TEST(bounds_are_kept),
		TEST(shares_are_read_with_their_options),
		TEST(bad_share_is_named),
		TEST(unknown_capability_is_named),
		TEST(attach_adds_to_the_capabilities_of_any_list),
		TEST(options_of_shares_are_kept_for_the_kernel),
		TEST(unknown_access_is_named),
		TEST(user_of_nfs_is_not_the_kernels_business),
		TEST(options_reach_the_configuration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
