/* SPDX-License-Identifier: Apache-2.0 */
/* csi-node keeps nothing that a restart would lose: the kernel has the mounts, the cluster the rest. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "guest/kernel_test.h"

#define VOLUME_COUNT 3

/* Restarts csi-node by the signal with volumes published, and uses them before, between and after. */
static void restart_with_volumes(int signal_number)
{
	struct fixture *fixture = fixture_get();
	struct csi_volume volumes[VOLUME_COUNT];
	char targets[VOLUME_COUNT][2 * PATH_BYTES];
	struct status st = {0};
	for (unsigned i = 0; i < VOLUME_COUNT; i++) {
		AUTO_FREE char *name = memory_printf("restart-%u", i);
		(void)snprintf(targets[i], sizeof(targets[i]), "%s", target_path(name));
		create_volume(name, "vers=4.2", NULL, 0, &volumes[i]);
		assert_ok(csi_client_publish_volume(fixture->node_client, &volumes[i], targets[i], false, &st), &st);
	}
	if (signal_number == SIGTERM) {
		fixture_stop_node();
	} else {
		csi_client_close(TAKE_POINTER(fixture->node_client));
		assert_int_equal(kill(fixture->node.pid, signal_number), 0);
		assert_int_equal(waitpid(fixture->node.pid, NULL, 0), fixture->node.pid);
	}
	for (unsigned i = 0; i < VOLUME_COUNT; i++)
		assert_int_equal(write_file(targets[i], "between", "csi-node is not needed"), 0);

	fixture_start_node();
	for (unsigned i = 0; i < VOLUME_COUNT; i++) {
		struct csi_volume_stats stats;
		assert_ok(csi_client_publish_volume(fixture->node_client, &volumes[i], targets[i], false, &st), &st);
		assert_ok(csi_client_get_volume_stats(fixture->node_client, volumes[i].id, targets[i], &stats, &st),
			  &st);
		assert_ok(csi_client_unpublish_volume(fixture->node_client, volumes[i].id, targets[i], &st), &st);
		delete_volume(&volumes[i]);
	}
	assert_int_equal(mounts_seen_below(fixture->directory), 0);
}

static void mounts_outlive_sigterm_and_are_taken_over(void **state)
{
	restart_with_volumes(SIGTERM);
}

static void mounts_outlive_sigkill_and_are_taken_over(void **state)
{
	restart_with_volumes(SIGKILL);
}

int run_restart_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_outlive_sigterm_and_are_taken_over),
		cmocka_unit_test(mounts_outlive_sigkill_and_are_taken_over),
	};
	return cmocka_run_group_tests_name("restart", tests, fixture_setup, fixture_teardown);
}
