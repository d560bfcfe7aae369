/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/tree_walk.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "unit/storage/memory_world.h"

/* A visitor that writes down what happens, one line a call, and checks what the walk promises of the order. */
struct diary {
	pthread_mutex_t lock;
	struct strbuf text;
	unsigned pages, entries, opened, left, closed;
	unsigned broken_promises;
	unsigned passes; /* further ones that leave asks for */
};

/* With each directory. */
struct seen {
	unsigned opened, left, children;
};

static void note(struct tree_walk *walk, const char *what, const struct tree_node *node, unsigned *count, bool is_kept)
{
	struct diary *diary = walk->context;
	(void)pthread_mutex_lock(&diary->lock); /* a plain mutex: cannot fail */
	*count += 1;
	diary->broken_promises += !is_kept;
	if (diary->text.limit > 0)
		(void)strbuf_printf(&diary->text, "%s %s\n", what, node->name); /* full: cut */
	(void)pthread_mutex_unlock(&diary->lock);
}

static int note_opened(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	struct diary *diary = walk->context;
	struct seen *seen = node->data, *above = node->parent->data;
	note(walk, "opened", node, &diary->opened, node->dir && node->parent->dir && (above || node->depth == 1));
	if (above && seen->opened++ == 0)
		(void)__atomic_add_fetch(&above->children, 1, __ATOMIC_RELAXED);
	return 0;
}

static int note_page(struct tree_walk *walk, struct tree_node *node, const struct fs_page *page, struct status *st)
{
	struct diary *diary = walk->context;
	const struct seen *seen = node->data;
	note(walk, "page", node, &diary->pages, node->dir && seen->left == 0);
	(void)__atomic_add_fetch(&diary->entries, (unsigned)page->count, __ATOMIC_RELAXED);
	return 0;
}

static int note_leave(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	struct diary *diary = walk->context;
	struct seen *seen = node->data, *above = node->parent->data;
	bool is_kept = node->dir && node->parent->dir && seen->left == 0 && seen->children == 0;
	note(walk, "leave", node, &diary->left, is_kept);
	if (diary->passes > 0) {
		diary->passes--;
		return TREE_AGAIN;
	}
	seen->left++;
	if (above)
		(void)__atomic_sub_fetch(&above->children, 1, __ATOMIC_RELAXED);
	return 0;
}

static void note_closing(struct tree_walk *walk, struct tree_node *node)
{
	struct diary *diary = walk->context;
	note(walk, "closing", node, &diary->closed, node->dir != NULL);
}

static const struct tree_visitor diary_visitor = {
	.data_bytes = sizeof(struct seen),
	.opened = note_opened,
	.page = note_page,
	.leave = note_leave,
	.closing = note_closing,
};

static void diary_init(struct diary *diary, size_t text_bytes_max)
{
	*diary = (struct diary){0};
	(void)pthread_mutex_init(&diary->lock, NULL); /* cannot fail without attributes */
	strbuf_init(&diary->text, text_bytes_max);
}

static void diary_release(struct diary *diary)
{
	(void)pthread_mutex_destroy(&diary->lock); /* nobody holds it */
	strbuf_release(&diary->text);
}

static int walk_with(struct world *w, const struct tree_visitor *visitor, void *context, unsigned walkers)
{
	const struct tree_options options = {.walkers = walkers};
	const struct tree_walk walk = {
		.fs = w->fs, .cancel = &w->cancel, .options = &options, .visitor = visitor, .context = context};
	return tree_walk_run(&walk, w->root, "v", &w->st);
}

