/* SPDX-License-Identifier: Apache-2.0 */
/* remove_file and remove_dir: each removes its own kind, and of a symlink only the link.  remove_entries: many at once. */
#include <pthread.h>
#include <stdio.h>

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

static void remove_entries_removes_all_but_directories_and_follows_no_symlink(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	const char *names[] = {"to-dir", "missing", "to-file", "fifo", "to-nothing", "to-itself"};
	const size_t count = sizeof(names) / sizeof(names[0]);
	int errnums[sizeof(names) / sizeof(names[0])];
	assert_works(w, fs_remove_entries(w->fs, w->dir, names, count, errnums, &w->cancel, &w->st));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(errnums[i], 0);
		assert_false(contract_exists(w, names[i]));
	}
	assert_true(contract_exists(w, "dir"));
	contract_assert_content(w, w->dir, "file", "content");
}

static void remove_entries_of_nothing_succeeds(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, fs_remove_entries(w->fs, w->dir, NULL, 0, NULL, &w->cancel, &w->st));
}

static void remove_entries_says_of_a_directory_that_it_is_one_and_goes_on(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_dir(w, "empty");
	contract_plant_dir(w, "full");
	contract_plant_file(w, "full/kept", "content");
	contract_plant_file(w, "file", "x");
	const char *names[] = {"full", "empty", "file"};
	int errnums[3];
	assert_works(w, fs_remove_entries(w->fs, w->dir, names, 3, errnums, &w->cancel, &w->st));
	assert_int_equal(errnums[0], EISDIR);
	assert_int_equal(errnums[1], contract_exists(w, "empty") ? EISDIR : 0);
	assert_int_equal(errnums[2], 0);
	assert_false(contract_exists(w, "file"));
	struct fs_dir *full = contract_open_dir(w, "full");
	contract_assert_content(w, full, "kept", "content");
	fs_close(w->fs, full);
}

#define CROWD 1000

struct crowd {
	char text[CROWD][16];
	const char *names[CROWD];
	int errnums[CROWD];
};

static struct crowd *plant_crowd(struct contract_world *w)
{
	struct crowd *crowd = memory_calloc(1, sizeof(*crowd));
	contract_plant_file(w, "origin", "");
	for (unsigned i = 0; i < CROWD; i++) {
		(void)snprintf(crowd->text[i], sizeof(crowd->text[i]), "entry-%u", i);
		crowd->names[i] = crowd->text[i];
		contract_plant_link(w, crowd->names[i], "origin");
	}
	return crowd;
}

static void remove_entries_removes_a_thousand_at_a_time(void **state)
{
	struct contract_world *w = contract_begin(state);
	AUTO_FREE struct crowd *crowd = plant_crowd(w);
	assert_works(w, fs_remove_entries(w->fs, w->dir, crowd->names, CROWD, crowd->errnums, &w->cancel, &w->st));
	for (unsigned i = 0; i < CROWD; i++)
		assert_int_equal(crowd->errnums[i], 0);
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	assert_works(w, fs_read_dir(w->fs, w->dir, &page, &w->cancel, &w->st));
	assert_int_equal(page.count, 1);
	assert_string_equal(page.entries[0].name, "origin");
}

static void remove_entries_of_a_cancel_that_is_over_tries_none(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_file(w, "file", "content");
	struct cancel over;
	cancel_init(&over, -1);
	cancel_trigger(&over);
	const char *names[] = {"file", "missing"};
	int errnums[2] = {7, 7};
	assert_int_equal(fs_remove_entries(w->fs, w->dir, names, 2, errnums, &over, &w->st), -1);
	assert_int_equal(w->st.code, STATUS_CANCELLED);
	assert_int_equal(errnums[0], FS_NOT_TRIED);
	assert_int_equal(errnums[1], FS_NOT_TRIED);
	cancel_release(&over);
	contract_assert_content(w, w->dir, "file", "content");
}

/* Ends a removal as soon as its first entry is gone. */
struct spoiler {
	struct contract_world *w;
	struct cancel cancel;
};

static void *cancel_after_the_first(void *data)
{
	struct spoiler *spoiler = data;
	struct contract_world *w = spoiler->w;
	struct fs_attr attr;
	struct status st;
	while (fs_lookup(w->fs, w->dir, "entry-0", &w->cancel, &attr, &st) == 0)
		continue;
	cancel_trigger(&spoiler->cancel);
	return NULL;
}

static void remove_entries_that_is_cancelled_tells_what_is_gone(void **state)
{
	struct contract_world *w = contract_begin(state);
	AUTO_FREE struct crowd *crowd = plant_crowd(w);
	struct spoiler spoiler = {.w = w};
	cancel_init(&spoiler.cancel, -1);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, cancel_after_the_first, &spoiler), 0);
	int result = fs_remove_entries(w->fs, w->dir, crowd->names, CROWD, crowd->errnums, &spoiler.cancel, &w->st);
	(void)pthread_join(thread, NULL); /* joinable and not this one */
	cancel_release(&spoiler.cancel);
	/* A quick back end may have been done by then. */
	if (result < 0)
		assert_int_equal(w->st.code, STATUS_CANCELLED);
	for (unsigned i = 0; i < CROWD; i++) {
		assert_true(crowd->errnums[i] == 0 || (result < 0 && crowd->errnums[i] == FS_NOT_TRIED));
		if (crowd->errnums[i] == 0)
			assert_false(contract_exists(w, crowd->names[i]));
	}
}

static const struct CMUnitTest tests[] = {
	CONTRACT_TEST(remove_file_removes_all_but_directories),
	CONTRACT_TEST(remove_file_of_a_directory_is_EISDIR),
	CONTRACT_TEST(remove_dir_removes_an_empty_directory),
	CONTRACT_TEST(remove_dir_of_a_full_directory_is_ENOTEMPTY),
	CONTRACT_TEST(remove_dir_of_no_directory_is_ENOTDIR),
	CONTRACT_TEST(removal_of_a_missing_entry_is_ENOENT),
	CONTRACT_TEST(remove_entries_removes_all_but_directories_and_follows_no_symlink),
	CONTRACT_TEST(remove_entries_of_nothing_succeeds),
	CONTRACT_TEST(remove_entries_says_of_a_directory_that_it_is_one_and_goes_on),
	CONTRACT_TEST(remove_entries_removes_a_thousand_at_a_time),
	CONTRACT_TEST(remove_entries_of_a_cancel_that_is_over_tries_none),
	CONTRACT_TEST(remove_entries_that_is_cancelled_tells_what_is_gone),
};
CONTRACT_GROUP(contract_removals, tests);
