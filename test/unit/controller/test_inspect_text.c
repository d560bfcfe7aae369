/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/inspect_text.h"

#include "base/arena.h"
#include "support/cmocka.h"

static struct arena arena;

static int set_up(void **state)
{
	arena_init(&arena, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	arena_release(&arena);
	return 0;
}

static void terminal_sees_no_control_character(void **state)
{
	static const struct {
		const char *text;
		const char *shown;
	} cases[] = {
		{"pvc-1", "pvc-1"},
		{"", ""},
		{"caf\xC3\xA9 \xF0\x9F\x98\x80", "caf\xC3\xA9 \xF0\x9F\x98\x80"},
		{"a\tb\n\033[31m\x7F", "a\\x09b\\x0a\\x1b[31m\\x7f"},
		{"a\\x0a", "a\\\\x0a"},
		{"\xFF\xC3", "\\xff\\xc3"},
		{"\xC2\x9B", "\\xc2\\x9b"},          /* CSI of eight bits */
		{"\xE2\x80\xAE", "\\xe2\\x80\\xae"}, /* right-to-left override */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(inspect_text_shown(&arena, cases[i].text), cases[i].shown);
}

static void yaml_scalar_is_ascii_and_quoted(void **state)
{
	static const struct {
		const char *text;
		const char *quoted;
	} cases[] = {
		{"yes", "\"yes\""},
		{"", "\"\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"\n\x7F\xC2\x85", "\"\\u000a\\u007f\\u0085\""},
		{"\xE2\x80\xA8\xF0\x9F\x98\x80", "\"\\u2028\\U0001f600\""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(inspect_text_quoted(&arena, cases[i].text), cases[i].quoted);
}

static void bytes_are_in_the_largest_unit_they_fill(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {{0, "0"},           {1023, "1023"},       {1024, "1Ki"},
		     {1536, "1.5Ki"},    {10LL << 30, "10Gi"}, {500000000, "476.8Mi"},
		     {7LL << 60, "7Ei"}, {INT64_MAX, "8.0Ei"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(inspect_text_bytes(&arena, cases[i].bytes), cases[i].text);
}

static void times_are_utc(void **state)
{
	assert_string_equal(inspect_text_time(&arena, 0), "1970-01-01T00:00:00Z");
	assert_string_equal(inspect_text_time(&arena, 1767225600), "2026-01-01T00:00:00Z");
	assert_string_equal(inspect_text_time(&arena, INT64_MAX), "9223372036854775807");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(terminal_sees_no_control_character),
		TEST(yaml_scalar_is_ascii_and_quoted),
		TEST(bytes_are_in_the_largest_unit_they_fill),
		TEST(times_are_utc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