static void one_walker_goes_deep_and_leaves_a_directory_after_all_below_it(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "v/a/b/file", "x");
	fs_memory_plant_dir(w->fs, "v/c", 0755);
	fs_memory_plant_file(w->fs, "v/file", "x");
	struct diary diary;
	diary_init(&diary, 4096);
	assert_int_equal(walk_with(w, &diary_visitor, &diary, 0), 0);
	assert_string_equal(strbuf_text(&diary.text), "opened v\npage v\nopened a\npage a\nopened b\npage b\nleave b\n"
						      "closing b\nleave a\nclosing a\nopened c\nleave c\nclosing c\n"
						      "leave v\nclosing v\n");
	assert_int_equal(diary.broken_promises, 0);
	diary_release(&diary);
}

/* width directories in each directory down to depth, and as many files. */
static unsigned plant_bushy(struct world *w, const char *path, unsigned width, unsigned depth)
{
	unsigned directories = 1;
	for (unsigned i = 0; i < width; i++) {
		char below[128];
		(void)snprintf(below, sizeof(below), "%s/file-%u", path, i);
		fs_memory_plant_file(w->fs, below, "x");
		(void)snprintf(below, sizeof(below), "%s/%u", path, i);
		fs_memory_plant_dir(w->fs, below, 0755);
		directories += depth > 1 ? plant_bushy(w, below, width, depth - 1) : 1;
	}
	return directories;
}

/* Lets others come in between, as a server far away does. */
static int dawdle(void *data, const struct fs_memory_operation *operation)
{
	const struct timespec moment = {.tv_nsec = 1000};
	(void)nanosleep(&moment, NULL); /* cut short is fine */
	return 0;
}

static void any_number_of_walkers_visits_each_directory_once_and_in_order(void **state)
{
	struct world *w = *state;
	fs_memory_set_page_entries(w->fs, 3);
	unsigned directories = plant_bushy(w, "v", 5, 4);
	fs_memory_set_hook(w->fs, dawdle, NULL);
	for (unsigned walkers = 1; walkers <= 1024; walkers *= 4) {
		struct diary diary;
		diary_init(&diary, 0);
		assert_int_equal(walk_with(w, &diary_visitor, &diary, walkers), 0);
		assert_int_equal(diary.broken_promises, 0);
		assert_int_equal(diary.left, directories);
		assert_int_equal(diary.opened, diary.closed);
		assert_in_range(diary.opened, directories, UINT32_MAX);
		/* every directory is an entry but the top, and each but the lowest has as many files */
		assert_int_equal(diary.entries, 2 * (directories - 1));
		assert_int_equal(fs_memory_open_count(w->fs), 1);
		diary_release(&diary);
	}
}

static void another_pass_visits_the_directory_again(void **state)
{
	struct world *w = *state;
	fs_memory_set_page_entries(w->fs, 2);
	for (char c = 'a'; c <= 'e'; c++) {
		const char path[] = {'v', '/', c, '\0'};
		fs_memory_plant_file(w->fs, path, "x");
	}
	struct diary diary;
	diary_init(&diary, 0);
	diary.passes = 2;
	assert_int_equal(walk_with(w, &diary_visitor, &diary, 1), 0);
	assert_int_equal(diary.entries, 3 * 5);
	assert_int_equal(diary.left, 3);
	assert_int_equal(diary.opened, 1);
	diary_release(&diary);
}

/* Pages of v that were read and subdirectories that were opened. */
struct balance {
	unsigned page_entries, listed, opened, worst;
};

static int weigh(void *data, const struct fs_memory_operation *operation)
{
	struct balance *balance = data;
	if (strcmp(operation->verb, "open_dir") == 0 && strcmp(operation->name, "v") != 0)
		balance->opened++;
	/* Each subdirectory is one page too, read right after it was opened; all further pages are v's. */
	if (strcmp(operation->verb, "read_dir") == 0)
		balance->listed++;
	unsigned pages_of_v = balance->listed - balance->opened;
	unsigned waiting = pages_of_v * balance->page_entries - balance->opened;
	if (pages_of_v > 0 && waiting > balance->worst && waiting < UINT32_MAX / 2)
		balance->worst = waiting;
	return 0;
}

