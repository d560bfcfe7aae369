/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include "support/cmocka.h"

static void appends_grow_and_stay_terminated(void **state)
{
	struct strbuf sb;

	strbuf_init(&sb, 10000);
	assert_string_equal(strbuf_text(&sb), "");
	for (int i = 0; i < 1000; i++)
		assert_int_equal(strbuf_printf(&sb, "%03d", i), 0);
	assert_int_equal(sb.length, 3000);
	assert_string_equal(sb.data + 2994, "998999");
	strbuf_release(&sb);
}

static void append_past_the_cap_changes_nothing_and_is_remembered(void **state)
{
	struct strbuf sb;

	strbuf_init(&sb, 5);
	assert_int_equal(strbuf_puts(&sb, "abcd"), 0);
	assert_int_equal(strbuf_puts(&sb, "ef"), -1);
	assert_string_equal(sb.data, "abcd");
	assert_true(sb.is_full);
	assert_int_equal(strbuf_putc(&sb, 'e'), -1);
	strbuf_clear(&sb);
	assert_false(sb.is_full);
	assert_int_equal(strbuf_puts(&sb, "12345"), 0);
	strbuf_release(&sb);
}

static void consume_drops_the_front(void **state)
{
	struct strbuf sb;

	strbuf_init(&sb, 100);
	(void)strbuf_puts(&sb, "abcdef");
	strbuf_consume(&sb, 4);
	assert_string_equal(sb.data, "ef");
	strbuf_consume(&sb, 2);
	assert_int_equal(sb.length, 0);
	strbuf_consume(&sb, 0);
	strbuf_release(&sb);
}

static void reserve_gives_room_for_exactly_what_fits(void **state)
{
	struct strbuf sb;

	strbuf_init(&sb, 8);
	char *end = strbuf_reserve(&sb, 8);

	assert_non_null(end);
	for (int i = 0; i < 8; i++)
		end[i] = 'x';
	strbuf_grown(&sb, 8);
	assert_string_equal(strbuf_text(&sb), "xxxxxxxx");
	assert_null(strbuf_reserve(&sb, 1));
	strbuf_release(&sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_grow_and_stay_terminated),
		cmocka_unit_test(append_past_the_cap_changes_nothing_and_is_remembered),
		cmocka_unit_test(consume_drops_the_front),
		cmocka_unit_test(reserve_gives_room_for_exactly_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
