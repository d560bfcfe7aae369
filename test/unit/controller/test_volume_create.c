/* SPDX-License-Identifier: Apache-2.0 */
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

static void assert_refused(const Csi__V1__CreateVolumeRequest *request, enum status_code code, const char *message)
{
	assert_null(create(&world, request));
	assert_failed(&world, code, message);
	assert_tree(&world, "");
	assert_int_equal(world.open_count, 0);
}

/* ---- what is asked for */

static void volume_is_a_directory_and_a_record(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 5 * GIB, 0);
	const Csi__V1__Volume *volume = create(&world, request);
	assert_non_null(volume);
	assert_string_equal(volume->volume_id, "srv#share#pvc-1##");
	assert_int_equal(volume->capacity_bytes, 5 * GIB);
	assert_tree(&world, OUR_FOLDERS ".csicore/volumes/pvc-1\npvc-1/\n");
	Csicore__VolumeRecord *record = record_at(&world, ".csicore/volumes/pvc-1");
	assert_non_null(record);
	assert_string_equal(record->name, "pvc-1");
	assert_string_equal(record->volume_id, "srv#share#pvc-1##");
	assert_string_equal(record->sub_dir, "pvc-1");
	assert_int_equal(record->capacity_bytes, 5 * GIB);
	assert_true(record->created_at > 0);
}

static void drivers_folder_is_private_and_the_volume_is_not(void **state)
{
	struct fs_attr attr;
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
	assert_true(fs_memory_attr(world.fs, ".csicore", &attr));
	assert_int_equal(attr.mode, 0700);
	assert_true(fs_memory_attr(world.fs, ".csicore/volumes/pvc-1", &attr));
	assert_int_equal(attr.mode, 0600);
	assert_true(fs_memory_attr(world.fs, "pvc-1", &attr));
	assert_int_equal(attr.mode, 0755);
}

static void volume_on_a_known_export_costs_two_operations(void **state)
{
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
	fs_memory_reset_operations(world.fs);
	assert_non_null(create(&world, create_request(&world, "pvc-2")));
	assert_string_equal(fs_memory_log(world.fs), "create_file pvc-2\nmake_dir pvc-2\n");
}

static void context_is_the_parameters_and_the_directory(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	request->parameters[0]->key = (char *)"SerVer";
	const Csi__V1__Volume *volume = create(&world, request);
	assert_int_equal(volume->n_volume_context, 3);
	assert_string_equal(context_of(volume, "SerVer"), "srv");
	assert_string_equal(context_of(volume, "share"), "/share");
	assert_string_equal(context_of(volume, "subdir"), "pvc-1");
}

static void context_overwrites_the_users_own_key(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	add_parameter(&world, request, "csi.storage.k8s.io/pvc/namespace", "team");
	add_parameter(&world, request, "SUBDIR", "${pvc.metadata.namespace}/x/");
	const Csi__V1__Volume *volume = create(&world, request);
	assert_int_equal(volume->n_volume_context, 4);
	assert_string_equal(context_of(volume, "SUBDIR"), "team/x/");
	assert_string_equal(volume->volume_id, "srv#share#team/x#pvc-1#");
	assert_true(fs_memory_exists(world.fs, "team/x"));
}

static void parameters_are_kept_in_the_record(void **state)
{
	assert_non_null(create(&world, create_request_in(&world, "pvc-1", "/${pv.metadata.name}/")));
	const Csicore__VolumeRecord *record = record_at(&world, ".csicore/volumes/pvc-1");
	assert_int_equal(record->version, RECORD_VERSION);
	assert_int_equal(record->n_parameters, 3);
	assert_string_equal(record->parameters[2]->key, "subDir");
	assert_string_equal(record->parameters[2]->value, "/${pv.metadata.name}/");
}

static void parameters_past_the_limit_are_refused(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	add_parameter(&world, request, "csi.storage.k8s.io/pvc/name", arena_printf(&world.arena, "%04096d", 0));
	assert_null(create(&world, request));
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "parameters are longer than 4096 bytes");
}

static void limit_is_the_size_where_nothing_is_required(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 0, 7);
	assert_int_equal(create(&world, request)->capacity_bytes, 7);
}

static void mode_and_owner_are_the_parameters(void **state)
{
	struct fs_attr attr;
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	add_parameter(&world, request, "mountPermissions", "2770");
	add_parameter(&world, request, "uid", "1000");
	add_parameter(&world, request, "gid", "2000");
	assert_non_null(create(&world, request));
	assert_true(fs_memory_attr(world.fs, "pvc-1", &attr));
	assert_int_equal(attr.mode, 02770);
	assert_int_equal(attr.uid, 1000);
	assert_int_equal(attr.gid, 2000);
}

static void mode_is_the_drivers_where_the_class_says_nothing(void **state)
{
	struct fs_attr attr;
	world.config.mount_permissions = 0777;
	world_restart_controller(&world);
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-2");
	add_parameter(&world, request, "mountPermissions", "0");
	assert_non_null(create(&world, request));
	assert_true(fs_memory_attr(world.fs, "pvc-1", &attr));
	assert_int_equal(attr.mode, 0777);
	assert_true(fs_memory_attr(world.fs, "pvc-2", &attr));
	assert_int_equal(attr.mode, 0755);
}

