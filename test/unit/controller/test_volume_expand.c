/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/volume.h"

#include <errno.h>

#include "world.h"

#define ID "srv#share#pvc-1##"
#define RECORD ".csicore/volumes/pvc-1"
#define TREE ".csicore/\n.csicore/volumes/\n" RECORD "\npvc-1/\n"

static struct world world;

static int set_up(void **state)
{
	return world_init(&world);
}

static int tear_down(void **state)
{
	return world_release(&world);
}

static void make_volume(int64_t capacity_bytes)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, capacity_bytes, 0);
	assert_non_null(create(&world, request));
}

static void assert_answer(int64_t required_bytes, int64_t limit_bytes, int64_t answer_bytes)
{
	int64_t answered_bytes = expand(&world, ID, required_bytes, limit_bytes);
	if (answered_bytes < 0)
		fail_msg("%s", world.st.message);
	assert_int_equal(answered_bytes, answer_bytes);
}

static void record_grows_and_nothing_else_of_it_changes(void **state)
{
	make_volume(5 * GIB);
	const Csicore__VolumeRecord *before = record_at(&world, RECORD);
	assert_answer(8 * GIB, 0, 8 * GIB);
	const Csicore__VolumeRecord *after = record_at(&world, RECORD);
	assert_int_equal(after->capacity_bytes, 8 * GIB);
	assert_int_equal(after->created_at, before->created_at);
	assert_int_equal(after->n_parameters, before->n_parameters);
	assert_string_equal(after->volume_id, ID);
	assert_tree(&world, TREE);
}

static void volume_never_shrinks(void **state)
{
	make_volume(5 * GIB);
	assert_answer(4 * GIB, 0, 5 * GIB);
	assert_answer(0, 6 * GIB, 5 * GIB);
	assert_int_equal(expand(&world, ID, GIB, 5 * GIB - 1), -1);
	assert_failed(&world, STATUS_OUT_OF_RANGE,
		      "the volume has 5368709120 bytes already, which is more than the limit of 5368709119");
	assert_int_equal(record_at(&world, RECORD)->capacity_bytes, 5 * GIB);
}

static void repeat_costs_no_change(void **state)
{
	make_volume(5 * GIB);
	assert_answer(8 * GIB, 0, 8 * GIB);
	fs_memory_reset_operations(world.fs);
	assert_answer(8 * GIB, 0, 8 * GIB);
	assert_null(strstr(fs_memory_log(world.fs), "create_file"));
}

static void limit_is_the_size_where_none_is_known_or_required(void **state)
{
	make_volume(0);
	assert_answer(0, 7 * GIB, 7 * GIB);
	assert_int_equal(record_at(&world, RECORD)->capacity_bytes, 7 * GIB);
}

static void volume_without_a_record_gets_one(void **state)
{
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	assert_answer(8 * GIB, 0, 8 * GIB);
	const Csicore__VolumeRecord *record = record_at(&world, RECORD);
	assert_int_equal(record->capacity_bytes, 8 * GIB);
	assert_string_equal(record->name, "pvc-1");
	assert_string_equal(record->sub_dir, "pvc-1");
	assert_string_equal(record->volume_id, ID);
	fs_memory_unplant(world.fs, ".csicore/volumes/~shared~pvc-1"); /* as one that others may lie in */
	assert_tree(&world, TREE);
}

static void garbled_record_is_written_anew(void **state)
{
	make_volume(5 * GIB);
	fs_memory_plant_file(world.fs, RECORD, "garbled");
	assert_answer(8 * GIB, 0, 8 * GIB);
	assert_int_equal(record_at(&world, RECORD)->capacity_bytes, 8 * GIB);
}

static int refuse_records(void *data, const struct fs_memory_operation *operation)
{
	return operation->name && strcmp(operation->name, ".csicore") == 0 ? EACCES : 0;
}

static void where_nothing_can_be_remembered_the_answer_is_what_was_asked_for(void **state)
{
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	fs_memory_set_hook(world.fs, refuse_records, NULL);
	assert_answer(8 * GIB, 0, 8 * GIB);
	assert_tree(&world, "pvc-1/\n");
}

static void record_of_another_directory_is_left_alone(void **state)
{
	make_volume(5 * GIB);
	fs_memory_plant_dir(world.fs, "elsewhere", 0755);
	assert_int_equal(expand(&world, "srv#share#elsewhere#pvc-1#", 8 * GIB, 0), 8 * GIB);
	assert_int_equal(record_at(&world, RECORD)->capacity_bytes, 5 * GIB);
}

static void volume_that_is_not_there_is_not_found(void **state)
{
	static const char *const ids[] = {ID,
					  "srv#share#link##",
					  "srv#share#file##",
					  "srv#share#a/b#x#",
					  "anything",
					  "srv#share#.csicore/volumes##"};
	make_volume(5 * GIB);
	fs_memory_unplant(world.fs, "pvc-1");
	fs_memory_plant_symlink(world.fs, "link", ".csicore");
	fs_memory_plant_file(world.fs, "file", "");
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(expand(&world, ids[i], 8 * GIB, 0), -1);
		assert_failed(&world, STATUS_NOT_FOUND, NULL);
	}
	assert_int_equal(record_at(&world, RECORD)->capacity_bytes, 5 * GIB);
}

static void bad_requests_are_refused_before_anything_is_looked_up(void **state)
{
	static const struct {
		const char *id;
		int64_t required_bytes, limit_bytes;
		enum status_code code;
		const char *message;
	} cases[] = {
		{"", 1, 0, STATUS_INVALID_ARGUMENT, "Volume ID missing in request"},
		{ID, 0, 0, STATUS_INVALID_ARGUMENT, "Capacity Range missing in request"},
		{ID, -1, 0, STATUS_INVALID_ARGUMENT, "capacity range is negative"},
		{ID, 2, 1, STATUS_OUT_OF_RANGE, "capacity limit 1 is below the required 2 bytes"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(expand(&world, cases[i].id, cases[i].required_bytes, cases[i].limit_bytes), -1);
		assert_failed(&world, cases[i].code, cases[i].message);
	}
	assert_int_equal(world.open_count, 0);
}

static void busy_volume_is_aborted(void **state)
{
	make_volume(5 * GIB);
	assert_true(slots_try(world.controller.volumes, "name pvc-1"));
	assert_int_equal(expand(&world, ID, 8 * GIB, 0), -1);
	assert_failed(&world, STATUS_ABORTED, "An operation with the given Volume ID " ID " already exists");
	slots_put(world.controller.volumes, "name pvc-1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(record_grows_and_nothing_else_of_it_changes),
		TEST(volume_never_shrinks),
		TEST(repeat_costs_no_change),
		TEST(limit_is_the_size_where_none_is_known_or_required),
		TEST(volume_without_a_record_gets_one),
		TEST(garbled_record_is_written_anew),
		TEST(where_nothing_can_be_remembered_the_answer_is_what_was_asked_for),
		TEST(record_of_another_directory_is_left_alone),
		TEST(volume_that_is_not_there_is_not_found),
		TEST(bad_requests_are_refused_before_anything_is_looked_up),
		TEST(busy_volume_is_aborted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
