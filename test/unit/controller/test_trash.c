/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/trash.h"

#include <errno.h>

#include "world.h"

#define ENTRY "pvc-1~1700000000~00000001"
#define TRASH ".csicore/\n.csicore/trash/\n"
#define FOLDERS TRASH ".csicore/volumes/\n"

static struct world world;
static struct export_hold hold;
static enum trash_outcome outcome;
static Csicore__VolumeRecord *found;

static int set_up(void **state)
{
	const struct export_key key = {.server = "srv", .share = "/share"};
	(void)world_init(&world);
	hold = (struct export_hold){world.controller.exports, NULL};
	hold.export = exports_get(hold.exports, &key, &world.st);
	return hold.export ? 0 : -1;
}

static int tear_down(void **state)
{
	export_hold_release(&hold);
	return world_release(&world);
}

/* ---- the verbs, each as one operation on the export */

static int put_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct fs_dir *root;
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0)
		return -1;
	return trash_put(use, root, context, ENTRY, &(struct tree_options){0}, cancel, &outcome, st);
}

static int put_record_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	return trash_put_record(use, &world.arena, context, "pvc-1", cancel, st);
}

static int read_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	return trash_read_record(use, &world.arena, context, cancel, &found, st);
}

static int restore_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	return trash_restore(use, &world.arena, ENTRY, context, cancel, st);
}

static int purge_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	return trash_purge(use, context, NULL, cancel, st);
}

static int run(export_operation *operation, const void *context)
{
	return export_run(hold.export, operation, (void *)context, &world.cancel, &world.st);
}

static void assert_done(int result)
{
	if (result < 0)
		fail_msg("%s", world.st.message);
}

/* A volume with its record, made as usual. */
static void make_volume(const char *sub_dir)
{
	assert_non_null(create(&world, create_request_in(&world, "pvc-1", sub_dir)));
	fs_memory_plant_file(world.fs, arena_printf(&world.arena, "%s/data", sub_dir), "x");
}

static void make_deleted_volume(const char *sub_dir)
{
	make_volume(sub_dir);
	fs_memory_unplant(world.fs, sub_dir);
	fs_memory_plant_file(world.fs, ".csicore/trash/" ENTRY "/data", "x");
	assert_done(run(put_record_on_export, ENTRY));
}

/* ---- in */

static void anything_goes_in_by_one_rename(void **state)
{
	fs_memory_plant_file(world.fs, "d/a/file", "x");
	fs_memory_plant_symlink(world.fs, "link", "d");
	assert_done(run(put_on_export, "d"));
	assert_int_equal(outcome, TRASH_MOVED);
	assert_tree(&world, TRASH ".csicore/trash/" ENTRY "/\n.csicore/trash/" ENTRY "/a/\n.csicore/trash/" ENTRY
				  "/a/file\nlink\n");
	fs_memory_unplant(world.fs, ".csicore/trash/" ENTRY);
	assert_done(run(put_on_export, "link"));
	assert_tree(&world, TRASH ".csicore/trash/" ENTRY "\n");
}

static void missing_name_is_told(void **state)
{
	assert_done(run(put_on_export, "d"));
	assert_int_equal(outcome, TRASH_MISSING);
}

static void trash_that_was_removed_is_made_anew(void **state)
{
	assert_done(run(put_on_export, "d"));
	fs_memory_unplant(world.fs, ".csicore");
	fs_memory_plant_file(world.fs, "d/file", "x");
	assert_done(run(put_on_export, "d"));
	assert_int_equal(outcome, TRASH_MOVED);
	assert_true(fs_memory_exists(world.fs, ".csicore/trash/" ENTRY "/file"));
}

static int refuse_rename(void *data, const struct fs_memory_operation *operation)
{
	const int *errnum = data;
	return strcmp(operation->verb, "rename") == 0 ? *errnum : 0;
}

static void only_a_trash_that_is_no_good_is_done_without(void **state)
{
	int errnum = EIO;
	fs_memory_plant_file(world.fs, "d/file", "x");
	fs_memory_set_hook(world.fs, refuse_rename, &errnum);
	assert_int_equal(run(put_on_export, "d"), -1);
	assert_int_equal(world.st.errnum, EIO);
	assert_true(fs_memory_exists(world.fs, "d/file"));
	errnum = EXDEV;
	assert_done(run(put_on_export, "d"));
	assert_int_equal(outcome, TRASH_REMOVED);
	assert_tree(&world, TRASH);
}

static void record_finds_the_entry_that_an_earlier_call_made(void **state)
{
	make_volume("claim");
	fs_memory_plant_dir(world.fs, ".csicore/trash/pvc-1~1600000000~00000009", 0700);
	fs_memory_plant_dir(world.fs, ".csicore/trash/pvc-2~1800000000~00000009", 0700);
	fs_memory_plant_dir(world.fs, ".csicore/trash/" ENTRY, 0700);
	assert_done(run(put_record_on_export, NULL));
	assert_true(fs_memory_exists(world.fs, ".csicore/trash/" ENTRY "~record"));
	assert_false(fs_memory_exists(world.fs, ".csicore/volumes/pvc-1"));
}

static void record_without_an_entry_is_removed(void **state)
{
	make_deleted_volume("claim");
	make_volume("claim");
	assert_done(run(put_record_on_export, NULL)); /* the entry there has a record: it is an older volume's */
	assert_false(fs_memory_exists(world.fs, ".csicore/volumes/pvc-1"));
	fs_memory_unplant(world.fs, ".csicore/trash/" ENTRY);
	assert_done(run(put_record_on_export, NULL));
}

/* ---- back */

