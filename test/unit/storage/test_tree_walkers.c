/* SPDX-License-Identifier: Apache-2.0 */
/* That walkers of one walk are really at work at the same time, and end together. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "storage/tree_walk.h"
#include "unit/storage/memory_world.h"

static int walk_with_two(struct world *w, const struct tree_visitor *visitor, void *context)
{
	const struct tree_options options = {.walkers = 2};
	const struct tree_walk walk = {
		.fs = w->fs, .cancel = &w->cancel, .options = &options, .visitor = visitor, .context = context};
	return tree_walk_run(&walk, w->root, "v", &w->st);
}

/* Two that must be in the same place at the same time; they don't wait for ever. */
#define PATIENCE_S 20

struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t came;
	unsigned present;
	bool is_missed;
};

static void meet(struct meeting *meeting)
{
	struct timespec end;
	(void)clock_gettime(CLOCK_REALTIME, &end); /* cannot fail for this clock */
	end.tv_sec += PATIENCE_S;
	(void)pthread_mutex_lock(&meeting->lock); /* a plain mutex: cannot fail */
	meeting->present++;
	(void)pthread_cond_broadcast(&meeting->came); /* cannot fail */
	while (meeting->present < 2 && !meeting->is_missed)
		meeting->is_missed = pthread_cond_timedwait(&meeting->came, &meeting->lock, &end) != 0;
	(void)pthread_mutex_unlock(&meeting->lock); /* as above */
}

static int meet_in_subdirectory(struct tree_walk *walk, struct tree_node *node, const struct fs_page *page,
				struct status *st)
{
	if (node->depth == 2)
		meet(walk->context);
	return 0;
}

static int meet_in_top(struct tree_walk *walk, struct tree_node *node, const struct fs_page *page, struct status *st)
{
	meet(walk->context);
	return 0;
}

static void walkers_are_in_several_directories_at_a_time(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "v/a/file", "x");
	fs_memory_plant_file(w->fs, "v/b/file", "x");
	struct meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};
	const struct tree_visitor visitor = {.page = meet_in_subdirectory};
	assert_int_equal(walk_with_two(w, &visitor, &meeting), 0);
	assert_false(meeting.is_missed);
	assert_int_equal(meeting.present, 2);
}

static void walkers_are_in_several_pages_of_one_directory_at_a_time(void **state)
{
	struct world *w = *state;
	fs_memory_set_page_entries(w->fs, 1);
	fs_memory_plant_file(w->fs, "v/a", "x");
	fs_memory_plant_file(w->fs, "v/b", "x");
	struct meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};
	const struct tree_visitor visitor = {.page = meet_in_top};
	assert_int_equal(walk_with_two(w, &visitor, &meeting), 0);
	assert_false(meeting.is_missed);
	assert_int_equal(meeting.present, 2);
}

/* One walker meets the end while another waits for an answer. */
static int end_in_b_and_wait_in_a(void *data, const struct fs_memory_operation *operation)
{
	bool *is_missed = data;
	if (operation->name && strcmp(operation->name, "b") == 0)
		return EROFS;
	if (operation->name && strcmp(operation->name, "a") == 0) {
		struct status st;
		*is_missed = cancel_poll(operation->cancel, NULL, 0, PATIENCE_S * 1000, &st) == 0;
	}
	return 0;
}

static void end_that_one_walker_meets_wakes_the_others(void **state)
{
	struct world *w = *state;
	fs_memory_plant_dir(w->fs, "v/a", 0755);
	fs_memory_plant_dir(w->fs, "v/b", 0755);
	bool is_missed = false;
	fs_memory_set_hook(w->fs, end_in_b_and_wait_in_a, &is_missed);
	const struct tree_visitor visitor = {0};
	assert_int_equal(walk_with_two(w, &visitor, NULL), -1);
	assert_int_equal(w->st.errnum, EROFS);
	assert_false(is_missed);
	assert_false(cancel_is_over(&w->cancel));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(walkers_are_in_several_directories_at_a_time),
		WORLD_TEST(walkers_are_in_several_pages_of_one_directory_at_a_time),
		WORLD_TEST(end_that_one_walker_meets_wakes_the_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
