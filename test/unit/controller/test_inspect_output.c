/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/inspect_output.h"

#include <stdlib.h>

#include "support/cmocka.h"

static const struct inspect_column columns[] = {
	{"name", "NAME", INSPECT_TEXT},
	{"size", "SIZE", INSPECT_BYTES},
	{"at", "AT", INSPECT_TIME},
	{"files", "FILES", INSPECT_COUNT},
};

static struct inspect_output output;
static char *printed;

static int set_up(void **state)
{
	inspect_output_init(&output);
	inspect_output_begin(&output, columns, 4);
	return 0;
}

static int tear_down(void **state)
{
	inspect_output_release(&output);
	free(printed);
	printed = NULL;
	return 0;
}

static void add(const char *name, int64_t size, int64_t at, int64_t files)
{
	const struct inspect_cell cells[] = {INSPECT_CELL_TEXT(name), INSPECT_CELL_NUMBER(size),
					     INSPECT_CELL_NUMBER(at), INSPECT_CELL_NUMBER(files)};
	inspect_output_add(&output, cells);
}

static void print(enum inspect_format format)
{
	size_t size;
	free(printed);
	FILE *file = open_memstream(&printed, &size);
	inspect_output_print(&output, format, file);
	(void)fclose(file);
}

static void rows_are_sorted_and_aligned(void **state)
{
	add("b\xC3\xA9", 1536, 0, 7);
	add("a-long-name", 1 << 30, 1767225600, 1234567);
	print(INSPECT_TABLE);
	assert_string_equal(printed, "NAME         SIZE   AT                    FILES\n"
				     "a-long-name  1Gi    2026-01-01T00:00:00Z  1234567\n"
				     "b\xC3\xA9           1.5Ki  1970-01-01T00:00:00Z  7\n");
	print(INSPECT_JSON);
	assert_string_equal(printed, "[\n  {\"name\": \"a-long-name\", \"size\": 1073741824, "
				     "\"at\": \"2026-01-01T00:00:00Z\", \"files\": 1234567},\n"
				     "  {\"name\": \"b\xC3\xA9\", \"size\": 1536, \"at\": \"1970-01-01T00:00:00Z\", "
				     "\"files\": 7}\n]\n");
}

static void unknown_is_a_dash_or_null(void **state)
{
	add(NULL, INSPECT_UNKNOWN, INSPECT_UNKNOWN, INSPECT_UNKNOWN);
	print(INSPECT_TABLE);
	assert_string_equal(printed, "NAME  SIZE  AT  FILES\n-     -     -   -\n");
	print(INSPECT_JSON);
	assert_string_equal(printed, "[\n  {\"name\": null, \"size\": null, \"at\": null, \"files\": null}\n]\n");
}

static void nothing_is_a_title_or_an_empty_array(void **state)
{
	print(INSPECT_TABLE);
	assert_string_equal(printed, "NAME  SIZE  AT  FILES\n");
	print(INSPECT_JSON);
	assert_string_equal(printed, "[]\n");
}

static void bytes_that_are_no_text_break_neither_form(void **state)
{
	add("a\xFF\n\"", 0, 0, 0);
	print(INSPECT_TABLE);
	assert_string_equal(printed, "NAME        SIZE  AT                    FILES\n"
				     "a\\xff\\x0a\"  0     1970-01-01T00:00:00Z  0\n");
	print(INSPECT_JSON);
	assert_string_equal(printed, "[\n  {\"name\": \"a\xEF\xBF\xBD\\n\\\"\", \"size\": 0, "
				     "\"at\": \"1970-01-01T00:00:00Z\", \"files\": 0}\n]\n");
}

static void beginning_anew_forgets_all_rows(void **state)
{
	add("a", 1, 1, 1);
	inspect_output_begin(&output, columns, 1);
	inspect_output_add(&output, &INSPECT_CELL_TEXT("b"));
	print(INSPECT_TABLE);
	assert_string_equal(printed, "NAME\nb\n");
}

static void more_rows_than_fit_at_first_are_kept(void **state)
{
	char name[16];
	for (int i = 999; i >= 0; i--) {
		(void)snprintf(name, sizeof(name), "pvc-%03d", i);
		add(name, i, i, i);
	}
	print(INSPECT_TABLE);
	assert_int_equal(output.row_count, 1000);
	assert_string_equal(output.cells[0].text, "pvc-000");
	assert_string_equal(output.cells[999 * 4].text, "pvc-999");
	assert_int_equal(output.cells[999 * 4 + 1].number, 999);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_are_sorted_and_aligned),          TEST(unknown_is_a_dash_or_null),
		TEST(nothing_is_a_title_or_an_empty_array), TEST(bytes_that_are_no_text_break_neither_form),
		TEST(beginning_anew_forgets_all_rows),      TEST(more_rows_than_fit_at_first_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
