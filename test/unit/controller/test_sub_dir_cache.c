/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/sub_dir_cache.h"

#include "base/arena.h"
#include "support/cmocka.h"

static struct arena arena;
static struct sub_dir_cache *cache;

static int set_up(void **state)
{
	arena_init(&arena, 1 << 20);
	cache = sub_dir_cache_new();
	return 0;
}

static int tear_down(void **state)
{
	sub_dir_cache_free(cache);
	arena_release(&arena);
	return 0;
}

static struct fs_entry file_called(const char *name, uint64_t file_id, uint64_t size_bytes, int64_t mtime_ns)
{
	return (struct fs_entry){name,
				 {.type = FS_FILE, .file_id = file_id, .size_bytes = size_bytes, .mtime_ns = mtime_ns}};
}

static struct fs_entry file(uint64_t file_id, uint64_t size_bytes, int64_t mtime_ns)
{
	return file_called("pvc-1", file_id, size_bytes, mtime_ns);
}

static void what_was_put_is_got(void **state)
{
	struct fs_entry first = file(1, 100, 5), second = file(2, 100, 5);
	assert_null(sub_dir_cache_get(cache, &arena, &first));
	sub_dir_cache_put(cache, &first, "a/b");
	sub_dir_cache_put(cache, &second, "");
	assert_string_equal(sub_dir_cache_get(cache, &arena, &first), "a/b");
	assert_string_equal(sub_dir_cache_get(cache, &arena, &second), "");
	sub_dir_cache_put(cache, &first, "c");
	assert_string_equal(sub_dir_cache_get(cache, &arena, &first), "c");
}

static void file_that_differs_in_anything_is_another(void **state)
{
	struct fs_entry known = file(1, 100, 5);
	struct fs_entry others[] = {file(2, 100, 5), file(1, 101, 5), file(1, 100, 6), file_called("pvc-2", 1, 100, 5)};
	sub_dir_cache_put(cache, &known, "a");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(sub_dir_cache_get(cache, &arena, &others[i]));
}

static void memory_is_bounded_and_the_newest_is_kept(void **state)
{
	unsigned known = 0;
	for (uint64_t id = 0; id < 20000; id++) {
		struct fs_entry attr = file(id, 1, 1);
		sub_dir_cache_put(cache, &attr, "x");
		assert_non_null(sub_dir_cache_get(cache, &arena, &attr));
	}
	for (uint64_t id = 0; id < 20000; id++) {
		struct fs_entry attr = file(id, 1, 1);
		known += sub_dir_cache_get(cache, &arena, &attr) != NULL;
	}
	assert_in_range(known, 6000, 8192);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_is_got),
		TEST(file_that_differs_in_anything_is_another),
		TEST(memory_is_bounded_and_the_newest_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
