/* SPDX-License-Identifier: Apache-2.0 */
#include "node/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slots.h"
#include "base/status.h"
#include "support/cmocka.h"
#include "unit/node/fixture.h"

#define MODE(name) CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__##name

/* ---- what is missing or wrong */

static void missing_arguments_are_named_in_the_peers_words(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);
	Csi__V1__VolumeCapability *capability = request->volume_capability;

	request->volume_capability = NULL;
	assert_string_equal(node_publish_refused(f, request, STATUS_INVALID_ARGUMENT).message,
			    "Volume capability missing in request");
	request->volume_capability = capability;
	request->volume_id = (char *)"";
	assert_string_equal(node_publish_refused(f, request, STATUS_INVALID_ARGUMENT).message,
			    "Volume ID missing in request");
	request->volume_id = (char *)"vol-1";
	request->target_path = (char *)"";
	assert_string_equal(node_publish_refused(f, request, STATUS_INVALID_ARGUMENT).message,
			    "Target path not provided");
	assert_int_equal(f->mounter.verbs, 0);
}

static void server_and_share_are_required(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	request->n_volume_context = 1;
	assert_string_equal(node_publish_refused(f, request, STATUS_INVALID_ARGUMENT).message,
			    "share is a required parameter");
	request->n_volume_context = 0;
	assert_string_equal(node_publish_refused(f, request, STATUS_INVALID_ARGUMENT).message,
			    "server is a required parameter");
}

static void block_volumes_are_refused(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	request->volume_capability->access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK;
	(void)node_publish_refused(f, request, STATUS_INVALID_ARGUMENT);
}

static void paths_out_of_the_share_are_refused(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_context(f, request, "subDir", "a/../../b");
	(void)node_publish_refused(f, request, STATUS_INVALID_ARGUMENT);
	node_directory_is_empty(f);
}

static void bad_targets_are_refused(void **state)
{
	static const char *const targets[] = {"relative/path", "/", "//.", "/var/../etc"};
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		request->target_path = (char *)targets[i];
		(void)node_publish_refused(f, request, STATUS_INVALID_ARGUMENT);
	}
}

static void bad_mount_options_are_refused(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_flag(f, request, "remount");
	(void)node_publish_refused(f, request, STATUS_INVALID_ARGUMENT);
	node_directory_is_empty(f);
}

/* ---- once and again */

static void volume_is_mounted_on_a_target_that_is_made(void **state)
{
	struct node_fixture *f = *state;

	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
	assert_string_equal(mounter_fake_at(&f->mounter, f->target)->source, "srv:/share");
	assert_false(mounter_fake_at(&f->mounter, f->target)->is_read_only);
	assert_true(node_path_exists(f->target));
	assert_int_equal(f->mounter.ownerships_set, 0);
}

static void publish_again_finds_the_mount(void **state)
{
	struct node_fixture *f = *state;

	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
	node_must_publish(f, node_request(f), PUBLISH_FOUND);
	assert_int_equal(f->mounter.mounts_made, 1);
}

static void mount_made_by_csi_driver_nfs_is_accepted(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	/* It writes the source as the user wrote the share. */
	node_request_context(f, request, "share", "/share/");
	node_request_context(f, request, "subDir", "pvc-1");
	mounter_fake_add(&f->mounter, "srv:/share//pvc-1/", f->target, false);
	node_must_publish(f, request, PUBLISH_FOUND);
	assert_int_equal(f->mounter.mounts_made, 0);
}

static void another_source_at_the_target_exists_already(void **state)
{
	struct node_fixture *f = *state;

	mounter_fake_add(&f->mounter, "srv:/other", f->target, false);
	struct status st = node_publish_refused(f, node_request(f), STATUS_ALREADY_EXISTS);

	assert_non_null(strstr(st.message, "srv:/other"));
	assert_non_null(mounter_fake_at(&f->mounter, f->target));
}

