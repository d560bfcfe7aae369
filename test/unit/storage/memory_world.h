/* SPDX-License-Identifier: Apache-2.0 */
/* The set-up of tests over fs_memory: an empty export, its root open, a cancel without a deadline. */
#ifndef CSICORE_TEST_UNIT_STORAGE_MEMORY_WORLD_H
#define CSICORE_TEST_UNIT_STORAGE_MEMORY_WORLD_H

#include <stdlib.h>

#include "base/cancel.h"
#include "base/status.h"
#include "support/cmocka.h"
#include "support/fs_memory.h"

struct world {
	struct fs *fs;
	struct fs_dir *root;
	struct cancel cancel;
	struct status st;
};

static inline void world_init(struct world *w)
{
	*w = (struct world){.fs = fs_memory_new()};
	cancel_init(&w->cancel, -1);
	assert_int_equal(fs_open_root(w->fs, &w->cancel, &w->root, &w->st), 0);
	fs_memory_reset_operations(w->fs);
}

static inline void world_release(struct world *w)
{
	fs_close(w->fs, w->root);
	fs_free(w->fs);
	cancel_release(&w->cancel);
}

static inline int world_set_up(void **state)
{
	static struct world world;
	world_init(&world);
	*state = &world;
	return 0;
}

static inline int world_tear_down(void **state)
{
	world_release(*state);
	return 0;
}

static inline void world_assert_list(struct world *w, const char *expected)
{
	char *list = fs_memory_list(w->fs, "");
	assert_string_equal(list, expected);
	free(list);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

#endif
