/* SPDX-License-Identifier: Apache-2.0 */
/* What decides whether a volume is deleted: the policy in force, and volumes of another share in its directory. */
#include <errno.h>

#include "controller/volume.h"
#include "deletion.h"

static void change(const char *volume_id, const char *policy)
{
	if (modify(&world, volume_id, "onDelete", policy) < 0)
		fail_msg("%s", world.st.message);
}

static void modified_policy_goes_before_the_id(void **state)
{
	const char *retained = make_volume("pvc-1", NULL, "delete");
	const char *deleted = make_volume("pvc-2", NULL, "retain");
	const char *archived = make_volume("pvc-3", NULL, NULL);
	change(retained, "retain");
	change(deleted, "delete");
	change(archived, "archive");
	assert_deleted(retained);
	assert_deleted(deleted);
	assert_deleted(archived);
	assert_true(fs_memory_exists(world.fs, "pvc-1/data"));
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
	assert_false(fs_memory_exists(world.fs, "pvc-2"));
	assert_true(fs_memory_exists(world.fs, "archived-pvc-3/data"));
}

static void policy_of_another_volumes_record_does_not_count(void **state)
{
	const char *other = make_volume("pvc-1", NULL, NULL);
	change(other, "retain");
	fs_memory_plant_file(world.fs, "foo/data", "x");
	assert_deleted("srv#share#foo#pvc-1#");
	assert_false(fs_memory_exists(world.fs, "foo"));
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
}

static void nothing_is_deleted_while_the_policy_is_unknown(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	change(id, "retain");
	world_restart_controller(&world);
	for (unsigned nth = 1; nth < 6; nth++) {
		fs_memory_fail_nth(world.fs, nth, EIO, FS_MEMORY_FAIL_BEFORE);
		(void)delete_id(&world, id);
		world_run_jobs(&world);
		assert_true(fs_memory_exists(world.fs, "pvc-1/data"));
	}
}

/* The share of a StorageClass can be a volume's directory of another. */
static void directory_with_volumes_of_its_own_is_not_deleted(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	fs_memory_plant_file(world.fs, "pvc-1/.csicore/volumes/~temporary", "x");
	fs_memory_plant_file(world.fs, "pvc-1/.csicore/volumes/pvc-9", "x");
	assert_int_equal(delete_id(&world, id), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION,
		      "delete subdirectory(pvc-1) failed: the directory is a share itself, with volumes recorded in "
		      ".csicore/volumes: delete those first, or remove that folder");
	assert_true(fs_memory_exists(world.fs, "pvc-1/data"));
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
	fs_memory_unplant(world.fs, "pvc-1/.csicore/volumes/pvc-9");
	assert_deleted(id);
	assert_tree(&world, OUR_FOLDERS);
}

static void folder_of_the_drivers_name_alone_is_data(void **state)
{
	const char *first = make_volume("pvc-1", NULL, NULL);
	const char *second = make_volume("pvc-2", NULL, NULL);
	fs_memory_plant_symlink(world.fs, "pvc-1/.csicore", "volumes");
	fs_memory_plant_file(world.fs, "pvc-2/.csicore/volumes", "x");
	assert_deleted(first);
	assert_deleted(second);
	assert_tree(&world, OUR_FOLDERS);
}

static void nothing_is_deleted_while_volumes_in_it_are_unknown(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	fs_memory_plant_file(world.fs, "pvc-1/.csicore/volumes/pvc-9", "x");
	for (unsigned nth = 1; nth < 10; nth++) {
		fs_memory_fail_nth(world.fs, nth, EIO, FS_MEMORY_FAIL_BEFORE);
		assert_int_equal(delete_id(&world, id), -1);
		fs_memory_fail_nth(world.fs, 0, 0, FS_MEMORY_FAIL_BEFORE);
		world_run_jobs(&world);
		assert_true(fs_memory_exists(world.fs, "pvc-1/.csicore/volumes/pvc-9"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(modified_policy_goes_before_the_id),
		TEST(policy_of_another_volumes_record_does_not_count),
		TEST(nothing_is_deleted_while_the_policy_is_unknown),
		TEST(directory_with_volumes_of_its_own_is_not_deleted),
		TEST(folder_of_the_drivers_name_alone_is_data),
		TEST(nothing_is_deleted_while_volumes_in_it_are_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
