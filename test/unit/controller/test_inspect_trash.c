/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/trash.h"
#include "inspect_world.h"

#define PREFIX "csi-controller inspect undelete: "
#define ENTRY "pvc-1~1767225600~0c5a71f3"
#define TRASH ".csicore/trash/"

/* As a deletion does. */
static int throw_away(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	const char *directory = context;
	struct fs_dir *root;
	enum trash_outcome outcome;
	return export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0 ||
			       trash_put(use, root, directory, ENTRY, NULL, cancel, &outcome, st) < 0 ||
			       trash_put_record(use, &world.arena, ENTRY, "pvc-1", cancel, st) < 0
		       ? -1
		       : 0;
}

static void throw_volume_away(void)
{
	(void)make_volume("pvc-1", NULL, NULL);
	fs_memory_plant_file(world.fs, "pvc-1/data", "data");
	on_export(throw_away, (void *)"pvc-1");
	assert_false(fs_memory_exists(world.fs, "pvc-1"));
}

static void deleted_volume_is_listed_once(void **state)
{
	throw_volume_away();
	assert_int_equal(INSPECT_SHARE("trash", "-o=json"), 0);
	assert_string_equal(out, "[\n  {\"entry\": \"" ENTRY "\", \"volume\": \"pvc-1\", \"directory\": \"pvc-1\", "
				 "\"deletedAt\": \"2026-01-01T00:00:00Z\", \"capacityBytes\": 10737418240, "
				 "\"state\": \"whole\", \"id\": \"srv#share#pvc-1##\"}\n]\n");
}

static void state_says_what_can_come_back(void **state)
{
	fs_memory_plant_dir(world.fs, TRASH ENTRY, 0755);
	fs_memory_plant_dir(world.fs, TRASH "~pvc-2~1767225600~0c5a71f4", 0755);
	fs_memory_plant_dir(world.fs, TRASH "old", 0755);
	assert_int_equal(INSPECT_SHARE("trash"), 0);
	assert_says(ENTRY "   pvc-1   -          2026-01-01T00:00:00Z  -         whole, without a record  -\n");
	assert_says("~pvc-2~1767225600~0c5a71f4  pvc-2   -          2026-01-01T00:00:00Z  -         being removed");
	assert_says("old                         -       -          -                     -         no volume");
}

static void undelete_brings_directory_and_record_back(void **state)
{
	throw_volume_away();
	assert_int_equal(INSPECT_SHARE("undelete", ENTRY), 0);
	assert_string_equal(out, "ENTRY      " ENTRY "\nVOLUME     pvc-1\nDIRECTORY  pvc-1\n"
				 "ID         srv#share#pvc-1##\n");
	assert_tree(&world, ".csicore/\n" TRASH "\n.csicore/volumes/\n.csicore/volumes/pvc-1\npvc-1/\npvc-1/data\n");
}

static void undelete_refuses_a_place_that_is_taken(void **state)
{
	throw_volume_away();
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	assert_refused(INSPECT_SHARE("undelete", ENTRY), 1, PREFIX "pvc-1 exists already");
	assert_true(fs_memory_exists(world.fs, TRASH ENTRY "/data"));
	fs_memory_unplant(world.fs, "pvc-1");
	(void)make_volume("pvc-1", NULL, NULL);
	assert_refused(INSPECT_SHARE("undelete", ENTRY), 1, PREFIX "there is a volume called pvc-1");
}

static void entry_without_a_record_wants_a_place(void **state)
{
	fs_memory_plant_file(world.fs, TRASH ENTRY "/data", "data");
	assert_refused(INSPECT_SHARE("undelete", ENTRY), 2,
		       PREFIX ENTRY " has no record that says where it was: give --subdir");
	assert_refused(INSPECT_SHARE("undelete", ENTRY, "--subdir=.csicore/x"), 2,
		       PREFIX "invalid subDir \".csicore/x\": .csicore is the driver's own folder");
	assert_refused(INSPECT_SHARE("undelete", ENTRY, "--subdir=/"), 2,
		       PREFIX "invalid subDir \"/\": it names the share itself, which cannot be a volume");
	assert_int_equal(INSPECT_SHARE("undelete", ENTRY, "--subdir=a/b"), 0);
	assert_true(fs_memory_exists(world.fs, "a/b/data"));
}

static void entry_with_a_record_goes_nowhere_else(void **state)
{
	throw_volume_away();
	assert_refused(INSPECT_SHARE("undelete", ENTRY, "--subdir=other"), 2,
		       PREFIX "--subdir is for entries without a record: this one goes back to pvc-1");
}

static void what_is_no_entry_is_refused(void **state)
{
	fs_memory_plant_dir(world.fs, TRASH "~" ENTRY, 0755);
	assert_refused(INSPECT_SHARE("undelete", ENTRY), 1, PREFIX ENTRY " is not in the trash");
	assert_refused(INSPECT_SHARE("undelete", "~" ENTRY), 2,
		       PREFIX "\"~" ENTRY "\" is no entry that can be restored");
	assert_refused(INSPECT_SHARE("undelete", "../" ENTRY), 2,
		       PREFIX "\"../" ENTRY "\" is no entry that can be restored");
	assert_tree(&world, ".csicore/\n" TRASH "\n" TRASH "~" ENTRY "/\n");
}

static void share_without_trash_lists_nothing(void **state)
{
	assert_int_equal(INSPECT_SHARE("trash", "-o=json"), 0);
	assert_string_equal(out, "[]\n");
	assert_refused(INSPECT_SHARE("undelete", ENTRY), 1, PREFIX ENTRY " is not in the trash");
	assert_tree(&world, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(deleted_volume_is_listed_once),
		TEST(state_says_what_can_come_back),
		TEST(undelete_brings_directory_and_record_back),
		TEST(undelete_refuses_a_place_that_is_taken),
		TEST(entry_without_a_record_wants_a_place),
		TEST(entry_with_a_record_goes_nowhere_else),
		TEST(what_is_no_entry_is_refused),
		TEST(share_without_trash_lists_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
