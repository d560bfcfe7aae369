/* SPDX-License-Identifier: Apache-2.0 */
/* remove_file and remove_dir: each removes its own kind, and of a symlink only the link. */
#include "contract/contract.h"

static int remove_file(struct contract_world *w, const char *name)
{
	return fs_remove_file(w->fs, w->dir, name, &w->cancel, &w->st);
}

static int remove_dir(struct contract_world *w, const char *name)
{
	return fs_remove_dir(w->fs, w->dir, name, &w->cancel, &w->st);
}

static void remove_file_removes_all_but_directories(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	const char *names[] = {"to-dir", "to-file", "to-nothing", "to-itself", "fifo"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_works(w, remove_file(w, names[i]));
		assert_false(contract_exists(w, names[i]));
	}
	assert_true(contract_exists(w, "dir"));
	contract_assert_content(w, w->dir, "file", "content");
	assert_works(w, remove_file(w, "file"));
	assert_false(contract_exists(w, "file"));
}

static void remove_file_of_a_directory_is_EISDIR(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "dir"));
	assert_fails(w, EISDIR, remove_file(w, "dir"));
	assert_true(contract_exists(w, "dir"));
}

static void remove_dir_removes_an_empty_directory(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "dir"));
	assert_works(w, remove_dir(w, "dir"));
	assert_false(contract_exists(w, "dir"));
}

static void remove_dir_of_a_full_directory_is_ENOTEMPTY(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "full"));
	struct fs_dir *full = contract_open_dir(w, "full");
	assert_works(w, fs_create_file(w->fs, full, "kept", 0644, "abc", 3, &w->cancel, &w->st));
	assert_fails(w, ENOTEMPTY, remove_dir(w, "full"));
	contract_assert_content(w, full, "kept", "abc");
	fs_close(w->fs, full);
}

static void remove_dir_of_no_directory_is_ENOTDIR(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	const char *names[] = {"file", "fifo", "to-dir", "to-file", "to-nothing", "to-itself"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_fails(w, ENOTDIR, remove_dir(w, names[i]));
		assert_true(contract_exists(w, names[i]));
	}
	assert_true(contract_exists(w, "dir"));
}

static void removal_of_a_missing_entry_is_ENOENT(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_fails(w, ENOENT, remove_file(w, "missing"));
	assert_fails(w, ENOENT, remove_dir(w, "missing"));
}

static const struct CMUnitTest tests[] = {
	CONTRACT_TEST(remove_file_removes_all_but_directories),
	CONTRACT_TEST(remove_file_of_a_directory_is_EISDIR),
	CONTRACT_TEST(remove_dir_removes_an_empty_directory),
	CONTRACT_TEST(remove_dir_of_a_full_directory_is_ENOTEMPTY),
	CONTRACT_TEST(remove_dir_of_no_directory_is_ENOTDIR),
	CONTRACT_TEST(removal_of_a_missing_entry_is_ENOENT),
};
CONTRACT_GROUP(contract_removals, tests);
