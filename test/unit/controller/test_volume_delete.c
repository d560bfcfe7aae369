/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/volume.h"

#include <errno.h>

#include "base/memory.h"
#include "deletion.h"

static void volume_and_record_go(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	fs_memory_plant_file(world.fs, "pvc-1/deep/er/file", "x");
	fs_memory_plant_dir(world.fs, "other", 0755);
	assert_deleted(id);
	assert_tree(&world, OUR_FOLDERS "other/\n");
}

static void repeat_and_unknown_volumes_succeed(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	assert_deleted(id);
	assert_deleted(id);
	world_restart_controller(&world);
	assert_deleted(id);
	assert_deleted("srv#share#never#made#");
	assert_deleted("srv#share#never/made#pvc#");
	assert_tree(&world, OUR_FOLDERS);
}

static void every_historical_id_deletes(void **state)
{
	static const char *const ids[] = {
		"srv#share#pvc-1##",     "srv##pvc-1##",         "srv#share#pvc-1#",
		"srv#share#pvc-1",       "srv/share/pvc-1",      "srv/a/b/pvc-1",
		"srv#a/b#pvc-1##delete", "srv#share#pvc-1#uuid", "srv#share#pvc-1#uuid#",
	};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		fs_memory_plant_file(world.fs, "pvc-1/data", "x");
		assert_deleted(ids[i]);
		assert_false(fs_memory_exists(world.fs, "pvc-1"));
	}
}

static void ids_of_others_are_done_at_once(void **state)
{
	static const char *const ids[] = {"volume", "a#b", "srv#share#../x##", "srv#share#a/../../b#u#"};
	fs_memory_plant_dir(world.fs, "x", 0755);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_deleted(ids[i]);
	assert_int_equal(world.open_count, 0);
	assert_tree(&world, "x/\n");
}

static void empty_id_is_refused(void **state)
{
	assert_int_equal(delete_id(&world, ""), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "volume id is empty");
}

static void the_share_itself_is_never_deleted(void **state)
{
	static const char *const ids[] = {"srv#share##pvc-1#", "srv#share#.#pvc-1#", "srv/share##",
					  "srv#share#/#x#archive"};
	fs_memory_plant_file(world.fs, "precious", "x");
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(delete_id(&world, ids[i]), -1);
		assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	}
	assert_tree(&world, "precious\n");
}

