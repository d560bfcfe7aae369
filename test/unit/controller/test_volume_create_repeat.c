/* SPDX-License-Identifier: Apache-2.0 */
/* CreateVolume where something is there already, is refused, is busy or is stale. */
#include "controller/volume.h"

#include <errno.h>

#include "world.h"

#define OUR_FOLDERS ".csicore/\n.csicore/volumes/\n"

static struct world world;

static int set_up(void **state)
{
	return world_init(&world);
}

static int tear_down(void **state)
{
	return world_release(&world);
}

/* ---- again */

static void repeat_answers_the_same(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 5 * GIB, 9 * GIB);
	assert_non_null(create(&world, request));
	world_restart_controller(&world);
	const Csi__V1__Volume *again = create(&world, request);
	assert_non_null(again);
	assert_string_equal(again->volume_id, "srv#share#pvc-1##");
	assert_int_equal(again->capacity_bytes, 5 * GIB);
	assert_tree(&world, OUR_FOLDERS ".csicore/volumes/pvc-1\npvc-1/\n");
}

static void repeat_answers_the_recorded_size(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 5 * GIB, 0);
	assert_non_null(create(&world, request));
	set_capacity(&world, request, 4 * GIB, 6 * GIB);
	assert_int_equal(create(&world, request)->capacity_bytes, 5 * GIB);
}

static void repeat_records_what_it_answers(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	assert_non_null(create(&world, request));
	Csicore__VolumeRecord *record = record_at(&world, ".csicore/volumes/pvc-1");
	record->n_parameters = 0; /* as it was before parameters were kept */
	record->version = 0;
	plant_record(&world, record);
	assert_non_null(create(&world, request));
	record = record_at(&world, ".csicore/volumes/pvc-1");
	assert_int_equal(record->n_parameters, 2);
	assert_int_equal(record->version, RECORD_VERSION);
	add_parameter(&world, request, "mountPermissions", "0770");
	assert_non_null(create(&world, request));
	record = record_at(&world, ".csicore/volumes/pvc-1");
	assert_int_equal(record->n_parameters, 3);
	record->version = 7; /* of a later program */
	plant_record(&world, record);
	request->parameters[2]->value = (char *)"0750";
	assert_non_null(create(&world, request));
	record = record_at(&world, ".csicore/volumes/pvc-1");
	assert_string_equal(record->parameters[2]->value, "0750");
	assert_int_equal(record->version, 7);
}

static void order_of_the_parameters_does_not_matter(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	assert_non_null(create(&world, request));
	Csi__V1__CreateVolumeRequest__ParametersEntry *first = request->parameters[0];
	request->parameters[0] = request->parameters[1];
	request->parameters[1] = first;
	fs_memory_reset_operations(world.fs);
	assert_non_null(create(&world, request));
	assert_string_equal(fs_memory_log(world.fs),
			    "create_file pvc-1\nread_file pvc-1\nmake_dir pvc-1\nopen_dir pvc-1\nread_dir\n");
}

static void repeat_with_another_size_is_another_volume(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 5 * GIB, 0);
	assert_non_null(create(&world, request));
	set_capacity(&world, request, 6 * GIB, 0);
	assert_null(create(&world, request));
	assert_failed(&world, STATUS_ALREADY_EXISTS,
		      "volume pvc-1 already exists with 5368709120 bytes, which is not within the range asked for");
	set_capacity(&world, request, 1, 5 * GIB - 1);
	assert_null(create(&world, request));
	assert_failed(&world, STATUS_ALREADY_EXISTS, NULL);
	assert_int_equal(record_at(&world, ".csicore/volumes/pvc-1")->capacity_bytes, 5 * GIB);
}

static void repeat_in_another_directory_is_another_volume(void **state)
{
	assert_non_null(create(&world, create_request_in(&world, "pvc-1", "a")));
	assert_null(create(&world, create_request_in(&world, "pvc-1", "b")));
	assert_failed(&world, STATUS_ALREADY_EXISTS, "volume pvc-1 already exists in directory a");
	assert_false(fs_memory_exists(world.fs, "b"));
}

static void record_without_its_directory_is_no_volume(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 5 * GIB, 0);
	assert_non_null(create(&world, request));
	fs_memory_unplant(world.fs, "pvc-1");
	set_capacity(&world, request, 6 * GIB, 0);
	assert_int_equal(create(&world, request)->capacity_bytes, 6 * GIB);
	assert_int_equal(record_at(&world, ".csicore/volumes/pvc-1")->capacity_bytes, 6 * GIB);
	assert_tree(&world, OUR_FOLDERS ".csicore/volumes/pvc-1\npvc-1/\n");
}

static void symlink_in_the_directorys_place_is_no_volume(void **state)
{
	assert_non_null(create(&world, create_request_in(&world, "pvc-1", "a")));
	fs_memory_plant_symlink(world.fs, "a", ".csicore");
	assert_non_null(create(&world, create_request_in(&world, "pvc-1", "b")));
	assert_string_equal(record_at(&world, ".csicore/volumes/pvc-1")->sub_dir, "b");
}

