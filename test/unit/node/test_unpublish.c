/* SPDX-License-Identifier: Apache-2.0 */
#include "node/unpublish.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/slots.h"
#include "base/status.h"
#include "node/publish.h"
#include "support/cmocka.h"
#include "unit/node/fixture.h"

static void unpublish_takes_mount_and_directory_away(void **state)
{
	struct node_fixture *f = *state;

	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
	f->mounter.way = UNMOUNT_DETACHED;
	node_must_unpublish(f, f->target, UNMOUNT_DETACHED);
	assert_null(mounter_fake_at(&f->mounter, f->target));
	assert_false(node_path_exists(f->target));
}

static void unpublish_of_missing_target_succeeds(void **state)
{
	struct node_fixture *f = *state;

	node_must_unpublish(f, f->target, UNMOUNT_NONE);
	node_must_unpublish(f, f->target, UNMOUNT_NONE);
}

static void unpublish_takes_stacked_mounts_away(void **state)
{
	struct node_fixture *f = *state;

	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
	mounter_fake_add(&f->mounter, "srv:/share", f->target, false);
	node_must_unpublish(f, f->target, UNMOUNT_CLEAN);
	assert_null(mounter_fake_at(&f->mounter, f->target));
}

static void unpublish_never_removes_data(void **state)
{
	struct node_fixture *f = *state;
	char *file = arena_printf(&f->arena, "%s/data", f->directory);
	int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	(void)close(fd);
	(void)node_unpublish_refused(f, "vol-1", f->directory, STATUS_FAILED_PRECONDITION);
	(void)node_unpublish_refused(f, "vol-1", file, STATUS_FAILED_PRECONDITION);
	assert_true(node_path_exists(file));
}

static void unpublish_removes_an_empty_file_target(void **state)
{
	struct node_fixture *f = *state;
	char *file = arena_printf(&f->arena, "%s/block", f->directory);
	int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	(void)close(fd);
	node_must_unpublish(f, file, UNMOUNT_NONE);
	assert_false(node_path_exists(file));
}

static void dead_server_leaves_workers_for_others(void **state)
{
	struct node_fixture *f = *state;

	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
	for (int i = 0; i < NODE_CALLS_PER_SERVER_MAX; i++)
		assert_true(slots_try(f->node.unmounts, "srv"));
	(void)node_unpublish_refused(f, "vol-1", f->target, STATUS_UNAVAILABLE);
	assert_non_null(mounter_fake_at(&f->mounter, f->target));
	slots_put(f->node.unmounts, "srv");
	node_must_unpublish(f, f->target, UNMOUNT_CLEAN);
}

/* Calls that wait for a server leave room to get rid of its volumes. */
static void other_calls_to_a_dead_server_do_not_keep_its_volumes(void **state)
{
	struct node_fixture *f = *state;

	node_must_publish(f, node_request(f), PUBLISH_MOUNTED);
	for (int i = 0; i < NODE_CALLS_PER_SERVER_MAX; i++)
		assert_true(slots_try(f->node.servers, "srv"));
	node_must_unpublish(f, f->target, UNMOUNT_CLEAN);
}

static void unpublish_names_what_is_missing(void **state)
{
	struct node_fixture *f = *state;

	assert_string_equal(node_unpublish_refused(f, "", f->target, STATUS_INVALID_ARGUMENT).message,
			    "Volume ID missing in request");
	assert_string_equal(node_unpublish_refused(f, "vol-1", "", STATUS_INVALID_ARGUMENT).message,
			    "Target path missing in request");
	(void)node_unpublish_refused(f, "vol-1", "some/path", STATUS_INVALID_ARGUMENT);
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, node_fixture_open, node_fixture_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(unpublish_takes_mount_and_directory_away),
		WITH_FIXTURE(unpublish_of_missing_target_succeeds),
		WITH_FIXTURE(unpublish_takes_stacked_mounts_away),
		WITH_FIXTURE(unpublish_never_removes_data),
		WITH_FIXTURE(unpublish_removes_an_empty_file_target),
		WITH_FIXTURE(dead_server_leaves_workers_for_others),
		WITH_FIXTURE(other_calls_to_a_dead_server_do_not_keep_its_volumes),
		WITH_FIXTURE(unpublish_names_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
