/* SPDX-License-Identifier: Apache-2.0 */
/* Deletions of volumes whose directories are also those of others, lie in them or look like their archives. */
#include "controller/volume.h"

#include <errno.h>

#include "deletion.h"

static void shared_directory_stays_until_its_last_volume(void **state)
{
	const char *first = make_volume("pvc-1", "shared", NULL);
	const char *second = make_volume("pvc-2", "/shared/", NULL);
	assert_deleted(first);
	assert_tree(&world, ".csicore/\n.csicore/volumes/\n.csicore/volumes/pvc-2\nshared/\nshared/data\n");
	assert_deleted(second);
	assert_tree(&world, OUR_FOLDERS);
}

static void directory_that_holds_another_volume_stays(void **state)
{
	const char *outer = make_volume("pvc-1", "ns", NULL);
	const char *inner = make_volume("pvc-2", "ns/claim", NULL);
	make_volume("pvc-3", "ns-not", NULL);
	assert_deleted(outer);
	assert_true(fs_memory_exists(world.fs, "ns/claim/data"));
	assert_deleted(inner);
	assert_false(fs_memory_exists(world.fs, "ns/claim"));
}

static void volume_without_a_subdir_can_be_shared_too(void **state)
{
	const char *first = make_volume("pvc-1", NULL, NULL);
	const char *second = make_volume("pvc-2", "pvc-1/inner", NULL);
	assert_deleted(first);
	assert_true(fs_memory_exists(world.fs, "pvc-1/inner/data"));
	assert_deleted(second);
	assert_tree(&world, OUR_FOLDERS "pvc-1/\npvc-1/data\n");
}

static void empty_volume_above_is_no_empty_parent(void **state)
{
	assert_non_null(create(&world, create_request_in(&world, "pvc-1", "outer/a")));
	const char *inner = make_volume("pvc-2", "outer/a/b/c", NULL);
	assert_deleted(inner);
	assert_true(fs_memory_exists(world.fs, "outer/a"));
	assert_false(fs_memory_exists(world.fs, "outer/a/b"));
}

static void record_of_another_volume_stays(void **state)
{
	make_volume("pvc-2", NULL, NULL);
	fs_memory_plant_file(world.fs, "foo/data", "x");
	assert_deleted("srv#share#foo#pvc-2#");
	assert_false(fs_memory_exists(world.fs, "foo"));
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-2"));
}

static void sharers_are_found_past_the_first_page(void **state)
{
	fs_memory_set_page_entries(world.fs, 3);
	for (int i = 0; i < 20; i++)
		make_volume(arena_printf(&world.arena, "pvc-%02d", i), arena_printf(&world.arena, "d%d", i), NULL);
	const char *first = make_volume("pvc-x", "shared", NULL);
	make_volume("pvc-y", "shared", NULL);
	fs_memory_plant_file(world.fs, ".csicore/volumes/garbled", "x");
	fs_memory_plant_dir(world.fs, ".csicore/volumes/directory", 0755);
	assert_deleted(first);
	assert_true(fs_memory_exists(world.fs, "shared/data"));
	assert_deleted("srv#share#d7#pvc-07#");
	assert_false(fs_memory_exists(world.fs, "d7"));
}

static void nothing_is_deleted_while_sharers_are_unknown(void **state)
{
	const char *id = make_volume("pvc-1", "shared", NULL);
	make_volume("pvc-2", "shared", NULL);
	world_restart_controller(&world);
	for (unsigned nth = 1; nth < 6; nth++) {
		fs_memory_fail_nth(world.fs, nth, EIO, FS_MEMORY_FAIL_BEFORE);
		(void)delete_id(&world, id);
		assert_true(fs_memory_exists(world.fs, "shared/data"));
	}
}

