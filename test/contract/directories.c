/* SPDX-License-Identifier: Apache-2.0 */
/* make_dir, open_dir, lookup and what a name may be. */
#include <stdlib.h>

#include "contract/contract.h"

static void root_is_a_directory(void **state)
{
	struct contract_world *w = contract_begin(state);
	struct fs_attr attr;
	assert_works(w, fs_get_attr(w->fs, w->root, &w->cancel, &attr, &w->st));
	assert_int_equal(attr.type, FS_DIRECTORY);
	assert_true(attr.link_count >= 1);
}

static void made_directory_is_found_opened_and_empty(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "new"));
	struct fs_attr by_name = contract_lookup(w, "new"), by_handle;
	assert_int_equal(by_name.type, FS_DIRECTORY);
	struct fs_dir *dir = contract_open_dir(w, "new");
	assert_works(w, fs_get_attr(w->fs, dir, &w->cancel, &by_handle, &w->st));
	assert_int_equal(by_handle.type, FS_DIRECTORY);
	assert_true(by_handle.file_id == by_name.file_id);
	struct fs_page page;
	fs_page_init(&page);
	assert_works(w, fs_read_dir(w->fs, dir, &page, &w->cancel, &w->st));
	assert_int_equal(page.count, 0);
	fs_page_release(&page);
	fs_close(w->fs, dir);
}

static void make_dir_where_anything_stands_is_EEXIST(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	const char *names[] = {"dir", "file", "fifo", "to-dir", "to-file", "to-nothing", "to-itself"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_fails(w, EEXIST, contract_make_dir(w, names[i]));
	assert_false(contract_exists(w, "nothing"));
}

static void lookup_tells_the_type_of_the_entry_itself(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	assert_int_equal(contract_lookup(w, "dir").type, FS_DIRECTORY);
	assert_int_equal(contract_lookup(w, "file").type, FS_FILE);
	assert_int_equal(contract_lookup(w, "file").size_bytes, strlen("content"));
	assert_int_equal(contract_lookup(w, "fifo").type, FS_OTHER);
	const char *links[] = {"to-dir", "to-file", "to-nothing", "to-itself"};
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		assert_int_equal(contract_lookup(w, links[i]).type, FS_SYMLINK);
}

static void lookup_of_a_missing_entry_is_ENOENT(void **state)
{
	struct contract_world *w = contract_begin(state);
	struct fs_attr attr;
	assert_fails(w, ENOENT, fs_lookup(w->fs, w->dir, "missing", &w->cancel, &attr, &w->st));
	assert_int_equal(w->st.code, STATUS_NOT_FOUND);
}

static void open_dir_of_no_directory_says_what_it_is(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	struct fs_dir *dir = NULL;
	assert_fails(w, ENOENT, fs_open_dir(w->fs, w->dir, "missing", &w->cancel, &dir, &w->st));
	assert_fails(w, ENOTDIR, fs_open_dir(w->fs, w->dir, "file", &w->cancel, &dir, &w->st));
	assert_fails(w, ENOTDIR, fs_open_dir(w->fs, w->dir, "fifo", &w->cancel, &dir, &w->st));
	const char *links[] = {"to-dir", "to-file", "to-nothing", "to-itself"};
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		assert_fails(w, ELOOP, fs_open_dir(w->fs, w->dir, links[i], &w->cancel, &dir, &w->st));
	assert_null(dir);
}

static void symlink_to_the_outside_is_never_opened(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_symlink(w, "absolute", "/");
	contract_plant_symlink(w, "upwards", "../..");
	contract_plant_symlink(w, "here", ".");
	const char *links[] = {"absolute", "upwards", "here"};
	struct fs_dir *dir = NULL;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		assert_fails(w, ELOOP, fs_open_dir(w->fs, w->dir, links[i], &w->cancel, &dir, &w->st));
	assert_null(dir);
}

/* All verbs that take a name, on one that is unusual. */
static void use_name(struct contract_world *w, const char *name)
{
	assert_works(w, contract_make_dir(w, name));
	assert_fails(w, EEXIST, contract_make_dir(w, name));
	struct fs_dir *dir = contract_open_dir(w, name);
	assert_works(w, fs_create_file(w->fs, dir, name, 0644, "abc", 3, &w->cancel, &w->st));
	contract_assert_content(w, dir, name, "abc");
	assert_works(w, fs_rename(w->fs, dir, name, w->dir, "plain", &w->cancel, &w->st));
	assert_works(w, fs_rename(w->fs, w->dir, "plain", dir, name, &w->cancel, &w->st));
	struct fs_page page;
	fs_page_init(&page);
	assert_works(w, fs_read_dir(w->fs, dir, &page, &w->cancel, &w->st));
	assert_int_equal(page.count, 1);
	assert_string_equal(page.entries[0].name, name);
	fs_page_release(&page);
	assert_works(w, fs_remove_file(w->fs, dir, name, &w->cancel, &w->st));
	fs_close(w->fs, dir);
	assert_works(w, fs_remove_dir(w->fs, w->dir, name, &w->cancel, &w->st));
	assert_false(contract_exists(w, name));
}

static void names_are_bytes(void **state)
{
	struct contract_world *w = contract_begin(state);
	char longest[PATH_NAME_MAX + 1];
	memset(longest, 'x', PATH_NAME_MAX);
	longest[PATH_NAME_MAX] = '\0';
	const char *names[] = {"-",        "--help",   "...", ".hidden", " ",    " a ",       "a b",
			       "%s%n",     "a\\b",     "*?[", "\"",      "'",    "new\nline", "tab\t",
			       "\x01\x7f", "\xc3\xbc", "#",   "~",       longest};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		use_name(w, names[i]);
}

static void names_that_are_not_UTF_8_work(void **state)
{
	struct contract_world *w = contract_begin(state);
	use_name(w, "\xff\xfe");
	use_name(w, "latin-1: \xfc");
	use_name(w, "cut: \xc3");
}

static void names_differ_by_case(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "name"));
	assert_works(w, contract_make_dir(w, "NAME"));
	assert_true(contract_lookup(w, "name").file_id != contract_lookup(w, "NAME").file_id);
}

