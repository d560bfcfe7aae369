/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/reaper.h"

#include <errno.h>
#include <pthread.h>

#include "base/memory.h"
#include "deletion.h"

#define HOUR_MS (3600 * 1000LL)
#define DAY_S (24 * 3600)

static const struct export_key share = {.server = "srv", .share = "/share"};

static void keep_deleted_for(int64_t retention_ms)
{
	world.config.trash_retention_ms = retention_ms;
	world_restart_controller(&world);
}

static void assert_trash_count(unsigned expected)
{
	char *list = fs_memory_list(world.fs, ".csicore/trash");
	unsigned count = 0;
	for (const char *at = list; (at = strchr(at, '\n')); at++)
		count++;
	if (count != expected)
		fail_msg("%u paths in the trash, not %u:\n%s", count, expected, list);
	free(list);
}

static void reap(void)
{
	reaper_ask(&world.controller, &share);
	world_run_jobs(&world);
}

static void deletion_answers_before_anything_is_removed(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	for (int i = 0; i < 500; i++)
		fs_memory_plant_file(world.fs, arena_printf(&world.arena, "pvc-1/%d", i), "x");
	assert_int_equal(delete_id(&world, id), 0);
	assert_trash_count(502); /* with the directory and its first file */
	world_run_jobs(&world);
	assert_tree(&world, OUR_FOLDERS);
}

static void what_an_earlier_controller_left_is_reaped_unasked(void **state)
{
	const char *id = make_volume("pvc-1", NULL, NULL);
	make_volume("pvc-2", NULL, NULL);
	assert_int_equal(delete_id(&world, id), 0);
	fs_memory_plant_file(world.fs, ".csicore/trash/~pvc-0~1700000000~00000001/half", "x");
	fs_memory_plant_file(world.fs, ".csicore/trash/of-an-earlier-release/data", "x");
	world_restart_controller(&world);
	/* Any call that reaches the share will do. */
	assert_non_null(create(&world, create_request(&world, "pvc-2")));
	world_run_jobs(&world);
	assert_trash_count(0);
}

static void shares_of_options_are_reaped_from_the_start(void **state)
{
	fs_memory_plant_file(world.fs, ".csicore/trash/pvc-1~1700000000~00000001/data", "x");
	struct status st;
	world.config.shares = &share;
	world.config.share_count = 1;
	world_restart_controller(&world);
	controller_start(&world.controller);
	for (int waited_ms = 0;
	     waited_ms < 10000 && fs_memory_exists(world.fs, ".csicore/trash/pvc-1~1700000000~00000001"); waited_ms++)
		assert_int_equal(cancel_poll(&world.cancel, NULL, 0, 1, &st), 0);
	assert_int_equal(controller_stop(&world.controller, 10000, &st), 0);
	assert_trash_count(0);
}

static void deleted_volumes_are_kept_as_long_as_is_said(void **state)
{
	keep_deleted_for(24 * HOUR_MS);
	const char *first = make_volume("pvc-1", NULL, NULL);
	const char *second = make_volume("pvc-2", NULL, NULL);
	assert_deleted(first);
	world_seconds += DAY_S / 2;
	assert_deleted(second);
	reap();
	assert_trash_count(6);
	world_seconds += DAY_S / 2;
	reap();
	assert_trash_count(3);
	world_restart_controller(&world);
	world_seconds += DAY_S / 2;
	reap();
	assert_trash_count(0);
}

static void next_pass_is_when_the_next_volume_is_due(void **state)
{
	keep_deleted_for(5000);
	assert_int_equal(delete_id(&world, make_volume("pvc-1", NULL, NULL)), 0);
	reap(); /* ahead of its time: the clock of the world stands still */
	assert_trash_count(3);
	world_seconds += 5;
	jobs_run_due(world.controller.jobs, 4 * 1000);
	assert_trash_count(3);
	jobs_run_due(world.controller.jobs, 6 * 1000);
	assert_trash_count(0);
}

