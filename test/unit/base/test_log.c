/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "support/cmocka.h"

static char line[8192];

/* Runs one log_write with standard error caught in line. */
static void capture(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	int ends[2], saved = dup(STDERR_FILENO);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log_write(level, event, fields, count);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	ssize_t length = read(ends[0], line, sizeof(line) - 1);

	line[length > 0 ? length : 0] = '\0';
	close(ends[0]);
	close(ends[1]);
	close(saved);
}

static void text_lines_quote_only_what_needs_it(void **state)
{
	const struct log_field fields[] = {LOG_TEXT("volume", "srv#share#pvc-1##"), LOG_TEXT("why", "a \"b\"\n\x01"),
					   LOG_NUMBER("ms", -5), LOG_TEXT("empty", NULL)};

	log_configure(LOG_INFO, LOG_FORMAT_TEXT);
	capture(LOG_WARNING, "volume created", fields, 4);
	assert_non_null(strstr(line, "Z level=warning event=\"volume created\" volume=srv#share#pvc-1## "
				     "why=\"a \\\"b\\\"\\n\\u0001\" ms=-5 empty=\"\"\n"));
}

static void json_lines_are_objects(void **state)
{
	const struct log_field fields[] = {LOG_TEXT("volume", "a\\b"), LOG_NUMBER("ms", 7)};

	log_configure(LOG_INFO, LOG_FORMAT_JSON);
	capture(LOG_INFO, "x", fields, 2);
	assert_int_equal(strncmp(line, "{\"time\":\"", 9), 0);
	assert_non_null(strstr(line, "\"level\":\"info\",\"event\":\"x\",\"volume\":\"a\\\\b\",\"ms\":7}\n"));
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	char long_text[6000];
	const struct log_field field = LOG_TEXT("t", long_text);

	memset(long_text, 'y', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	log_configure(LOG_INFO, LOG_FORMAT_TEXT);
	capture(LOG_INFO, "x", &field, 1);
	assert_true(strlen(line) <= 4096);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

/* Whatever is in it, and wherever it is cut: readers of JSON refuse half an escape, half a character, or no closing quote. */
static void a_cut_line_of_json_is_json(void **state)
{
	static const char *const units[] = {"\x01", "\xC3\xA9", "\xFF", "\\", "y"};
	char text[6000];
	const struct log_field fields[] = {LOG_TEXT("t", text), LOG_NUMBER("ms", 7), LOG_TEXT("a key", "a value")};

	log_configure(LOG_INFO, LOG_FORMAT_JSON);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		for (size_t at = 0; at < sizeof(text); at++)
			text[at] = units[i][at % strlen(units[i])];
		text[sizeof(text) - 1] = '\0';
		capture(LOG_INFO, "x", fields, 3);
		size_t length = strlen(line);

		assert_in_range(length, 4080, 4096);
		assert_true(utf8_is_valid(line, length));
		assert_string_equal(line + length - 3, "\"}\n");
		const char *begin = strstr(line, "\"t\":\"");

		assert_non_null(begin);
		const char *escape = strchr(begin, '\\');

		if (escape) /* they follow each other without a gap, so none is half a one */
			assert_int_equal((line + length - 3 - escape) % (escape[1] == 'u' ? 6 : 2), 0);
	}
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
	const struct log_field field = LOG_TEXT("path", "/\xFFx\xC3");

	log_configure(LOG_INFO, LOG_FORMAT_TEXT);
	capture(LOG_INFO, "x", &field, 1);
	assert_non_null(strstr(line, " path=\"/\xEF\xBF\xBDx\xEF\xBF\xBD\"\n"));
}

static void levels_below_the_minimum_are_off(void **state)
{
	log_configure(LOG_WARNING, LOG_FORMAT_TEXT);
	assert_false(log_is_on(LOG_INFO));
	assert_true(log_is_on(LOG_ERROR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_lines_quote_only_what_needs_it),
		cmocka_unit_test(json_lines_are_objects),
		cmocka_unit_test(a_long_line_is_cut_and_still_ends),
		cmocka_unit_test(a_cut_line_of_json_is_json),
		cmocka_unit_test(bytes_that_are_no_text_are_replaced),
		cmocka_unit_test(levels_below_the_minimum_are_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