static void next_page_is_read_once_the_subdirectories_of_the_last_are_taken(void **state)
{
	struct world *w = *state;
	struct balance balance = {.page_entries = 10};
	fs_memory_set_page_entries(w->fs, balance.page_entries);
	for (unsigned i = 0; i < 500; i++) {
		char path[32];
		(void)snprintf(path, sizeof(path), "v/%u", i);
		fs_memory_plant_dir(w->fs, path, 0755);
	}
	fs_memory_set_hook(w->fs, weigh, &balance);
	struct diary diary;
	diary_init(&diary, 0);
	assert_int_equal(walk_with(w, &diary_visitor, &diary, 1), 0);
	assert_int_equal(diary.left, 501);
	assert_in_range(balance.worst, 1, balance.page_entries + 1);
	diary_release(&diary);
}

/* 1000 directories in a page, the first of which has as many again, and so on. */
#define COMB_WIDTH 1000
#define COMB_DEPTH 24

static void plant_comb(struct world *w)
{
	const struct fs_owner keep = FS_OWNER_KEEP;
	fs_memory_set_page_entries(w->fs, COMB_WIDTH);
	fs_memory_plant_dir(w->fs, "v", 0755);
	struct fs_dir *at = NULL;
	assert_int_equal(fs_open_dir(w->fs, w->root, "v", &w->cancel, &at, &w->st), 0);
	for (unsigned depth = 0; depth < COMB_DEPTH; depth++) {
		for (unsigned i = 0; i < COMB_WIDTH; i++) {
			char name[16];
			(void)snprintf(name, sizeof(name), "%u", i);
			assert_int_equal(fs_make_dir(w->fs, at, name, &keep, &w->cancel, &w->st), 0);
		}
		struct fs_dir *below = NULL;
		assert_int_equal(fs_open_dir(w->fs, at, "0", &w->cancel, &below, &w->st), 0);
		fs_close(w->fs, at);
		at = below;
	}
	fs_close(w->fs, at);
	fs_memory_reset_operations(w->fs);
}

/* The most memory in use at any operation. */
static int weigh_memory(void *data, const struct fs_memory_operation *operation)
{
	size_t *worst = data, used = mallinfo2().uordblks;
	if (used > *worst)
		*worst = used;
	return 0;
}

static void page_is_taken_in_parts_where_too_many_directories_wait(void **state)
{
	struct world *w = *state;
	plant_comb(w);
	size_t before = mallinfo2().uordblks, worst = before;
	fs_memory_set_hook(w->fs, weigh_memory, &worst);
	struct diary diary;
	diary_init(&diary, 0);
	assert_int_equal(walk_with(w, &diary_visitor, &diary, 1), 0);
	assert_int_equal(diary.broken_promises, 0);
	assert_int_equal(diary.left, COMB_WIDTH * COMB_DEPTH + 1);
	assert_int_equal(diary.entries, COMB_WIDTH * COMB_DEPTH);
	/* a page, the log of the operations, and what the walk knows */
	assert_in_range(worst - before, 0, (3u << 20));
	diary_release(&diary);
}

static int refuse_to_open_some(void *data, const struct fs_memory_operation *operation)
{
	bool is_refused = operation->name && (strcmp(operation->name, "7") == 0 || strcmp(operation->name, "500") == 0);
	return is_refused ? EACCES : 0;
}

static void removal_of_a_page_in_parts_passes_over_what_stays(void **state)
{
	struct world *w = *state;
	plant_comb(w);
	fs_memory_set_hook(w->fs, refuse_to_open_some, NULL);
	assert_int_equal(tree_remove(w->fs, w->root, "v", NULL, &w->cancel, &w->st), -1);
	assert_int_equal(w->st.errnum, EACCES);
	/* Two are refused in each of the directories on the way down, which stay with them. */
	char *list = fs_memory_list(w->fs, "v");
	unsigned lines = 0;
	for (const char *at = list; *at; at++)
		lines += *at == '\n';
	free(list);
	assert_int_equal(lines, 2 * COMB_DEPTH + COMB_DEPTH - 1);
	fs_memory_set_hook(w->fs, NULL, NULL);
	assert_int_equal(tree_remove(w->fs, w->root, "v", NULL, &w->cancel, &w->st), 0);
	world_assert_list(w, "");
}

