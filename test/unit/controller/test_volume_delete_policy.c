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
	assert_false(fs_memory_exists(world.fs, "pvc-2"));
	assert_true(fs_memory_exists(world.fs, "archived-pvc-3/data"));
}

static void retained_volume_is_a_directory_and_no_more(void **state)
{
	const char *first = make_volume("pvc-1", NULL, "retain");
	const char *second = make_volume("pvc-2", "claim", "retain");
	assert_deleted(first);
	assert_deleted(first);
	assert_deleted(second);
	assert_deleted("srv#share#never#x#RETAIN");
	assert_tree(&world, ".csicore/\n.csicore/volumes/\nclaim/\nclaim/data\npvc-1/\npvc-1/data\n");
}

/* Without it, a repeat of the call would go by the id. */
static void record_that_alone_says_retain_stays(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	change(id, "retain");
	for (int i = 0; i < 3; i++)
		assert_deleted(id);
	assert_true(fs_memory_exists(world.fs, "pvc-1/data"));
}

static void record_that_keeps_a_retained_directory_from_others_stays(void **state)
{
	const char *retained = make_volume("pvc-1", "shared", "retain");
	const char *inner = make_volume("pvc-3", "outer/claim", "retain");
	const char *other = make_volume("pvc-2", "shared", NULL);
	const char *outer = make_volume("pvc-4", "outer", NULL);
	assert_deleted(retained);
	assert_deleted(inner);
	assert_deleted(other);
	assert_deleted(outer);
	assert_true(fs_memory_exists(world.fs, "shared/data"));
	assert_true(fs_memory_exists(world.fs, "outer/claim/data"));
	assert_deleted(retained);
	assert_deleted(inner);
	assert_null(record_at(&world, ".csicore/volumes/pvc-1"));
	assert_null(record_at(&world, ".csicore/volumes/pvc-3"));
}

static void mark_of_a_retained_volume_goes_with_its_record(void **state)
{
	const char *outer = make_volume("pvc-1", NULL, "retain");
	const char *inner = make_volume("pvc-2", "pvc-1/inner", NULL);
	assert_deleted(outer);
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
	assert_deleted(inner);
	assert_deleted(outer);
	assert_tree(&world, OUR_FOLDERS "pvc-1/\npvc-1/data\n");
}

static void retained_volume_is_given_up_though_its_server_is_no_more(void **state)
{
	assert_deleted("dead#share#pvc-1##retain");
	assert_int_equal(delete_id(&world, "dead#share#pvc-1##"), -1);
	assert_failed(&world, STATUS_UNAVAILABLE, NULL);
	set_policy("retain", false);
	assert_deleted("dead#share#pvc-1##");
	assert_int_equal(delete_id(&world, "dead#share#pvc-1##delete"), -1);
	assert_int_equal(delete_id(&world, "dead#share#pvc-1##archive"), -1);
}

static void retained_volume_keeps_its_record_while_that_cannot_be_removed(void **state)
{
	const char *id = make_volume("pvc-1", NULL, "retain");
	world_restart_controller(&world);
	for (unsigned nth = 1; nth < 8; nth++) {
		fs_memory_fail_nth(world.fs, nth, EIO, FS_MEMORY_FAIL_BEFORE);
		int result = delete_id(&world, id);
		fs_memory_fail_nth(world.fs, 0, 0, FS_MEMORY_FAIL_BEFORE);
		bool has_record = record_at(&world, ".csicore/volumes/pvc-1") != NULL;
		assert_int_equal(result, has_record ? -1 : 0);
		assert_true(fs_memory_exists(world.fs, "pvc-1/data"));
	}
}

