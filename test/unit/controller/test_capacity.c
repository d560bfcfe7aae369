/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/capacity.h"

#include <errno.h>

#include "world.h"

#define KEYS_MAX 8

static struct world world;
static Csi__V1__GetCapacityRequest request;
static Csi__V1__GetCapacityResponse response;
static struct fs *big; /* another export, /big of any server */

static struct fs *open_both(void *context, const struct export_key *key, struct arena *arena, struct path *ret_below,
			    struct status *st)
{
	struct fs *fs = world_open(context, key, arena, ret_below, st);
	return fs && strcmp(key->share, "/big") == 0 ? big : fs;
}

static void set_space(struct fs *fs, uint64_t total_bytes, uint64_t available_bytes)
{
	const struct fs_capacity capacity = {total_bytes, available_bytes, available_bytes, 0, 0};
	fs_memory_set_capacity(fs, &capacity);
}

static int set_up(void **state)
{
	(void)world_init(&world);
	big = fs_memory_new();
	big->ops = &world.kept_ops;
	set_space(world.fs, 1000, 400);
	set_space(big, 9000, 7000);
	controller_release(&world.controller);
	world.config.exports.open = open_both;
	world_start_controller(&world);
	csi__v1__get_capacity_request__init(&request);
	request.parameters = arena_calloc(&world.arena, KEYS_MAX, sizeof(*request.parameters));
	return 0;
}

static int tear_down(void **state)
{
	const int result = world_release(&world);
	big->ops = world.memory_ops;
	fs_free(big);
	return result;
}

static void add_key(const char *key, const char *value)
{
	Csi__V1__GetCapacityRequest__ParametersEntry *entry = arena_alloc(&world.arena, sizeof(*entry));
	csi__v1__get_capacity_request__parameters_entry__init(entry);
	entry->key = (char *)key;
	entry->value = (char *)value;
	request.parameters[request.n_parameters++] = entry;
}

static int ask(void)
{
	struct volume_call call = world_call(&world);
	csi__v1__get_capacity_response__init(&response);
	return capacity_get(&call, &request, &response, &world.st);
}

static void assert_available(int64_t bytes)
{
	if (ask() < 0)
		fail_msg("%s", world.st.message);
	assert_int_equal(response.available_capacity, bytes);
	assert_non_null(response.maximum_volume_size);
	assert_int_equal(response.maximum_volume_size->value, bytes);
	assert_null(response.minimum_volume_size);
}

/* ---- GetCapacity */

static void space_is_that_of_the_share_of_the_parameters(void **state)
{
	add_key("Server", "srv");
	add_key("share", "/share");
	assert_available(400);
	request.parameters[1]->value = (char *)"big";
	assert_available(7000);
}

static void storage_class_is_taken_as_it_is_written(void **state)
{
	add_key("server", "srv");
	add_key("share", "/share");
	add_key("onDelete", "retain");
	add_key("mountPermissions", "0777");
	add_key("csi.storage.k8s.io/provisioner-secret-name", "mount-options");
	add_key("csi.storage.k8s.io/fstype", "nfs");
	assert_available(400);
}

static void bad_storage_class_is_refused(void **state)
{
	add_key("server", "srv");
	add_key("teleport", "yes");
	assert_int_equal(ask(), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "invalid parameter \"teleport\" in storage class");
	request.parameters[1]->key = (char *)"share";
	request.parameters[1]->value = (char *)"../x";
	assert_int_equal(ask(), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, NULL);
}

/* A quota may be on it. */
static void directory_that_all_volumes_share_is_asked(void **state)
{
	fs_memory_plant_dir(world.fs, "team/data", 0755);
	add_key("server", "srv");
	add_key("share", "/share");
	add_key("subDir", "team/data/${pvc.metadata.namespace}/${pvc.metadata.name}");
	assert_available(400);
	assert_string_equal(fs_memory_log(world.fs), "open_root\nopen_dir team\nopen_dir data\ncapacity\n");
	fs_memory_unplant(world.fs, "team/data");
	fs_memory_reset_operations(world.fs);
	assert_available(400);
	assert_string_equal(fs_memory_log(world.fs), "open_dir team\nopen_dir data\nopen_dir team\ncapacity\n");
}

