/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/tree.h"

#include <errno.h>
#include <string.h>

#include "unit/storage/memory_world.h"

static const struct path path_abc = {(const char *[]){"a", "b", "c"}, 3};
static const struct fs_owner owner = {02770, 1000, 2000};

static void assert_owner(struct world *w, const char *path, uint32_t mode, uint32_t uid, uint32_t gid)
{
	struct fs_attr attr;
	assert_true(fs_memory_attr(w->fs, path, &attr));
	assert_int_equal(attr.mode, mode);
	assert_int_equal(attr.uid, uid);
	assert_int_equal(attr.gid, gid);
}

static void make_path_makes_what_is_missing_and_leaves_what_exists(void **state)
{
	struct world *w = *state;
	fs_memory_plant_dir(w->fs, "a", 0711);
	struct fs_dir *dir = NULL;
	assert_int_equal(tree_make_path(w->fs, w->root, &path_abc, &owner, &w->cancel, &dir, &w->st), 0);
	world_assert_list(w, "a/\na/b/\na/b/c/\n");
	assert_owner(w, "a", 0711, 0, 0);
	assert_owner(w, "a/b", 02770, 1000, 2000);
	assert_owner(w, "a/b/c", 02770, 1000, 2000);
	struct fs_attr by_handle, by_path;
	assert_int_equal(fs_get_attr(w->fs, dir, &w->cancel, &by_handle, &w->st), 0);
	assert_true(fs_memory_attr(w->fs, "a/b/c", &by_path));
	assert_int_equal(by_handle.file_id, by_path.file_id);
	fs_close(w->fs, dir);
}

static void make_path_again_succeeds_without_a_handle_to_return(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(tree_make_path(w->fs, w->root, &path_abc, &owner, &w->cancel, NULL, &w->st), 0);
	world_assert_list(w, "a/\na/b/\na/b/c/\n");
	assert_int_equal(fs_memory_open_count(w->fs), 1);
}

static void make_path_never_passes_a_symlink_or_a_file(void **state)
{
	struct world *w = *state;
	fs_memory_plant_dir(w->fs, "elsewhere", 0755);
	fs_memory_plant_symlink(w->fs, "a/b", "/elsewhere");
	assert_int_equal(tree_make_path(w->fs, w->root, &path_abc, &owner, &w->cancel, NULL, &w->st), -1);
	assert_int_equal(w->st.errnum, ELOOP);
	fs_memory_plant_file(w->fs, "a/b", "");
	assert_int_equal(tree_make_path(w->fs, w->root, &path_abc, &owner, &w->cancel, NULL, &w->st), -1);
	assert_int_equal(w->st.errnum, ENOTDIR);
	world_assert_list(w, "a/\na/b\nelsewhere/\n");
}

/* Another call makes each directory just before this one does. */
static int make_it_first(void *data, const struct fs_memory_operation *operation)
{
	struct world *w = data;
	if (strcmp(operation->verb, "make_dir") == 0 && strcmp(operation->name, "a") == 0)
		fs_memory_plant_dir(w->fs, "a", 0700);
	return 0;
}

static void make_path_takes_a_directory_that_another_call_made_meanwhile(void **state)
{
	struct world *w = *state;
	fs_memory_set_hook(w->fs, make_it_first, w);
	assert_int_equal(tree_make_path(w->fs, w->root, &path_abc, &owner, &w->cancel, NULL, &w->st), 0);
	assert_owner(w, "a", 0700, 0, 0);
	assert_owner(w, "a/b/c", 02770, 1000, 2000);
}

static void make_path_survives_a_failure_at_every_operation_and_a_repeat(void **state)
{
	for (unsigned nth = 1;; nth++) {
		for (int fault = FS_MEMORY_FAIL_BEFORE; fault <= FS_MEMORY_FAIL_AFTER; fault++) {
			struct world w;
			world_init(&w);
			fs_memory_fail_nth(w.fs, nth, EIO, fault);
			int result = tree_make_path(w.fs, w.root, &path_abc, &owner, &w.cancel, NULL, &w.st);
			bool was_reached = fs_memory_operation_count(w.fs) >= nth;
			/* A reply that is lost of an operation that failed anyway changes nothing. */
			if (!was_reached || fault == FS_MEMORY_FAIL_BEFORE)
				assert_int_equal(result, was_reached ? -1 : 0);
			assert_int_equal(fs_memory_open_count(w.fs), 1);
			fs_memory_fail_nth(w.fs, 0, 0, fault);
			assert_int_equal(tree_make_path(w.fs, w.root, &path_abc, &owner, &w.cancel, NULL, &w.st), 0);
			assert_owner(&w, "a/b/c", 02770, 1000, 2000);
			world_release(&w);
			if (!was_reached)
				return;
		}
	}
}

