/* SPDX-License-Identifier: Apache-2.0 */
/* What is written over the verbs, over each back end: pages, handles and errors of a real one. */
#include <stdio.h>

#include "contract/contract.h"
#include "storage/tree.h"

#define DEPTH 150
#define WIDTH 600

static void plant_wide(struct contract_world *w)
{
	for (unsigned i = 0; i < WIDTH; i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "v/%u", i);
		if (i % 10 == 0)
			contract_plant_dir(w, name);
		else if (i % 10 == 1)
			contract_plant_symlink(w, name, "../kept");
		else
			contract_plant_file(w, name, "x");
		(void)snprintf(name, sizeof(name), "v/%u/inside", i);
		if (i % 10 == 0)
			contract_plant_file(w, name, "x");
	}
}

static void assert_wide_tree_goes(struct contract_world *w, const struct tree_options *options)
{
	contract_plant_dir(w, "kept");
	contract_plant_file(w, "kept/file", "content");
	contract_plant_dir(w, "v");
	plant_wide(w);
	assert_works(w, tree_remove(w->fs, w->dir, "v", options, &w->cancel, &w->st));
	assert_false(contract_exists(w, "v"));
	struct fs_dir *kept = contract_open_dir(w, "kept");
	contract_assert_content(w, kept, "file", "content");
	fs_close(w->fs, kept);
}

static void tree_remove_takes_a_wide_tree_and_follows_no_symlink(void **state)
{
	assert_wide_tree_goes(contract_begin(state), NULL);
}

static void tree_remove_takes_a_wide_tree_with_many_walkers(void **state)
{
	struct tree_progress progress = {0};
	assert_wide_tree_goes(contract_begin(state), &(struct tree_options){.walkers = 8, .progress = &progress});
	assert_int_equal(atomic_load(&progress.files), WIDTH);
	assert_int_equal(atomic_load(&progress.directories), WIDTH / 10 + 1);
}

static void tree_usage_counts_a_wide_tree_and_follows_no_symlink(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_dir(w, "kept");
	contract_plant_dir(w, "v");
	plant_wide(w);
	for (unsigned walkers = 1; walkers <= 8; walkers *= 8) {
		struct tree_usage usage;
		const struct tree_options options = {.walkers = walkers};
		assert_works(w, tree_usage(w->fs, w->dir, "v", &options, &w->cancel, &usage, &w->st));
		assert_int_equal(usage.files, WIDTH);
		assert_int_equal(usage.directories, WIDTH / 10 + 1);
		assert_in_range(usage.bytes, 1, 1u << 30);
	}
}

static void tree_remove_takes_a_deep_tree(void **state)
{
	struct contract_world *w = contract_begin(state);
	struct fs_dir *at = w->dir;
	for (unsigned i = 0; i < DEPTH; i++) {
		struct fs_dir *next = NULL;
		assert_works(w, fs_make_dir(w->fs, at, "v", FS_KEEP_OWNER, &w->cancel, &w->st));
		assert_works(w, fs_open_dir(w->fs, at, "v", &w->cancel, &next, &w->st));
		if (at != w->dir)
			fs_close(w->fs, at);
		at = next;
	}
	fs_close(w->fs, at);
	assert_works(w, tree_remove(w->fs, w->dir, "v", NULL, &w->cancel, &w->st));
	assert_false(contract_exists(w, "v"));
}

static void tree_remove_of_a_symlink_or_of_nothing_touches_nothing_else(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	assert_works(w, tree_remove(w->fs, w->dir, "to-dir", NULL, &w->cancel, &w->st));
	assert_works(w, tree_remove(w->fs, w->dir, "to-file", NULL, &w->cancel, &w->st));
	assert_works(w, tree_remove(w->fs, w->dir, "missing", NULL, &w->cancel, &w->st));
	assert_true(contract_exists(w, "dir"));
	assert_true(contract_exists(w, "file"));
	assert_false(contract_exists(w, "to-dir"));
}

static void paths_are_made_and_pruned(void **state)
{
	struct contract_world *w = contract_begin(state);
	const struct path path = {(const char *[]){"a", "b", "c"}, 3};
	const struct fs_owner owner = {02775, FS_KEEP, FS_KEEP};
	struct fs_dir *dir = NULL;
	for (int i = 0; i < 2; i++) {
		assert_works(w, tree_make_path(w->fs, w->dir, &path, &owner, &w->cancel, &dir, &w->st));
		struct fs_attr attr;
		assert_works(w, fs_get_attr(w->fs, dir, &w->cancel, &attr, &w->st));
		assert_int_equal(attr.mode, 02775);
		fs_close(w->fs, dir);
	}
	assert_works(w, tree_remove_empty(w->fs, w->dir, &path, &w->cancel, &w->st));
	assert_false(contract_exists(w, "a"));
}

static const struct CMUnitTest tests[] = {
	CONTRACT_TEST(tree_remove_takes_a_wide_tree_and_follows_no_symlink),
	CONTRACT_TEST(tree_remove_takes_a_wide_tree_with_many_walkers),
	CONTRACT_TEST(tree_usage_counts_a_wide_tree_and_follows_no_symlink),
	CONTRACT_TEST(tree_remove_takes_a_deep_tree),
	CONTRACT_TEST(tree_remove_of_a_symlink_or_of_nothing_touches_nothing_else),
	CONTRACT_TEST(paths_are_made_and_pruned),
};
CONTRACT_GROUP(contract_trees, tests);