static void no_known_share_has_no_space(void **state)
{
	assert_available(0);
}

static void known_share_with_the_most_space_answers_for_all(void **state)
{
	know_share(&world, "srv", "/share");
	assert_available(400);
	know_share(&world, "srv", "/big");
	assert_available(7000);
	know_share(&world, "srv", "/yet-another");
	assert_available(7000);
}

static void share_that_does_not_answer_is_left_out_while_another_does(void **state)
{
	know_share(&world, "dead", "/share");
	assert_int_equal(ask(), -1);
	assert_failed(&world, STATUS_UNAVAILABLE, "server dead does not answer");
	know_share(&world, "srv", "/share");
	assert_available(400);
}

static void share_that_is_asked_for_and_does_not_answer_is_unavailable(void **state)
{
	know_share(&world, "srv", "/share");
	add_key("server", "dead");
	add_key("share", "/share");
	assert_int_equal(ask(), -1);
	assert_failed(&world, STATUS_UNAVAILABLE, NULL);
}

static void failure_to_tell_is_a_failure(void **state)
{
	add_key("server", "srv");
	add_key("share", "/share");
	for (unsigned nth = 1; nth <= 2; nth++) {
		world_restart_controller(&world);
		fs_memory_fail_nth(world.fs, nth, EIO, FS_MEMORY_FAIL_BEFORE);
		assert_int_equal(ask(), -1);
		assert_failed(&world, STATUS_INTERNAL, NULL);
	}
}

static void there_is_no_space_for_block_volumes(void **state)
{
	Csi__V1__VolumeCapability__BlockVolume block;
	csi__v1__volume_capability__block_volume__init(&block);
	add_key("server", "srv");
	request.volume_capabilities = arena_calloc(&world.arena, 1, sizeof(*request.volume_capabilities));
	request.n_volume_capabilities = 1;
	request.volume_capabilities[0] = mount_capability(&world, NULL);
	assert_available(400);
	request.volume_capabilities[0]->access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK;
	request.volume_capabilities[0]->block = &block;
	assert_available(0);
}

static void topology_is_ignored(void **state)
{
	Csi__V1__Topology topology;
	csi__v1__topology__init(&topology);
	request.accessible_topology = &topology;
	add_key("server", "srv");
	assert_available(400);
}

static void space_past_the_fields_range_is_its_end(void **state)
{
	set_space(world.fs, UINT64_MAX, UINT64_MAX);
	add_key("server", "srv");
	assert_available(INT64_MAX);
}

/* ---- --check-capacity */

static void start_checking(void)
{
	world.config.checks_capacity = true;
	world_restart_controller(&world);
}

static const Csi__V1__Volume *create_of(const char *name, int64_t bytes)
{
	Csi__V1__CreateVolumeRequest *create_of_size = create_request(&world, name);
	set_capacity(&world, create_of_size, bytes, 0);
	return create(&world, create_of_size);
}

static void any_size_is_taken_without_the_option(void **state)
{
	assert_non_null(create_of("pvc-1", 100 * GIB));
	assert_int_equal(expand(&world, "srv#share#pvc-1##", 200 * GIB, 0), 200 * GIB);
}

static void volume_that_the_export_cannot_hold_is_refused(void **state)
{
	start_checking();
	assert_null(create_of("pvc-1", 1001));
	assert_failed(&world, STATUS_OUT_OF_RANGE,
		      "share srv:/share: 1001 bytes asked for are more than the 1000 that the export can hold at all");
	assert_null(create_of("pvc-1", 401));
	assert_failed(
		&world, STATUS_RESOURCE_EXHAUSTED,
		"share srv:/share: 401 bytes more asked for are not available on the export: 400 of 1000 are free");
	assert_tree(&world, "");
	assert_non_null(create_of("pvc-1", 400));
	assert_non_null(create(&world, create_request(&world, "pvc-2")));
}