static void other_writability_at_the_target_exists_already(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_must_publish(f, request, PUBLISH_MOUNTED);
	request->readonly = 1;
	(void)node_publish_refused(f, request, STATUS_ALREADY_EXISTS);
}

static void mount_that_a_referral_moved_is_known_again(void **state)
{
	struct node_fixture *f = *state;

	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
	(void)strcpy(mounter_fake_at(&f->mounter, f->target)->source, "replica:/elsewhere");
	node_must_publish(f, node_request(f), PUBLISH_FOUND);
}

static void stale_mount_is_replaced(void **state)
{
	struct node_fixture *f = *state;

	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
	f->mounter.capacity_errnum = ESTALE;
	node_must_publish(f, node_request(f), PUBLISH_REPLACED);
	assert_int_equal(f->mounter.unmounts_made, 1);
	assert_int_equal(f->mounter.mounts_made, 2);
	assert_non_null(mounter_fake_at(&f->mounter, f->target));
}

static void mount_that_answers_with_refusal_is_left_alone(void **state)
{
	struct node_fixture *f = *state;

	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
	f->mounter.capacity_errnum = EACCES;
	node_must_publish(f, node_request(f), PUBLISH_FOUND);
	assert_int_equal(f->mounter.unmounts_made, 0);
}

static void target_with_doubled_slashes_is_the_same_target(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	request->target_path = arena_printf(&f->arena, "%s//pods/1/mount/", f->directory);
	node_must_publish(f, request, PUBLISH_MOUNTED);
	node_must_publish(f, node_request(f), PUBLISH_FOUND);
}

/* ---- single writers */

static void single_writer_has_one_target(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);
	char other[192];

	(void)snprintf(other, sizeof(other), "%s/pods/2/mount", f->directory);
	node_request_mode(request, MODE(SINGLE_NODE_SINGLE_WRITER));
	node_must_publish(f, request, PUBLISH_MOUNTED);
	request->target_path = other;
	struct status st = node_publish_refused(f, request, STATUS_FAILED_PRECONDITION);

	assert_non_null(strstr(st.message, f->target));
	assert_false(node_path_exists(other));
	/* Nor may a second target be had by asking for more. */
	node_request_mode(request, MODE(MULTI_NODE_MULTI_WRITER));
	(void)node_publish_refused(f, request, STATUS_FAILED_PRECONDITION);
	node_must_unpublish(f, f->target, UNMOUNT_CLEAN);
	node_must_publish(f, request, PUBLISH_MOUNTED);
}

static void single_writer_that_was_unmounted_elsewhere_is_free(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_mode(request, MODE(SINGLE_NODE_SINGLE_WRITER));
	node_must_publish(f, request, PUBLISH_MOUNTED);
	mounter_fake_at(&f->mounter, f->target)->target[0] = '\0';
	request->target_path = arena_printf(&f->arena, "%s/pods/2/mount", f->directory);
	node_must_publish(f, request, PUBLISH_MOUNTED);
}

static void other_modes_have_many_targets(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_mode(request, MODE(SINGLE_NODE_MULTI_WRITER));
	node_must_publish(f, request, PUBLISH_MOUNTED);
	request->target_path = arena_printf(&f->arena, "%s/pods/2/mount", f->directory);
	node_must_publish(f, request, PUBLISH_MOUNTED);
}

/* ---- failures */

static void any_verb_may_fail_and_leaves_nothing(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);
	unsigned failed = 0;

	for (unsigned at = 1;; at++) {
		enum publish_outcome outcome;
		struct status st = {0};

		f->mounter.verbs = 0;
		f->mounter.fail_at = at;
		if (publish_volume(&f->node, &f->arena, &f->cancel, request, &outcome, &st) == 0)
			break;
		failed++;
		assert_int_equal(st.code, STATUS_UNAVAILABLE);
		assert_null(mounter_fake_at(&f->mounter, f->target));
		node_directory_is_empty(f);
	}
	assert_int_equal(failed, 2); /* find, mount */
	f->mounter.fail_at = 0;
	node_must_publish(f, request, PUBLISH_FOUND);
}

