/* SPDX-License-Identifier: Apache-2.0 */
/* ControllerModifyVolume, and the mutable parameters of CreateVolume. */
#include "controller/volume.h"

#include <errno.h>

#include "world.h"

#define ID "srv#share#pvc-1##"
#define RECORD ".csicore/volumes/pvc-1"

static struct world world;

static int set_up(void **state)
{
	return world_init(&world);
}

static int tear_down(void **state)
{
	return world_release(&world);
}

static void make_volume(void)
{
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
}

static void assert_modified(const char *key, const char *value)
{
	if (modify(&world, ID, key, value) < 0)
		fail_msg("%s", world.st.message);
}

static void assert_owner(const char *path, uint32_t mode, uint32_t uid, uint32_t gid)
{
	struct fs_attr attr;
	assert_true(fs_memory_attr(world.fs, path, &attr));
	assert_int_equal(attr.mode, mode);
	assert_int_equal(attr.uid, uid);
	assert_int_equal(attr.gid, gid);
}

/* ---- ControllerModifyVolume */

static void owner_and_mode_are_set_on_the_directory_and_recorded(void **state)
{
	make_volume();
	assert_modified("mountPermissions", "0750");
	assert_owner("pvc-1", 0750, 0, 0);
	assert_int_equal(modify_two(&world, ID, "UID", "1000", "gid", "2000"), 0);
	assert_owner("pvc-1", 0750, 1000, 2000);
	assert_string_equal(mutable_of(&world, "pvc-1", "uid"), "1000");
	assert_string_equal(mutable_of(&world, "pvc-1", "mountpermissions"), "0750");
}

static void policy_and_options_are_recorded(void **state)
{
	make_volume();
	assert_int_equal(modify_two(&world, ID, "onDelete", "Retain", "mountOptions", "nconnect=4,hard"), 0);
	assert_string_equal(mutable_of(&world, "pvc-1", "ondelete"), "Retain");
	assert_string_equal(mutable_of(&world, "pvc-1", "mountoptions"), "nconnect=4,hard");
	assert_modified("mountOptions", "");
	assert_null(mutable_of(&world, "pvc-1", "mountoptions"));
	assert_string_equal(mutable_of(&world, "pvc-1", "ondelete"), "Retain");
	assert_owner("pvc-1", 0755, 0, 0);
}

static void nothing_and_what_the_resizer_adds_change_nothing(void **state)
{
	make_volume();
	fs_memory_reset_operations(world.fs);
	assert_modified(NULL, NULL);
	assert_modified("csi.storage.k8s.io/pvc/name", "data");
	assert_null(strstr(fs_memory_log(world.fs), "create_file"));
	assert_null(strstr(fs_memory_log(world.fs), "set_owner"));
}

static void one_bad_parameter_leaves_all_as_it_was(void **state)
{
	static const char *const bad[][2] = {{"iops", "1"},     {"server", "x"}, {"subDir", "x"},
					     {"onDelete", "x"}, {"uid", "-1"},   {"mountOptions", "a\nb"}};
	make_volume();
	fs_memory_reset_operations(world.fs);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(modify_two(&world, ID, "gid", "7", bad[i][0], bad[i][1]), -1);
		assert_failed(&world, STATUS_INVALID_ARGUMENT, NULL);
	}
	assert_int_equal(fs_memory_operation_count(world.fs), 0);
	assert_int_equal(modify(&world, "", "gid", "7"), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
}

static void volume_that_is_not_there_is_not_found(void **state)
{
	assert_int_equal(modify(&world, ID, "gid", "7"), -1);
	assert_failed(&world, STATUS_NOT_FOUND, NULL);
	assert_int_equal(modify(&world, "static", "gid", "7"), -1);
	assert_failed(&world, STATUS_NOT_FOUND, NULL);
	assert_int_equal(modify(&world, ID, NULL, NULL), -1);
	assert_failed(&world, STATUS_NOT_FOUND, NULL);
	assert_tree(&world, "");
}

static void volume_of_csi_driver_nfs_gets_a_record(void **state)
{
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	assert_modified("onDelete", "archive");
	assert_string_equal(mutable_of(&world, "pvc-1", "ondelete"), "archive");
}

static int refuse_records(void *data, const struct fs_memory_operation *operation)
{
	return operation->name && strcmp(operation->name, ".csicore") == 0 ? EROFS : 0;
}

static void what_cannot_be_remembered_is_refused_before_anything_changes(void **state)
{
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	fs_memory_set_hook(world.fs, refuse_records, NULL);
	assert_int_equal(modify_two(&world, ID, "onDelete", "retain", "gid", "7"), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_owner("pvc-1", 0755, 0, 0);
	assert_modified("gid", "7");
	assert_owner("pvc-1", 0755, 0, 7);
	assert_tree(&world, "pvc-1/\n");
}

static int refuse_set_owner(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "set_owner") == 0 ? EPERM : 0;
}

static void record_never_says_what_the_directory_refused(void **state)
{
	make_volume();
	fs_memory_set_hook(world.fs, refuse_set_owner, NULL);
	assert_int_equal(modify_two(&world, ID, "onDelete", "retain", "mountPermissions", "0700"), -1);
	assert_failed(&world, STATUS_PERMISSION_DENIED, NULL);
	assert_int_equal(record_at(&world, RECORD)->n_mutable_parameters, 0);
}

