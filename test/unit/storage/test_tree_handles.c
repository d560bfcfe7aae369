/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that are closed while others are in use and opened again, as a visitor sees it. */
#include <errno.h>
#include <string.h>

#include "storage/tree_walk.h"
#include "unit/storage/memory_world.h"

/* A visitor that pairs each directory with one of the same name elsewhere, as a copy does. */
struct pairing {
	struct fs_dir *target; /* where the copy of the top goes */
};
struct pair {
	struct fs_dir *target;
};

static struct fs_dir *target_above(const struct tree_walk *walk, const struct tree_node *node)
{
	const struct pair *above = node->parent->data;
	const struct pairing *pairing = walk->context;
	return above ? above->target : pairing->target;
}

static int open_pair(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	struct pair *pair = node->data;
	struct fs_dir *above = target_above(walk, node);
	const struct fs_owner keep = FS_OWNER_KEEP;
	struct status made;
	if (fs_make_dir(walk->fs, above, node->name, &keep, walk->cancel, &made) < 0 && made.errnum != EEXIST) {
		*st = made;
		return -1;
	}
	return fs_open_dir(walk->fs, above, node->name, walk->cancel, &pair->target, st);
}

static int copy_files(struct tree_walk *walk, struct tree_node *node, const struct fs_page *page, struct status *st)
{
	const struct pair *pair = node->data;
	for (size_t i = 0; i < page->count; i++) {
		const struct fs_entry *entry = &page->entries[i];
		if (entry->attr.type != FS_DIRECTORY &&
		    fs_create_file(walk->fs, pair->target, entry->name, 0644, "", 0, walk->cancel, st) < 0)
			return -1;
	}
	return 0;
}

static int copy_owner(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	const struct pair *pair = node->data;
	struct fs_attr attr;
	if (fs_get_attr(walk->fs, node->dir, walk->cancel, &attr, st) < 0)
		return -1;
	const struct fs_owner owner = {attr.mode, attr.uid, attr.gid};
	return fs_set_owner(walk->fs, pair->target, &owner, walk->cancel, st);
}

static void close_pair(struct tree_walk *walk, struct tree_node *node)
{
	struct pair *pair = node->data;
	fs_close(walk->fs, pair->target);
	pair->target = NULL;
}

static const struct tree_visitor pairing_visitor = {
	.data_bytes = sizeof(struct pair),
	.opened = open_pair,
	.page = copy_files,
	.leave = copy_owner,
	.closing = close_pair,
};

static int walk_pairs(struct world *w, unsigned walkers, struct fs_dir *target)
{
	struct pairing pairing = {target};
	const struct tree_options options = {.walkers = walkers};
	const struct tree_walk walk = {
		.fs = w->fs,
		.cancel = &w->cancel,
		.options = &options,
		.visitor = &pairing_visitor,
		.context = &pairing,
	};
	return tree_walk_run(&walk, w->root, "v", &w->st);
}

/* v/d/d/d/... depth directories in all, each with mode 0711, a file and an empty directory. */
static void plant_deep(struct world *w, unsigned depth)
{
	const struct fs_owner owner = {0711, FS_KEEP, FS_KEEP};
	struct fs_dir *at = w->root;
	for (unsigned i = 0; i < depth; i++) {
		struct fs_dir *dir = NULL;
		const char *name = i == 0 ? "v" : "d";
		assert_int_equal(fs_make_dir(w->fs, at, name, &owner, &w->cancel, &w->st), 0);
		assert_int_equal(fs_open_dir(w->fs, at, name, &w->cancel, &dir, &w->st), 0);
		if (at != w->root)
			fs_close(w->fs, at);
		at = dir;
		assert_int_equal(fs_create_file(w->fs, at, "f", 0644, "", 0, &w->cancel, &w->st), 0);
		assert_int_equal(fs_make_dir(w->fs, at, "empty", &owner, &w->cancel, &w->st), 0);
	}
	fs_close(w->fs, at);
	fs_memory_reset_operations(w->fs);
}

#define DEPTH 300

