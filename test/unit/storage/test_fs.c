/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/fs.h"

#include <errno.h>
#include <string.h>

#include "unit/storage/memory_world.h"

/* Every verb that takes a name, as one number each. */
static int call_with_name(struct world *w, unsigned verb, const char *name)
{
	struct fs_dir *dir = NULL;
	struct fs_attr attr;
	struct strbuf content;
	strbuf_init(&content, 100);
	const struct fs_owner keep = FS_OWNER_KEEP;
	switch (verb) {
	case 0:
		return fs_open_dir(w->fs, w->root, name, &w->cancel, &dir, &w->st);
	case 1:
		return fs_lookup(w->fs, w->root, name, &w->cancel, &attr, &w->st);
	case 2:
		return fs_make_dir(w->fs, w->root, name, &keep, &w->cancel, &w->st);
	case 3:
		return fs_rename(w->fs, w->root, name, w->root, "fine", &w->cancel, &w->st);
	case 4:
		return fs_rename(w->fs, w->root, "fine", w->root, name, &w->cancel, &w->st);
	case 5:
		return fs_remove_file(w->fs, w->root, name, &w->cancel, &w->st);
	case 6:
		return fs_remove_dir(w->fs, w->root, name, &w->cancel, &w->st);
	case 7:
		return fs_read_file(w->fs, w->root, name, &content, &w->cancel, &w->st);
	default:
		return fs_create_file(w->fs, w->root, name, 0644, "", 0, &w->cancel, &w->st);
	}
}

static void names_that_are_no_names_never_reach_the_back_end(void **state)
{
	struct world *w = *state;
	char too_long[PATH_NAME_MAX + 2];
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	const char *bad[] = {"", ".", "..", "/", "a/b", "a/", "/a", "../a", too_long};
	fs_memory_reset_operations(w->fs);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (unsigned verb = 0; verb <= 8; verb++) {
			w->st = (struct status){0};
			assert_int_equal(call_with_name(w, verb, bad[i]), -1);
			assert_int_equal(w->st.code, STATUS_INVALID_ARGUMENT);
		}
	}
	assert_int_equal(fs_memory_operation_count(w->fs), 0);
}

static void verbs_of_a_cancel_that_is_over_never_reach_the_back_end(void **state)
{
	struct world *w = *state;
	fs_memory_reset_operations(w->fs);
	cancel_trigger(&w->cancel);
	for (unsigned verb = 0; verb <= 8; verb++) {
		w->st = (struct status){0};
		assert_int_equal(call_with_name(w, verb, "name"), -1);
		assert_int_equal(w->st.code, STATUS_CANCELLED);
	}
	assert_int_equal(fs_memory_operation_count(w->fs), 0);
}

static void open_path_walks_name_by_name_and_keeps_one_handle(void **state)
{
	struct world *w = *state;
	fs_memory_plant_dir(w->fs, "a/b/c", 0700);
	const char *names[] = {"a", "b", "c"};
	const struct path path = {names, 3};
	struct fs_dir *dir = NULL;
	assert_int_equal(fs_open_path(w->fs, w->root, &path, &w->cancel, &dir, &w->st), 0);
	struct fs_attr attr;
	assert_int_equal(fs_get_attr(w->fs, dir, &w->cancel, &attr, &w->st), 0);
	assert_int_equal(attr.mode, 0700);
	assert_int_equal(fs_memory_open_count(w->fs), 2);
	fs_close(w->fs, dir);
}

static void open_path_that_fails_half_way_closes_what_it_opened(void **state)
{
	struct world *w = *state;
	fs_memory_plant_dir(w->fs, "a/b", 0755);
	fs_memory_plant_symlink(w->fs, "a/b/link", "/a");
	const char *missing[] = {"a", "b", "c", "d"}, *symlink[] = {"a", "b", "link", "b"};
	struct fs_dir *dir = NULL;
	assert_int_equal(fs_open_path(w->fs, w->root, &(struct path){missing, 4}, &w->cancel, &dir, &w->st), -1);
	assert_int_equal(w->st.errnum, ENOENT);
	assert_int_equal(fs_open_path(w->fs, w->root, &(struct path){symlink, 4}, &w->cancel, &dir, &w->st), -1);
	assert_int_equal(w->st.errnum, ELOOP);
	assert_null(dir);
	assert_int_equal(fs_memory_open_count(w->fs), 1);
}