static void kept_volume_without_a_record_gets_one(void **state)
{
	keep_deleted_for(HOUR_MS);
	fs_memory_plant_file(world.fs, "ns/old/data", "x");
	assert_deleted("srv#share#ns/old#pvc-1#");
	assert_trash_count(3);
	char *list = fs_memory_list(world.fs, ".csicore/trash");
	char *name = strrchr(arena_strndup(&world.arena, list, strlen(list) - 1), '\n') + 1;
	free(list);
	Csicore__VolumeRecord *record = record_at(&world, arena_printf(&world.arena, ".csicore/trash/%s", name));
	assert_non_null(record);
	assert_string_equal(record->name, "pvc-1");
	assert_string_equal(record->sub_dir, "ns/old");
	assert_string_equal(record->volume_id, "srv#share#ns/old#pvc-1#");
}

static int refuse_trash(void *data, const struct fs_memory_operation *operation)
{
	const int *errnum = data;
	bool is_move = strcmp(operation->verb, "rename") == 0 && operation->to && strchr(operation->to, '~');
	return is_move ? *errnum : 0;
}

static void volume_that_cannot_be_kept_is_not_deleted(void **state)
{
	int errnums[] = {ENOSPC, EACCES, EXDEV};
	keep_deleted_for(HOUR_MS);
	const char *id = make_volume("pvc-1", NULL, NULL);
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++) {
		fs_memory_set_hook(world.fs, refuse_trash, &errnums[i]);
		assert_int_equal(delete_id(&world, id), -1);
		assert_failed(&world, STATUS_FAILED_PRECONDITION, NULL);
		fs_memory_set_hook(world.fs, NULL, NULL);
		assert_true(fs_memory_exists(world.fs, "pvc-1/data"));
	}
	assert_deleted(id);
	assert_trash_count(3);
}

static void record_that_lost_its_volume_goes_after_a_while(void **state)
{
	const char *record = arena_printf(&world.arena, ".csicore/trash/pvc-1~%d~00000001~record", WORLD_START);
	fs_memory_plant_file(world.fs, record, "x");
	reap();
	assert_true(fs_memory_exists(world.fs, record));
	world_seconds += 600;
	reap();
	assert_false(fs_memory_exists(world.fs, record));
}

/* Its record would come to lie there alone. */
static void entry_whose_record_is_on_its_way_is_left_alone(void **state)
{
	const char *entry = "pvc-1~1700000000~00000001";
	struct slot arrival = {0};
	fs_memory_plant_file(world.fs, arena_printf(&world.arena, ".csicore/trash/%s/data", entry), "x");
	assert_true(slot_take(&arrival, world.controller.volumes, reaper_arrival(&world.arena, entry)));
	reap();
	assert_trash_count(2);
	slot_release(&arrival);
	reap();
	assert_trash_count(0);
}

/* The slot is held from before the directory is there until the record is. */
static int see_arrival(void *data, const struct fs_memory_operation *operation)
{
	unsigned *arrivals = data;
	const char *record = operation->to ? strstr(operation->to, "~record") : NULL;
	if (strcmp(operation->verb, "rename") != 0)
		return 0;
	const char *entry = arena_strndup(&world.arena, operation->to,
					  record ? (size_t)(record - operation->to) : strlen(operation->to));
	*arrivals += slots_is_used(world.controller.volumes, reaper_arrival(&world.arena, entry));
	return 0;
}

static void deletion_announces_its_entry(void **state)
{
	unsigned arrivals = 0;
	world.controller.config.trash_retention_ms = 60 * 60 * 1000;
	const char *id = make_volume("pvc-1", NULL, NULL);
	fs_memory_set_hook(world.fs, see_arrival, &arrivals);
	assert_int_equal(delete_id(&world, id), 0);
	fs_memory_set_hook(world.fs, NULL, NULL);
	assert_int_equal(arrivals, 2);
}

