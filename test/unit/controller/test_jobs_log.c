/* SPDX-License-Identifier: Apache-2.0 */
/* What jobs write to the log: what went wrong and was mended, once, and nothing about a run without event. */
#include "controller/jobs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "jobs_seen.h"

static char log_text[4096];
static int pipe_fds[2], saved_fd;

static void begin_log(void)
{
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
	saved_fd = dup(STDERR_FILENO);
	assert_int_equal(dup2(pipe_fds[1], STDERR_FILENO), STDERR_FILENO);
}

static const char *end_log(void)
{
	assert_int_equal(dup2(saved_fd, STDERR_FILENO), STDERR_FILENO);
	ssize_t length = read(pipe_fds[0], log_text, sizeof(log_text) - 1);
	log_text[length > 0 ? length : 0] = '\0';
	assert_int_equal(close(saved_fd) | close(pipe_fds[0]) | close(pipe_fds[1]), 0);
	return log_text;
}

static const char *log_of_jobs_due(int64_t within_ms)
{
	begin_log();
	jobs_run_due(seen.jobs, within_ms);
	return end_log();
}

/* One line, with these words in it. */
static void assert_line(const char *text, const char *words)
{
	if (!strstr(text, words) || strchr(text, '\n') != text + strlen(text) - 1)
		fail_msg("\"%s\" is not the line in \"%s\"", words, text);
}

static void run_without_event_is_not_told(void **state)
{
	ask(&plain_kind, &share, "a");
	assert_string_equal(log_of_jobs_due(100), "");
	assert_int_equal(seen.runs, 1);
}

static void failure_and_its_end_are_told_once_each(void **state)
{
	seen.failures_left = 2;
	ask(&plain_kind, &share, "a");
	assert_line(log_of_jobs_due(500),
		    "level=warning event=\"job failed and is repeated\" job=plain id=a server=srv "
		    "share=/share failures=1 again_ms=1000 why=\"as planned\"");
	assert_string_equal(log_of_jobs_due(1100), "");
	assert_line(log_of_jobs_due(10 * 1000), "level=info event=\"job is done\" job=plain id=a");
	assert_int_equal(seen.runs, 3);
	ask(&plain_kind, &share, "a");
	assert_string_equal(log_of_jobs_due(100), "");
}

static void failure_for_good_is_told_as_such(void **state)
{
	seen.failures_left = 1;
	seen.failure = STATUS_FAILED_PRECONDITION;
	begin_log();
	assert_int_equal(await(&test_kind), -1);
	assert_line(end_log(), "level=warning event=\"job failed for good\" job=test id=a");
}

static int wait_for_cancel(struct job_run *run, struct cancel *cancel, struct status *st)
{
	(void)sem_post(&seen.begun);
	return cancel_poll(cancel, NULL, 0, -1, st);
}

static void stop_is_no_failure(void **state)
{
	seen.act = wait_for_cancel;
	jobs_start(seen.jobs);
	ask(&plain_kind, &share, "a");
	(void)sem_wait(&seen.begun);
	begin_log();
	assert_int_equal(jobs_stop(seen.jobs, 10 * 1000, &seen.world.st), 0);
	assert_line(end_log(), "level=info event=\"job is interrupted: a later start goes on with it\" job=plain id=a");
}

static int set_up_log(void **state)
{
	int result = set_up(state);
	log_configure(LOG_INFO, LOG_FORMAT_TEXT); /* the world is silent */
	return result;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_log, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(run_without_event_is_not_told),
		TEST(failure_and_its_end_are_told_once_each),
		TEST(failure_for_good_is_told_as_such),
		TEST(stop_is_no_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
