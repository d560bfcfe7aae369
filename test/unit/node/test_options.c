/* SPDX-License-Identifier: Apache-2.0 */
#include "node/options.h"

#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "support/cmocka.h"

static int parse(struct node_options *options, int argc, const char *const argv[], struct status *st)
{
	enum options_outcome outcome = OPTIONS_HELP;

	node_options_init(options);
	int result = node_options_parse(options, argc, (char *const *)argv, &outcome, st);

	if (result == 0)
		assert_int_equal(outcome, OPTIONS_RUN);
	return result;
}

static void defaults_answer_within_kubelets_two_minutes(void **state)
{
	static const char *const argv[] = {"csi-node"};
	struct node_options options;
	struct status st = {0};
	char host[NODE_ID_BYTES] = "";

	(void)state;
	assert_int_equal(parse(&options, 1, argv, &st), 0);
	assert_int_equal(options.mount_timeout_ms, 100000);
	assert_int_equal(options.unmount_timeout_ms, 30000);
	assert_int_equal(options.stats_timeout_ms, 10000);
	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	assert_string_equal(options.node_id, host);
	node_options_release(&options);
}

static void own_and_shared_options_are_one_table(void **state)
{
	static const char *const argv[] = {"csi-node", "--nodeid=n1", "-mount-timeout", "5s",
					   "--drivername=nfs.csi.k8s.io"};
	struct node_options options;
	struct status st = {0};

	(void)state;
	assert_int_equal(parse(&options, 5, argv, &st), 0);
	assert_string_equal(options.node_id, "n1");
	assert_int_equal(options.mount_timeout_ms, 5000);
	assert_string_equal(options.driver.driver_name, "nfs.csi.k8s.io");
	node_options_release(&options);
}

static void flags_of_csi_driver_nfs_are_accepted(void **state)
{
	static const char *const argv[] = {"csi-node",
					   "-v=5",
					   "--nodeid=n1",
					   "--endpoint=unix:///csi/csi.sock",
					   "--working-mount-dir=/tmp",
					   "--default-ondelete-policy=retain",
					   "--vol-stats-cache-expire-in-minutes=10",
					   "--remove-archived-volume-path=true",
					   "--use-tar-command-in-snapshot",
					   "--enable-snapshot-compression=false",
					   "--mount-permissions=0777"};
	struct node_options options;
	struct status st = {0};

	(void)state;
	assert_int_equal(parse(&options, sizeof(argv) / sizeof(argv[0]), argv, &st), 0);
	assert_int_equal(options.driver.mount_permissions, 0777);
	node_options_release(&options);
}

static void node_ids_beyond_the_specs_limit_are_refused(void **state)
{
	char text[NODE_ID_BYTES + 16] = "--nodeid=";
	const char *const argv[] = {"csi-node", text};
	struct node_options options;
	struct status st = {0};

	(void)state;
	memset(text + 9, 'n', NODE_ID_BYTES);
	text[9 + NODE_ID_BYTES] = '\0';
	assert_int_equal(parse(&options, 2, argv, &st), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	node_options_release(&options);
}

static void timeouts_of_nothing_are_refused(void **state)
{
	static const char *const argv[] = {"csi-node", "--mount-timeout=0"};
	struct node_options options;
	struct status st = {0};

	(void)state;
	assert_int_equal(parse(&options, 2, argv, &st), -1);
	node_options_release(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_answer_within_kubelets_two_minutes),
		cmocka_unit_test(own_and_shared_options_are_one_table),
		cmocka_unit_test(flags_of_csi_driver_nfs_are_accepted),
		cmocka_unit_test(node_ids_beyond_the_specs_limit_are_refused),
		cmocka_unit_test(timeouts_of_nothing_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
