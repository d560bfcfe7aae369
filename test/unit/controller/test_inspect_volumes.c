/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "controller/record_store.h"
#include "inspect_world.h"

#define RECORDS ".csicore/volumes/"

static int replace_record(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	return record_store_replace(use, &world.arena, context, cancel, st);
}

static void volume_is_shown_with_all_that_is_known(void **state)
{
	(void)make_volume("pvc-1", NULL, NULL);
	(void)make_volume("pvc-2", "ns/claim", "Retain");
	Csicore__VolumeRecord *record = record_at(&world, RECORDS "pvc-1");
	record->created_at = 1767225600;
	on_export(replace_record, record);
	assert_int_equal(INSPECT_SHARE("volumes"), 0);
	assert_says("pvc-1  pvc-1      10Gi      2026-01-01T00:00:00Z  -         ok     srv#share#pvc-1##\n");
	assert_says("pvc-2  ns/claim   10Gi ");
	assert_says("retain    ok     srv#share#ns/claim#pvc-2#Retain\n");
	assert_int_equal(INSPECT_SHARE("volumes", "-o=json"), 0);
	assert_says("{\"name\": \"pvc-1\", \"directory\": \"pvc-1\", \"capacityBytes\": 10737418240, "
		    "\"createdAt\": \"2026-01-01T00:00:00Z\", \"onDelete\": null, \"state\": \"ok\", "
		    "\"id\": \"srv#share#pvc-1##\"}");
}

static void policy_set_since_the_creation_is_the_one_in_force(void **state)
{
	Csicore__Parameter changed = CSICORE__PARAMETER__INIT;
	Csicore__Parameter *mutable_parameters[] = {&changed};
	changed.key = (char *)"ondelete";
	changed.value = (char *)"archive";
	(void)make_volume("pvc-1", NULL, "retain");
	Csicore__VolumeRecord *record = record_at(&world, RECORDS "pvc-1");
	record->mutable_parameters = mutable_parameters;
	record->n_mutable_parameters = 1;
	on_export(replace_record, record);
	assert_int_equal(INSPECT_SHARE("volumes", "-o=json"), 0);
	assert_says("\"onDelete\": \"archive\"");
}

static void state_says_what_is_wrong(void **state)
{
	Csicore__VolumeRecord record = CSICORE__VOLUME_RECORD__INIT;
	(void)make_volume("gone", NULL, NULL);
	(void)make_volume("deep", "a/b/c", NULL);
	(void)make_volume("link", NULL, NULL);
	fs_memory_unplant(world.fs, "gone");
	fs_memory_unplant(world.fs, "a/b");
	fs_memory_plant_symlink(world.fs, "link", "/etc");
	fs_memory_plant_file(world.fs, RECORDS "torn", "half a rec");
	record.name = (char *)"outside";
	record.sub_dir = (char *)"../x";
	on_export(replace_record, &record);
	assert_int_equal(INSPECT_SHARE("volumes", "-o=json"), 0);
	assert_says("\"directory\": \"gone\", \"capacityBytes\": 10737418240, ");
	assert_says("\"state\": \"directory missing\", \"id\": \"srv#share#gone##\"");
	assert_says("\"state\": \"directory missing\", \"id\": \"srv#share#a/b/c#deep#\"");
	assert_says("\"state\": \"not a directory\", \"id\": \"srv#share#link##\"");
	assert_says("{\"name\": \"outside\", \"directory\": null");
	assert_says("\"state\": \"names no directory\"");
	assert_says("{\"name\": \"torn\", \"directory\": null, \"capacityBytes\": null, \"createdAt\": null, "
		    "\"onDelete\": null, \"state\": \"record damaged\", \"id\": null}");
}

static int refuse_reading(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "read_file") == 0 ? EACCES : 0;
}

static void record_that_may_not_be_read_is_a_row(void **state)
{
	(void)make_volume("pvc-1", NULL, NULL);
	fs_memory_set_hook(world.fs, refuse_reading, NULL);
	assert_int_equal(INSPECT_SHARE("volumes", "-o=json"), 0);
	fs_memory_set_hook(world.fs, NULL, NULL);
	assert_says("{\"name\": \"pvc-1\"");
	assert_says("\"state\": \"may not be read\"");
}

static int refuse_one_directory(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "open_dir") == 0 && strcmp(operation->name, data) == 0 ? EACCES : 0;
}

static void usage_is_counted_where_it_can_be(void **state)
{
	(void)make_volume("pvc-1", NULL, NULL);
	(void)make_volume("pvc-2", "a/b", NULL);
	(void)make_volume("pvc-3", NULL, NULL);
	(void)make_volume("gone", NULL, NULL);
	fs_memory_unplant(world.fs, "gone");
	fs_memory_plant_file(world.fs, "pvc-1/d/one", "data");
	fs_memory_plant_file(world.fs, "pvc-1/two", "data");
	fs_memory_set_hook(world.fs, refuse_one_directory, (void *)"pvc-3");
	assert_int_equal(INSPECT_SHARE("volumes", "--usage", "-o=json"), 0);
	fs_memory_set_hook(world.fs, NULL, NULL);
	assert_says("\"directory\": \"pvc-1\", \"capacityBytes\": 10737418240, \"usedBytes\": ");
	assert_says(", \"files\": 2, ");
	assert_says("\"directory\": \"a/b\", \"capacityBytes\": 10737418240, \"usedBytes\": ");
	assert_says(", \"files\": 0, ");
	assert_says("\"directory\": \"pvc-3\", \"capacityBytes\": 10737418240, \"usedBytes\": null, \"files\": null");
	assert_says("\"directory\": \"gone\", \"capacityBytes\": 10737418240, \"usedBytes\": null, \"files\": null");
	assert_int_equal(INSPECT_SHARE("volumes"), 0);
	assert_says_not("USED");
}

static void all_pages_are_listed_in_order(void **state)
{
	char expected[8];
	for (int i = 29; i >= 0; i--)
		(void)make_volume(arena_printf(&world.arena, "v-%02d", i), NULL, NULL);
	fs_memory_set_page_entries(world.fs, 7);
	assert_int_equal(INSPECT_SHARE("volumes"), 0);
	const char *line = strchr(out, '\n');
	for (int i = 0; i < 30; i++, line = strchr(line + 1, '\n')) {
		(void)snprintf(expected, sizeof(expected), "v-%02d ", i);
		assert_non_null(line);
		assert_memory_equal(line + 1, expected, strlen(expected));
	}
	assert_string_equal(line, "\n");
}

static void directories_at_the_root_cost_no_look_up_each(void **state)
{
	for (int i = 0; i < 20; i++)
		(void)make_volume(arena_printf(&world.arena, "v-%02d", i), NULL, NULL);
	fs_memory_reset_operations(world.fs);
	assert_int_equal(INSPECT_SHARE("volumes"), 0);
	assert_null(strstr(fs_memory_log(world.fs), "lookup"));
}

static void share_without_records_has_no_volumes(void **state)
{
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	assert_int_equal(INSPECT_SHARE("volumes", "-o=json"), 0);
	assert_string_equal(out, "[]\n");
	assert_tree(&world, "pvc-1/\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(volume_is_shown_with_all_that_is_known),
		TEST(policy_set_since_the_creation_is_the_one_in_force),
		TEST(state_says_what_is_wrong),
		TEST(record_that_may_not_be_read_is_a_row),
		TEST(usage_is_counted_where_it_can_be),
		TEST(all_pages_are_listed_in_order),
		TEST(directories_at_the_root_cost_no_look_up_each),
		TEST(share_without_records_has_no_volumes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
