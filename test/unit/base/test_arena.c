/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <string.h>

#include "support/cmocka.h"

static void allocations_are_aligned_and_distinct(void **state)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	unsigned char *last = NULL;

	for (size_t size = 1; size < 5000; size += 37) {
		unsigned char *memory = arena_alloc(&a, size);

		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		assert_ptr_not_equal(memory, last);
		memset(memory, 0xA5, size);
		last = memory;
	}
	arena_release(&a);
}

static void try_alloc_stops_at_the_limit(void **state)
{
	struct arena a;

	arena_init(&a, 1000);
	assert_non_null(arena_try_alloc(&a, 600));
	assert_null(arena_try_alloc(&a, 600));
	assert_non_null(arena_try_alloc(&a, 300));
	assert_null(arena_try_alloc(&a, SIZE_MAX));
	arena_release(&a);
}

static void alloc_is_not_refused_by_the_limit(void **state)
{
	struct arena a;

	arena_init(&a, 16);
	assert_non_null(arena_alloc(&a, 100000));
	assert_null(arena_try_alloc(&a, 1));
	arena_release(&a);
}

static void release_makes_it_usable_again(void **state)
{
	struct arena a;

	arena_init(&a, 64);
	assert_non_null(arena_try_alloc(&a, 64));
	arena_release(&a);
	assert_int_equal(a.used_bytes, 0);
	assert_non_null(arena_try_alloc(&a, 64));
	arena_release(&a);
}

static void text_helpers_copy(void **state)
{
	struct arena a;

	arena_init(&a, 4096);
	assert_string_equal(arena_strdup(&a, "share"), "share");
	assert_string_equal(arena_strndup(&a, "share", 2), "sh");
	assert_string_equal(arena_strndup(&a, "ab", 10), "ab");
	assert_string_equal(arena_printf(&a, "%s-%d", "pvc", 5), "pvc-5");
	assert_memory_equal(arena_calloc(&a, 4, 4), "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_are_aligned_and_distinct),
		cmocka_unit_test(try_alloc_stops_at_the_limit),
		cmocka_unit_test(alloc_is_not_refused_by_the_limit),
		cmocka_unit_test(release_makes_it_usable_again),
		cmocka_unit_test(text_helpers_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
