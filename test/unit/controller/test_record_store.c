/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/record_store.h"

#include <errno.h>
#include <stdio.h>

#include "world.h"

#define FOLDER ".csicore/volumes/"

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

/* A verb to run on the export, with what it takes and gives. */
struct request {
	Csicore__VolumeRecord record;
	struct path path;
	enum record_outcome outcome;
	Csicore__VolumeRecord *found;
	struct record_survey survey;
	struct fs_page *page;
};

static struct request request_for(const char *name, const char *sub_dir)
{
	struct request request = {.record = CSICORE__VOLUME_RECORD__INIT};
	request.record.name = (char *)name;
	request.record.sub_dir = (char *)sub_dir;
	assert_int_equal(path_split(&world.arena, "subDir", sub_dir, &request.path, &world.st), 0);
	return request;
}

static int create_one(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct request *request = context;
	return record_store_create(use, &world.arena, &request->record, cancel, &request->outcome, st);
}

static int replace_one(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct request *request = context;
	return record_store_replace(use, &world.arena, &request->record, cancel, st);
}

static int read_one(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct request *request = context;
	return record_store_read(use, &world.arena, request->record.name, cancel, &request->found, st);
}

static int remove_one(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct request *request = context;
	return record_store_remove(use, &world.arena, request->record.name, cancel, st);
}

static int survey(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct request *request = context;
	return record_store_survey(use, &world.arena, request->record.name, &request->path, cancel, &request->survey,
				   st);
}

static int list(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct request *request = context;
	return record_store_list(use, request->page, cancel, st);
}

static int run(export_operation *operation, struct request *request)
{
	return export_run(hold.export, operation, request, &world.cancel, &world.st);
}

static void record_is_created_once(void **state)
{
	struct request request = request_for("pvc-1", "a");
	assert_int_equal(run(create_one, &request), 0);
	assert_int_equal(request.outcome, RECORD_CREATED);
	assert_int_equal(run(create_one, &request), 0);
	assert_int_equal(request.outcome, RECORD_EXISTS);
	assert_int_equal(run(read_one, &request), 0);
	assert_string_equal(request.found->sub_dir, "a");
}

static int fill_disk(void *data, const struct fs_memory_operation *operation)
{
	if (strcmp(operation->verb, "create_file") != 0)
		return 0;
	fs_memory_plant_file(world.fs, FOLDER "pvc-1", "");
	return ENOSPC;
}

static void full_disk_leaves_no_empty_record(void **state)
{
	struct request request = request_for("pvc-1", "a");
	fs_memory_set_hook(world.fs, fill_disk, NULL);
	assert_int_equal(run(create_one, &request), -1);
	assert_int_equal(world.st.errnum, ENOSPC);
	assert_tree(&world, ".csicore/\n" FOLDER "\n");
}

static void record_is_replaced_whatever_stands_there(void **state)
{
	struct request request = request_for("pvc-1", "b");
	fs_memory_plant_file(world.fs, FOLDER "pvc-1", "garbled");
	fs_memory_plant_file(world.fs, FOLDER "~pvc-1", "left over");
	assert_int_equal(run(replace_one, &request), 0);
	assert_int_equal(run(read_one, &request), 0);
	assert_string_equal(request.found->sub_dir, "b");
	assert_false(fs_memory_exists(world.fs, FOLDER "~pvc-1"));
}

static void what_is_no_record_reads_as_none(void **state)
{
	struct request request = request_for("pvc-1", "a");
	assert_int_equal(run(read_one, &request), 0);
	assert_null(request.found);
	fs_memory_plant_file(world.fs, FOLDER "pvc-1", "garbled");
	assert_int_equal(run(read_one, &request), 0);
	assert_null(request.found);
	fs_memory_plant_symlink(world.fs, FOLDER "pvc-1", "elsewhere");
	assert_int_equal(run(read_one, &request), 0);
	assert_null(request.found);
	fs_memory_plant_dir(world.fs, FOLDER "pvc-1", 0755);
	assert_int_equal(run(read_one, &request), 0);
	assert_null(request.found);
}

static void endless_file_is_no_record(void **state)
{
	struct request request = request_for("pvc-1", "a");
	char *content = arena_calloc(&world.arena, 1, RECORD_BYTES_MAX + 2);
	memset(content, 'x', RECORD_BYTES_MAX + 1);
	fs_memory_plant_file(world.fs, FOLDER "pvc-1", content);
	assert_int_equal(run(read_one, &request), 0);
	assert_null(request.found);
}

static void removal_of_a_missing_record_succeeds(void **state)
{
	struct request request = request_for("pvc-1", "a");
	assert_int_equal(run(remove_one, &request), 0);
	assert_int_equal(run(create_one, &request), 0);
	assert_int_equal(run(remove_one, &request), 0);
	assert_int_equal(run(remove_one, &request), 0);
	assert_tree(&world, ".csicore/\n" FOLDER "\n");
}