static void open_path_without_names_is_the_root(void **state)
{
	struct world *w = *state;
	struct fs_dir *dir = NULL;
	assert_int_equal(fs_open_path(w->fs, w->root, &(struct path){NULL, 0}, &w->cancel, &dir, &w->st), 0);
	struct fs_attr root, again;
	assert_int_equal(fs_get_attr(w->fs, w->root, &w->cancel, &root, &w->st), 0);
	assert_int_equal(fs_get_attr(w->fs, dir, &w->cancel, &again, &w->st), 0);
	assert_int_equal(root.file_id, again.file_id);
	fs_close(w->fs, dir);
}

static void failed_read_leaves_the_content_as_it_was(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "f", "content");
	struct strbuf content;
	strbuf_init(&content, 100);
	(void)strbuf_puts(&content, "kept");
	fs_memory_fail_nth(w->fs, 1, EIO, FS_MEMORY_FAIL_AFTER);
	assert_int_equal(fs_read_file(w->fs, w->root, "f", &content, &w->cancel, &w->st), -1);
	assert_int_equal(w->st.errnum, EIO);
	assert_string_equal(strbuf_text(&content), "kept");
	assert_int_equal(fs_read_file(w->fs, w->root, "f", &content, &w->cancel, &w->st), 0);
	assert_string_equal(strbuf_text(&content), "keptcontent");
	strbuf_release(&content);
}

static void batch_with_a_name_that_is_none_is_not_tried(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "a", "x");
	fs_memory_plant_file(w->fs, "b", "x");
	const char *names[] = {"a", "..", "b"};
	int errnums[] = {7, 7, 7};
	assert_int_equal(fs_remove_entries(w->fs, w->root, names, 3, errnums, &w->cancel, &w->st), -1);
	assert_int_equal(w->st.code, STATUS_INVALID_ARGUMENT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(errnums[i], FS_NOT_TRIED);
	world_assert_list(w, "a\nb\n");
}

static int cancel_at_b(void *data, const struct fs_memory_operation *operation)
{
	if (operation->name && strcmp(operation->name, "b") == 0)
		cancel_trigger(operation->cancel);
	return 0;
}

static void batch_that_is_cancelled_says_what_it_did_not_come_to(void **state)
{
	struct world *w = *state;
	const char *names[] = {"a", "missing", "dir", "b", "c"};
	const int expected[] = {0, 0, EISDIR, FS_NOT_TRIED, FS_NOT_TRIED};
	fs_memory_plant_file(w->fs, "a", "x");
	fs_memory_plant_file(w->fs, "b", "x");
	fs_memory_plant_file(w->fs, "c", "x");
	fs_memory_plant_dir(w->fs, "dir", 0755);
	int errnums[5];
	fs_memory_set_hook(w->fs, cancel_at_b, NULL);
	assert_int_equal(fs_remove_entries(w->fs, w->root, names, 5, errnums, &w->cancel, &w->st), -1);
	assert_int_equal(w->st.code, STATUS_CANCELLED);
	for (int i = 0; i < 5; i++)
		assert_int_equal(errnums[i], expected[i]);
	world_assert_list(w, "b\nc\ndir/\n");
}

static void page_at_its_end_stays_empty(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "f", "");
	struct fs_page page;
	fs_page_init(&page);
	assert_int_equal(fs_read_dir(w->fs, w->root, &page, &w->cancel, &w->st), 0);
	assert_int_equal(page.count, 1);
	assert_true(page.is_end);
	assert_int_equal(fs_read_dir(w->fs, w->root, &page, &w->cancel, &w->st), 0);
	assert_int_equal(page.count, 0);
	fs_page_release(&page);
}

static void close_and_free_of_nothing_are_fine(void **state)
{
	struct world *w = *state;
	fs_close(w->fs, NULL);
	fs_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(names_that_are_no_names_never_reach_the_back_end),
		WORLD_TEST(verbs_of_a_cancel_that_is_over_never_reach_the_back_end),
		WORLD_TEST(open_path_walks_name_by_name_and_keeps_one_handle),
		WORLD_TEST(open_path_that_fails_half_way_closes_what_it_opened),
		WORLD_TEST(open_path_without_names_is_the_root),
		WORLD_TEST(failed_read_leaves_the_content_as_it_was),
		WORLD_TEST(batch_with_a_name_that_is_none_is_not_tried),
		WORLD_TEST(batch_that_is_cancelled_says_what_it_did_not_come_to),
		WORLD_TEST(page_at_its_end_stays_empty),
		WORLD_TEST(close_and_free_of_nothing_are_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
