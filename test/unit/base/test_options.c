/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include <stdbool.h>
#include <string.h>

#include "base/status.h"
#include "support/cmocka.h"

static struct {
	const char *endpoint;
	struct option_list exports;
	bool is_verbose;
	int64_t workers, timeout_ms;
	uint32_t mode;
} got;

static const struct option table[] = {
	{"endpoint", OPTION_TEXT, &got.endpoint, "URL", NULL, "Where to listen.", 0, 0},
	{"local-export", OPTION_LIST, &got.exports, "SPEC", NULL, "A directory.", 0, 0},
	{"verbose", OPTION_BOOL, &got.is_verbose, NULL, "false", "Say more.", 0, 0},
	{"workers", OPTION_NUMBER, &got.workers, "N", "32", "Threads.", 1, 64},
	{"timeout", OPTION_DURATION, &got.timeout_ms, "DURATION", "10s", "Bound.", 1000, 60000},
	{"mount-permissions", OPTION_MODE, &got.mode, "MODE", "0", "Mode.", 0, 0},
	{"v", OPTION_IGNORED, NULL, "N", NULL, "Accepted.", 0, 0},
	{"logtostderr", OPTION_IGNORED_BOOL, NULL, NULL, NULL, "Accepted.", 0, 0},
};

static int parse(enum options_outcome *ret, struct status *st, ...)
{
	const char *argv[16] = {"program"};
	int argc = 1;
	va_list args;

	memset(&got, 0, sizeof(got));
	va_start(args, st);
	for (const char *arg = va_arg(args, const char *); arg; arg = va_arg(args, const char *))
		argv[argc++] = arg;
	va_end(args);
	return options_parse(table, sizeof(table) / sizeof(table[0]), argc, (char *const *)argv, ret, st);
}

static void every_spelling_of_go_is_taken(void **state)
{
	enum options_outcome outcome = OPTIONS_HELP;
	struct status st;

	assert_int_equal(parse(&outcome, &st, "-endpoint", "a", "--workers=3", "-timeout=2s", "--local-export", "x",
			       "-local-export=y", "--verbose", "--mount-permissions=0777", "-v=5", "--logtostderr",
			       NULL),
			 0);
	assert_int_equal(outcome, OPTIONS_RUN);
	assert_string_equal(got.endpoint, "a");
	assert_int_equal(got.workers, 3);
	assert_int_equal(got.timeout_ms, 2000);
	assert_int_equal(got.exports.count, 2);
	assert_string_equal(got.exports.items[1], "y");
	assert_true(got.is_verbose);
	assert_int_equal(got.mode, 0777);
}

static void a_boolean_takes_its_value_only_with_an_equals_sign(void **state)
{
	enum options_outcome outcome;
	struct status st;

	assert_int_equal(parse(&outcome, &st, "--verbose=false", NULL), 0);
	assert_false(got.is_verbose);
	assert_int_equal(parse(&outcome, &st, "--verbose", "false", NULL), -1);
	assert_string_equal(st.message, "\"false\" is not an option");
}

static void mistakes_are_one_clear_line(void **state)
{
	static const struct {
		const char *argument, *message;
	} cases[] = {
		{"--nope=1", "unknown option \"--nope=1\""},
		{"stray", "\"stray\" is not an option"},
		{"--", "\"--\" is not an option"},
		{"--endpoint", "--endpoint needs a value"},
		{"--workers=0", "--workers: \"0\" is not a number from 1 to 64"},
		{"--timeout=soon", "--timeout: \"soon\" is not a duration such as 90s, 1m30s or 168h"},
		{"--timeout=1ms", "--timeout: 1ms is not within 1000ms and 60000ms"},
		{"--verbose=maybe", "--verbose: \"maybe\" is not true or false"},
		{"--mount-permissions=99999", "--mount-permissions: \"99999\" is not a file mode such as 0755"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum options_outcome outcome;
		struct status st;

		assert_int_equal(parse(&outcome, &st, cases[i].argument, NULL), -1);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
		assert_string_equal(st.message, cases[i].message);
	}
}

static void help_and_version_are_known_everywhere(void **state)
{
	enum options_outcome outcome;
	struct status st;

	assert_int_equal(parse(&outcome, &st, "-h", NULL), 0);
	assert_int_equal(outcome, OPTIONS_HELP);
	assert_int_equal(parse(&outcome, &st, "--version", NULL), 0);
	assert_int_equal(outcome, OPTIONS_VERSION);
}

static void arguments_stand_anywhere_among_options(void **state)
{
	const char *const argv[] = {"program", "one", "-v=5", "two", "--endpoint", "a", "-", "--", "--workers", "--"};
	struct option_list arguments;
	enum options_outcome outcome;
	struct status st;

	memset(&got, 0, sizeof(got));
	assert_int_equal(options_parse_arguments(table, sizeof(table) / sizeof(table[0]), 10, (char *const *)argv,
						 &arguments, &outcome, &st),
			 0);
	assert_int_equal(outcome, OPTIONS_RUN);
	assert_string_equal(got.endpoint, "a");
	assert_int_equal(got.workers, 0);
	assert_int_equal(arguments.count, 5);
	assert_string_equal(arguments.items[1], "two");
	assert_string_equal(arguments.items[2], "-");
	assert_string_equal(arguments.items[3], "--workers");
	assert_string_equal(arguments.items[4], "--");
}

static void too_many_arguments_are_refused(void **state)
{
	const char *argv[OPTION_LIST_MAX + 2];
	struct option_list arguments;
	enum options_outcome outcome;
	struct status st;

	for (size_t i = 0; i < OPTION_LIST_MAX + 2; i++)
		argv[i] = "argument";
	assert_int_equal(
		options_parse_arguments(table, 1, OPTION_LIST_MAX + 2, (char *const *)argv, &arguments, &outcome, &st),
		-1);
	assert_string_equal(st.message, "more than 64 arguments");
}

static void row_is_found_by_its_whole_name(void **state)
{
	size_t count = sizeof(table) / sizeof(table[0]);

	assert_ptr_equal(options_find(table, count, "workers"), &table[3]);
	assert_null(options_find(table, count, "worker"));
	assert_null(options_find(table, 3, "workers"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_of_go_is_taken),
		cmocka_unit_test(a_boolean_takes_its_value_only_with_an_equals_sign),
		cmocka_unit_test(mistakes_are_one_clear_line),
		cmocka_unit_test(help_and_version_are_known_everywhere),
		cmocka_unit_test(arguments_stand_anywhere_among_options),
		cmocka_unit_test(too_many_arguments_are_refused),
		cmocka_unit_test(row_is_found_by_its_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