static void volume_that_is_there_has_its_space(void **state)
{
	start_checking();
	assert_non_null(create_of("pvc-1", 400));
	set_space(world.fs, 1000, 0);
	assert_non_null(create_of("pvc-1", 400));
	assert_null(create_of("pvc-2", 1));
	assert_failed(&world, STATUS_RESOURCE_EXHAUSTED, NULL);
}

static void check_costs_one_operation(void **state)
{
	start_checking();
	assert_non_null(create_of("pvc-1", 100));
	fs_memory_reset_operations(world.fs);
	assert_non_null(create_of("pvc-2", 100));
	assert_string_equal(fs_memory_log(world.fs), "capacity\ncreate_file pvc-2\nmake_dir pvc-2\n");
	fs_memory_reset_operations(world.fs);
	assert_non_null(create(&world, create_request(&world, "pvc-3"))); /* of no size */
	assert_string_equal(fs_memory_log(world.fs), "create_file pvc-3\nmake_dir pvc-3\n");
}

static void growth_that_the_export_cannot_hold_is_refused(void **state)
{
	const char *volume_id;
	start_checking();
	volume_id = create_of("pvc-1", 300)->volume_id;
	assert_int_equal(expand(&world, volume_id, 701, 0), -1);
	assert_failed(&world, STATUS_RESOURCE_EXHAUSTED, NULL);
	assert_int_equal(expand(&world, volume_id, 1001, 0), -1);
	assert_failed(&world, STATUS_OUT_OF_RANGE, NULL);
	assert_int_equal(record_at(&world, ".csicore/volumes/pvc-1")->capacity_bytes, 300);
	assert_int_equal(expand(&world, volume_id, 700, 0), 700);
	set_space(world.fs, 1000, 0);
	assert_int_equal(expand(&world, volume_id, 700, 0), 700);
}

static void server_that_tells_no_sizes_holds_everything(void **state)
{
	start_checking();
	set_space(world.fs, 0, 0);
	assert_non_null(create_of("pvc-1", 100 * GIB));
}

static void server_that_does_not_tell_is_a_failure(void **state)
{
	start_checking();
	assert_non_null(create_of("pvc-1", 100));
	fs_memory_fail_nth(world.fs, 1, EIO, FS_MEMORY_FAIL_BEFORE);
	assert_null(create_of("pvc-2", 100));
	assert_failed(&world, STATUS_INTERNAL, NULL);
	assert_false(fs_memory_exists(world.fs, "pvc-2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(space_is_that_of_the_share_of_the_parameters),
		TEST(storage_class_is_taken_as_it_is_written),
		TEST(bad_storage_class_is_refused),
		TEST(directory_that_all_volumes_share_is_asked),
		TEST(no_known_share_has_no_space),
		TEST(known_share_with_the_most_space_answers_for_all),
		TEST(share_that_does_not_answer_is_left_out_while_another_does),
		TEST(share_that_is_asked_for_and_does_not_answer_is_unavailable),
		TEST(failure_to_tell_is_a_failure),
		TEST(there_is_no_space_for_block_volumes),
		TEST(topology_is_ignored),
		TEST(space_past_the_fields_range_is_its_end),
		TEST(any_size_is_taken_without_the_option),
		TEST(volume_that_the_export_cannot_hold_is_refused),
		TEST(volume_that_is_there_has_its_space),
		TEST(check_costs_one_operation),
		TEST(growth_that_the_export_cannot_hold_is_refused),
		TEST(server_that_tells_no_sizes_holds_everything),
		TEST(server_that_does_not_tell_is_a_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