static int refuse_b(struct tree_walk *walk, struct tree_node *node, int errnum, struct status *st)
{
	(void)note_opened(walk, node, st); /* always 0 */
	return strcmp(node->name, "b") == 0 ? status_set_errno(st, errnum, "no pair for b") : 0;
}

static int refuse_b_with_EACCES(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	return refuse_b(walk, node, EACCES, st);
}

static int refuse_b_with_EROFS(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	return refuse_b(walk, node, EROFS, st);
}

static void directory_that_the_visitor_refuses_is_not_visited_but_the_rest_is(void **state)
{
	struct world *w = *state;
	fs_memory_plant_file(w->fs, "v/a/file", "x");
	fs_memory_plant_file(w->fs, "v/b/file", "x");
	fs_memory_plant_file(w->fs, "v/c/file", "x");
	struct tree_visitor visitor = diary_visitor;
	visitor.opened = refuse_b_with_EACCES;
	struct diary diary;
	diary_init(&diary, 4096);
	assert_int_equal(walk_with(w, &visitor, &diary, 1), -1);
	assert_string_equal(w->st.message, "no pair for b: Permission denied");
	assert_non_null(strstr(strbuf_text(&diary.text), "page c\n"));
	assert_null(strstr(strbuf_text(&diary.text), "page b\n"));
	strbuf_clear(&diary.text);
	visitor.opened = refuse_b_with_EROFS;
	assert_int_equal(walk_with(w, &visitor, &diary, 1), -1);
	assert_int_equal(w->st.errnum, EROFS);
	assert_null(strstr(strbuf_text(&diary.text), "page c\n"));
	diary_release(&diary);
}

static void what_cannot_be_opened_is_a_failure_unless_it_is_no_directory_any_more(void **state)
{
	struct world *w = *state;
	const struct tree_visitor visitor = {0};
	assert_int_equal(walk_with(w, &visitor, NULL, 1), -1);
	assert_int_equal(w->st.errnum, ENOENT);
	fs_memory_plant_symlink(w->fs, "v", "/");
	assert_int_equal(walk_with(w, &visitor, NULL, 1), -1);
	assert_int_equal(w->st.errnum, ELOOP);
	const int vanished[] = {ENOENT, ESTALE, ENOTDIR, ELOOP}, failed[] = {EACCES, EIO};
	for (unsigned i = 0; i < 6; i++) {
		fs_memory_unplant(w->fs, "v");
		fs_memory_plant_dir(w->fs, "v/a", 0755);
		/* open v, read v, open a */
		fs_memory_fail_nth(w->fs, 3, i < 4 ? vanished[i] : failed[i - 4], FS_MEMORY_FAIL_BEFORE);
		assert_int_equal(walk_with(w, &visitor, NULL, 1), i < 4 ? 0 : -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(one_walker_goes_deep_and_leaves_a_directory_after_all_below_it),
		WORLD_TEST(any_number_of_walkers_visits_each_directory_once_and_in_order),
		WORLD_TEST(another_pass_visits_the_directory_again),
		WORLD_TEST(next_page_is_read_once_the_subdirectories_of_the_last_are_taken),
		WORLD_TEST(page_is_taken_in_parts_where_too_many_directories_wait),
		WORLD_TEST(removal_of_a_page_in_parts_passes_over_what_stays),
		WORLD_TEST(directory_that_the_visitor_refuses_is_not_visited_but_the_rest_is),
		WORLD_TEST(what_cannot_be_opened_is_a_failure_unless_it_is_no_directory_any_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
