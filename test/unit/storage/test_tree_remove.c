/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "storage/tree.h"
#include "unit/storage/memory_world.h"

static void plant_sample(struct world *w)
{
	fs_memory_set_page_entries(w->fs, 3); /* several pages a directory */
	for (char c = 'a'; c <= 'h'; c++) {
		char path[32];
		(void)snprintf(path, sizeof(path), "v/%c/sub/file", c);
		fs_memory_plant_file(w->fs, path, "x");
		(void)snprintf(path, sizeof(path), "v/%c/file", c);
		fs_memory_plant_file(w->fs, path, "x");
		(void)snprintf(path, sizeof(path), "v/file-%c", c);
		fs_memory_plant_file(w->fs, path, "x");
	}
	fs_memory_plant_symlink(w->fs, "v/a/link", "/outside");
	fs_memory_plant_other(w->fs, "v/b/fifo");
	fs_memory_plant_dir(w->fs, "v/empty", 0);
	fs_memory_plant_file(w->fs, "outside/kept", "x");
	fs_memory_reset_operations(w->fs);
}

#define OUTSIDE "outside/\noutside/kept\n"

static int remove_tree(struct world *w)
{
	return tree_remove(w->fs, w->root, "v", NULL, &w->cancel, &w->st);
}

static void whole_tree_goes_and_nothing_else(void **state)
{
	struct world *w = *state;
	plant_sample(w);
	assert_int_equal(remove_tree(w), 0);
	world_assert_list(w, OUTSIDE);
	assert_int_equal(fs_memory_open_count(w->fs), 1);
}

static void missing_entry_is_success(void **state)
{
	struct world *w = *state;
	assert_int_equal(remove_tree(w), 0);
}

static void file_and_symlink_are_removed_as_themselves(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "outside/kept", "x");
	fs_memory_plant_symlink(w->fs, "v", "/outside");
	assert_int_equal(remove_tree(w), 0);
	fs_memory_plant_file(w->fs, "v", "x");
	assert_int_equal(remove_tree(w), 0);
	fs_memory_plant_other(w->fs, "v");
	assert_int_equal(remove_tree(w), 0);
	world_assert_list(w, OUTSIDE);
}

static void names_that_are_no_names_are_refused(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "v/file", "x");
	const char *bad[] = {"", ".", "..", "/", "v/file"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(tree_remove(w->fs, w->root, bad[i], NULL, &w->cancel, &w->st), -1);
		assert_int_equal(w->st.code, STATUS_INVALID_ARGUMENT);
	}
	world_assert_list(w, "v/\nv/file\n");
}

static void failure_at_any_operation_is_reported_and_a_repeat_finishes(void **state)
{
	/* EIO: the rest is tried; ETIMEDOUT: the server is gone and nothing more is asked of it. */
	const int errnums[] = {EIO, ETIMEDOUT};
	for (unsigned nth = 1;; nth++) {
		bool was_reached = false;
		for (unsigned i = 0; i < 4; i++) {
			struct world w;
			world_init(&w);
			plant_sample(&w);
			fs_memory_fail_nth(w.fs, nth, errnums[i / 2],
					   i % 2 ? FS_MEMORY_FAIL_AFTER : FS_MEMORY_FAIL_BEFORE);
			int result = remove_tree(&w);
			was_reached |= fs_memory_operation_count(w.fs) >= nth;
			/* A failure may be healed by another pass, but what is left is never called success. */
			assert_int_equal(result == 0 && fs_memory_exists(w.fs, "v"), 0);
			if (result < 0)
				assert_int_equal(w.st.errnum, errnums[i / 2]);
			if (result < 0 && errnums[i / 2] == ETIMEDOUT)
				assert_int_equal(fs_memory_operation_count(w.fs), nth);
			assert_int_equal(fs_memory_open_count(w.fs), 1);
			fs_memory_fail_nth(w.fs, 0, 0, FS_MEMORY_FAIL_BEFORE);
			assert_int_equal(remove_tree(&w), 0);
			world_assert_list(&w, OUTSIDE);
			world_release(&w);
		}
		if (!was_reached)
			return;
	}
}