static void directories_that_were_there_stay(void **state)
{
	struct node_fixture *f = *state;
	char pods[128];

	(void)snprintf(pods, sizeof(pods), "%s/pods", f->directory);
	assert_int_equal(mkdir(pods, 0755), 0);
	f->mounter.fail_at = 2;
	(void)node_publish_refused(f, node_request(f), STATUS_UNAVAILABLE);
	assert_true(node_path_exists(pods));
	assert_int_equal(rmdir(pods), 0);
}

static void target_that_is_a_file_is_refused(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	request->target_path = arena_printf(&f->arena, "%s/file", f->directory);
	int fd = open(request->target_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	(void)close(fd);
	(void)node_publish_refused(f, request, STATUS_FAILED_PRECONDITION);
	assert_true(node_path_exists(request->target_path));
}

static void busy_target_is_aborted(void **state)
{
	struct node_fixture *f = *state;

	assert_true(slots_try(f->node.targets, f->target));
	struct status st = node_publish_refused(f, node_request(f), STATUS_ABORTED);

	assert_string_equal(st.message, "An operation with the given Volume ID vol-1 already exists");
	(void)node_unpublish_refused(f, "vol-1", f->target, STATUS_ABORTED);
	slots_put(f->node.targets, f->target);
	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
}

static void server_with_too_many_calls_is_unavailable(void **state)
{
	struct node_fixture *f = *state;

	for (int i = 0; i < NODE_CALLS_PER_SERVER_MAX; i++)
		assert_true(slots_try(f->node.servers, "srv"));
	(void)node_publish_refused(f, node_request(f), STATUS_UNAVAILABLE);
	slots_put(f->node.servers, "srv");
	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
}

static void passed_deadline_is_reported_and_leaves_nothing(void **state)
{
	struct node_fixture *f = *state;
	struct cancel over;
	enum publish_outcome outcome;
	struct status st = {0};

	cancel_init(&over, 0);
	assert_int_equal(publish_volume(&f->node, &f->arena, &over, node_request(f), &outcome, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	cancel_release(&over);
	node_directory_is_empty(f);
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, node_fixture_open, node_fixture_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(missing_arguments_are_named_in_the_peers_words),
		WITH_FIXTURE(server_and_share_are_required),
		WITH_FIXTURE(block_volumes_are_refused),
		WITH_FIXTURE(paths_out_of_the_share_are_refused),
		WITH_FIXTURE(bad_targets_are_refused),
		WITH_FIXTURE(bad_mount_options_are_refused),
		WITH_FIXTURE(volume_is_mounted_on_a_target_that_is_made),
		WITH_FIXTURE(publish_again_finds_the_mount),
		WITH_FIXTURE(mount_made_by_csi_driver_nfs_is_accepted),
		WITH_FIXTURE(another_source_at_the_target_exists_already),
		WITH_FIXTURE(other_writability_at_the_target_exists_already),
		WITH_FIXTURE(mount_that_a_referral_moved_is_known_again),
		WITH_FIXTURE(stale_mount_is_replaced),
		WITH_FIXTURE(mount_that_answers_with_refusal_is_left_alone),
		WITH_FIXTURE(target_with_doubled_slashes_is_the_same_target),
		WITH_FIXTURE(single_writer_has_one_target),
		WITH_FIXTURE(single_writer_that_was_unmounted_elsewhere_is_free),
		WITH_FIXTURE(other_modes_have_many_targets),
		WITH_FIXTURE(any_verb_may_fail_and_leaves_nothing),
		WITH_FIXTURE(directories_that_were_there_stay),
		WITH_FIXTURE(target_that_is_a_file_is_refused),
		WITH_FIXTURE(busy_target_is_aborted),
		WITH_FIXTURE(server_with_too_many_calls_is_unavailable),
		WITH_FIXTURE(passed_deadline_is_reported_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