static void the_drivers_folder_is_never_deleted(void **state)
{
	make_volume("pvc-1", NULL, NULL);
	assert_int_equal(delete_id(&world, "srv#share#.csicore#x#"), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_int_equal(delete_id(&world, "srv#share#.csicore/volumes#x#"), -1);
	assert_int_equal(delete_id(&world, "srv/share/.csicore/volumes"), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
}

static void directory_in_the_records_place_stops_nothing(void **state)
{
	fs_memory_plant_file(world.fs, ".csicore/volumes/pvc-1/file", "x");
	const char *id = make_volume("pvc-1", NULL, NULL);
	assert_deleted(id);
	assert_false(fs_memory_exists(world.fs, "pvc-1"));
}

static void ambiguous_id_deletes_nothing(void **state)
{
	fs_memory_plant_file(world.fs, "my/data", "x");
	assert_int_equal(delete_id(&world, "srv#share#my#dir#pvc-1#"), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_int_equal(delete_id(&world, "srv#share#my#dir#pvc-1"), -1);
	assert_true(fs_memory_exists(world.fs, "my/data"));
}

/* What was done since the last reset, the digits of entries in the trash left out. */
static void assert_operations(const char *expected)
{
	char *log = memory_strdup(fs_memory_log(world.fs));
	char *to = log;
	bool is_number = false;
	for (const char *from = log; *from; from++) {
		if (from[0] == '~' && from[1] >= '0' && from[1] <= '9')
			is_number = true;
		else if (is_number && !strchr("~0123456789abcdef", *from))
			is_number = false;
		if (!is_number || from[0] == '~')
			*to++ = *from;
	}
	*to = '\0';
	assert_string_equal(log, expected);
	free(log);
}

/* However much is in it: nothing of it is looked at. */
static void volume_leaves_by_one_rename(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	make_volume("pvc-2", NULL, NULL);
	assert_deleted("srv#share#pvc-2##");
	fs_memory_reset_operations(world.fs);
	assert_int_equal(delete_id(&world, id), 0);
	assert_operations("read_file pvc-1\nlookup ~shared~pvc-1\nopen_dir pvc-1\nopen_dir .csicore\n"
			  "rename pvc-1 pvc-1~~\nremove_file pvc-1\n");
}

static void what_an_interrupted_deletion_left_goes_too(void **state)
{
	fs_memory_plant_file(world.fs, ".csicore/trash/pvc-1/old", "x");
	assert_deleted("srv#share#pvc-1##");
	assert_tree(&world, ".csicore/\n.csicore/trash/\n");
	fs_memory_plant_file(world.fs, ".csicore/trash/pvc-1/old", "x");
	fs_memory_plant_file(world.fs, "pvc-1/new", "x");
	assert_deleted("srv#share#pvc-1##");
	assert_tree(&world, ".csicore/\n.csicore/trash/\n");
}

static int refuse_our_folder(void *data, const struct fs_memory_operation *operation)
{
	const int *errnum = data;
	return operation->name && strcmp(operation->name, ".csicore") == 0 ? *errnum : 0;
}

static int refuse_rename(void *data, const struct fs_memory_operation *operation)
{
	const int *errnum = data;
	return strcmp(operation->verb, "rename") == 0 ? *errnum : 0;
}

static void volume_is_removed_in_place_where_there_is_no_trash(void **state)
{
	static const int errnums[] = {EACCES, EPERM, EROFS, ENOSPC, EDQUOT, EXDEV};
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++) {
		int errnum = errnums[i];
		fs_memory_plant_file(world.fs, "pvc-1/deep/data", "x");
		fs_memory_set_hook(world.fs, refuse_rename, &errnum);
		assert_deleted("srv#share#pvc-1##");
		assert_false(fs_memory_exists(world.fs, "pvc-1"));
	}
	world_restart_controller(&world);
	int errnum = EACCES;
	fs_memory_plant_file(world.fs, "pvc-1/deep/data", "x");
	fs_memory_set_hook(world.fs, refuse_our_folder, &errnum);
	assert_deleted("srv#share#pvc-1##");
	assert_false(fs_memory_exists(world.fs, "pvc-1"));
}

static void symlink_in_the_volumes_place_goes_alone(void **state)
{
	fs_memory_plant_file(world.fs, "precious/data", "x");
	fs_memory_plant_symlink(world.fs, "pvc-1", "precious");
	assert_deleted("srv#share#pvc-1##");
	assert_tree(&world, ".csicore/\n.csicore/trash/\nprecious/\nprecious/data\n");
}

static void symlink_on_the_way_is_not_followed(void **state)
{
	fs_memory_plant_file(world.fs, "precious/claim/data", "x");
	fs_memory_plant_symlink(world.fs, "ns", "precious");
	assert_int_equal(delete_id(&world, "srv#share#ns/claim#pvc-1#"), -1);
	assert_int_equal(world.st.errnum, ELOOP);
	assert_int_equal(delete_id(&world, "srv#share#ns/claim#pvc-1#archive"), -1);
	assert_true(fs_memory_exists(world.fs, "precious/claim/data"));
}

static int miss_root(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "open_root") == 0 ? ENOENT : 0;
}

/* A server that has started and not mounted its disks yet. */
static void missing_export_is_no_deleted_volume(void **state)
{
	static const char *const ids[] = {"srv#share#pvc-1##", "srv#share#a/b#pvc-1#", "srv#share#pvc-1##archive"};
	fs_memory_set_hook(world.fs, miss_root, NULL);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(delete_id(&world, ids[i]), -1);
		assert_failed(&world, STATUS_NOT_FOUND, NULL);
	}
}

