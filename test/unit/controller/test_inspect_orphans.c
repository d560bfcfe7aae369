/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect_world.h"

#define UUID "3f1c2d34-0000-4000-8000-0123456789ab"
#define RECORDS ".csicore/volumes/"

/* Whether a row of that kind and name is there, whose note begins so. */
static void assert_row(const char *kind, const char *name, const char *note)
{
	char head[200], tail[200];
	(void)snprintf(head, sizeof(head), "{\"kind\": \"%s\", \"name\": \"%s\", \"modifiedAt\": ", kind, name);
	(void)snprintf(tail, sizeof(tail), "\"note\": \"%s", note);
	const char *row = strstr(out, head);
	if (!row)
		fail_msg("no row of %s %s in:\n%s", kind, name, out);
	const char *end = strchr(row, '\n');
	const char *found = strstr(row, tail);
	if (!found || found > end)
		fail_msg("%s %s is not noted as \"%s\" in:\n%s", kind, name, note, out);
}

static void share_of_volumes_alone_has_no_orphans(void **state)
{
	(void)make_volume("pvc-1", NULL, NULL);
	(void)make_volume("pvc-2", "ns/claim", NULL);
	(void)make_volume("pvc-3", "ns/deep/claim", NULL);
	fs_memory_plant_dir(world.fs, "pvc-1/data", 0755);
	fs_memory_plant_file(world.fs, "README", "a file is nobody's volume");
	assert_int_equal(INSPECT_SHARE("orphans", "-o=json"), 0);
	assert_string_equal(out, "[]\n");
}

static void directory_without_a_record_is_told_by_its_name(void **state)
{
	fs_memory_plant_dir(world.fs, "pvc-" UUID, 0755);
	fs_memory_plant_dir(world.fs, "snapshot-" UUID, 0755);
	fs_memory_plant_dir(world.fs, "default-data-pvc-" UUID, 0755);
	fs_memory_plant_dir(world.fs, "archived-pvc-1", 0755);
	fs_memory_plant_dir(world.fs, "home", 0755);
	assert_int_equal(INSPECT_SHARE("orphans", "-o=json"), 0);
	assert_row("directory", "pvc-" UUID, "no record: made by csi-driver-nfs, by its name");
	assert_row("directory", "snapshot-" UUID, "no record: a snapshot of csi-driver-nfs");
	assert_row("directory", "default-data-pvc-" UUID, "no record: made by nfs-subdir-external-provisioner");
	assert_row("directory", "archived-pvc-1", "archive of a deleted volume");
	assert_row("directory", "home", "no record: made by csi-driver-nfs, or by hand");
}

static void directories_beside_nested_volumes_are_found(void **state)
{
	(void)make_volume("pvc-1", "ns/claim", NULL);
	(void)make_volume("pvc-2", "ns-other", NULL);
	fs_memory_plant_dir(world.fs, "ns/left/over", 0755);
	fs_memory_plant_dir(world.fs, "ns-", 0755);
	assert_int_equal(INSPECT_SHARE("orphans", "-o=json"), 0);
	assert_row("directory", "ns/left", "no record");
	assert_row("directory", "ns-", "no record");
	assert_says_not("\"ns\"");
	assert_says_not("\"ns/claim\"");
	assert_says_not("\"ns/left/over\"");
}

static void symlinks_are_not_followed(void **state)
{
	(void)make_volume("pvc-1", "ns/claim", NULL);
	fs_memory_plant_dir(world.fs, "elsewhere/x", 0755);
	fs_memory_unplant(world.fs, "ns");
	fs_memory_plant_symlink(world.fs, "ns", "elsewhere");
	assert_int_equal(INSPECT_SHARE("orphans", "-o=json"), 0);
	assert_row("directory", "elsewhere", "no record");
	assert_row("record", "pvc-1", "not a directory");
	assert_says_not("\"ns/x\"");
}

static void record_without_a_directory_is_found(void **state)
{
	(void)make_volume("pvc-1", NULL, NULL);
	fs_memory_unplant(world.fs, "pvc-1");
	assert_int_equal(INSPECT_SHARE("orphans", "-o=json"), 0);
	assert_row("record", "pvc-1", "directory missing");
}

static void left_over_files_are_found(void **state)
{
	(void)make_volume("pvc-1", NULL, NULL);
	fs_memory_plant_file(world.fs, RECORDS "~pvc-1", "half");
	fs_memory_plant_file(world.fs, RECORDS "~shared~pvc-1", "");
	fs_memory_plant_file(world.fs, RECORDS "~shared~pvc-0", "");
	fs_memory_plant_file(world.fs, RECORDS "torn", "half");
	fs_memory_plant_dir(world.fs, RECORDS "directory", 0755);
	assert_int_equal(INSPECT_SHARE("orphans", "-o=json"), 0);
	assert_row("temporary file", "~pvc-1", "a change of a record");
	assert_row("mark", "~shared~pvc-0", "of a volume that has no record");
	assert_row("record", "torn", "record damaged");
	assert_row("unknown", "directory", "nothing the driver puts");
	assert_says_not("~shared~pvc-1");
}

static void attachment_of_no_volume_is_found(void **state)
{
	(void)make_volume("pvc-1", NULL, NULL);
	fs_memory_plant_file(world.fs, ".csicore/attached/pvc-1/node", "");
	fs_memory_plant_file(world.fs, ".csicore/attached/pvc-0/node", "");
	assert_int_equal(INSPECT_SHARE("orphans", "-o=json"), 0);
	assert_row("attachment", "pvc-0", "of a volume that has no record");
	assert_says_not("pvc-1");
}

static void nothing_is_changed(void **state)
{
	(void)make_volume("pvc-1", NULL, NULL);
	fs_memory_plant_dir(world.fs, "home", 0755);
	fs_memory_plant_file(world.fs, RECORDS "~pvc-1", "half");
	char *before = fs_memory_list(world.fs, "");
	assert_int_equal(INSPECT_SHARE("orphans"), 0);
	assert_tree(&world, before);
	free(before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(share_of_volumes_alone_has_no_orphans),
		TEST(directory_without_a_record_is_told_by_its_name),
		TEST(directories_beside_nested_volumes_are_found),
		TEST(symlinks_are_not_followed),
		TEST(record_without_a_directory_is_found),
		TEST(left_over_files_are_found),
		TEST(attachment_of_no_volume_is_found),
		TEST(nothing_is_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
