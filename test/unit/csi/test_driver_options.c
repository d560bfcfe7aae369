/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/driver_options.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/status.h"
#include "support/cmocka.h"

#define ARGUMENTS_MAX 40

static struct driver_options options;
static enum options_outcome outcome;
static struct status st;
static bool own_flag;

static int set_up(void **state)
{
	return unsetenv("CSI_ENDPOINT");
}

static int tear_down(void **state)
{
	driver_options_release(&options);
	return 0;
}

static int parse(const char *const *arguments)
{
	const struct option own[] = {{"own-flag", OPTION_BOOL, &own_flag, NULL, "false", "A program's own."}};
	char *argv[ARGUMENTS_MAX] = {(char *)"program"};
	int argc = 1;
	while (arguments[argc - 1]) {
		argv[argc] = (char *)arguments[argc - 1];
		argc++;
	}
	driver_options_init(&options);
	return driver_options_parse(&options, own, 1, argc, argv, &outcome, &st);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})
#define PARSE_NOTHING() parse((const char *const[]){NULL})

static void assert_refused(const char *argument, const char *message)
{
	assert_int_equal(PARSE(argument), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_string_equal(st.message, message);
	driver_options_release(&options);
}

static void defaults_are_those_of_the_help(void **state)
{
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_int_equal(outcome, OPTIONS_RUN);
	assert_string_equal(options.endpoint, "unix://tmp/csi.sock");
	assert_string_equal(options.driver_name, "nfs.csicore.io");
	assert_string_equal(options.node_id, "");
	assert_int_equal(options.log_level, LOG_INFO);
	assert_int_equal(options.log_format, LOG_FORMAT_TEXT);
	assert_int_equal(options.mount_permissions, 0);
	assert_int_equal(options.worker_max, 128);
	assert_int_equal(options.drain_timeout_ms, 25000);
	assert_int_equal(options.local_exports.count, 0);
}

static void endpoint_is_the_option_then_the_environment(void **state)
{
	assert_int_equal(setenv("CSI_ENDPOINT", "unix:///env.sock", 1), 0);
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_string_equal(options.endpoint, "unix:///env.sock");
	assert_int_equal(PARSE("--endpoint", "unix:///option.sock"), 0);
	assert_string_equal(options.endpoint, "unix:///option.sock");
	assert_int_equal(setenv("CSI_ENDPOINT", "", 1), 0);
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_string_equal(options.endpoint, "unix://tmp/csi.sock");
}

static void own_rows_are_parsed_with_the_shared_ones(void **state)
{
	assert_int_equal(PARSE("--own-flag", "-nodeid=n1"), 0);
	assert_true(own_flag);
	assert_string_equal(options.node_id, "n1");
}

static void klog_flags_are_accepted(void **state)
{
	assert_int_equal(PARSE("-v=5", "--logtostderr=true", "--stderrthreshold", "INFO", "-vmodule=a=1",
			       "-alsologtostderr", "-log_dir=/tmp", "-log_file=x", "-log_file_max_size=1",
			       "-one_output", "-skip_headers", "-skip_log_headers=false", "-add_dir_header",
			       "-log_backtrace_at=:0", "-legacy_stderr_threshold_behavior=true"),
			 0);
	assert_int_equal(options.log_level, LOG_INFO);
}

static void verbosity_of_six_is_debug_unless_a_level_is_given(void **state)
{
	assert_int_equal(PARSE("-v", "6"), 0);
	assert_int_equal(options.log_level, LOG_DEBUG);
	assert_int_equal(PARSE("-v=9", "--log-level=error", "--log-format=json"), 0);
	assert_int_equal(options.log_level, LOG_ERROR);
	assert_int_equal(options.log_format, LOG_FORMAT_JSON);
}

static void local_exports_are_read(void **state)
{
	assert_int_equal(PARSE("--local-export=nas:/a=/b", "--local-export=nas:/c=/d"), 0);
	assert_int_equal(options.local_exports.count, 2);
	assert_string_equal(options.local_exports.items[1].directory, "/d");
}

static void bad_values_are_refused_in_one_line(void **state)
{
	assert_refused("--log-level=loud", "--log-level: \"loud\" is not debug, info, warning or error");
	assert_refused("--log-format=xml", "--log-format: \"xml\" is not text or json");
	assert_refused("--local-export=nas", "invalid local export \"nas\": it is written SERVER:/SHARE=/DIRECTORY");
	assert_refused("--no-such", "unknown option \"--no-such\"");
	assert_int_equal(PARSE("--drivername=-bad-"), -1);
	assert_int_equal(PARSE("--workers=0"), -1);
}

static void help_and_version_check_nothing(void **state)
{
	assert_int_equal(PARSE("--drivername=-bad-", "--help"), 0);
	assert_int_equal(outcome, OPTIONS_HELP);
	assert_int_equal(PARSE("--version"), 0);
	assert_int_equal(outcome, OPTIONS_VERSION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_those_of_the_help),
		TEST(endpoint_is_the_option_then_the_environment),
		TEST(own_rows_are_parsed_with_the_shared_ones),
		TEST(klog_flags_are_accepted),
		TEST(verbosity_of_six_is_debug_unless_a_level_is_given),
		TEST(local_exports_are_read),
		TEST(bad_values_are_refused_in_one_line),
		TEST(help_and_version_check_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