/* ---- parents */

static void parents_that_became_empty_go(void **state)
{
	const char *first = make_volume("pvc-1", "ns/a/claim", NULL);
	const char *second = make_volume("pvc-2", "ns/b", NULL);
	assert_deleted(first);
	assert_tree(&world, OUR_FOLDERS ".csicore/volumes/pvc-2\nns/\nns/b/\nns/b/data\n");
	assert_deleted(second);
	assert_tree(&world, OUR_FOLDERS);
}

static void parents_with_anything_in_them_stay(void **state)
{
	const char *id = make_volume("pvc-1", "ns/claim", NULL);
	fs_memory_plant_file(world.fs, "ns/.hidden", "x");
	assert_deleted(id);
	assert_tree(&world, OUR_FOLDERS "ns/\nns/.hidden\n");
}

/* ---- policies */

static void policy_of_the_id_goes_before_the_drivers(void **state)
{
	set_policy("retain", false);
	assert_deleted(make_volume("pvc-1", NULL, "delete"));
	assert_false(fs_memory_exists(world.fs, "pvc-1"));
	assert_deleted(make_volume("pvc-2", NULL, NULL));
	assert_true(fs_memory_exists(world.fs, "pvc-2/data"));
	set_policy("archive", false);
	assert_deleted(make_volume("pvc-3", NULL, "Retain"));
	assert_true(fs_memory_exists(world.fs, "pvc-3/data"));
	assert_deleted("srv#share#pvc-3##");
	assert_true(fs_memory_exists(world.fs, "archived-pvc-3/data"));
}

/* The share itself, the driver's folder, what is ambiguous: not even an unknown server stands against it. */
static void what_is_never_deleted_is_retained_at_once(void **state)
{
	assert_deleted("srv#share##x#RETAIN");
	assert_deleted("srv#share#.csicore/trash#x#retain");
	assert_int_equal(world.open_count, 0);
}

static void archive_puts_its_prefix_before_the_first_name(void **state)
{
	assert_deleted(make_volume("pvc-1", NULL, "archive"));
	assert_deleted(make_volume("pvc-2", "ns/team/claim", "Archive"));
	assert_tree(&world, ".csicore/\n.csicore/jobs/\n.csicore/volumes/\narchived-ns/\narchived-ns/team/"
			    "\narchived-ns/team/claim/\n"
			    "archived-ns/team/claim/data\narchived-pvc-1/\narchived-pvc-1/data\nns/\nns/team/\n");
}

static void archive_is_repeatable(void **state)
{
	const char *id = make_volume("pvc-1", "ns/claim", "archive");
	assert_deleted(id);
	world_restart_controller(&world);
	assert_deleted(id);
	assert_deleted("srv#share#never#pvc-9#archive");
	assert_true(fs_memory_exists(world.fs, "archived-ns/claim/data"));
	assert_false(fs_memory_exists(world.fs, "archived-never"));
}

static void second_archive_stands_beside_the_first(void **state)
{
	assert_deleted(make_volume("pvc-1", "ns/claim", "archive"));
	assert_deleted(make_volume("pvc-2", "ns/claim", "archive"));
	assert_true(fs_memory_exists(world.fs, "archived-ns/claim/data"));
	assert_true(fs_memory_exists(world.fs, "archived-ns/claim-pvc-2/data"));
	assert_false(fs_memory_exists(world.fs, "ns/claim"));
}

static void archive_without_a_place_says_what_to_do(void **state)
{
	fs_memory_plant_file(world.fs, "archived-pvc-1/old", "x");
	const char *id = make_volume("pvc-1", NULL, "archive");
	assert_int_equal(delete_id(&world, id), -1);
	assert_failed(
		&world, STATUS_FAILED_PRECONDITION,
		"archive subdirectory(pvc-1) failed: archived-pvc-1 exists already: remove it, or run the controller "
		"with --remove-archived-volume-path");
	assert_true(fs_memory_exists(world.fs, "pvc-1/data"));
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
}