static void share_itself_keeps_its_owner_and_mode(void **state)
{
	make_volume();
	assert_int_equal(modify(&world, "srv#share###", "mountPermissions", "0777"), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_int_equal(modify(&world, "srv#share###", "onDelete", "retain"), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_owner("", 0755, 0, 0);
}

/* ---- CreateVolume */

static const char *context_value(const Csi__V1__Volume *volume, const char *key)
{
	const char *value = context_of(volume, key);
	return value ? value : "(absent)";
}

static void mutable_parameters_win_over_the_class_but_not_in_the_id(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	add_parameter(&world, request, "uid", "1");
	add_parameter(&world, request, "gid", "2");
	add_parameter(&world, request, "mountpermissions", "0700");
	add_parameter(&world, request, "onDelete", "archive");
	add_mutable_parameter(&world, request, "UID", "1000");
	add_mutable_parameter(&world, request, "mountPermissions", "0750");
	add_mutable_parameter(&world, request, "onDelete", "retain");
	const Csi__V1__Volume *volume = create(&world, request);
	assert_non_null(volume);
	assert_string_equal(volume->volume_id, "srv#share#pvc-1##archive");
	assert_owner("pvc-1", 0750, 1000, 2);
	assert_string_equal(mutable_of(&world, "pvc-1", "uid"), "1000");
	assert_string_equal(mutable_of(&world, "pvc-1", "ondelete"), "retain");
	assert_string_equal(context_value(volume, "uid"), "1");
}

/* The node sets the mode of its context at every publish, and would undo what ControllerModifyVolume sets. */
static void node_is_told_to_leave_a_mutable_mode_alone(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	add_mutable_parameter(&world, request, "mountPermissions", "0750");
	assert_string_equal(context_value(create(&world, request), "mountPermissions"), "0");
	assert_owner("pvc-1", 0750, 0, 0);
	request = create_request(&world, "pvc-2");
	add_parameter(&world, request, "MountPermissions", "0700");
	add_mutable_parameter(&world, request, "mountPermissions", "0750");
	const Csi__V1__Volume *volume = create(&world, request);
	assert_string_equal(context_value(volume, "MountPermissions"), "0");
	assert_null(context_of(volume, "mountPermissions"));
	assert_owner("pvc-2", 0750, 0, 0);
}

static void repeat_with_other_mutable_parameters_is_another_volume(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	add_mutable_parameter(&world, request, "onDelete", "retain");
	add_mutable_parameter(&world, request, "gid", "7");
	assert_non_null(create(&world, request));
	assert_non_null(create(&world, request));
	Csi__V1__CreateVolumeRequest *turned = create_request(&world, "pvc-1");
	add_mutable_parameter(&world, turned, "GID", "7");
	add_mutable_parameter(&world, turned, "ondelete", "retain");
	assert_non_null(create(&world, turned));
	assert_null(create(&world, create_request(&world, "pvc-1")));
	assert_failed(&world, STATUS_ALREADY_EXISTS, "volume pvc-1 already exists with other mutable parameters");
	turned->mutable_parameters[0]->value = (char *)"8";
	assert_null(create(&world, turned));
	assert_failed(&world, STATUS_ALREADY_EXISTS, NULL);
	assert_owner("pvc-1", 0755, 0, 7);
}

static void share_that_takes_no_records_takes_no_mutable_policy(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	add_mutable_parameter(&world, request, "mountOptions", "hard");
	fs_memory_set_hook(world.fs, refuse_records, NULL);
	assert_null(create(&world, request));
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_tree(&world, "");
	request = create_request(&world, "pvc-1");
	add_mutable_parameter(&world, request, "gid", "7");
	assert_non_null(create(&world, request));
	assert_owner("pvc-1", 0755, 0, 7);
}

static void volume_is_accessible_from_wherever_it_is_required(void **state)
{
	Csi__V1__TopologyRequirement requirement;
	Csi__V1__Topology topology;
	Csi__V1__Topology *requisite[] = {&topology};
	csi__v1__topology_requirement__init(&requirement);
	csi__v1__topology__init(&topology);
	requirement.requisite = requisite;
	requirement.n_requisite = 1;
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	request->accessibility_requirements = &requirement;
	const Csi__V1__Volume *volume = create(&world, request);
	assert_non_null(volume);
	assert_int_equal(volume->n_accessible_topology, 0);
}

static void template_that_comes_out_empty_is_refused(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "${pvc.metadata.name}");
	add_parameter(&world, request, "csi.storage.k8s.io/pvc/name", "");
	assert_null(create(&world, request));
	assert_failed(&world, STATUS_INVALID_ARGUMENT, NULL);
	assert_tree(&world, "");
}

static void volume_of_an_ambiguous_id_is_left_alone(void **state)
{
	struct fs_attr attr;
	fs_memory_plant_dir(world.fs, "ns", 0750);
	assert_int_equal(modify(&world, "srv#share#ns#pvc-1##x", "mountPermissions", "0777"), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_true(fs_memory_attr(world.fs, "ns", &attr));
	assert_int_equal(attr.mode, 0750);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(volume_of_an_ambiguous_id_is_left_alone),
		TEST(owner_and_mode_are_set_on_the_directory_and_recorded),
		TEST(policy_and_options_are_recorded),
		TEST(nothing_and_what_the_resizer_adds_change_nothing),
		TEST(one_bad_parameter_leaves_all_as_it_was),
		TEST(volume_that_is_not_there_is_not_found),
		TEST(volume_of_csi_driver_nfs_gets_a_record),
		TEST(what_cannot_be_remembered_is_refused_before_anything_changes),
		TEST(record_never_says_what_the_directory_refused),
		TEST(share_itself_keeps_its_owner_and_mode),
		TEST(mutable_parameters_win_over_the_class_but_not_in_the_id),
		TEST(node_is_told_to_leave_a_mutable_mode_alone),
		TEST(repeat_with_other_mutable_parameters_is_another_volume),
		TEST(share_that_takes_no_records_takes_no_mutable_policy),
		TEST(volume_is_accessible_from_wherever_it_is_required),
		TEST(template_that_comes_out_empty_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