static int refuse_read(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "read_file") == 0 ? EACCES : 0;
}

static void record_that_may_not_be_read_is_a_failure(void **state)
{
	struct request request = request_for("pvc-1", "a");
	assert_int_equal(run(create_one, &request), 0);
	fs_memory_set_hook(world.fs, refuse_read, NULL);
	assert_int_equal(run(read_one, &request), -1);
	assert_int_equal(world.st.errnum, EACCES);
	struct request other = request_for("pvc-2", "a");
	assert_int_equal(run(survey, &other), -1);
	assert_int_equal(world.st.errnum, EACCES);
}

static void sharer_has_the_directory_or_one_below_it(void **state)
{
	static const struct {
		const char *sub_dir;
		bool is_sharer;
	} cases[] = {{"a/b", true}, {"/a//b/", true}, {"a/b/c", true}, {"a", false}, {"a/bc", false}, {"b", false}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request other = request_for("pvc-2", cases[i].sub_dir);
		struct request request = request_for("pvc-1", "a/b");
		assert_int_equal(run(create_one, &request), 0);
		assert_int_equal(run(replace_one, &other), 0);
		assert_int_equal(run(survey, &request), 0);
		assert_int_equal(request.survey.sharer != NULL, cases[i].is_sharer);
		if (request.survey.sharer)
			assert_string_equal(request.survey.sharer, "pvc-2");
	}
}

static void no_folder_has_no_sharer(void **state)
{
	struct request request = request_for("pvc-1", "a");
	assert_int_equal(run(survey, &request), 0);
	assert_null(request.survey.sharer);
	assert_tree(&world, "");
}

static void record_is_read_once_for_all_scans(void **state)
{
	struct request request = request_for("pvc-0", "a");
	for (int i = 1; i < 6; i++) {
		const char *name = arena_printf(&world.arena, "pvc-%d", i);
		struct request other = request_for(name, name);
		assert_int_equal(run(create_one, &other), 0);
	}
	assert_int_equal(run(survey, &request), 0);
	fs_memory_reset_operations(world.fs);
	assert_int_equal(run(survey, &request), 0);
	assert_string_equal(fs_memory_log(world.fs), "read_dir\n");
}

static void list_pages_through_all_files_and_ends(void **state)
{
	char names[5][16] = {""};
	struct fs_page page;
	size_t count = 0;
	for (int i = 0; i < 5; i++) {
		struct request request = request_for(arena_printf(&world.arena, "pvc-%d", i), "a");
		assert_int_equal(run(create_one, &request), 0);
	}
	fs_memory_set_page_entries(world.fs, 2);
	fs_page_init(&page);
	struct request request = {.page = &page};
	while (!page.is_end) {
		assert_int_equal(run(list, &request), 0);
		for (size_t i = 0; i < page.count && count < 5; i++)
			(void)snprintf(names[count++], sizeof(names[0]), "%s", page.entries[i].name);
	}
	fs_page_release(&page);
	assert_int_equal(count, 5);
	assert_string_equal(names[0], "pvc-0");
	assert_string_equal(names[4], "pvc-4");
}

static void list_without_a_folder_is_empty(void **state)
{
	struct fs_page page;
	fs_page_init(&page);
	struct request request = {.page = &page};
	assert_int_equal(run(list, &request), 0);
	assert_true(page.is_end);
	assert_int_equal(page.count, 0);
	fs_page_release(&page);
	assert_tree(&world, "");
}

static enum record_file kind_of(const char *name, enum fs_type type)
{
	return record_store_file_kind(&(struct fs_entry){name, {.type = type}});
}

static void files_of_the_folder_are_told_apart(void **state)
{
	assert_int_equal(kind_of("pvc-1", FS_FILE), RECORD_FILE_VOLUME);
	assert_int_equal(kind_of("~pvc-1", FS_FILE), RECORD_FILE_TEMPORARY);
	assert_int_equal(kind_of("~shared~pvc-1", FS_FILE), RECORD_FILE_MARK);
	assert_int_equal(kind_of("pvc-1", FS_DIRECTORY), RECORD_FILE_OTHER);
	/* The volume called "~shared~x" has an escaped file name. */
	assert_int_equal(kind_of(record_file_name(&world.arena, "~shared~x"), FS_FILE), RECORD_FILE_VOLUME);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(record_is_created_once),
		TEST(full_disk_leaves_no_empty_record),
		TEST(record_is_replaced_whatever_stands_there),
		TEST(what_is_no_record_reads_as_none),
		TEST(endless_file_is_no_record),
		TEST(removal_of_a_missing_record_succeeds),
		TEST(record_that_may_not_be_read_is_a_failure),
		TEST(sharer_has_the_directory_or_one_below_it),
		TEST(no_folder_has_no_sharer),
		TEST(record_is_read_once_for_all_scans),
		TEST(list_pages_through_all_files_and_ends),
		TEST(list_without_a_folder_is_empty),
		TEST(files_of_the_folder_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