static void archive_in_the_way_is_removed_where_allowed(void **state)
{
	set_policy("archive", true);
	fs_memory_plant_file(world.fs, "archived-ns/claim/old", "x");
	assert_deleted(make_volume("pvc-1", "ns/claim", NULL));
	assert_tree(&world, ALL_FOLDERS "archived-ns/\narchived-ns/claim/\narchived-ns/claim/data\nns/\n");
}

/* ---- busy, and how the server is reached */

static void busy_volume_is_aborted(void **state)
{
	assert_true(slots_try(world.controller.volumes, "name pvc-1"));
	assert_int_equal(delete_id(&world, "srv#share#a#pvc-1#"), -1);
	assert_failed(&world, STATUS_ABORTED,
		      "An operation with the given Volume ID srv#share#a#pvc-1# already exists");
	slots_put(world.controller.volumes, "name pvc-1");
}

static void secret_says_how_the_server_is_reached(void **state)
{
	struct volume_call call = world_call(&world);
	Csi__V1__DeleteVolumeRequest request;
	Csi__V1__DeleteVolumeRequest__SecretsEntry entry;
	Csi__V1__DeleteVolumeRequest__SecretsEntry *entries[] = {&entry};
	csi__v1__delete_volume_request__init(&request);
	csi__v1__delete_volume_request__secrets_entry__init(&entry);
	entry.key = (char *)"mountoptions";
	entry.value = (char *)"vers=4.1,port=2052";
	request.volume_id = (char *)"srv#share#pvc-1##";
	request.secrets = entries;
	request.n_secrets = 1;
	assert_int_equal(volume_delete(&call, &request, &world.fate, &world.st), 0);
	assert_int_equal(world.last_key.version, NFS_VERSION_4);
	assert_int_equal(world.last_key.nfs_port, 2052);
}

static void deletion_uses_the_export_the_creation_opened(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	request->volume_capabilities[0] = mount_capability(&world, "vers=3,port=2050");
	assert_non_null(create(&world, request));
	assert_int_equal(delete_id(&world, "srv#share#pvc-1##"), 0);
	assert_int_equal(world.open_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(volume_and_record_go),
		TEST(repeat_and_unknown_volumes_succeed),
		TEST(every_historical_id_deletes),
		TEST(ids_of_others_are_done_at_once),
		TEST(empty_id_is_refused),
		TEST(the_share_itself_is_never_deleted),
		TEST(the_drivers_folder_is_never_deleted),
		TEST(directory_in_the_records_place_stops_nothing),
		TEST(ambiguous_id_deletes_nothing),
		TEST(volume_leaves_by_one_rename),
		TEST(what_an_interrupted_deletion_left_goes_too),
		TEST(volume_is_removed_in_place_where_there_is_no_trash),
		TEST(symlink_in_the_volumes_place_goes_alone),
		TEST(symlink_on_the_way_is_not_followed),
		TEST(missing_export_is_no_deleted_volume),
		TEST(parents_that_became_empty_go),
		TEST(parents_with_anything_in_them_stay),
		TEST(policy_of_the_id_goes_before_the_drivers),
		TEST(what_is_never_deleted_is_retained_at_once),
		TEST(archive_puts_its_prefix_before_the_first_name),
		TEST(archive_is_repeatable),
		TEST(second_archive_stands_beside_the_first),
		TEST(archive_without_a_place_says_what_to_do),
		TEST(archive_in_the_way_is_removed_where_allowed),
		TEST(busy_volume_is_aborted),
		TEST(secret_says_how_the_server_is_reached),
		TEST(deletion_uses_the_export_the_creation_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
