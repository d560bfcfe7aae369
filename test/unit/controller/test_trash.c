/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/trash.h"

#include <errno.h>

#include "world.h"

#define TRASH ".csicore/\n.csicore/trash/\n"

static struct world world;
static struct export_hold hold;

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

static int remove_entry(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct fs_dir *root;
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0)
		return -1;
	return trash_remove(use, context ? root : NULL, context, "entry", cancel, st);
}

/* name NULL: only what is in the trash. */
static int run(const char *name)
{
	return export_run(hold.export, remove_entry, (void *)name, &world.cancel, &world.st);
}

static void tree_goes_through_the_trash(void **state)
{
	fs_memory_plant_file(world.fs, "d/a/file", "x");
	assert_int_equal(run("d"), 0);
	assert_tree(&world, TRASH);
	assert_non_null(strstr(fs_memory_log(world.fs), "rename d entry\n"));
}

static void file_and_symlink_go_too(void **state)
{
	fs_memory_plant_file(world.fs, "kept", "x");
	fs_memory_plant_symlink(world.fs, "link", "kept");
	fs_memory_plant_file(world.fs, "file", "x");
	assert_int_equal(run("link"), 0);
	assert_int_equal(run("file"), 0);
	assert_tree(&world, TRASH "kept\n");
}

static void old_entry_of_any_kind_makes_room(void **state)
{
	fs_memory_plant_file(world.fs, ".csicore/trash/entry/old", "x");
	fs_memory_plant_dir(world.fs, "d/a", 0755);
	assert_int_equal(run("d"), 0);
	fs_memory_plant_file(world.fs, ".csicore/trash/entry", "x");
	fs_memory_plant_dir(world.fs, "d/a", 0755);
	assert_int_equal(run("d"), 0);
	fs_memory_plant_file(world.fs, ".csicore/trash/entry/old", "x");
	fs_memory_plant_file(world.fs, "d", "a file");
	assert_int_equal(run("d"), 0);
	assert_tree(&world, TRASH);
}

static void entry_alone_is_finished(void **state)
{
	assert_int_equal(run(NULL), 0);
	assert_tree(&world, "");
	fs_memory_plant_file(world.fs, ".csicore/trash/entry/old", "x");
	fs_memory_plant_file(world.fs, "d", "x");
	assert_int_equal(run(NULL), 0);
	assert_tree(&world, TRASH "d\n");
}

static void missing_name_succeeds(void **state)
{
	assert_int_equal(run("d"), 0);
	assert_int_equal(run("d"), 0);
}

static void trash_that_was_removed_is_made_anew(void **state)
{
	assert_int_equal(run("d"), 0);
	fs_memory_unplant(world.fs, ".csicore");
	fs_memory_plant_file(world.fs, "d/file", "x");
	assert_int_equal(run("d"), 0);
	assert_tree(&world, TRASH);
}

static int refuse_rename(void *data, const struct fs_memory_operation *operation)
{
	const int *errnum = data;
	return strcmp(operation->verb, "rename") == 0 ? *errnum : 0;
}

static void failure_that_is_not_the_trashs_is_one(void **state)
{
	int errnum = EIO;
	fs_memory_plant_file(world.fs, "d/file", "x");
	fs_memory_set_hook(world.fs, refuse_rename, &errnum);
	assert_int_equal(run("d"), -1);
	assert_int_equal(world.st.errnum, EIO);
	assert_true(fs_memory_exists(world.fs, "d/file"));
	errnum = EXDEV;
	assert_int_equal(run("d"), 0);
	assert_false(fs_memory_exists(world.fs, "d"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tree_goes_through_the_trash),
		TEST(file_and_symlink_go_too),
		TEST(old_entry_of_any_kind_makes_room),
		TEST(entry_alone_is_finished),
		TEST(missing_name_succeeds),
		TEST(trash_that_was_removed_is_made_anew),
		TEST(failure_that_is_not_the_trashs_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
