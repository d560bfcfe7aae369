/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/trash_entry.h"

#include <string.h>

#include "base/arena.h"
#include "base/path.h"
#include "support/cmocka.h"

#define ENTRY "pvc-1~1767225600~0c5a71f3"

static struct arena arena;

static int with_arena(void **state)
{
	arena_init(&arena, 1 << 20);
	return 0;
}

static int without_arena(void **state)
{
	arena_release(&arena);
	return 0;
}

static void entry_comes_back_as_it_went(void **state)
{
	const char *name = trash_entry_format(&arena, "pvc-1", 1767225600, 0x0c5a71f3);
	assert_string_equal(name, ENTRY);
	struct trash_entry entry = trash_entry_parse(&arena, name);
	assert_int_equal(entry.kind, TRASH_ENTRY_VOLUME);
	assert_string_equal(entry.name, ENTRY);
	assert_string_equal(entry.label, "pvc-1");
	assert_int_equal(entry.deleted_at, 1767225600);
}

static void record_and_condemned_entry_name_their_volumes(void **state)
{
	struct trash_entry record = trash_entry_parse(&arena, trash_entry_record_name(&arena, ENTRY));
	assert_int_equal(record.kind, TRASH_ENTRY_RECORD);
	assert_string_equal(record.name, ENTRY);
	struct trash_entry condemned = trash_entry_parse(&arena, trash_entry_condemned_name(&arena, ENTRY));
	assert_int_equal(condemned.kind, TRASH_ENTRY_CONDEMNED);
	assert_string_equal(condemned.name, ENTRY);
}

static void other_names_are_no_entries(void **state)
{
	static const char *const names[] = {"pvc-1",
					    "~pvc-1",
					    "pvc-1~record",
					    "pvc-1~17~0c5a71f",
					    "pvc-1~17~0c5a71f3a",
					    "pvc-1~17~0c5a71fg",
					    "pvc-1~~0c5a71f3",
					    "pvc-1~-1~0c5a71f3",
					    "pvc-1~1x~0c5a71f3",
					    "pvc-1~9223372036854775808~0c5a71f3",
					    "~17~0c5a71f3",
					    "~~pvc-1~17~0c5a71f3",
					    "~record",
					    ENTRY "~records",
					    ENTRY "~record~record"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct trash_entry entry = trash_entry_parse(&arena, names[i]);
		if (entry.kind != TRASH_ENTRY_OTHER)
			fail_msg("%s is taken for an entry", names[i]);
		assert_null(entry.name);
		assert_int_equal(entry.deleted_at, 0);
	}
}

static void long_names_stay_names_and_distinct(void **state)
{
	char a[251], b[251];
	memset(a, 'a', 250);
	a[250] = '\0';
	memcpy(b, a, sizeof(b));
	b[249] = 'b';
	const char *first = trash_entry_format(&arena, a, INT64_MAX, UINT32_MAX);
	assert_true(path_is_name(trash_entry_record_name(&arena, first)));
	assert_true(path_is_name(trash_entry_condemned_name(&arena, first)));
	struct trash_entry entry = trash_entry_parse(&arena, first);
	assert_int_equal(entry.kind, TRASH_ENTRY_VOLUME);
	assert_string_equal(entry.label, trash_entry_label(&arena, a));
	assert_string_not_equal(entry.label, trash_entry_label(&arena, b));
}

static void time_before_the_epoch_counts_as_its_beginning(void **state)
{
	assert_string_equal(trash_entry_format(&arena, "v", -5, 1), "v~0~00000001");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_arena, without_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(entry_comes_back_as_it_went),
		TEST(record_and_condemned_entry_name_their_volumes),
		TEST(other_names_are_no_entries),
		TEST(long_names_stay_names_and_distinct),
		TEST(time_before_the_epoch_counts_as_its_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