static void many_entries_over_many_pages_go(void **state)
{
	fs_memory_set_page_entries(world.fs, 7);
	for (int i = 0; i < 200; i++)
		fs_memory_plant_file(
			world.fs, arena_printf(&world.arena, ".csicore/trash/pvc-%d~%d~%08x/a/data", i, WORLD_START, i),
			"x");
	reap();
	assert_trash_count(0);
}

static int refuse_one(void *data, const struct fs_memory_operation *operation)
{
	return operation->name && strcmp(operation->name, "stubborn") == 0 ? EACCES : 0;
}

static void entry_that_cannot_be_removed_keeps_no_other(void **state)
{
	fs_memory_plant_file(world.fs, ".csicore/trash/a/stubborn", "x");
	fs_memory_plant_file(world.fs, ".csicore/trash/b/data", "x");
	fs_memory_plant_file(world.fs, ".csicore/trash/c/data", "x");
	fs_memory_set_hook(world.fs, refuse_one, NULL);
	reap();
	assert_trash_count(2);
	fs_memory_set_hook(world.fs, NULL, NULL);
	jobs_run_due(world.controller.jobs, HOUR_MS);
	assert_trash_count(0);
}

static void page_of_entries_that_cannot_be_removed_keeps_no_other(void **state)
{
	fs_memory_set_page_entries(world.fs, 2);
	fs_memory_plant_file(world.fs, ".csicore/trash/a/stubborn", "x");
	fs_memory_plant_file(world.fs, ".csicore/trash/b/stubborn", "x");
	fs_memory_plant_file(world.fs, ".csicore/trash/c/data", "x");
	fs_memory_plant_file(world.fs, ".csicore/trash/d/data", "x");
	fs_memory_plant_file(world.fs, ".csicore/trash/e/data", "x");
	fs_memory_set_hook(world.fs, refuse_one, NULL);
	reap();
	assert_trash_count(4);
	fs_memory_set_hook(world.fs, NULL, NULL);
}

/* Deleted while the clock was wrong, or named so by somebody. */
static void entry_of_a_far_future_is_waited_for_in_peace(void **state)
{
	fs_memory_plant_file(world.fs, ".csicore/trash/pvc-1~9223372036854775807~00000001/data", "x");
	reap();
	fs_memory_plant_file(world.fs, ".csicore/trash/pvc-1~20000000000~00000001/data", "x");
	reap();
	assert_trash_count(4);
	fs_memory_reset_operations(world.fs);
	jobs_run_due(world.controller.jobs, 23 * HOUR_MS);
	assert_int_equal(fs_memory_operation_count(world.fs), 0);
}

static int be_away(void *data, const struct fs_memory_operation *operation)
{
	unsigned *count = data;
	++*count;
	return ETIMEDOUT;
}

static void server_that_is_away_is_left_alone_for_a_while(void **state)
{
	unsigned count = 0;
	fs_memory_plant_file(world.fs, ".csicore/trash/a/data", "x");
	fs_memory_set_hook(world.fs, be_away, &count);
	reaper_ask(&world.controller, &share);
	jobs_run_due(world.controller.jobs, 500);
	assert_true(count > 0 && count < 5);
	fs_memory_set_hook(world.fs, NULL, NULL);
	jobs_run_due(world.controller.jobs, 500);
	assert_trash_count(2);
	jobs_run_due(world.controller.jobs, 2000);
	assert_trash_count(0);
}

static int take_away_first(void *data, const struct fs_memory_operation *operation)
{
	/* Another controller removes what this one is about to. */
	if (operation->name && operation->name[0] == '~') {
		AUTO_FREE char *path = memory_printf(".csicore/trash/%s", operation->name);
		fs_memory_unplant(world.fs, path);
	}
	return 0;
}

