/* SPDX-License-Identifier: Apache-2.0 */
/* rename, within a directory and between two. */
#include "contract/contract.h"

static int rename_here(struct contract_world *w, const char *from, const char *to)
{
	return fs_rename(w->fs, w->dir, from, w->dir, to, &w->cancel, &w->st);
}

static void make_file(struct contract_world *w, struct fs_dir *dir, const char *name, const char *content)
{
	assert_works(w, fs_create_file(w->fs, dir, name, 0644, content, strlen(content), &w->cancel, &w->st));
}

static void rename_to_a_free_name_keeps_the_entry(void **state)
{
	struct contract_world *w = contract_begin(state);
	make_file(w, w->dir, "file", "abc");
	assert_works(w, contract_make_dir(w, "dir"));
	uint64_t file_id = contract_lookup(w, "file").file_id, dir_id = contract_lookup(w, "dir").file_id;
	assert_works(w, rename_here(w, "file", "file-2"));
	assert_works(w, rename_here(w, "dir", "dir-2"));
	assert_true(contract_lookup(w, "file-2").file_id == file_id);
	assert_true(contract_lookup(w, "dir-2").file_id == dir_id);
	assert_false(contract_exists(w, "file"));
	assert_false(contract_exists(w, "dir"));
}

static void rename_over_a_file_replaces_it(void **state)
{
	struct contract_world *w = contract_begin(state);
	make_file(w, w->dir, "new", "new content");
	make_file(w, w->dir, "old", "old");
	assert_works(w, rename_here(w, "new", "old"));
	contract_assert_content(w, w->dir, "old", "new content");
	assert_false(contract_exists(w, "new"));
}

static void rename_over_an_empty_directory_replaces_it(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "new"));
	assert_works(w, contract_make_dir(w, "old"));
	uint64_t new_id = contract_lookup(w, "new").file_id;
	assert_works(w, rename_here(w, "new", "old"));
	assert_true(contract_lookup(w, "old").file_id == new_id);
	assert_false(contract_exists(w, "new"));
}

static void rename_over_a_full_directory_is_ENOTEMPTY_and_changes_nothing(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "new"));
	assert_works(w, contract_make_dir(w, "full"));
	struct fs_dir *full = contract_open_dir(w, "full");
	make_file(w, full, "kept", "abc");
	uint64_t full_id = contract_lookup(w, "full").file_id;
	assert_fails(w, ENOTEMPTY, rename_here(w, "new", "full"));
	assert_true(contract_exists(w, "new"));
	assert_true(contract_lookup(w, "full").file_id == full_id);
	contract_assert_content(w, full, "kept", "abc");
	fs_close(w->fs, full);
}

static void rename_of_a_missing_entry_is_ENOENT(void **state)
{
	struct contract_world *w = contract_begin(state);
	make_file(w, w->dir, "kept", "abc");
	assert_fails(w, ENOENT, rename_here(w, "missing", "new"));
	assert_fails(w, ENOENT, rename_here(w, "missing", "kept"));
	contract_assert_content(w, w->dir, "kept", "abc");
}

static void rename_of_a_directory_over_a_file_fails_and_changes_nothing(void **state)
{
	struct contract_world *w = contract_begin(state);
	make_file(w, w->dir, "file", "abc");
	assert_works(w, contract_make_dir(w, "dir"));
	assert_fails(w, ENOTDIR, rename_here(w, "dir", "file"));
	contract_assert_content(w, w->dir, "file", "abc");
	assert_true(contract_exists(w, "dir"));
}

static void rename_of_a_file_over_a_directory_fails_and_changes_nothing(void **state)
{
	struct contract_world *w = contract_begin(state);
	make_file(w, w->dir, "file", "abc");
	assert_works(w, contract_make_dir(w, "dir"));
	assert_fails(w, EISDIR, rename_here(w, "file", "dir"));
	contract_assert_content(w, w->dir, "file", "abc");
	assert_int_equal(contract_lookup(w, "dir").type, FS_DIRECTORY);
}

static void rename_of_a_directory_into_itself_is_EINVAL(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "dir"));
	struct fs_dir *dir = contract_open_dir(w, "dir");
	assert_fails(w, EINVAL, fs_rename(w->fs, w->dir, "dir", dir, "inside", &w->cancel, &w->st));
	assert_true(contract_exists(w, "dir"));
	fs_close(w->fs, dir);
}

static void rename_onto_itself_changes_nothing(void **state)
{
	struct contract_world *w = contract_begin(state);
	make_file(w, w->dir, "file", "abc");
	assert_works(w, rename_here(w, "file", "file"));
	contract_assert_content(w, w->dir, "file", "abc");
}

static void rename_moves_trees_between_directories(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "from"));
	assert_works(w, contract_make_dir(w, "to"));
	struct fs_dir *from = contract_open_dir(w, "from"), *to = contract_open_dir(w, "to");
	assert_works(w, fs_make_dir(w->fs, from, "tree", FS_KEEP_OWNER, &w->cancel, &w->st));
	struct fs_dir *tree = NULL;
	assert_works(w, fs_open_dir(w->fs, from, "tree", &w->cancel, &tree, &w->st));
	make_file(w, tree, "file", "abc");
	assert_works(w, fs_rename(w->fs, from, "tree", to, "moved", &w->cancel, &w->st));
	struct fs_dir *moved = NULL;
	assert_works(w, fs_open_dir(w->fs, to, "moved", &w->cancel, &moved, &w->st));
	contract_assert_content(w, moved, "file", "abc");
	struct fs_attr attr;
	assert_fails(w, ENOENT, fs_lookup(w->fs, from, "tree", &w->cancel, &attr, &w->st));
	struct fs_dir *all[] = {from, to, tree, moved};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		fs_close(w->fs, all[i]);
}

static void rename_treats_a_symlink_as_itself(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	contract_plant_file(w, "new", "new");
	assert_works(w, rename_here(w, "to-file", "renamed"));
	assert_int_equal(contract_lookup(w, "renamed").type, FS_SYMLINK);
	assert_works(w, rename_here(w, "new", "renamed"));
	assert_int_equal(contract_lookup(w, "renamed").type, FS_FILE);
	contract_assert_content(w, w->dir, "file", "content");
	assert_fails(w, ENOTDIR, rename_here(w, "dir", "to-dir"));
	assert_int_equal(contract_lookup(w, "to-dir").type, FS_SYMLINK);
}

static const struct CMUnitTest tests[] = {
	CONTRACT_TEST(rename_to_a_free_name_keeps_the_entry),
	CONTRACT_TEST(rename_over_a_file_replaces_it),
	CONTRACT_TEST(rename_over_an_empty_directory_replaces_it),
	CONTRACT_TEST(rename_over_a_full_directory_is_ENOTEMPTY_and_changes_nothing),
	CONTRACT_TEST(rename_of_a_missing_entry_is_ENOENT),
	CONTRACT_TEST(rename_of_a_directory_over_a_file_fails_and_changes_nothing),
	CONTRACT_TEST(rename_of_a_file_over_a_directory_fails_and_changes_nothing),
	CONTRACT_TEST(rename_of_a_directory_into_itself_is_EINVAL),
	CONTRACT_TEST(rename_onto_itself_changes_nothing),
	CONTRACT_TEST(rename_moves_trees_between_directories),
	CONTRACT_TEST(rename_treats_a_symlink_as_itself),
};
CONTRACT_GROUP(contract_renames, tests);