static void volume_called_like_an_archive_is_none(void **state)
{
	set_policy("archive", true);
	assert_non_null(create(&world, create_request_in(&world, "pvc-2", "archived-claim")));
	const char *first = make_volume("pvc-1", "claim", NULL);
	assert_deleted(first);
	assert_true(fs_memory_exists(world.fs, "archived-claim-pvc-1/data"));
	assert_false(fs_memory_exists(world.fs, "archived-claim/data"));
	fs_memory_plant_file(world.fs, "archived-claim/own", "x");
	assert_deleted(make_volume("pvc-3", "claim", NULL));
	assert_true(fs_memory_exists(world.fs, "archived-claim/own"));
}

/* Its directory was there before: what lies in it is another volume's. */
static void volume_made_around_another_leaves_it(void **state)
{
	const char *inner = make_volume("pvc-2", "pvc-1/inner", NULL);
	const char *outer = make_volume("pvc-1", NULL, NULL);
	assert_deleted(outer);
	assert_true(fs_memory_exists(world.fs, "pvc-1/inner/data"));
	assert_deleted(inner);
	assert_false(fs_memory_exists(world.fs, "pvc-1/inner"));
}

static void volume_around_another_that_is_made_in_parts_leaves_it(void **state)
{
	make_volume("pvc-2", "pvc-1/inner", NULL);
	for (unsigned nth = 1; nth < 20; nth++) {
		fs_memory_fail_nth(world.fs, nth, EIO, nth % 2 ? FS_MEMORY_FAIL_BEFORE : FS_MEMORY_FAIL_AFTER);
		(void)create(&world, create_request(&world, "pvc-1"));
		fs_memory_fail_nth(world.fs, 0, 0, FS_MEMORY_FAIL_BEFORE);
		const char *outer = make_volume("pvc-1", NULL, NULL);
		assert_deleted(outer);
		assert_true(fs_memory_exists(world.fs, "pvc-1/inner/data"));
	}
}

/* As csi-driver-nfs makes them. */
static void volume_in_one_without_a_record_stays(void **state)
{
	fs_memory_plant_file(world.fs, "pvc-1/data", "x");
	fs_memory_plant_file(world.fs, "pvc-3/data", "x");
	make_volume("pvc-2", "pvc-1/inner", NULL);
	make_volume("pvc-4", "pvc-3/inner", NULL);
	assert_deleted("srv#share#pvc-1##");
	assert_true(fs_memory_exists(world.fs, "pvc-1/inner/data"));
	assert_int_equal(expand(&world, "srv#share#pvc-3##", GIB, 0), GIB); /* it has one now */
	assert_deleted("srv#share#pvc-3##");
	assert_true(fs_memory_exists(world.fs, "pvc-3/inner/data"));
}

static void repeated_deletion_looks_at_no_record_of_others(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	make_volume("pvc-2", NULL, NULL);
	assert_deleted(id);
	fs_memory_reset_operations(world.fs);
	assert_deleted(id);
	assert_null(strstr(fs_memory_log(world.fs), "read_file pvc-2"));
}

static void volume_named_like_a_path_is_in_another(void **state)
{
	const char *outer = make_volume("a", NULL, NULL);
	make_volume("a/b", NULL, NULL);
	assert_deleted(outer);
	assert_true(fs_memory_exists(world.fs, "a/b/data"));
}

static void volume_that_a_false_id_borrows_the_name_of_stays(void **state)
{
	make_volume("pvc-1", "ns/claim", NULL);
	fs_memory_plant_file(world.fs, "ns/data", "x");
	assert_deleted("srv#share#ns#pvc-1#");
	assert_true(fs_memory_exists(world.fs, "ns/claim/data"));
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
}

static void empty_volume_above_one_named_like_a_path_stays(void **state)
{
	assert_non_null(create(&world, create_request(&world, "a")));
	assert_deleted(make_volume("a/b", NULL, NULL));
	assert_true(fs_memory_exists(world.fs, "a"));
}

/* ---- at the same time */

/* A call that comes when another is at an operation. */
struct meeting {
	const char *verb, *name;
	int (*call)(void);
	int result;
	struct status st;
	bool has_met;
};