static void visitor_keeps_a_pair_of_each_directory_however_deep(void **state)
{
	for (unsigned walkers = 1; walkers <= 16; walkers *= 4) {
		struct world w;
		world_init(&w);
		plant_deep(&w, DEPTH);
		fs_memory_plant_dir(w.fs, "target", 0755);
		struct fs_dir *target = NULL;
		assert_int_equal(fs_open_dir(w.fs, w.root, "target", &w.cancel, &target, &w.st), 0);
		assert_int_equal(walk_pairs(&w, walkers, target), 0);
		fs_close(w.fs, target);
		char *source = fs_memory_list(w.fs, "v"), *copy = fs_memory_list(w.fs, "target/v");
		assert_string_equal(source, copy);
		free(source);
		free(copy);
		struct fs_attr attr;
		assert_true(fs_memory_attr(w.fs, "target/v/d/d/empty", &attr));
		assert_int_equal(attr.mode, 0711);
		assert_int_equal(fs_memory_open_count(w.fs), 1);
		/* two handles a directory: those kept, those that stay, and what walkers have in use */
		assert_in_range(fs_memory_open_peak(w.fs), 4,
				2 + 2 * (TREE_OPEN_MAX + DEPTH / TREE_ANCHOR_DEPTH + 3 * walkers));
		world_release(&w);
	}
}

static void way_back_to_a_closed_directory_is_short(void **state)
{
	struct world *w = *state;
	plant_deep(w, TREE_DEPTH_MAX - 1);
	const struct tree_visitor visitor = {0};
	const struct tree_walk walk = {.fs = w->fs, .cancel = &w->cancel, .visitor = &visitor};
	assert_int_equal(tree_walk_run(&walk, w->root, "v", &w->st), 0);
	/* open and read of two directories a level */
	assert_int_equal(fs_memory_operation_count(w->fs), 4 * (TREE_DEPTH_MAX - 1));
	fs_memory_reset_operations(w->fs);
	assert_int_equal(tree_remove(w->fs, w->root, "v", NULL, &w->cancel, &w->st), 0);
	world_assert_list(w, "");
	/* and removal of the file and the two, and where all was closed, a way of half TREE_ANCHOR_DEPTH on average */
	unsigned reopened = TREE_DEPTH_MAX / TREE_OPEN_MAX * TREE_ANCHOR_DEPTH;
	assert_in_range(fs_memory_operation_count(w->fs), 7 * (TREE_DEPTH_MAX - 1), 7 * TREE_DEPTH_MAX + reopened);
}

static void deepest_allowed_tree_goes_with_many_walkers(void **state)
{
	struct world *w = *state;
	plant_deep(w, TREE_DEPTH_MAX - 1);
	const struct tree_options options = {.walkers = 16};
	assert_int_equal(tree_remove(w->fs, w->root, "v", &options, &w->cancel, &w->st), 0);
	world_assert_list(w, "");
	assert_in_range(fs_memory_open_peak(w->fs), 3, 1 + TREE_OPEN_MAX + TREE_DEPTH_MAX / TREE_ANCHOR_DEPTH + 3 * 16);
}

/* A directory that was closed meanwhile cannot be paired again. */
static int refuse_second_time(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	unsigned *opened = node->data, *refused = walk->context;
	if (*opened == 0 || *refused > 0) {
		*opened = 1;
		return 0;
	}
	*refused = node->depth;
	return status_set_errno(st, EIO, "pair again");
}

static int leave_it(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	return 0;
}

static void failure_to_pair_again_is_reported_and_holds_nothing(void **state)
{
	struct world *w = *state;
	plant_deep(w, 200);
	const struct tree_visitor visitor = {
		.data_bytes = sizeof(unsigned), .opened = refuse_second_time, .leave = leave_it};
	unsigned refused = 0;
	const struct tree_walk walk = {.fs = w->fs, .cancel = &w->cancel, .visitor = &visitor, .context = &refused};
	assert_int_equal(tree_walk_run(&walk, w->root, "v", &w->st), -1);
	assert_string_equal(w->st.message, "pair again: Input/output error");
	assert_int_not_equal(refused, 0);
	assert_int_equal(fs_memory_open_count(w->fs), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visitor_keeps_a_pair_of_each_directory_however_deep),
		WORLD_TEST(way_back_to_a_closed_directory_is_short),
		WORLD_TEST(deepest_allowed_tree_goes_with_many_walkers),
		WORLD_TEST(failure_to_pair_again_is_reported_and_holds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
