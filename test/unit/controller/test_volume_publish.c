/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/volume.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "publication.h"

#define ID "srv#share#pvc-1##"
#define ATTACHED ".csicore/attached/pvc-1"
#define WRITER MODE(SINGLE_NODE_WRITER)
#define SHARED MODE(MULTI_NODE_MULTI_WRITER)

static struct world world;

static int set_up(void **state)
{
	(void)world_init(&world);
	return create(&world, create_request(&world, "pvc-1")) ? 0 : -1;
}

static int tear_down(void **state)
{
	return world_release(&world);
}

static void assert_published(const char *node_id, Csi__V1__VolumeCapability__AccessMode__Mode mode)
{
	if (publish(&world, ID, node_id, mode) < 0)
		fail_msg("%s", world.st.message);
}

static void assert_unpublished(const char *volume_id, const char *node_id)
{
	if (unpublish(&world, volume_id, node_id) < 0)
		fail_msg("%s", world.st.message);
}

static void assert_attached(const char *expected)
{
	char *list = fs_memory_list(world.fs, ".csicore/attached");
	assert_string_equal(list, expected);
	free(list);
}

/* ---- who may have it */

static void volume_of_a_single_node_is_on_one_alone(void **state)
{
	static const Csi__V1__VolumeCapability__AccessMode__Mode modes[] = {
		MODE(SINGLE_NODE_WRITER), MODE(SINGLE_NODE_READER_ONLY), MODE(SINGLE_NODE_SINGLE_WRITER),
		MODE(SINGLE_NODE_MULTI_WRITER)};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_published("node-1", modes[i]);
		assert_int_equal(publish(&world, ID, "node-2", modes[i]), -1);
		assert_failed(&world, STATUS_FAILED_PRECONDITION,
			      "volume pvc-1 is published to node node-1, and not both may have it at the same time");
		assert_published("node-1", modes[i]);
		assert_unpublished(ID, "node-1");
		assert_published("node-2", modes[i]);
		assert_unpublished(ID, "node-2");
		assert_attached("");
	}
}

static void volume_of_many_nodes_is_on_all_of_them(void **state)
{
	assert_published("node-1", SHARED);
	assert_published("node-2", SHARED);
	assert_published("node-3", MODE(MULTI_NODE_READER_ONLY));
	assert_published("node-1", SHARED);
	assert_attached("pvc-1/\npvc-1/node-1\npvc-1/node-2\npvc-1/node-3\n");
}