static void handle_follows_its_directory_when_it_is_renamed(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "before"));
	struct fs_dir *dir = contract_open_dir(w, "before");
	assert_works(w, fs_rename(w->fs, w->dir, "before", w->dir, "after", &w->cancel, &w->st));
	assert_works(w, fs_create_file(w->fs, dir, "file", 0644, "abc", 3, &w->cancel, &w->st));
	fs_close(w->fs, dir);
	dir = contract_open_dir(w, "after");
	contract_assert_content(w, dir, "file", "abc");
	fs_close(w->fs, dir);
}

static void directory_that_was_removed_is_ESTALE(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "gone"));
	struct fs_dir *dir = contract_open_dir(w, "gone"), *other = NULL;
	assert_works(w, fs_remove_dir(w->fs, w->dir, "gone", &w->cancel, &w->st));
	struct fs_attr attr;
	assert_fails(w, ESTALE, fs_get_attr(w->fs, dir, &w->cancel, &attr, &w->st));
	assert_fails(w, ESTALE, fs_lookup(w->fs, dir, "entry", &w->cancel, &attr, &w->st));
	assert_fails(w, ESTALE, fs_open_dir(w->fs, dir, "entry", &w->cancel, &other, &w->st));
	assert_fails(w, ESTALE, fs_make_dir(w->fs, dir, "entry", FS_KEEP_OWNER, &w->cancel, &w->st));
	assert_fails(w, ESTALE, fs_create_file(w->fs, dir, "entry", 0644, "", 0, &w->cancel, &w->st));
	assert_fails(w, ESTALE, fs_remove_dir(w->fs, dir, "entry", &w->cancel, &w->st));
	struct fs_page page;
	fs_page_init(&page);
	assert_fails(w, ESTALE, fs_read_dir(w->fs, dir, &page, &w->cancel, &w->st));
	fs_page_release(&page);
	fs_close(w->fs, dir);
}

static const struct CMUnitTest tests[] = {
	CONTRACT_TEST(root_is_a_directory),
	CONTRACT_TEST(made_directory_is_found_opened_and_empty),
	CONTRACT_TEST(make_dir_where_anything_stands_is_EEXIST),
	CONTRACT_TEST(lookup_tells_the_type_of_the_entry_itself),
	CONTRACT_TEST(lookup_of_a_missing_entry_is_ENOENT),
	CONTRACT_TEST(open_dir_of_no_directory_says_what_it_is),
	CONTRACT_TEST(symlink_to_the_outside_is_never_opened),
	CONTRACT_TEST(names_are_bytes),
	CONTRACT_TEST(names_that_are_not_UTF_8_work),
	CONTRACT_TEST(names_differ_by_case),
	CONTRACT_TEST(handle_follows_its_directory_when_it_is_renamed),
	CONTRACT_TEST(directory_that_was_removed_is_ESTALE),
};
CONTRACT_GROUP(contract_directories, tests);