static void remove_empty_goes_up_to_the_given_directory(void **state)
{
	struct world *w = *state;
	fs_memory_plant_dir(w->fs, "a/b/c", 0755);
	assert_int_equal(tree_remove_empty(w->fs, w->root, &path_abc, &w->cancel, &w->st), 0);
	world_assert_list(w, "");
	assert_int_equal(fs_memory_open_count(w->fs), 1);
}

static void remove_empty_stops_at_what_is_not_empty(void **state)
{
	struct world *w = *state;
	fs_memory_plant_dir(w->fs, "a/b/c", 0755);
	fs_memory_plant_file(w->fs, "a/kept", "");
	assert_int_equal(tree_remove_empty(w->fs, w->root, &path_abc, &w->cancel, &w->st), 0);
	world_assert_list(w, "a/\na/kept\n");
	fs_memory_plant_file(w->fs, "a/b/c/kept", "");
	assert_int_equal(tree_remove_empty(w->fs, w->root, &path_abc, &w->cancel, &w->st), 0);
	world_assert_list(w, "a/\na/b/\na/b/c/\na/b/c/kept\na/kept\n");
}

static void remove_empty_goes_on_above_what_is_missing(void **state)
{
	struct world *w = *state;
	fs_memory_plant_dir(w->fs, "a", 0755);
	assert_int_equal(tree_remove_empty(w->fs, w->root, &path_abc, &w->cancel, &w->st), 0);
	world_assert_list(w, "");
	assert_int_equal(tree_remove_empty(w->fs, w->root, &path_abc, &w->cancel, &w->st), 0);
}

static void remove_empty_never_removes_a_file_or_a_symlink(void **state)
{
	struct world *w = *state;
	fs_memory_plant_dir(w->fs, "elsewhere/c", 0755);
	fs_memory_plant_symlink(w->fs, "a/b", "/elsewhere");
	assert_int_equal(tree_remove_empty(w->fs, w->root, &path_abc, &w->cancel, &w->st), 0);
	world_assert_list(w, "a/\na/b\nelsewhere/\nelsewhere/c/\n");
	fs_memory_plant_file(w->fs, "a/b/", "");
	assert_int_equal(tree_remove_empty(w->fs, w->root, &path_abc, &w->cancel, &w->st), 0);
	world_assert_list(w, "a/\na/b\nelsewhere/\nelsewhere/c/\n");
}

static void remove_empty_of_no_names_leaves_the_directory(void **state)
{
	struct world *w = *state;
	assert_int_equal(tree_remove_empty(w->fs, w->root, &(struct path){NULL, 0}, &w->cancel, &w->st), 0);
	assert_int_equal(fs_memory_operation_count(w->fs), 0);
}

static void remove_empty_reports_other_failures_at_every_operation(void **state)
{
	for (unsigned nth = 1;; nth++) {
		struct world w;
		world_init(&w);
		fs_memory_plant_dir(w.fs, "a/b/c", 0755);
		fs_memory_fail_nth(w.fs, nth, EACCES, FS_MEMORY_FAIL_BEFORE);
		int result = tree_remove_empty(w.fs, w.root, &path_abc, &w.cancel, &w.st);
		bool was_reached = fs_memory_operation_count(w.fs) >= nth;
		assert_int_equal(result, was_reached ? -1 : 0);
		if (was_reached)
			assert_int_equal(w.st.errnum, EACCES);
		assert_int_equal(fs_memory_open_count(w.fs), 1);
		world_release(&w);
		if (!was_reached)
			return;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(make_path_makes_what_is_missing_and_leaves_what_exists),
		WORLD_TEST(make_path_again_succeeds_without_a_handle_to_return),
		WORLD_TEST(make_path_never_passes_a_symlink_or_a_file),
		WORLD_TEST(make_path_takes_a_directory_that_another_call_made_meanwhile),
		cmocka_unit_test(make_path_survives_a_failure_at_every_operation_and_a_repeat),
		WORLD_TEST(remove_empty_goes_up_to_the_given_directory),
		WORLD_TEST(remove_empty_stops_at_what_is_not_empty),
		WORLD_TEST(remove_empty_goes_on_above_what_is_missing),
		WORLD_TEST(remove_empty_never_removes_a_file_or_a_symlink),
		WORLD_TEST(remove_empty_of_no_names_leaves_the_directory),
		cmocka_unit_test(remove_empty_reports_other_failures_at_every_operation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
