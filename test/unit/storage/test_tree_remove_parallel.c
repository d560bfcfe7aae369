/* SPDX-License-Identifier: Apache-2.0 */
/* tree_remove() with several walkers, and with limits. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/rate_limit.h"
#include "storage/tree_walk.h"
#include "unit/storage/memory_world.h"

#define WALKERS 4
#define OUTSIDE "outside/\noutside/kept\n"

static void plant_sample(struct world *w)
{
	fs_memory_set_page_entries(w->fs, 3);
	for (char c = 'a'; c <= 'f'; c++) {
		char path[32];
		(void)snprintf(path, sizeof(path), "v/%c/sub/file", c);
		fs_memory_plant_file(w->fs, path, "x");
		(void)snprintf(path, sizeof(path), "v/%c/file", c);
		fs_memory_plant_file(w->fs, path, "x");
		(void)snprintf(path, sizeof(path), "v/file-%c", c);
		fs_memory_plant_file(w->fs, path, "x");
	}
	fs_memory_plant_symlink(w->fs, "v/a/link", "/outside");
	fs_memory_plant_file(w->fs, "outside/kept", "x");
	fs_memory_reset_operations(w->fs);
}

static int remove_with(struct world *w, unsigned walkers)
{
	const struct tree_options options = {.walkers = walkers};
	return tree_remove(w->fs, w->root, "v", &options, &w->cancel, &w->st);
}

/* After any removal: nothing is held, nothing else was touched, and a repeat finishes it. */
static void assert_repeat_finishes(struct world *w)
{
	assert_int_equal(fs_memory_open_count(w->fs), 1);
	cancel_release(&w->cancel);
	cancel_init(&w->cancel, -1);
	fs_memory_set_hook(w->fs, NULL, NULL);
	fs_memory_fail_nth(w->fs, 0, 0, FS_MEMORY_FAIL_BEFORE);
	assert_int_equal(remove_with(w, WALKERS), 0);
	world_assert_list(w, OUTSIDE);
	assert_int_equal(fs_memory_open_count(w->fs), 1);
}

static void failure_at_any_operation_is_reported_and_a_repeat_finishes(void **state)
{
	const int errnums[] = {EIO, ETIMEDOUT, EROFS};
	for (unsigned nth = 1;; nth++) {
		bool was_reached = false;
		for (unsigned i = 0; i < 6; i++) {
			struct world w;
			world_init(&w);
			plant_sample(&w);
			fs_memory_fail_nth(w.fs, nth, errnums[i / 2],
					   i % 2 ? FS_MEMORY_FAIL_AFTER : FS_MEMORY_FAIL_BEFORE);
			int result = remove_with(&w, WALKERS);
			was_reached |= fs_memory_operation_count(w.fs) >= nth;
			assert_int_equal(result == 0 && fs_memory_exists(w.fs, "v"), 0);
			if (result < 0)
				assert_int_equal(w.st.errnum, errnums[i / 2]);
			assert_repeat_finishes(&w);
			world_release(&w);
		}
		if (!was_reached)
			return;
	}
}

/* What happens just before the nth operation. */
struct event {
	struct world *w;
	unsigned at;
	enum fs_type type;
};

static int cancel_at(void *data, const struct fs_memory_operation *operation)
{
	const struct event *event = data;
	if (operation->number == event->at)
		cancel_trigger(&event->w->cancel);
	return 0;
}

static void cancel_at_any_operation_stops_all_walkers(void **state)
{
	for (unsigned at = 1;; at++) {
		struct world w;
		world_init(&w);
		plant_sample(&w);
		struct event event = {.w = &w, .at = at};
		fs_memory_set_hook(w.fs, cancel_at, &event);
		int result = remove_with(&w, WALKERS);
		bool was_reached = fs_memory_operation_count(w.fs) >= at;
		assert_int_equal(result, was_reached ? -1 : 0);
		if (was_reached)
			assert_int_equal(w.st.code, STATUS_CANCELLED);
		assert_repeat_finishes(&w);
		world_release(&w);
		if (!was_reached)
			return;
	}
}

