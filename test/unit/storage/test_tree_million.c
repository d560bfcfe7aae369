/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a million files, over a back end that has nothing but that: it makes the entries up as they are listed. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"
#include "storage/tree.h"
#include "support/cmocka.h"

#define FILES 1000000
#define PAGE_ENTRIES 1000

struct fs_dir {
	int unused;
};

struct crowd {
	struct fs fs;
	struct fs_dir root, million;
	atomic_uchar removed[FILES]; /* how often */
	atomic_uint removed_count, pages, batches;
	bool is_weighed;
	size_t memory_before, memory_worst;
};

/* With one walker alone: another could not look. */
static void weigh(struct crowd *crowd)
{
	if (!crowd->is_weighed)
		return;
	size_t used = mallinfo2().uordblks;
	if (used > crowd->memory_worst)
		crowd->memory_worst = used;
}

static int crowd_open_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			  struct fs_dir **ret_dir, struct status *st)
{
	*ret_dir = &((struct crowd *)fs)->million;
	return 0;
}

static int crowd_get_attr(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_attr *ret_attr,
			  struct status *st)
{
	*ret_attr = (struct fs_attr){.type = FS_DIRECTORY};
	return 0;
}

static int crowd_read_dir(struct fs *fs, struct fs_dir *dir, struct fs_page *page, struct cancel *cancel,
			  struct status *st)
{
	struct crowd *crowd = (struct crowd *)fs;
	page->entries = arena_calloc(&page->arena, PAGE_ENTRIES, sizeof(*page->entries));
	for (; page->cookie < FILES && page->count < PAGE_ENTRIES; page->cookie++) {
		page->entries[page->count++] = (struct fs_entry){
			.name = arena_printf(&page->arena, "%u", (unsigned)page->cookie),
			.attr = {.type = FS_FILE, .link_count = 1, .used_bytes = 4096},
		};
	}
	page->is_end = page->cookie == FILES;
	atomic_fetch_add(&crowd->pages, 1);
	weigh(crowd);
	return 0;
}

static int crowd_remove_entries(struct fs *fs, struct fs_dir *dir, const char *const *names, size_t count,
				int *ret_errnums, struct cancel *cancel, struct status *st)
{
	struct crowd *crowd = (struct crowd *)fs;
	for (size_t i = 0; i < count; i++) {
		uint32_t number = FILES;
		(void)parse_u32(names[i], 10, FILES, &number); /* a name that is none shows below */
		if (number < FILES)
			atomic_fetch_add(&crowd->removed[number], 1);
		ret_errnums[i] = 0;
	}
	atomic_fetch_add(&crowd->removed_count, (unsigned)count);
	atomic_fetch_add(&crowd->batches, 1);
	weigh(crowd);
	return 0;
}

static int crowd_remove_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			    struct status *st)
{
	bool is_empty = atomic_load(&((struct crowd *)fs)->removed_count) == FILES;
	return is_empty ? 0 : status_set_errno(st, ENOTEMPTY, "remove directory");
}

static void crowd_close_dir(struct fs *fs, struct fs_dir *dir)
{
}

static const struct fs_ops crowd_ops = {
	.name = "crowd",
	.open_dir = crowd_open_dir,
	.get_attr = crowd_get_attr,
	.read_dir = crowd_read_dir,
	.remove_entries = crowd_remove_entries,
	.remove_dir = crowd_remove_dir,
	.close_dir = crowd_close_dir,
};

static struct crowd *crowd_new(bool is_weighed)
{
	struct crowd *crowd = memory_calloc(1, sizeof(*crowd));
	crowd->fs.ops = &crowd_ops;
	crowd->is_weighed = is_weighed;
	crowd->memory_before = crowd->memory_worst = mallinfo2().uordblks;
	return crowd;
}

static void removal_takes_each_once_in_few_batches_with_the_memory_of_a_page(void **state)
{
	for (unsigned walkers = 1; walkers <= 4; walkers += 3) {
		struct crowd *crowd = crowd_new(walkers == 1);
		const struct tree_options options = {.walkers = walkers};
		struct cancel cancel;
		struct status st;
		cancel_init(&cancel, -1);
		assert_int_equal(tree_remove(&crowd->fs, &crowd->root, "v", &options, &cancel, &st), 0);
		for (unsigned i = 0; i < FILES; i++)
			assert_int_equal(atomic_load(&crowd->removed[i]), 1);
		assert_int_equal(atomic_load(&crowd->pages), FILES / PAGE_ENTRIES);
		assert_int_equal(atomic_load(&crowd->batches), FILES / PAGE_ENTRIES);
		assert_in_range(crowd->memory_worst - crowd->memory_before, 0, 512 << 10);
		cancel_release(&cancel);
		free(crowd);
	}
}

static void usage_counts_all_with_the_memory_of_a_page(void **state)
{
	struct crowd *crowd = crowd_new(true);
	struct tree_usage usage;
	struct cancel cancel;
	struct status st;
	cancel_init(&cancel, -1);
	assert_int_equal(tree_usage(&crowd->fs, &crowd->root, "v", NULL, &cancel, &usage, &st), 0);
	assert_int_equal(usage.files, FILES);
	assert_int_equal(usage.directories, 1);
	assert_int_equal(usage.bytes, FILES * UINT64_C(4096));
	assert_in_range(crowd->memory_worst - crowd->memory_before, 0, 512 << 10);
	cancel_release(&cancel);
	free(crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removal_takes_each_once_in_few_batches_with_the_memory_of_a_page),
		cmocka_unit_test(usage_counts_all_with_the_memory_of_a_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