static int meet(void *data, const struct fs_memory_operation *operation)
{
	struct meeting *meeting = data;
	if (meeting->has_met || strcmp(operation->verb, meeting->verb) != 0 || !operation->name ||
	    strcmp(operation->name, meeting->name) != 0)
		return 0;
	meeting->has_met = true;
	meeting->result = meeting->call();
	meeting->st = world.st;
	return 0;
}

static int make_inner(void)
{
	return create(&world, create_request_in(&world, "pvc-2", "ns/a/inner")) ? 0 : -1;
}

static int delete_outer(void)
{
	return delete_id(&world, "srv#share#ns#pvc-1#");
}

static int delete_outer_without_subdir(void)
{
	return delete_id(&world, "srv#share#ns##");
}

static void assert_aborted(const struct meeting *meeting)
{
	fs_memory_set_hook(world.fs, NULL, NULL);
	assert_true(meeting->has_met);
	assert_int_equal(meeting->result, -1);
	assert_int_equal(meeting->st.code, STATUS_ABORTED);
}

static void nothing_is_made_in_a_volume_that_is_being_deleted(void **state)
{
	static const char *const policies[] = {"delete", "archive"};
	for (int i = 0; i < 2; i++) {
		struct meeting meeting = {.verb = "rename", .name = "ns", .call = make_inner};
		const char *outer = make_volume("pvc-1", "ns", policies[i]);
		fs_memory_set_hook(world.fs, meet, &meeting);
		assert_deleted(outer);
		assert_aborted(&meeting);
		assert_null(record_at(&world, ".csicore/volumes/pvc-2"));
	}
}

static void no_volume_is_deleted_while_one_is_made_in_it(void **state)
{
	struct meeting meeting = {.verb = "create_file", .name = "pvc-2", .call = delete_outer};
	make_volume("pvc-1", "ns", NULL);
	fs_memory_set_hook(world.fs, meet, &meeting);
	assert_int_equal(make_inner(), 0);
	assert_aborted(&meeting);
	assert_true(fs_memory_exists(world.fs, "ns/a/inner"));
	make_volume("ns", NULL, NULL);
	meeting = (struct meeting){.verb = "make_dir", .name = "inner", .call = delete_outer_without_subdir};
	fs_memory_set_hook(world.fs, meet, &meeting);
	assert_int_equal(make_inner(), 0);
	assert_aborted(&meeting);
}

static int make_beside(void)
{
	return create(&world, create_request_in(&world, "pvc-3", "ns/a/other")) ? 0 : -1;
}

static void volumes_beside_one_another_are_made_at_once(void **state)
{
	struct meeting meeting = {.verb = "make_dir", .name = "inner", .call = make_beside};
	fs_memory_set_hook(world.fs, meet, &meeting);
	assert_int_equal(make_inner(), 0);
	fs_memory_set_hook(world.fs, NULL, NULL);
	assert_true(meeting.has_met);
	assert_int_equal(meeting.result, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shared_directory_stays_until_its_last_volume),
		TEST(directory_that_holds_another_volume_stays),
		TEST(volume_without_a_subdir_can_be_shared_too),
		TEST(volume_made_around_another_leaves_it),
		TEST(volume_around_another_that_is_made_in_parts_leaves_it),
		TEST(volume_in_one_without_a_record_stays),
		TEST(repeated_deletion_looks_at_no_record_of_others),
		TEST(volume_named_like_a_path_is_in_another),
		TEST(volume_that_a_false_id_borrows_the_name_of_stays),
		TEST(empty_volume_above_one_named_like_a_path_stays),
		TEST(empty_volume_above_is_no_empty_parent),
		TEST(nothing_is_made_in_a_volume_that_is_being_deleted),
		TEST(no_volume_is_deleted_while_one_is_made_in_it),
		TEST(volumes_beside_one_another_are_made_at_once),
		TEST(record_of_another_volume_stays),
		TEST(sharers_are_found_past_the_first_page),
		TEST(nothing_is_deleted_while_sharers_are_unknown),
		TEST(volume_called_like_an_archive_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