static void several_controllers_reap_one_share(void **state)
{
	struct controller second;
	for (int i = 0; i < 20; i++)
		fs_memory_plant_file(
			world.fs, arena_printf(&world.arena, ".csicore/trash/pvc-%d~%d~%08x/a/data", i, WORLD_START, i),
			"x");
	fs_memory_plant_file(world.fs, ".csicore/trash/~pvc~1~00000001/a/data", "x");
	fs_memory_set_hook(world.fs, take_away_first, NULL);
	reap();
	fs_memory_set_hook(world.fs, NULL, NULL);
	assert_trash_count(0);
	assert_int_equal(controller_init(&second, &world.config, &world.st), 0);
	reaper_ask(&second, &share);
	jobs_run_due(second.jobs, 0);
	controller_release(&second);
}

static void rate_is_kept_for_each_server(void **state)
{
	struct status st;
	world.config.reaper_rate = 1;
	world_restart_controller(&world);
	for (int i = 0; i < 50; i++)
		fs_memory_plant_dir(world.fs, arena_printf(&world.arena, ".csicore/trash/entry-%02d", i), 0700);
	controller_start(&world.controller);
	reaper_ask(&world.controller, &share);
	while (fs_memory_exists(world.fs, ".csicore/trash/entry-00") &&
	       cancel_poll(&world.cancel, NULL, 0, 1, &st) == 0)
		;
	/* Without a rate, all would be gone by now. */
	assert_int_equal(cancel_poll(&world.cancel, NULL, 0, 100, &st), 0);
	assert_int_equal(controller_stop(&world.controller, 10000, &st), 0);
	assert_true(fs_memory_exists(world.fs, ".csicore/trash/entry-49"));
}

/* Whatever operation fails, the next pass makes it good. */
static void any_failed_operation_is_made_good(void **state)
{
	static const int errnums[] = {EIO, ENOSPC, EACCES, ESTALE, ETIMEDOUT};
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++)
		for (int fault = FS_MEMORY_FAIL_BEFORE; fault <= FS_MEMORY_FAIL_AFTER; fault++)
			for (unsigned nth = 1, count = nth; count >= nth; nth++) {
				fs_memory_plant_file(world.fs, ".csicore/trash/pvc-1~1700000000~00000001/a/data", "x");
				fs_memory_plant_file(world.fs, ".csicore/trash/pvc-1~1700000000~00000001~record", "x");
				world_restart_controller(&world);
				fs_memory_reset_operations(world.fs);
				fs_memory_fail_nth(world.fs, nth, errnums[i], fault);
				reaper_ask(&world.controller, &share);
				jobs_run_due(world.controller.jobs, 500);
				count = fs_memory_operation_count(world.fs);
				fs_memory_fail_nth(world.fs, 0, 0, fault);
				world_restart_controller(&world);
				reap();
				assert_trash_count(0);
			}
}

static void nothing_is_done_where_there_is_no_trash(void **state)
{
	reap();
	assert_tree(&world, "");
	fs_memory_plant_file(world.fs, ".csicore", "in the way");
	reap();
	assert_tree(&world, ".csicore\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(deletion_answers_before_anything_is_removed),
		TEST(what_an_earlier_controller_left_is_reaped_unasked),
		TEST(shares_of_options_are_reaped_from_the_start),
		TEST(deleted_volumes_are_kept_as_long_as_is_said),
		TEST(next_pass_is_when_the_next_volume_is_due),
		TEST(kept_volume_without_a_record_gets_one),
		TEST(volume_that_cannot_be_kept_is_not_deleted),
		TEST(record_that_lost_its_volume_goes_after_a_while),
		TEST(entry_whose_record_is_on_its_way_is_left_alone),
		TEST(deletion_announces_its_entry),
		TEST(many_entries_over_many_pages_go),
		TEST(entry_that_cannot_be_removed_keeps_no_other),
		TEST(page_of_entries_that_cannot_be_removed_keeps_no_other),
		TEST(entry_of_a_far_future_is_waited_for_in_peace),
		TEST(server_that_is_away_is_left_alone_for_a_while),
		TEST(several_controllers_reap_one_share),
		TEST(rate_is_kept_for_each_server),
		TEST(any_failed_operation_is_made_good),
		TEST(nothing_is_done_where_there_is_no_trash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