/* The entry whose removal or opening fails, for good. */
static int refuse_name(void *data, const struct fs_memory_operation *operation)
{
	return operation->name && strcmp(operation->name, data) == 0 ? EACCES : 0;
}

static void entry_that_cannot_be_removed_is_reported_after_the_rest_is_gone(void **state)
{
	struct world *w = *state;
	plant_sample(w);
	char refused[] = "file-a";
	fs_memory_set_hook(w->fs, refuse_name, refused);
	assert_int_equal(remove_tree(w), -1);
	assert_int_equal(w->st.errnum, EACCES);
	world_assert_list(w, OUTSIDE "v/\nv/file-a\n");
	assert_null(strstr(fs_memory_log(w->fs), "remove_dir v\n"));
}

static void directory_that_cannot_be_opened_is_reported_after_the_rest_is_gone(void **state)
{
	struct world *w = *state;
	plant_sample(w);
	char refused[] = "c";
	fs_memory_set_hook(w->fs, refuse_name, refused);
	assert_int_equal(remove_tree(w), -1);
	assert_int_equal(w->st.errnum, EACCES);
	world_assert_list(w, OUTSIDE "v/\nv/c/\nv/c/file\nv/c/sub/\nv/c/sub/file\n");
	assert_null(strstr(fs_memory_log(w->fs), "remove_dir v\n"));
}

static int refuse_to_open_or_read(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, data) == 0 ? EACCES : 0;
}

static void empty_directory_that_cannot_be_looked_into_is_removed(void **state)
{
	struct world *w = *state;
	char *verbs[] = {(char[]){"open_dir"}, (char[]){"read_dir"}};
	for (int i = 0; i < 2; i++) {
		fs_memory_plant_dir(w->fs, "v", 0);
		fs_memory_set_hook(w->fs, refuse_to_open_or_read, verbs[i]);
		assert_int_equal(remove_tree(w), 0);
		world_assert_list(w, "");
		fs_memory_set_hook(w->fs, NULL, NULL);
		fs_memory_plant_file(w->fs, "v/file", "x");
		fs_memory_set_hook(w->fs, refuse_to_open_or_read, verbs[i]);
		assert_int_equal(remove_tree(w), -1);
		assert_int_equal(w->st.errnum, EACCES);
		fs_memory_set_hook(w->fs, NULL, NULL);
		fs_memory_unplant(w->fs, "v");
	}
}

/* Somebody puts another thing in the place of v/a/sub just before the nth operation. */
struct swap {
	struct world *w;
	unsigned at;
	enum fs_type type;
};

static int swap_entry(void *data, const struct fs_memory_operation *operation)
{
	const struct swap *swap = data;
	if (operation->number != swap->at)
		return 0;
	fs_memory_unplant(swap->w->fs, "v/a/sub");
	if (swap->type == FS_SYMLINK)
		fs_memory_plant_symlink(swap->w->fs, "v/a/sub", "/outside");
	else if (swap->type == FS_FILE)
		fs_memory_plant_file(swap->w->fs, "v/a/sub", "x");
	else if (swap->type == FS_DIRECTORY)
		fs_memory_plant_file(swap->w->fs, "v/a/sub/deep/new", "x");
	return 0;
}

static void swap_for_any_type_at_any_moment_never_leads_outside(void **state)
{
	const enum fs_type types[] = {FS_SYMLINK, FS_FILE, FS_DIRECTORY, FS_OTHER /* here: nothing */};
	for (unsigned at = 1;; at++) {
		bool was_reached = false;
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			struct world w;
			world_init(&w);
			fs_memory_plant_file(w.fs, "outside/kept", "x");
			fs_memory_plant_file(w.fs, "v/a/sub/file", "x");
			fs_memory_plant_file(w.fs, "v/a/file", "x");
			fs_memory_reset_operations(w.fs);
			struct swap swap = {&w, at, types[i]};
			fs_memory_set_hook(w.fs, swap_entry, &swap);
			int result = remove_tree(&w);
			was_reached |= fs_memory_operation_count(w.fs) >= at;
			assert_true(fs_memory_exists(w.fs, "outside/kept"));
			assert_int_equal(result == 0 && fs_memory_exists(w.fs, "v"), 0);
			fs_memory_set_hook(w.fs, NULL, NULL);
			assert_int_equal(remove_tree(&w), 0);
			world_assert_list(&w, OUTSIDE);
			assert_int_equal(fs_memory_open_count(w.fs), 1);
			world_release(&w);
		}
		if (!was_reached)
			return;
	}
}

