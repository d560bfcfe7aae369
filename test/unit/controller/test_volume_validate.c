/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/volume.h"

#include "world.h"

static struct world world;
static Csi__V1__ValidateVolumeCapabilitiesRequest request;
static Csi__V1__ValidateVolumeCapabilitiesResponse response;

static int set_up(void **state)
{
	return world_init(&world);
}

static int tear_down(void **state)
{
	return world_release(&world);
}

/* A request of one mount capability and no context. */
static void ask_for(const char *volume_id)
{
	csi__v1__validate_volume_capabilities_request__init(&request);
	csi__v1__validate_volume_capabilities_response__init(&response);
	request.volume_id = (char *)volume_id;
	request.volume_capabilities = arena_calloc(&world.arena, 1, sizeof(*request.volume_capabilities));
	request.volume_capabilities[0] = mount_capability(&world, NULL);
	request.n_volume_capabilities = 1;
	request.volume_context = arena_calloc(&world.arena, 4, sizeof(*request.volume_context));
}

static void add_context(const char *key, const char *value)
{
	Csi__V1__ValidateVolumeCapabilitiesRequest__VolumeContextEntry *entry =
		arena_alloc(&world.arena, sizeof(*entry));
	csi__v1__validate_volume_capabilities_request__volume_context_entry__init(entry);
	entry->key = (char *)key;
	entry->value = (char *)value;
	request.volume_context[request.n_volume_context++] = entry;
}

static int validate(void)
{
	struct volume_call call = world_call(&world);
	return volume_validate(&call, &request, &response, &world.st);
}

static void volume_that_is_there_is_confirmed_with_what_was_asked(void **state)
{
	const Csi__V1__Volume *volume = create(&world, create_request(&world, "pvc-1"));
	ask_for(volume->volume_id);
	add_context("server", "srv");
	add_context("share", "/share");
	add_context("subdir", "pvc-1");
	assert_int_equal(validate(), 0);
	assert_non_null(response.confirmed);
	assert_int_equal(response.confirmed->n_volume_capabilities, 1);
	assert_ptr_equal(response.confirmed->volume_capabilities[0], request.volume_capabilities[0]);
	assert_int_equal(response.confirmed->n_volume_context, 3);
	assert_string_equal(response.confirmed->volume_context[2]->key, "subdir");
	assert_string_equal(response.confirmed->volume_context[2]->value, "pvc-1");
	assert_string_equal(response.message, "");
}

static void id_alone_is_enough(void **state)
{
	ask_for(create(&world, create_request_in(&world, "pvc-1", "a/b"))->volume_id);
	assert_int_equal(validate(), 0);
	assert_non_null(response.confirmed);
}

static void missing_volume_is_not_found(void **state)
{
	static const char *const ids[] = {"srv#share#pvc-1##", "srv#share#a/b#pvc-1#", "fake-volume", "a#b"};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		ask_for(ids[i]);
		assert_int_equal(validate(), -1);
		assert_failed(&world, STATUS_NOT_FOUND, NULL);
	}
}

static void static_volume_is_where_its_context_says(void **state)
{
	fs_memory_plant_dir(world.fs, "data/set", 0755);
	ask_for("any handle at all");
	add_context("Server", "srv");
	add_context("share", "/");
	add_context("subDir", "data/set");
	assert_int_equal(validate(), 0);
	assert_non_null(response.confirmed);
	request.volume_context[2]->value = (char *)"data/other";
	assert_int_equal(validate(), -1);
	assert_failed(&world, STATUS_NOT_FOUND, NULL);
}

static void static_volume_may_be_a_whole_share(void **state)
{
	ask_for("nfs.svc/share##");
	add_context("server", "nfs.svc");
	add_context("share", "/share");
	assert_int_equal(validate(), 0);
	assert_non_null(response.confirmed);
}

static void symlink_is_no_volume(void **state)
{
	fs_memory_plant_dir(world.fs, "real", 0755);
	fs_memory_plant_symlink(world.fs, "pvc-1", "real");
	ask_for("srv#share#pvc-1##");
	assert_int_equal(validate(), -1);
	assert_failed(&world, STATUS_NOT_FOUND, NULL);
}

static void required_arguments_come_before_existence(void **state)
{
	ask_for("");
	assert_int_equal(validate(), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	ask_for("srv#share#missing##");
	request.n_volume_capabilities = 0;
	assert_int_equal(validate(), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "volume capabilities missing in request");
	ask_for("x");
	add_context("server", "srv");
	assert_int_equal(validate(), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "share is a required parameter");
}

static void block_is_answered_and_not_confirmed(void **state)
{
	Csi__V1__VolumeCapability__BlockVolume block;
	csi__v1__volume_capability__block_volume__init(&block);
	ask_for(create(&world, create_request(&world, "pvc-1"))->volume_id);
	request.volume_capabilities[0]->access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK;
	request.volume_capabilities[0]->block = &block;
	assert_int_equal(validate(), 0);
	assert_null(response.confirmed);
	assert_string_equal(response.message, "block volume capability not supported");
}

static void mutable_parameters_are_confirmed_where_they_are_good(void **state)
{
	Csi__V1__ValidateVolumeCapabilitiesRequest__MutableParametersEntry entry, *entries = &entry;
	csi__v1__validate_volume_capabilities_request__mutable_parameters_entry__init(&entry);
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	ask_for("srv#share#pvc-1##");
	entry.key = (char *)"onDelete";
	entry.value = (char *)"retain";
	request.mutable_parameters = &entries;
	request.n_mutable_parameters = 1;
	assert_int_equal(validate(), 0);
	assert_int_equal(response.confirmed->n_mutable_parameters, 1);
	assert_string_equal(response.confirmed->mutable_parameters[0]->value, "retain");
	entry.key = (char *)"iops";
	csi__v1__validate_volume_capabilities_response__init(&response);
	assert_int_equal(validate(), 0);
	assert_null(response.confirmed);
	assert_string_equal(response.message, "invalid mutable parameter \"iops\"");
}

static void busy_server_is_unavailable(void **state)
{
	ask_for("srv#share#pvc-1##");
	for (int i = 0; i < 4; i++)
		assert_true(slots_try(world.controller.servers, "srv"));
	assert_int_equal(validate(), -1);
	assert_failed(&world, STATUS_UNAVAILABLE, NULL);
	for (int i = 0; i < 4; i++)
		slots_put(world.controller.servers, "srv");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(volume_that_is_there_is_confirmed_with_what_was_asked),
		TEST(id_alone_is_enough),
		TEST(missing_volume_is_not_found),
		TEST(static_volume_is_where_its_context_says),
		TEST(static_volume_may_be_a_whole_share),
		TEST(symlink_is_no_volume),
		TEST(required_arguments_come_before_existence),
		TEST(block_is_answered_and_not_confirmed),
		TEST(mutable_parameters_are_confirmed_where_they_are_good),
		TEST(busy_server_is_unavailable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
