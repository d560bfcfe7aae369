/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/mount_error.h"

#include <errno.h>
#include <string.h>

#include "base/status.h"
#include "support/cmocka.h"

static struct mount_report failed(enum mount_step step, int errnum, const char *words)
{
	struct mount_report report = {.step = (int32_t)step, .errnum = errnum};

	(void)strncat(report.words, words, sizeof(report.words) - 1);
	return report;
}

static void expect_code(enum mount_step step, int errnum, enum status_code code)
{
	struct mount_report report = failed(step, errnum, "");
	struct status st = {0};

	assert_int_equal(mount_error(&st, &report, "mount a on b"), -1);
	assert_string_equal(status_code_name(st.code), status_code_name(code));
	assert_int_equal(strncmp(st.message, "mount a on b: ", 14), 0);
}

static void errnos_of_servers_have_their_codes(void **state)
{
	(void)state;
	expect_code(MOUNT_STEP_CREATE, ENOENT, STATUS_NOT_FOUND);
	expect_code(MOUNT_STEP_CREATE, EACCES, STATUS_PERMISSION_DENIED);
	expect_code(MOUNT_STEP_CREATE, EPERM, STATUS_PERMISSION_DENIED);
	expect_code(MOUNT_STEP_CREATE, ECONNREFUSED, STATUS_UNAVAILABLE);
	expect_code(MOUNT_STEP_CREATE, ETIMEDOUT, STATUS_UNAVAILABLE);
	expect_code(MOUNT_STEP_CREATE, EHOSTUNREACH, STATUS_UNAVAILABLE);
	expect_code(MOUNT_STEP_CREATE, EIO, STATUS_UNAVAILABLE);
	expect_code(MOUNT_STEP_CREATE, EPROTONOSUPPORT, STATUS_INVALID_ARGUMENT);
	expect_code(MOUNT_STEP_STATFS, ESTALE, STATUS_UNAVAILABLE);
	expect_code(MOUNT_STEP_UNMOUNT, 512, STATUS_UNAVAILABLE);
}

static void our_own_failures_do_not_blame_the_server(void **state)
{
	(void)state;
	expect_code(MOUNT_STEP_OPEN, ENODEV, STATUS_FAILED_PRECONDITION);
	expect_code(MOUNT_STEP_OPEN, EPERM, STATUS_FAILED_PRECONDITION);
	expect_code(MOUNT_STEP_ATTACH, ENOENT, STATUS_INTERNAL);
	expect_code(MOUNT_STEP_FIND, ELOOP, STATUS_INVALID_ARGUMENT);
}

static void message_holds_step_and_the_kernels_words(void **state)
{
	struct mount_report report = failed(MOUNT_STEP_CREATE, ENOENT, "NFS4: Couldn't follow remote path");
	struct status st;

	(void)state;
	(void)mount_error(&st, &report, "mount srv:/x on /t");
	assert_non_null(
		strstr(st.message, "mount srv:/x on /t: contact the server: NFS4: Couldn't follow remote path"));
	assert_int_equal(st.errnum, ENOENT);
}

static void words_are_printed_as_text_whatever_they_are(void **state)
{
	struct mount_report report = failed(MOUNT_STEP_CREATE, EIO, "a\nb\033[1m\xff");
	struct status st;

	(void)state;
	(void)mount_error(&st, &report, "x");
	assert_non_null(strstr(st.message, "a?b?[1m?"));
	memset(report.words, 'w', sizeof(report.words));
	report.step = 9999;
	(void)mount_error(&st, &report, "x");
	assert_non_null(strstr(st.message, "unknown step"));
}

static void kerberos_without_its_daemon_is_a_precondition(void **state)
{
	const struct nfs_option options[] = {{"vers", "4.2"}, {"sec", "krb5i"}};
	struct mount_nfs_job job = {.options = options, .option_count = 2};
	struct mount_report report = failed(MOUNT_STEP_CREATE, EINVAL, "");
	struct status st;

	(void)state;
	(void)mount_error_nfs(&st, &report, &job, "x");
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_non_null(strstr(st.message, "rpc.gssd"));
	job.option_count = 1;
	(void)mount_error_nfs(&st, &report, &job, "x");
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errnos_of_servers_have_their_codes),
		cmocka_unit_test(our_own_failures_do_not_blame_the_server),
		cmocka_unit_test(message_holds_step_and_the_kernels_words),
		cmocka_unit_test(words_are_printed_as_text_whatever_they_are),
		cmocka_unit_test(kerberos_without_its_daemon_is_a_precondition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