static void refused_directory_leaves_no_record(void **state)
{
	fs_memory_plant_file(world.fs, "pvc-1", "in the way");
	assert_null(create(&world, create_request(&world, "pvc-1")));
	assert_tree(&world, OUR_FOLDERS "pvc-1\n");
}

static int squash(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "make_dir") == 0 ? EACCES : 0;
}

static void share_that_the_controller_may_not_write_to_is_explained(void **state)
{
	fs_memory_set_hook(world.fs, squash, NULL);
	assert_null(create(&world, create_request(&world, "pvc-1")));
	assert_int_equal(world.st.code, STATUS_PERMISSION_DENIED);
	assert_non_null(strstr(world.st.message, "failed to make subdirectory: "));
	assert_non_null(strstr(world.st.message, "\"no_root_squash\" in exports(5), or --nfs-uid and --nfs-gid"));
	fs_memory_set_hook(world.fs, NULL, NULL);
	fs_memory_plant_file(world.fs, "pvc-2", "in the way");
	assert_null(create(&world, create_request(&world, "pvc-2")));
	assert_null(strstr(world.st.message, "squash"));
}

static void garbled_record_is_written_anew(void **state)
{
	static const char *const contents[] = {"", "csicvol1", "anything at all"};
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 5 * GIB, 0);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		fs_memory_plant_file(world.fs, ".csicore/volumes/pvc-1", contents[i]);
		fs_memory_plant_file(world.fs, ".csicore/volumes/~pvc-1", "left over");
		assert_int_equal(create(&world, request)->capacity_bytes, 5 * GIB);
		assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
		assert_tree(&world, OUR_FOLDERS ".csicore/volumes/pvc-1\npvc-1/\n");
	}
}

static void directory_of_csi_driver_nfs_becomes_a_volume(void **state)
{
	fs_memory_plant_dir(world.fs, "pvc-1", 0775);
	fs_memory_plant_file(world.fs, "pvc-1/data", "kept");
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
	struct fs_attr attr;
	assert_true(fs_memory_attr(world.fs, "pvc-1", &attr));
	assert_int_equal(attr.mode, 0775);
	assert_tree(&world, OUR_FOLDERS ".csicore/volumes/pvc-1\n.csicore/volumes/~shared~pvc-1\npvc-1/\npvc-1/data\n");
}

static void directory_that_was_there_gets_the_mode_asked_for(void **state)
{
	struct fs_attr attr;
	fs_memory_plant_dir(world.fs, "a", 0755);
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "a");
	add_parameter(&world, request, "mountPermissions", "0770");
	assert_non_null(create(&world, request));
	assert_true(fs_memory_attr(world.fs, "a", &attr));
	assert_int_equal(attr.mode, 0770);
}

/* ---- what a share may refuse */

static int refuse_records(void *data, const struct fs_memory_operation *operation)
{
	const int *errnum = data;
	bool is_ours = operation->name && strcmp(operation->name, ".csicore") == 0;
	return is_ours || strcmp(operation->verb, "create_file") == 0 ? *errnum : 0;
}

static void share_that_takes_no_records_gets_volumes_all_the_same(void **state)
{
	static const int refusals[] = {EACCES, EPERM, EROFS};
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 5 * GIB, 0);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		int errnum = refusals[i];
		fs_memory_set_hook(world.fs, refuse_records, &errnum);
		assert_int_equal(create(&world, request)->capacity_bytes, 5 * GIB);
		assert_int_equal(create(&world, request)->capacity_bytes, 5 * GIB);
	}
	assert_tree(&world, "pvc-1/\n");
}

static void file_in_the_drivers_folders_place_is_left_alone(void **state)
{
	fs_memory_plant_file(world.fs, ".csicore", "mine");
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
	fs_memory_plant_dir(world.fs, "trap", 0755);
	fs_memory_plant_symlink(world.fs, ".csicore", "trap");
	assert_non_null(create(&world, create_request(&world, "pvc-2")));
	assert_tree(&world, ".csicore\npvc-1/\npvc-2/\ntrap/\n");
}

static int refuse_set_owner(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "set_owner") == 0 ? EPERM : 0;
}

static void mode_that_may_not_be_changed_is_forgiven_but_an_owner_is_not(void **state)
{
	fs_memory_plant_dir(world.fs, "a", 0755);
	fs_memory_set_hook(world.fs, refuse_set_owner, NULL);
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "a");
	add_parameter(&world, request, "mountPermissions", "0770");
	assert_non_null(create(&world, request));
	add_parameter(&world, request, "uid", "1000");
	assert_null(create(&world, request));
	assert_failed(&world, STATUS_PERMISSION_DENIED, NULL);
}