static void single_and_many_keep_each_other_out(void **state)
{
	assert_published("node-1", SHARED);
	assert_int_equal(publish(&world, ID, "node-2", WRITER), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_attached("pvc-1/\npvc-1/node-1\n");
	assert_unpublished(ID, "node-1");
	assert_published("node-2", WRITER);
	assert_int_equal(publish(&world, ID, "node-1", SHARED), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_attached("pvc-1/\npvc-1/node-2\npvc-1/~claim~node-2\n");
}

static int fail_read_dir(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "read_dir") == 0 ? EIO : 0;
}

static void attachment_that_never_looked_around_gives_way(void **state)
{
	assert_published("node-2", WRITER);
	fs_memory_set_hook(world.fs, fail_read_dir, NULL);
	assert_int_equal(publish(&world, ID, "node-1", SHARED), -1);
	fs_memory_set_hook(world.fs, NULL, NULL);
	assert_true(fs_memory_exists(world.fs, ATTACHED "/node-1"));
	assert_int_equal(publish(&world, ID, "node-1", SHARED), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_attached("pvc-1/\npvc-1/node-2\npvc-1/~claim~node-2\n");
}

static void attachment_stays_while_another_nodes_claim_is_open(void **state)
{
	assert_published("node-1", SHARED);
	fs_memory_plant_file(world.fs, ATTACHED "/~claim~node-2", "");
	assert_int_equal(publish(&world, ID, "node-1", SHARED), -1);
	assert_failed(&world, STATUS_ABORTED, "volume pvc-1 is being published to node node-2");
	assert_true(fs_memory_exists(world.fs, ATTACHED "/node-1"));
	assert_int_equal(publish(&world, ID, "node-2", WRITER), -1);
	assert_unpublished(ID, "node-2");
	assert_published("node-1", SHARED);
}

static void same_node_in_another_way_already_exists(void **state)
{
	Csi__V1__ControllerPublishVolumeResponse response;
	Csi__V1__ControllerPublishVolumeRequest *request = publish_request(&world, ID, "node-1", WRITER);
	assert_published("node-1", WRITER);
	request->readonly = true;
	assert_int_equal(publish_on(&world.controller, &world, request, &response, &world.st), -1);
	assert_failed(&world, STATUS_ALREADY_EXISTS,
		      "volume pvc-1 is published to node node-1 already, with another access mode or readonly");
	assert_int_equal(publish(&world, ID, "node-1", SHARED), -1);
	assert_failed(&world, STATUS_ALREADY_EXISTS, NULL);
	assert_published("node-1", WRITER);
}

static void attachment_outlives_the_controller(void **state)
{
	assert_published("node-1", WRITER);
	world_restart_controller(&world);
	assert_int_equal(publish(&world, ID, "node-2", WRITER), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_published("node-1", WRITER);
}

static void names_of_nodes_may_hold_anything(void **state)
{
	assert_published("../a/~b", WRITER);
	assert_attached("pvc-1/\npvc-1/%2E.%2Fa%2F%7Eb\npvc-1/~claim~%2E.%2Fa%2F%7Eb\n");
	assert_unpublished(ID, "../a/~b");
	assert_attached("");
	assert_int_equal(publish(&world, ID, arena_printf(&world.arena, "%0300d", 0), WRITER), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "node id is too long");
}

/* ---- unpublish */

static void unpublish_of_what_is_not_there_succeeds(void **state)
{
	assert_unpublished(ID, "node-1");
	assert_unpublished("srv#share#gone##", "node-1");
	assert_unpublished("handle of a static volume", "node-1");
	assert_unpublished("srv/share##", "node-1");
	assert_int_equal(unpublish(&world, "", "node-1"), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
}

static void unpublish_from_no_node_is_from_all(void **state)
{
	assert_published("node-1", SHARED);
	assert_published("node-2", SHARED);
	fs_memory_plant_file(world.fs, ATTACHED "/~claim~node-3", "");
	assert_unpublished(ID, "");
	assert_attached("");
}

static void volume_that_is_gone_is_unpublished(void **state)
{
	assert_published("node-1", WRITER);
	fs_memory_unplant(world.fs, "pvc-1");
	assert_unpublished(ID, "node-1");
	assert_attached("");
}

static void serve_publishing(void)
{
	capabilities_add_attach(&world.config.capabilities);
	world_restart_controller(&world);
}

static void published_volume_is_not_deleted(void **state)
{
	assert_published("node-1", WRITER);
	serve_publishing();
	assert_int_equal(delete_id(&world, ID), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION,
		      "volume pvc-1 is published to node node-1: it is deleted once it is unpublished there");
	assert_int_equal(delete_id(&world, ID "archive"), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_int_equal(delete_id(&world, ID "retain"), 0);
	assert_true(fs_memory_exists(world.fs, "pvc-1"));
	assert_unpublished(ID, "node-1");
	assert_int_equal(delete_id(&world, ID), 0);
	assert_false(fs_memory_exists(world.fs, "pvc-1"));
}

static void attachments_count_only_where_publishing_is_served(void **state)
{
	assert_published("node-1", WRITER);
	assert_int_equal(delete_id(&world, ID), 0);
}

/* ---- who has it */

static const Csi__V1__ListVolumesResponse__VolumeStatus *list_status(void)
{
	struct volume_call call = world_call(&world);
	Csi__V1__ListVolumesRequest request;
	Csi__V1__ListVolumesResponse response;
	csi__v1__list_volumes_request__init(&request);
	csi__v1__list_volumes_response__init(&response);
	assert_int_equal(volume_list(&call, &request, &response, &world.st), 0);
	assert_int_equal(response.n_entries, 1);
	return response.entries[0]->status;
}

static const Csi__V1__ControllerGetVolumeResponse__VolumeStatus *get_status(void)
{
	struct volume_call call = world_call(&world);
	Csi__V1__ControllerGetVolumeRequest request;
	Csi__V1__ControllerGetVolumeResponse response;
	csi__v1__controller_get_volume_request__init(&request);
	csi__v1__controller_get_volume_response__init(&response);
	request.volume_id = (char *)ID;
	assert_int_equal(volume_get(&call, &request, &response, &world.st), 0);
	return response.status;
}

static void nodes_are_listed_where_publishing_is_served(void **state)
{
	assert_published("node-1", SHARED);
	assert_published("node-2", SHARED);
	fs_memory_plant_file(world.fs, ATTACHED "/~claim~node-3", "");
	fs_memory_plant_file(world.fs, ATTACHED "/node-4", "a piece");
	assert_int_equal(get_status()->n_published_node_ids, 0);
	world.config.shares = &(struct export_key){.server = "srv", .share = "/share"};
	world.config.share_count = 1;
	world_restart_controller(&world);
	assert_null(list_status());
	assert_int_equal(capabilities_parse("", &world.config.capabilities, &world.st), 0);
	serve_publishing();
	assert_int_equal(list_status()->n_published_node_ids, 2);
	assert_string_equal(list_status()->published_node_ids[1], "node-2");
	assert_int_equal(get_status()->n_published_node_ids, 2);
	assert_string_equal(get_status()->published_node_ids[0], "node-1");
	assert_unpublished(ID, "");
	assert_int_equal(list_status()->n_published_node_ids, 0);
	assert_int_equal(get_status()->n_published_node_ids, 0);
}

/* ---- what is asked for */

static void requests_without_the_required_are_refused(void **state)
{
	Csi__V1__ControllerPublishVolumeResponse response;
	Csi__V1__ControllerPublishVolumeRequest *request = publish_request(&world, ID, "node-1", WRITER);
	assert_int_equal(publish(&world, "", "node-1", WRITER), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	assert_int_equal(publish(&world, ID, "", WRITER), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "Node ID missing in request");
	assert_int_equal(publish(&world, ID, "node-1", MODE(UNKNOWN)), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, NULL);
	request->volume_capability = NULL;
	assert_int_equal(publish_on(&world.controller, &world, request, &response, &world.st), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "Volume capability missing in request");
}

static void volume_that_is_not_there_is_not_found(void **state)
{
	static const char *const ids[] = {"srv#share#gone##", "anything", "a/b/c"};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(publish(&world, ids[i], "node-1", WRITER), -1);
		assert_failed(&world, STATUS_NOT_FOUND, NULL);
	}
	assert_false(fs_memory_exists(world.fs, ".csicore/attached"));
}

static void node_that_is_in_no_file_is_not_found(void **state)
{
	char path[] = "/tmp/nodes.XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "node-1\n", 7), 7);
	(void)close(fd);
	world.config.nodes_file = path;
	world_restart_controller(&world);
	assert_published("node-1", WRITER);
	assert_unpublished(ID, "node-1");
	assert_int_equal(publish(&world, ID, "node-2", WRITER), -1);
	assert_failed(&world, STATUS_NOT_FOUND, "node node-2 does not exist");
	assert_attached("");
	(void)unlink(path);
}

static void node_learns_of_mutable_parameters(void **state)
{
	Csi__V1__ControllerPublishVolumeResponse response;
	Csi__V1__ControllerPublishVolumeRequest *request = publish_request(&world, ID, "node-1", SHARED);
	assert_int_equal(publish_on(&world.controller, &world, request, &response, &world.st), 0);
	assert_int_equal(response.n_publish_context, 0);
	assert_int_equal(modify_two(&world, ID, "mountOptions", "nconnect=4", "mountPermissions", "0750"), 0);
	assert_int_equal(modify(&world, ID, "onDelete", "retain"), 0);
	assert_int_equal(publish_on(&world.controller, &world, request, &response, &world.st), 0);
	assert_int_equal(response.n_publish_context, 2);
	assert_string_equal(response.publish_context[0]->key, "mountOptions");
	assert_string_equal(response.publish_context[0]->value, "nconnect=4");
	assert_string_equal(response.publish_context[1]->key, "mountPermissions");
	assert_string_equal(response.publish_context[1]->value, "0750");
}

/* ---- where nothing can be kept */

static int refuse_ours(void *data, const struct fs_memory_operation *operation)
{
	return operation->name && strcmp(operation->name, ".csicore") == 0 ? EACCES : 0;
}

static void share_that_takes_no_files_has_no_exclusive_volumes(void **state)
{
	world_restart_controller(&world);
	fs_memory_set_hook(world.fs, refuse_ours, NULL);
	assert_int_equal(publish(&world, ID, "node-1", WRITER), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_published("node-1", SHARED);
	assert_unpublished(ID, "node-1");
}

static void add_context_pair(Csi__V1__ControllerPublishVolumeRequest *request, const char *key, const char *value)
{
	Csi__V1__ControllerPublishVolumeRequest__VolumeContextEntry *entry = arena_alloc(&world.arena, sizeof(*entry));
	csi__v1__controller_publish_volume_request__volume_context_entry__init(entry);
	entry->key = (char *)key;
	entry->value = (char *)value;
	if (!request->volume_context)
		request->volume_context = arena_calloc(&world.arena, 3, sizeof(*request->volume_context));
	request->volume_context[request->n_volume_context++] = entry;
}

static int publish_static(const char *handle, const char *share, Csi__V1__VolumeCapability__AccessMode__Mode mode)
{
	Csi__V1__ControllerPublishVolumeResponse response;
	Csi__V1__ControllerPublishVolumeRequest *request = publish_request(&world, handle, "node-1", mode);
	add_context_pair(request, "server", "srv");
	add_context_pair(request, "share", share);
	add_context_pair(request, "subDir", "pvc-1");
	return publish_on(&world.controller, &world, request, &response, &world.st);
}

static void static_volume_is_published_by_its_context(void **state)
{
	static const char *const handles[] = {"handle", "a/b/c", "other#share#pvc-1##", "srv/share##"};
	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
		assert_int_equal(publish_static(handles[i], "/share", SHARED), 0);
		assert_int_equal(publish_static(handles[i], "/share", WRITER), -1);
		assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
		assert_false(fs_memory_exists(world.fs, ".csicore/attached"));
	}
	assert_int_equal(publish_static(ID, "share/", WRITER), 0);
	assert_attached("pvc-1/\npvc-1/node-1\npvc-1/~claim~node-1\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(volume_of_a_single_node_is_on_one_alone),
		TEST(volume_of_many_nodes_is_on_all_of_them),
		TEST(single_and_many_keep_each_other_out),
		TEST(attachment_that_never_looked_around_gives_way),
		TEST(attachment_stays_while_another_nodes_claim_is_open),
		TEST(same_node_in_another_way_already_exists),
		TEST(attachment_outlives_the_controller),
		TEST(names_of_nodes_may_hold_anything),
		TEST(unpublish_of_what_is_not_there_succeeds),
		TEST(unpublish_from_no_node_is_from_all),
		TEST(volume_that_is_gone_is_unpublished),
		TEST(published_volume_is_not_deleted),
		TEST(attachments_count_only_where_publishing_is_served),
		TEST(nodes_are_listed_where_publishing_is_served),
		TEST(requests_without_the_required_are_refused),
		TEST(volume_that_is_not_there_is_not_found),
		TEST(node_that_is_in_no_file_is_not_found),
		TEST(node_learns_of_mutable_parameters),
		TEST(share_that_takes_no_files_has_no_exclusive_volumes),
		TEST(static_volume_is_published_by_its_context),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