static void parents_of_a_nested_directory_keep_the_default_mode(void **state)
{
	struct fs_attr attr;
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "a/b/c");
	add_parameter(&world, request, "mountPermissions", "0700");
	assert_non_null(create(&world, request));
	assert_true(fs_memory_attr(world.fs, "a/b", &attr));
	assert_int_equal(attr.mode, 0755);
	assert_true(fs_memory_attr(world.fs, "a/b/c", &attr));
	assert_int_equal(attr.mode, 0700);
}

static void mount_flags_choose_how_the_server_is_reached(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	request->volume_capabilities[0] = mount_capability(&world, "hard,nfsvers=3,port=2050,mountport=2051");
	assert_non_null(create(&world, request));
	assert_int_equal(world.last_key.version, NFS_VERSION_3);
	assert_int_equal(world.last_key.nfs_port, 2050);
	assert_int_equal(world.last_key.mount_port, 2051);
	assert_string_equal(world.last_key.share, "/share");
	Csicore__VolumeRecord *record = record_at(&world, ".csicore/volumes/pvc-1");
	assert_int_equal(record->n_mount_flags, 1);
	assert_string_equal(record->mount_flags[0], "hard,nfsvers=3,port=2050,mountport=2051");
}

static void share_keeps_its_own_mode_and_owner(void **state)
{
	struct fs_attr before, after;
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "ns/claim");
	add_parameter(&world, request, "mountPermissions", "0777");
	add_parameter(&world, request, "uid", "1000");
	assert_true(fs_memory_attr(world.fs, "", &before));
	const Csi__V1__Volume *volume = create(&world, request);
	assert_non_null(volume);
	assert_int_equal(delete_id(&world, volume->volume_id), 0);
	assert_true(fs_memory_attr(world.fs, "", &after));
	assert_int_equal(after.mode, before.mode);
	assert_int_equal(after.uid, before.uid);
}

static void id_ends_with_the_policy(void **state)
{
	static const struct {
		const char *driver, *class_value, *element;
	} cases[] = {
		{"", NULL, ""},
		{"", "delete", ""},
		{"", "Retain", "Retain"},
		{"", "archive", "archive"},
		{"delete", "Delete", ""},
		{"Archive", NULL, "Archive"},
		{"Archive", "", "Archive"},
		{"retain", "archive", "archive"},
		{"retain", "Delete", "delete"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world.config.default_on_delete = cases[i].driver;
		world_restart_controller(&world);
		Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
		if (cases[i].class_value)
			add_parameter(&world, request, "onDelete", cases[i].class_value);
		const char *expected = arena_printf(&world.arena, "srv#share#pvc-1##%s", cases[i].element);
		assert_string_equal(create(&world, request)->volume_id, expected);
		assert_string_equal(record_at(&world, ".csicore/volumes/pvc-1")->volume_id, expected);
	}
}

/* ---- what is refused */

static void requests_without_the_required_are_refused(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "");
	assert_refused(request, STATUS_INVALID_ARGUMENT, "CreateVolume name must be provided");
	request = create_request(&world, "pvc-1");
	request->n_volume_capabilities = 0;
	assert_refused(request, STATUS_INVALID_ARGUMENT, "volume capabilities missing in request");
	request = create_request(&world, "pvc-1");
	request->parameters[0]->value = (char *)"";
	assert_refused(request, STATUS_INVALID_ARGUMENT, "server is a required parameter");
}

static void name_of_128_bytes_is_the_longest(void **state)
{
	char name[130];
	memset(name, 'n', sizeof(name) - 1);
	name[129] = '\0';
	assert_refused(create_request(&world, name), STATUS_INVALID_ARGUMENT, "name is longer than 128 bytes");
	name[128] = '\0';
	assert_non_null(create(&world, create_request(&world, name)));
}

static void the_share_itself_is_refused_as_a_volume(void **state)
{
	static const char *const sub_dirs[] = {"/", ".", "./", "//"};
	for (size_t i = 0; i < sizeof(sub_dirs) / sizeof(sub_dirs[0]); i++)
		assert_refused(create_request_in(&world, "pvc-1", sub_dirs[i]), STATUS_INVALID_ARGUMENT, NULL);
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "${pvc.metadata.name}");
	add_parameter(&world, request, "csi.storage.k8s.io/pvc/name", "");
	assert_refused(request, STATUS_INVALID_ARGUMENT,
		       "invalid subDir \"\": it names the share itself, which cannot be a volume");
}

static void the_drivers_own_folder_is_refused_as_a_volume(void **state)
{
	assert_refused(create_request_in(&world, "pvc-1", ".csicore/volumes"), STATUS_INVALID_ARGUMENT, NULL);
	assert_refused(create_request(&world, ".csicore"), STATUS_INVALID_ARGUMENT, NULL);
}

