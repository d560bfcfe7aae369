/* SPDX-License-Identifier: Apache-2.0 */
/* tree_remove() of trees so deep that directories are closed on the way down. */
#include <errno.h>
#include <string.h>

#include "storage/tree.h"
#include "unit/storage/memory_world.h"

/* Somebody puts another thing in the place of v/d/d/d after so many removals of directories. */
struct swap {
	struct world *w;
	unsigned at;
	enum fs_type type;
};

/* v/d/d/d/... depth directories in all, a file in each. */
static void plant_deep(struct world *w, unsigned depth)
{
	struct fs_dir *dir = NULL;
	const struct fs_owner keep = FS_OWNER_KEEP;
	struct fs_dir *at = w->root;
	for (unsigned i = 0; i < depth; i++) {
		const char *name = i == 0 ? "v" : "d";
		assert_int_equal(fs_make_dir(w->fs, at, name, &keep, &w->cancel, &w->st), 0);
		assert_int_equal(fs_open_dir(w->fs, at, name, &w->cancel, &dir, &w->st), 0);
		if (at != w->root)
			fs_close(w->fs, at);
		at = dir;
		assert_int_equal(fs_create_file(w->fs, at, "f", 0644, "", 0, &w->cancel, &w->st), 0);
	}
	fs_close(w->fs, at);
}

static void deepest_allowed_tree_goes_with_few_handles_open(void **state)
{
	struct world *w = *state;
	plant_deep(w, TREE_DEPTH_MAX);
	assert_int_equal(tree_remove(w->fs, w->root, "v", NULL, &w->cancel, &w->st), 0);
	world_assert_list(w, "");
	assert_in_range(fs_memory_open_peak(w->fs), 3, 70);
}

static void deeper_tree_is_a_failed_precondition(void **state)
{
	struct world *w = *state;
	plant_deep(w, TREE_DEPTH_MAX + 1);
	assert_int_equal(tree_remove(w->fs, w->root, "v", NULL, &w->cancel, &w->st), -1);
	assert_int_equal(w->st.code, STATUS_FAILED_PRECONDITION);
	assert_int_equal(fs_memory_open_count(w->fs), 1);
}

/* While the deepest part is removed, somebody takes away the middle, which is closed then. */
static int take_middle(void *data, const struct fs_memory_operation *operation)
{
	struct swap *swap = data;
	if (swap->at == 0 || strcmp(operation->verb, "remove_dir") != 0 || --swap->at > 0)
		return 0;
	if (swap->type == FS_SYMLINK)
		fs_memory_plant_symlink(swap->w->fs, "v/d/d/d", "/outside");
	else
		fs_memory_unplant(swap->w->fs, "v/d/d/d");
	return 0;
}

static void closed_level_that_is_swapped_meanwhile_is_passed_over(void **state)
{
	const enum fs_type types[] = {FS_SYMLINK, FS_OTHER};
	for (int i = 0; i < 2; i++) {
		struct world w;
		world_init(&w);
		fs_memory_plant_file(w.fs, "outside/kept", "x");
		plant_deep(&w, 200);
		struct swap swap = {&w, 30, types[i]};
		fs_memory_set_hook(w.fs, take_middle, &swap);
		assert_int_equal(tree_remove(w.fs, w.root, "v", NULL, &w.cancel, &w.st), 0);
		world_assert_list(&w, "outside/\noutside/kept\n");
		world_release(&w);
	}
}

static void failure_while_a_closed_level_is_opened_again_is_reported(void **state)
{
	/* Deep enough that levels are closed; sampled, as there are some thousand operations. */
	const int errnums[] = {EIO, ETIMEDOUT};
	for (unsigned nth = 300; nth < 1100; nth += 7) {
		for (int i = 0; i < 2; i++) {
			struct world w;
			world_init(&w);
			plant_deep(&w, 200);
			fs_memory_reset_operations(w.fs);
			fs_memory_fail_nth(w.fs, nth, errnums[i], FS_MEMORY_FAIL_BEFORE);
			int result = tree_remove(w.fs, w.root, "v", NULL, &w.cancel, &w.st);
			bool was_reached = fs_memory_operation_count(w.fs) >= nth;
			assert_int_equal(result == 0 && fs_memory_exists(w.fs, "v"), 0);
			if (was_reached && errnums[i] == ETIMEDOUT) {
				assert_int_equal(w.st.errnum, ETIMEDOUT);
				assert_int_equal(fs_memory_operation_count(w.fs), nth);
			}
			fs_memory_fail_nth(w.fs, 0, 0, FS_MEMORY_FAIL_BEFORE);
			assert_int_equal(tree_remove(w.fs, w.root, "v", NULL, &w.cancel, &w.st), 0);
			assert_int_equal(fs_memory_open_count(w.fs), 1);
			world_release(&w);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(deepest_allowed_tree_goes_with_few_handles_open),
		WORLD_TEST(deeper_tree_is_a_failed_precondition),
		cmocka_unit_test(closed_level_that_is_swapped_meanwhile_is_passed_over),
		cmocka_unit_test(failure_while_a_closed_level_is_opened_again_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
