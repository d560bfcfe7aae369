/* SPDX-License-Identifier: Apache-2.0 */
#include "node/stats.h"

#include <errno.h>

#include "base/slots.h"
#include "base/status.h"
#include "support/cmocka.h"
#include "unit/node/fixture.h"

static int stats(struct node_fixture *f, const char *volume_id, const char *path,
		 Csi__V1__NodeGetVolumeStatsResponse *response, struct status *st)
{
	Csi__V1__NodeGetVolumeStatsRequest request = CSI__V1__NODE_GET_VOLUME_STATS_REQUEST__INIT;

	request.volume_id = (char *)volume_id;
	request.volume_path = (char *)path;
	csi__v1__node_get_volume_stats_response__init(response);
	*st = (struct status){0};
	return volume_stats(&f->node, &f->arena, &f->cancel, &request, response, st);
}

static struct status expect_refused(struct node_fixture *f, const char *volume_id, const char *path,
				    enum status_code code)
{
	Csi__V1__NodeGetVolumeStatsResponse response;
	struct status st;

	assert_int_equal(stats(f, volume_id, path, &response, &st), -1);
	assert_string_equal(status_code_name(st.code), status_code_name(code));
	return st;
}

static void bytes_and_inodes_are_reported(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodeGetVolumeStatsResponse response;
	struct status st;

	mounter_fake_add(&f->mounter, "srv:/share", f->directory, false);
	f->mounter.capacity = (struct mount_capacity){1000, 400, 500, 70, 60, 10};
	assert_int_equal(stats(f, "vol-1", f->directory, &response, &st), 0);
	assert_int_equal(response.n_usage, 2);
	assert_int_equal(response.usage[0]->unit, CSI__V1__VOLUME_USAGE__UNIT__BYTES);
	assert_int_equal(response.usage[0]->total, 1000);
	assert_int_equal(response.usage[0]->available, 400);
	assert_int_equal(response.usage[0]->used, 500);
	assert_int_equal(response.usage[1]->unit, CSI__V1__VOLUME_USAGE__UNIT__INODES);
	assert_int_equal(response.usage[1]->total, 70);
	assert_int_equal(response.usage[1]->available, 60);
	assert_int_equal(response.usage[1]->used, 10);
}

static void numbers_beyond_the_wire_are_cut(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodeGetVolumeStatsResponse response;
	struct status st;

	mounter_fake_add(&f->mounter, "srv:/share", f->directory, false);
	f->mounter.capacity = (struct mount_capacity){.total_bytes = UINT64_MAX};
	assert_int_equal(stats(f, "vol-1", f->directory, &response, &st), 0);
	assert_true(response.usage[0]->total == INT64_MAX);
}

static void missing_arguments_are_named_in_the_peers_words(void **state)
{
	struct node_fixture *f = *state;

	assert_string_equal(expect_refused(f, "", "/x", STATUS_INVALID_ARGUMENT).message,
			    "NodeGetVolumeStats volume ID was empty");
	assert_string_equal(expect_refused(f, "vol-1", "", STATUS_INVALID_ARGUMENT).message,
			    "NodeGetVolumeStats volume path was empty");
}

static void no_volume_is_at_a_path_that_is_relative_missing_or_no_mount(void **state)
{
	struct node_fixture *f = *state;

	assert_string_equal(expect_refused(f, "vol-1", "some/path", STATUS_NOT_FOUND).message,
			    "path some/path does not exist");
	(void)expect_refused(f, "vol-1", f->target, STATUS_NOT_FOUND);
	(void)expect_refused(f, "vol-1", f->directory, STATUS_NOT_FOUND);
}

static void hanging_server_ends_at_the_deadline(void **state)
{
	struct node_fixture *f = *state;

	mounter_fake_add(&f->mounter, "srv:/share", f->directory, false);
	f->mounter.is_hanging = true;
	f->node.stats_timeout_ms = 20;
	(void)expect_refused(f, "vol-1", f->directory, STATUS_DEADLINE_EXCEEDED);
	/* The server's slot came back. */
	f->mounter.is_hanging = false;
	Csi__V1__NodeGetVolumeStatsResponse response;
	struct status st;

	assert_int_equal(stats(f, "vol-1", f->directory, &response, &st), 0);
}

static void stale_volume_is_unavailable(void **state)
{
	struct node_fixture *f = *state;

	mounter_fake_add(&f->mounter, "srv:/share", f->directory, false);
	f->mounter.capacity_errnum = ESTALE;
	(void)expect_refused(f, "vol-1", f->directory, STATUS_UNAVAILABLE);
}

static void dead_server_leaves_workers_for_others(void **state)
{
	struct node_fixture *f = *state;

	mounter_fake_add(&f->mounter, "srv:/share", f->directory, false);
	for (int i = 0; i < NODE_CALLS_PER_SERVER_MAX; i++)
		assert_true(slots_try(f->node.servers, "srv"));
	(void)expect_refused(f, "vol-1", f->directory, STATUS_UNAVAILABLE);
	mounter_fake_add(&f->mounter, "other:/share", f->directory, false);
	Csi__V1__NodeGetVolumeStatsResponse response;
	struct status st;

	assert_int_equal(stats(f, "vol-1", f->directory, &response, &st), 0);
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, node_fixture_open, node_fixture_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(bytes_and_inodes_are_reported),
		WITH_FIXTURE(numbers_beyond_the_wire_are_cut),
		WITH_FIXTURE(missing_arguments_are_named_in_the_peers_words),
		WITH_FIXTURE(no_volume_is_at_a_path_that_is_relative_missing_or_no_mount),
		WITH_FIXTURE(hanging_server_ends_at_the_deadline),
		WITH_FIXTURE(stale_volume_is_unavailable),
		WITH_FIXTURE(dead_server_leaves_workers_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