/* Another removal takes the whole tree away. */
static int take_all(void *data, const struct fs_memory_operation *operation)
{
	const struct swap *swap = data;
	if (operation->number == swap->at)
		fs_memory_unplant(swap->w->fs, "v");
	return 0;
}

static void tree_that_another_call_removes_meanwhile_is_success(void **state)
{
	for (unsigned at = 1;; at++) {
		struct world w;
		world_init(&w);
		plant_sample(&w);
		struct swap swap = {.w = &w, .at = at};
		fs_memory_set_hook(w.fs, take_all, &swap);
		assert_int_equal(remove_tree(&w), 0);
		bool was_reached = fs_memory_operation_count(w.fs) >= at;
		world_assert_list(&w, OUTSIDE);
		world_release(&w);
		if (!was_reached)
			return;
	}
}

static void stale_directory_of_the_caller_is_no_success(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "parent/v/file", "x");
	struct fs_dir *parent = NULL;
	assert_int_equal(fs_open_dir(w->fs, w->root, "parent", &w->cancel, &parent, &w->st), 0);
	fs_memory_unplant(w->fs, "parent");
	assert_int_equal(tree_remove(w->fs, parent, "v", NULL, &w->cancel, &w->st), -1);
	assert_int_equal(w->st.errnum, ESTALE);
	fs_close(w->fs, parent);
}

static int cancel_at(void *data, const struct fs_memory_operation *operation)
{
	const struct swap *swap = data;
	if (operation->number == swap->at)
		cancel_trigger(operation->cancel);
	return 0;
}

static void cancel_at_any_operation_stops_at_once(void **state)
{
	for (unsigned at = 1;; at++) {
		struct world w;
		world_init(&w);
		plant_sample(&w);
		struct swap swap = {.w = &w, .at = at};
		fs_memory_set_hook(w.fs, cancel_at, &swap);
		int result = remove_tree(&w);
		bool was_reached = fs_memory_operation_count(w.fs) >= at;
		assert_int_equal(result, was_reached ? -1 : 0);
		if (was_reached) {
			assert_int_equal(w.st.code, STATUS_CANCELLED);
			assert_int_equal(fs_memory_operation_count(w.fs), at);
			assert_true(fs_memory_exists(w.fs, "v"));
		}
		assert_int_equal(fs_memory_open_count(w.fs), 1);
		world_release(&w);
		if (!was_reached)
			return;
	}
}

/* The second page cannot be read: a server whose cookies its own removals make bad. */
static int refuse_second_page(void *data, const struct fs_memory_operation *operation)
{
	unsigned *pages = data;
	return strcmp(operation->verb, "read_dir") == 0 && ++*pages == 2 ? EINVAL : 0;
}

static void listing_that_breaks_after_removals_is_begun_anew(void **state)
{
	struct world *w = *state;
	fs_memory_set_page_entries(w->fs, 3);
	for (char c = 'a'; c <= 'e'; c++) {
		const char path[] = {'v', '/', c, '\0'};
		fs_memory_plant_file(w->fs, path, "x");
	}
	unsigned pages = 0;
	fs_memory_set_hook(w->fs, refuse_second_page, &pages);
	assert_int_equal(remove_tree(w), 0);
	world_assert_list(w, "");
}

/* The same where the first page of v, the only one with entries, has nothing but directories. */
static int refuse_fifth_page(void *data, const struct fs_memory_operation *operation)
{
	unsigned *pages = data;
	return strcmp(operation->verb, "read_dir") == 0 && ++*pages == 5 ? EINVAL : 0;
}