static void what_became_of_the_directory_is_told(void **state)
{
	assert_deleted(make_volume("pvc-1", NULL, "retain"));
	assert_string_equal(world.fate, "retained");
	assert_deleted(make_volume("pvc-2", NULL, "archive"));
	assert_string_equal(world.fate, "left to job archive");
	const char *id = make_volume("pvc-3", NULL, "delete");
	assert_deleted(id);
	assert_string_equal(world.fate, "removed in the background");
	assert_deleted(id);
	assert_string_equal(world.fate, "was gone already");
	const char *sharer = make_volume("pvc-4", "shared", NULL);
	assert_non_null(make_volume("pvc-5", "shared", NULL));
	assert_deleted(sharer);
	assert_string_equal(world.fate, "kept for another volume");
	assert_deleted("dead#share#pvc-1##retain");
	assert_string_equal(world.fate, "retained");
	assert_deleted("static");
	assert_null(world.fate);
}

static void kept_trash_is_told_with_its_entry(void **state)
{
	world.config.trash_retention_ms = 3600 * 1000;
	world_restart_controller(&world);
	assert_deleted(make_volume("pvc-1", NULL, NULL));
	assert_memory_equal(world.fate, "in the trash as pvc-1~", sizeof("in the trash as pvc-1~") - 1);
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

static void directory_with_volumes_of_its_own_is_not_archived(void **state)
{
	const char *id = make_volume("pvc-1", NULL, "archive");
	fs_memory_plant_file(world.fs, "pvc-1/.csicore/volumes/pvc-9", "x");
	assert_int_equal(delete_id(&world, id), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
	assert_true(fs_memory_exists(world.fs, "pvc-1/data"));
	fs_memory_unplant(world.fs, "pvc-1/.csicore/volumes/pvc-9");
	assert_deleted(id);
	assert_true(fs_memory_exists(world.fs, "archived-pvc-1/data"));
}

static void archive_with_volumes_of_its_own_stays_in_the_way(void **state)
{
	set_policy("archive", true);
	fs_memory_plant_file(world.fs, "archived-claim/.csicore/volumes/pvc-9", "x");
	assert_deleted(make_volume("pvc-1", "claim", NULL));
	assert_true(fs_memory_exists(world.fs, "archived-claim/.csicore/volumes/pvc-9"));
	assert_true(fs_memory_exists(world.fs, "archived-claim-pvc-1/data"));
}

static void directory_with_a_known_share_below_is_not_deleted(void **state)
{
	const char *id = make_volume("pvc-1", "ns/app", NULL);
	fs_memory_plant_file(world.fs, "ns/app/deep/share/.csicore/volumes/pvc-9", "x");
	know_share(&world, "srv", "/share/ns/app/deep/share");
	assert_int_equal(delete_id(&world, id), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION,
		      "delete subdirectory(ns/app) failed: the directory is a share itself, with volumes recorded in "
		      "deep/share/.csicore/volumes: delete those first, or remove that folder");
	fs_memory_unplant(world.fs, "ns/app/deep/share/.csicore");
	assert_deleted(id);
	assert_false(fs_memory_exists(world.fs, "ns/app"));
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
		TEST(retained_volume_is_a_directory_and_no_more),
		TEST(record_that_alone_says_retain_stays),
		TEST(record_that_keeps_a_retained_directory_from_others_stays),
		TEST(mark_of_a_retained_volume_goes_with_its_record),
		TEST(retained_volume_is_given_up_though_its_server_is_no_more),
		TEST(retained_volume_keeps_its_record_while_that_cannot_be_removed),
		TEST(what_became_of_the_directory_is_told),
		TEST(kept_trash_is_told_with_its_entry),
		TEST(policy_of_another_volumes_record_does_not_count),
		TEST(nothing_is_deleted_while_the_policy_is_unknown),
		TEST(directory_with_volumes_of_its_own_is_not_deleted),
		TEST(directory_with_volumes_of_its_own_is_not_archived),
		TEST(archive_with_volumes_of_its_own_stays_in_the_way),
		TEST(directory_with_a_known_share_below_is_not_deleted),
		TEST(folder_of_the_drivers_name_alone_is_data),
		TEST(nothing_is_deleted_while_volumes_in_it_are_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
