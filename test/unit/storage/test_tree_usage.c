/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/rate_limit.h"
#include "storage/tree.h"
#include "unit/storage/memory_world.h"

static int usage_of(struct world *w, const char *name, struct tree_usage *ret_usage)
{
	return tree_usage(w->fs, w->root, name, NULL, &w->cancel, ret_usage, &w->st);
}

static void plant_sample(struct world *w)
{
	fs_memory_set_page_entries(w->fs, 2);
	fs_memory_plant_file(w->fs, "v/one", "x");
	fs_memory_plant_file(w->fs, "v/a/two", "x");
	fs_memory_plant_file(w->fs, "v/a/b/three", "x");
	fs_memory_plant_file(w->fs, "v/a/b/empty", "");
	fs_memory_plant_symlink(w->fs, "v/a/link", "/outside");
	fs_memory_plant_file(w->fs, "outside/file", "x");
}

static void whole_tree_is_counted_and_nothing_else(void **state)
{
	struct world *w = *state;
	plant_sample(w);
	struct tree_usage usage;
	assert_int_equal(usage_of(w, "v", &usage), 0);
	assert_int_equal(usage.files, 5);
	assert_int_equal(usage.directories, 3);
	struct fs_attr directory, link;
	assert_true(fs_memory_attr(w->fs, "v/a/b", &directory));
	assert_true(fs_memory_attr(w->fs, "v/a/link", &link));
	assert_int_equal(usage.bytes, 3 * 512 + link.used_bytes + 3 * directory.used_bytes);
	assert_int_equal(fs_memory_open_count(w->fs), 1);
}

static void counting_changes_nothing(void **state)
{
	struct world *w = *state;
	plant_sample(w);
	char *before = fs_memory_list(w->fs, "");
	struct tree_usage usage;
	assert_int_equal(usage_of(w, "v", &usage), 0);
	world_assert_list(w, before);
	free(before);
}

static void what_is_no_directory_has_no_usage(void **state)
{
	struct world *w = *state;
	fs_memory_plant_symlink(w->fs, "link", "/");
	fs_memory_plant_file(w->fs, "file", "x");
	const struct {
		const char *name;
		int errnum;
	} cases[] = {{"missing", ENOENT}, {"link", ELOOP}, {"file", ENOTDIR}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tree_usage usage = {.files = 7};
		assert_int_equal(usage_of(w, cases[i].name, &usage), -1);
		assert_int_equal(w->st.errnum, cases[i].errnum);
		assert_int_equal(usage.files, 7);
	}
}

static void failure_at_any_operation_is_a_failure_of_the_whole(void **state)
{
	const int errnums[] = {EIO, EACCES, ETIMEDOUT};
	for (unsigned nth = 1;; nth++) {
		bool was_reached = false;
		for (unsigned i = 0; i < 3; i++) {
			struct world w;
			world_init(&w);
			plant_sample(&w);
			fs_memory_fail_nth(w.fs, nth, errnums[i], FS_MEMORY_FAIL_BEFORE);
			struct tree_usage usage;
			int result = usage_of(&w, "v", &usage);
			was_reached = fs_memory_operation_count(w.fs) >= nth;
			assert_int_equal(result, was_reached ? -1 : 0);
			if (was_reached)
				assert_int_equal(w.st.errnum, errnums[i]);
			assert_int_equal(fs_memory_open_count(w.fs), 1);
			world_release(&w);
		}
		if (!was_reached)
			return;
	}
}

static void directory_that_is_removed_meanwhile_is_no_failure(void **state)
{
	struct world *w = *state;
	plant_sample(w);
	/* v: open, read twice below it; a: open, read */
	for (unsigned nth = 3; nth <= 5; nth++) {
		fs_memory_fail_nth(w->fs, nth, ENOENT, FS_MEMORY_FAIL_BEFORE);
		struct tree_usage usage;
		assert_int_equal(usage_of(w, "v", &usage), 0);
	}
}

static void file_with_several_links_counts_its_share(void **state)
{
	const struct fs_attr linked = {.type = FS_FILE, .link_count = 4, .used_bytes = 4096};
	const struct fs_attr single = {.type = FS_FILE, .link_count = 1, .used_bytes = 4096};
	const struct fs_attr unknown = {.type = FS_FILE, .link_count = 0, .used_bytes = 4096};
	const struct fs_attr directory = {.type = FS_DIRECTORY, .link_count = 4, .used_bytes = 4096};
	assert_int_equal(tree_entry_bytes(&linked), 1024);
	assert_int_equal(tree_entry_bytes(&single), 4096);
	assert_int_equal(tree_entry_bytes(&unknown), 4096);
	assert_int_equal(tree_entry_bytes(&directory), 4096);
}

static void progress_is_the_usage_in_the_end_and_the_rate_is_kept(void **state)
{
	struct world *w = *state;
	plant_sample(w);
	struct tree_progress progress = {0};
	struct tree_usage usage;
	struct tree_options options = {.walkers = 3, .progress = &progress};
	assert_int_equal(tree_usage(w->fs, w->root, "v", &options, &w->cancel, &usage, &w->st), 0);
	assert_int_equal(atomic_load(&progress.files), usage.files);
	assert_int_equal(atomic_load(&progress.directories), usage.directories);
	assert_int_equal(atomic_load(&progress.bytes), usage.bytes);
	options.rate = rate_limit_new(1);
	struct cancel soon;
	cancel_init(&soon, 20);
	assert_int_equal(tree_usage(w->fs, w->root, "v", &options, &soon, &usage, &w->st), -1);
	assert_int_equal(w->st.code, STATUS_DEADLINE_EXCEEDED);
	cancel_release(&soon);
	rate_limit_free(options.rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(whole_tree_is_counted_and_nothing_else),
		WORLD_TEST(counting_changes_nothing),
		WORLD_TEST(what_is_no_directory_has_no_usage),
		cmocka_unit_test(failure_at_any_operation_is_a_failure_of_the_whole),
		WORLD_TEST(directory_that_is_removed_meanwhile_is_no_failure),
		cmocka_unit_test(file_with_several_links_counts_its_share),
		WORLD_TEST(progress_is_the_usage_in_the_end_and_the_rate_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