static int swap_at(void *data, const struct fs_memory_operation *operation)
{
	const struct event *event = data;
	struct fs *fs = event->w->fs;
	if (operation->number != event->at)
		return 0;
	fs_memory_unplant(fs, "v/a/sub");
	if (event->type == FS_SYMLINK)
		fs_memory_plant_symlink(fs, "v/a/sub", "/outside");
	else if (event->type == FS_FILE)
		fs_memory_plant_file(fs, "v/a/sub", "x");
	else if (event->type == FS_DIRECTORY)
		fs_memory_plant_file(fs, "v/a/sub/deep/new", "x");
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
			plant_sample(&w);
			struct event event = {&w, at, types[i]};
			fs_memory_set_hook(w.fs, swap_at, &event);
			(void)remove_with(&w, WALKERS); /* a swap makes the parents anew where they were gone already */
			was_reached |= fs_memory_operation_count(w.fs) >= at;
			assert_repeat_finishes(&w);
			world_release(&w);
		}
		if (!was_reached)
			return;
	}
}

static void wide_tree_goes_with_as_many_walkers_as_are_wanted(void **state)
{
	struct world *w = *state;
	for (unsigned walkers = 1; walkers <= 64; walkers *= 4) {
		for (int i = 0; i < 300; i++) {
			char path[32];
			(void)snprintf(path, sizeof(path), "v/dir-%d/f", i);
			fs_memory_plant_file(w->fs, path, "x");
			(void)snprintf(path, sizeof(path), "v/dir-%d/sub/f", i);
			fs_memory_plant_file(w->fs, path, "x");
		}
		assert_int_equal(remove_with(w, walkers), 0);
		world_assert_list(w, "");
		/* the root, those kept, and of each walker its directory, its parent and one on the way */
		assert_in_range(fs_memory_open_peak(w->fs), 3, 1 + TREE_OPEN_MAX + 3 * walkers);
	}
}

static void walkers_without_threads_are_done_without(void **state)
{
	struct world *w = *state;
	plant_sample(w);
	pid_t child = fork();
	if (child == 0) {
		const struct rlimit none = {0, 0};
		bool is_limited = setrlimit(RLIMIT_NPROC, &none) == 0 && (geteuid() != 0 || setuid(65534) == 0);
		_exit(is_limited && remove_with(w, 16) == 0 && !fs_memory_exists(w->fs, "v") ? 0 : 1);
	}
	int outcome = 0;
	assert_int_equal(waitpid(child, &outcome, 0), child);
	assert_int_equal(outcome, 0);
}

static void progress_counts_what_was_removed(void **state)
{
	struct world *w = *state;
	plant_sample(w);
	struct tree_progress progress = {0};
	const struct tree_options options = {.walkers = WALKERS, .progress = &progress};
	assert_int_equal(tree_remove(w->fs, w->root, "v", &options, &w->cancel, &w->st), 0);
	assert_int_equal(atomic_load(&progress.files), 6 * 3 + 1);
	assert_int_equal(atomic_load(&progress.directories), 6 * 2 + 1);
	assert_in_range(atomic_load(&progress.bytes), 6 * 3 * 512, (6 * 3 + 1) * 512);
	/* A file in the place of the directory. */
	fs_memory_plant_file(w->fs, "v", "x");
	assert_int_equal(tree_remove(w->fs, w->root, "v", &options, &w->cancel, &w->st), 0);
	assert_int_equal(atomic_load(&progress.files), 6 * 3 + 2);
}

static void rate_is_kept_in_small_batches(void **state)
{
	struct world *w = *state;
	fs_memory_set_page_entries(w->fs, 1000);
	for (int i = 0; i < 1000; i++) {
		char path[32];
		(void)snprintf(path, sizeof(path), "v/%d", i);
		fs_memory_plant_file(w->fs, path, "x");
	}
	struct rate_limit *rate = rate_limit_new(1);
	struct tree_progress progress = {0};
	const struct tree_options options = {.rate = rate, .progress = &progress};
	struct cancel soon;
	cancel_init(&soon, 20);
	assert_int_equal(tree_remove(w->fs, w->root, "v", &options, &soon, &w->st), -1);
	assert_int_equal(w->st.code, STATUS_DEADLINE_EXCEEDED);
	assert_in_range(atomic_load(&progress.files), 1, 100);
	cancel_release(&soon);
	rate_limit_free(rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failure_at_any_operation_is_reported_and_a_repeat_finishes),
		cmocka_unit_test(cancel_at_any_operation_stops_all_walkers),
		cmocka_unit_test(swap_for_any_type_at_any_moment_never_leads_outside),
		WORLD_TEST(wide_tree_goes_with_as_many_walkers_as_are_wanted),
		WORLD_TEST(walkers_without_threads_are_done_without),
		WORLD_TEST(progress_counts_what_was_removed),
		WORLD_TEST(rate_is_kept_in_small_batches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