/* ---- busy */

static void busy_volume_is_aborted(void **state)
{
	assert_true(slots_try(world.controller.volumes, "name pvc-1"));
	assert_null(create(&world, create_request(&world, "pvc-1")));
	assert_failed(&world, STATUS_ABORTED, "An operation with the given Volume ID pvc-1 already exists");
	slots_put(world.controller.volumes, "name pvc-1");
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
}

static void busy_directory_is_aborted(void **state)
{
	assert_true(slots_try(world.controller.volumes, "directory srv:/share a/b"));
	assert_null(create(&world, create_request_in(&world, "pvc-1", "/a//b")));
	assert_failed(&world, STATUS_ABORTED, NULL);
	slots_put(world.controller.volumes, "directory srv:/share a/b");
	assert_non_null(create(&world, create_request_in(&world, "pvc-1", "/a//b")));
}

static void server_with_its_share_of_calls_is_unavailable(void **state)
{
	for (int i = 0; i < 4; i++)
		assert_true(slots_try(world.controller.servers, "srv"));
	assert_null(create(&world, create_request(&world, "pvc-1")));
	assert_failed(&world, STATUS_UNAVAILABLE, "server srv is busy: 4 calls are waiting for it");
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	request->parameters[0]->value = (char *)"other";
	assert_non_null(create(&world, request));
	for (int i = 0; i < 4; i++)
		slots_put(world.controller.servers, "srv");
}

static void stale_handles_are_opened_anew_within_the_call(void **state)
{
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
	fs_memory_fail_nth(world.fs, 1, ESTALE, FS_MEMORY_FAIL_BEFORE);
	assert_non_null(create(&world, create_request(&world, "pvc-2")));
	fs_memory_unplant(world.fs, ".csicore");
	assert_non_null(create(&world, create_request(&world, "pvc-3")));
	assert_tree(&world, OUR_FOLDERS ".csicore/volumes/pvc-3\npvc-1/\npvc-2/\npvc-3/\n");
}

static void call_that_is_over_makes_nothing(void **state)
{
	cancel_trigger(&world.cancel);
	assert_null(create(&world, create_request(&world, "pvc-1")));
	assert_failed(&world, STATUS_CANCELLED, NULL);
	assert_tree(&world, "");
}

/* As another call does that has just deleted the last volume below ns. */
static int remove_parent(void *data, const struct fs_memory_operation *operation)
{
	unsigned *times = data;
	if (*times > 0 && operation->name && strcmp(operation->name, "claim") == 0) {
		fs_memory_unplant(world.fs, "ns");
		(*times)--;
	}
	return 0;
}

static void parent_that_vanishes_meanwhile_is_made_again(void **state)
{
	unsigned times = 2;
	fs_memory_set_hook(world.fs, remove_parent, &times);
	assert_non_null(create(&world, create_request_in(&world, "pvc-1", "ns/claim")));
	assert_tree(&world, OUR_FOLDERS ".csicore/volumes/pvc-1\nns/\nns/claim/\n");
	assert_int_equal(world.open_count, 1); /* its handles were not to blame */
}

/* NOT_FOUND is final to a provisioner, which would forget the volume. */
static void parent_that_never_stays_is_worth_another_try(void **state)
{
	unsigned times = 1000;
	fs_memory_set_hook(world.fs, remove_parent, &times);
	assert_null(create(&world, create_request_in(&world, "pvc-1", "ns/claim")));
	assert_failed(&world, STATUS_UNAVAILABLE, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(repeat_answers_the_same),
		TEST(repeat_answers_the_recorded_size),
		TEST(repeat_records_what_it_answers),
		TEST(order_of_the_parameters_does_not_matter),
		TEST(repeat_with_another_size_is_another_volume),
		TEST(repeat_in_another_directory_is_another_volume),
		TEST(record_without_its_directory_is_no_volume),
		TEST(symlink_in_the_directorys_place_is_no_volume),
		TEST(refused_directory_leaves_no_record),
		TEST(share_that_the_controller_may_not_write_to_is_explained),
		TEST(garbled_record_is_written_anew),
		TEST(directory_of_csi_driver_nfs_becomes_a_volume),
		TEST(directory_that_was_there_gets_the_mode_asked_for),
		TEST(share_that_takes_no_records_gets_volumes_all_the_same),
		TEST(file_in_the_drivers_folders_place_is_left_alone),
		TEST(mode_that_may_not_be_changed_is_forgiven_but_an_owner_is_not),
		TEST(busy_volume_is_aborted),
		TEST(busy_directory_is_aborted),
		TEST(server_with_its_share_of_calls_is_unavailable),
		TEST(stale_handles_are_opened_anew_within_the_call),
		TEST(call_that_is_over_makes_nothing),
		TEST(parent_that_vanishes_meanwhile_is_made_again),
		TEST(parent_that_never_stays_is_worth_another_try),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