static void listing_that_breaks_after_removals_of_directories_is_begun_anew(void **state)
{
	struct world *w = *state;
	fs_memory_set_page_entries(w->fs, 3);
	for (char c = 'a'; c <= 'e'; c++) {
		const char path[] = {'v', '/', c, '\0'};
		fs_memory_plant_dir(w->fs, path, 0755);
	}
	unsigned pages = 0; /* v's, three of its subdirectories', and v's again */
	fs_memory_set_hook(w->fs, refuse_fifth_page, &pages);
	assert_int_equal(remove_tree(w), 0);
	world_assert_list(w, "");
}

/* Whoever still uses the tree makes a file each time it was emptied, a thousand times. */
static int refill(void *data, const struct fs_memory_operation *operation)
{
	struct world *w = data;
	static unsigned times;
	if (strcmp(operation->verb, "remove_dir") == 0 && times++ < 1000)
		fs_memory_plant_file(w->fs, "v/new", "x");
	return 0;
}

static void directory_that_is_filled_again_and_again_is_given_up(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "v/file", "x");
	fs_memory_set_hook(w->fs, refill, w);
	assert_int_equal(remove_tree(w), -1);
	assert_int_equal(w->st.errnum, ENOTEMPTY);
	fs_memory_set_hook(w->fs, NULL, NULL);
	assert_int_equal(remove_tree(w), 0);
	world_assert_list(w, "");
}

/* Between the listing and the removal, a full directory takes the place of a file. */
static int replace_by_directory(void *data, const struct fs_memory_operation *operation)
{
	struct world *w = data;
	if (strcmp(operation->verb, "remove_file") != 0)
		return 0;
	fs_memory_set_hook(w->fs, NULL, NULL);
	fs_memory_unplant(w->fs, "v/file");
	fs_memory_plant_file(w->fs, "v/file/inside", "x");
	return 0;
}

static void file_that_has_become_a_directory_is_removed_as_one(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "v/file", "x");
	fs_memory_set_hook(w->fs, replace_by_directory, w);
	assert_int_equal(remove_tree(w), 0);
	world_assert_list(w, "");
}

static void wide_tree_of_many_full_directories_goes_in_one_pass(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 500; i++) {
		char path[32];
		(void)snprintf(path, sizeof(path), "v/dir-%d/f", i);
		fs_memory_plant_file(w->fs, path, "x");
	}
	fs_memory_reset_operations(w->fs);
	assert_int_equal(remove_tree(w), 0);
	world_assert_list(w, "");
	/* a subdirectory: open, read, remove its file, remove itself; above: open, 5 pages, remove */
	assert_int_equal(fs_memory_operation_count(w->fs), 500 * 4 + 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(whole_tree_goes_and_nothing_else),
		WORLD_TEST(missing_entry_is_success),
		WORLD_TEST(file_and_symlink_are_removed_as_themselves),
		WORLD_TEST(names_that_are_no_names_are_refused),
		cmocka_unit_test(failure_at_any_operation_is_reported_and_a_repeat_finishes),
		WORLD_TEST(entry_that_cannot_be_removed_is_reported_after_the_rest_is_gone),
		WORLD_TEST(directory_that_cannot_be_opened_is_reported_after_the_rest_is_gone),
		WORLD_TEST(empty_directory_that_cannot_be_looked_into_is_removed),
		cmocka_unit_test(swap_for_any_type_at_any_moment_never_leads_outside),
		cmocka_unit_test(tree_that_another_call_removes_meanwhile_is_success),
		WORLD_TEST(stale_directory_of_the_caller_is_no_success),
		cmocka_unit_test(cancel_at_any_operation_stops_at_once),
		WORLD_TEST(listing_that_breaks_after_removals_is_begun_anew),
		WORLD_TEST(listing_that_breaks_after_removals_of_directories_is_begun_anew),
		WORLD_TEST(directory_that_is_filled_again_and_again_is_given_up),
		WORLD_TEST(file_that_has_become_a_directory_is_removed_as_one),
		WORLD_TEST(wide_tree_of_many_full_directories_goes_in_one_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