static void names_that_break_an_id_are_refused(void **state)
{
	assert_refused(create_request(&world, "a#b"), STATUS_INVALID_ARGUMENT, NULL);
	assert_refused(create_request(&world, ".."), STATUS_INVALID_ARGUMENT, NULL);
	assert_refused(create_request_in(&world, "../x", "a"), STATUS_INVALID_ARGUMENT, NULL);
	assert_refused(create_request_in(&world, "pvc-1", "a/../b"), STATUS_INVALID_ARGUMENT,
		       "invalid subDir \"a/../b\": path contains directory traversal sequence");
}

static void impossible_capacities_are_refused(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 2, 1);
	assert_refused(request, STATUS_OUT_OF_RANGE, "capacity limit 1 is below the required 2 bytes");
	set_capacity(&world, request, -1, 0);
	assert_refused(request, STATUS_INVALID_ARGUMENT, "capacity range is negative");
	set_capacity(&world, request, 0, -1);
	assert_refused(request, STATUS_INVALID_ARGUMENT, "capacity range is negative");
}

static void what_is_not_supported_is_refused(void **state)
{
	Csi__V1__VolumeContentSource source;
	Csi__V1__CreateVolumeRequest__MutableParametersEntry entry;
	Csi__V1__CreateVolumeRequest__MutableParametersEntry *entries[] = {&entry};
	csi__v1__volume_content_source__init(&source);
	csi__v1__create_volume_request__mutable_parameters_entry__init(&entry);
	entry.key = (char *)"iops";
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	request->volume_content_source = &source;
	assert_refused(request, STATUS_INVALID_ARGUMENT, "volume content source is not supported");
	request = create_request(&world, "pvc-1");
	request->mutable_parameters = entries;
	request->n_mutable_parameters = 1;
	assert_refused(request, STATUS_INVALID_ARGUMENT, "invalid mutable parameter \"iops\"");
}

static void symlink_on_the_way_is_not_followed(void **state)
{
	fs_memory_plant_dir(world.fs, "elsewhere", 0755);
	fs_memory_plant_symlink(world.fs, "link", "elsewhere");
	assert_null(create(&world, create_request_in(&world, "pvc-1", "link")));
	assert_int_equal(world.st.errnum, ELOOP);
	assert_null(create(&world, create_request_in(&world, "pvc-2", "link/deep")));
	assert_int_equal(world.st.errnum, ELOOP);
	assert_null(create(&world, create_request_in(&world, "pvc-3", "link/deep/er")));
	assert_int_equal(world.st.errnum, ELOOP);
	char *list = fs_memory_list(world.fs, "elsewhere");
	assert_string_equal(list, "");
	free(list);
}

static void file_in_the_directorys_place_is_refused(void **state)
{
	fs_memory_plant_file(world.fs, "pvc-1", "data");
	assert_null(create(&world, create_request(&world, "pvc-1")));
	assert_int_equal(world.st.errnum, ENOTDIR);
	assert_string_equal(fs_memory_content(world.fs, "pvc-1"), "data");
}

static void names_hold_no_control_characters(void **state)
{
	static const char *const refused[] = {"a\x01", "\x0b", "pvc\x1f", "\x7f", "\xc2\x80", "\xc2\x9fx"};
	static const char *const taken[] = {"a\tb", "a\nb", "\xc2\xa0", "\xf0\x9f\x98\x80", "\xdf\x80"};
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_null(create(&world, create_request(&world, refused[i])));
		assert_failed(&world, STATUS_INVALID_ARGUMENT, "name holds a control character");
	}
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		assert_non_null(create(&world, create_request(&world, taken[i])));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_hold_no_control_characters),
		TEST(volume_is_a_directory_and_a_record),
		TEST(drivers_folder_is_private_and_the_volume_is_not),
		TEST(volume_on_a_known_export_costs_two_operations),
		TEST(context_is_the_parameters_and_the_directory),
		TEST(context_overwrites_the_users_own_key),
		TEST(parameters_are_kept_in_the_record),
		TEST(parameters_past_the_limit_are_refused),
		TEST(limit_is_the_size_where_nothing_is_required),
		TEST(mode_and_owner_are_the_parameters),
		TEST(mode_is_the_drivers_where_the_class_says_nothing),
		TEST(parents_of_a_nested_directory_keep_the_default_mode),
		TEST(mount_flags_choose_how_the_server_is_reached),
		TEST(share_keeps_its_own_mode_and_owner),
		TEST(id_ends_with_the_policy),
		TEST(requests_without_the_required_are_refused),
		TEST(name_of_128_bytes_is_the_longest),
		TEST(the_share_itself_is_refused_as_a_volume),
		TEST(the_drivers_own_folder_is_refused_as_a_volume),
		TEST(names_that_break_an_id_are_refused),
		TEST(impossible_capacities_are_refused),
		TEST(what_is_not_supported_is_refused),
		TEST(symlink_on_the_way_is_not_followed),
		TEST(file_in_the_directorys_place_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