static void volume_comes_back_with_its_record(void **state)
{
	make_deleted_volume("ns/claim");
	assert_done(run(read_on_export, ENTRY));
	assert_string_equal(found->sub_dir, "ns/claim");
	fs_memory_unplant(world.fs, "ns");
	assert_done(run(restore_on_export, NULL));
	assert_tree(&world, FOLDERS ".csicore/volumes/pvc-1\nns/\nns/claim/\nns/claim/data\n");
}

static void entry_without_a_record_comes_back_where_it_is_told(void **state)
{
	static const char *names[] = {"claim"};
	const struct path path = {names, 1};
	fs_memory_plant_file(world.fs, ".csicore/trash/" ENTRY "/data", "x");
	assert_int_equal(run(restore_on_export, NULL), -1);
	assert_failed(&world, STATUS_INVALID_ARGUMENT, NULL);
	assert_done(run(restore_on_export, &path));
	assert_tree(&world, TRASH "claim/\nclaim/data\n");
}

static void nothing_is_restored_over_what_stands_there(void **state)
{
	make_deleted_volume("claim");
	fs_memory_plant_dir(world.fs, "claim", 0755);
	assert_int_equal(run(restore_on_export, NULL), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, "claim exists already");
	fs_memory_unplant(world.fs, "claim");
	fs_memory_plant_file(world.fs, ".csicore/volumes/pvc-1", "another");
	assert_int_equal(run(restore_on_export, NULL), -1);
	assert_failed(&world, STATUS_FAILED_PRECONDITION, "there is a volume called pvc-1");
	assert_true(fs_memory_exists(world.fs, ".csicore/trash/" ENTRY "/data"));
}

static void what_is_gone_or_half_gone_is_not_restored(void **state)
{
	make_deleted_volume("claim");
	fs_memory_unplant(world.fs, ".csicore/trash/" ENTRY);
	fs_memory_plant_dir(world.fs, ".csicore/trash/~" ENTRY, 0700);
	assert_int_equal(run(restore_on_export, NULL), -1);
	assert_failed(&world, STATUS_NOT_FOUND, NULL);
	assert_false(fs_memory_exists(world.fs, "claim"));
}

/* Whatever operation fails, the repeat restores. */
static void restoring_can_be_repeated(void **state)
{
	for (int fault = FS_MEMORY_FAIL_BEFORE; fault <= FS_MEMORY_FAIL_AFTER; fault++)
		for (unsigned nth = 1, count = nth; count >= nth; nth++) {
			fs_memory_unplant(world.fs, "ns");
			fs_memory_unplant(world.fs, ".csicore/volumes/pvc-1");
			make_deleted_volume("ns/claim");
			fs_memory_reset_operations(world.fs);
			fs_memory_fail_nth(world.fs, nth, EIO, fault);
			(void)run(restore_on_export, NULL);
			count = fs_memory_operation_count(world.fs);
			fs_memory_fail_nth(world.fs, 0, 0, fault);
			/* A volume that is back whole is no entry any more. */
			if (!fs_memory_exists(world.fs, ".csicore/volumes/pvc-1"))
				assert_done(run(restore_on_export, NULL));
			assert_true(fs_memory_exists(world.fs, "ns/claim/data"));
			assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
		}
}

/* ---- out */

static void entry_goes_with_its_record(void **state)
{
	make_deleted_volume("claim");
	fs_memory_plant_file(world.fs, ".csicore/trash/" ENTRY "/a/b/file", "x");
	assert_done(run(purge_on_export, ENTRY));
	assert_tree(&world, FOLDERS);
	assert_done(run(purge_on_export, ENTRY));
}

static void entry_that_is_being_removed_is_no_longer_called_so(void **state)
{
	make_deleted_volume("claim");
	fs_memory_reset_operations(world.fs);
	assert_done(run(purge_on_export, ENTRY));
	const char *log = fs_memory_log(world.fs);
	const char *renamed = strstr(log, "rename " ENTRY " ~" ENTRY "\n");
	assert_non_null(renamed);
	assert_null(strstr(log, "read_dir") < renamed ? strstr(log, "read_dir") : NULL);
	assert_null(strstr(renamed, "open_dir " ENTRY));
}

static void what_a_killed_removal_left_goes_with_its_record(void **state)
{
	make_deleted_volume("claim");
	fs_memory_unplant(world.fs, ".csicore/trash/" ENTRY);
	fs_memory_plant_file(world.fs, ".csicore/trash/~" ENTRY "/half", "x");
	assert_done(run(purge_on_export, "~" ENTRY));
	assert_tree(&world, FOLDERS);
}

static void old_entries_and_lone_records_go(void **state)
{
	fs_memory_plant_file(world.fs, ".csicore/trash/pvc-1/old", "x");
	fs_memory_plant_file(world.fs, ".csicore/trash/" ENTRY "~record", "x");
	assert_done(run(purge_on_export, "pvc-1"));
	assert_done(run(purge_on_export, ENTRY "~record"));
	assert_tree(&world, TRASH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(anything_goes_in_by_one_rename),
		TEST(missing_name_is_told),
		TEST(trash_that_was_removed_is_made_anew),
		TEST(only_a_trash_that_is_no_good_is_done_without),
		TEST(record_finds_the_entry_that_an_earlier_call_made),
		TEST(record_without_an_entry_is_removed),
		TEST(volume_comes_back_with_its_record),
		TEST(entry_without_a_record_comes_back_where_it_is_told),
		TEST(nothing_is_restored_over_what_stands_there),
		TEST(what_is_gone_or_half_gone_is_not_restored),
		TEST(restoring_can_be_repeated),
		TEST(entry_goes_with_its_record),
		TEST(entry_that_is_being_removed_is_no_longer_called_so),
		TEST(what_a_killed_removal_left_goes_with_its_record),
		TEST(old_entries_and_lone_records_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
