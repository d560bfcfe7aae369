/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/mount_child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/status.h"
#include "mount/mount_job.h"
#include "support/cmocka.h"

struct report {
	int step;
	int value;
};

static int with_children(void **state)
{
	*state = mount_children_new(2);
	return 0;
}

static int without_children(void **state)
{
	mount_children_free(*state);
	return 0;
}

static void doubles(const void *job, void *report)
{
	((struct report *)report)->value = *(const int *)job * 2;
}

/* Stands for a call to a server that never answers. */
static void hangs(const void *job, void *report)
{
	(void)job;
	((struct report *)report)->step = 1;
	for (;;)
		(void)pause();
}

static void dies(const void *job, void *report)
{
	(void)job;
	(void)report;
	(void)kill(getpid(), SIGKILL);
}

static void looks_at_descriptor(const void *job, void *report)
{
	((struct report *)report)->value = fcntl(*(const int *)job, F_GETFD);
}

static void report_comes_back(void **state)
{
	struct cancel cancel;
	struct report report = {.step = 7};
	struct status st;
	int job = 21;

	cancel_init(&cancel, 10000);
	assert_int_equal(mount_child_run(*state, doubles, &job, &report, sizeof(report), &cancel, &st), 0);
	assert_int_equal(report.value, 42);
	assert_int_equal(report.step, 7);
	assert_int_equal(mount_children_count(*state), 0);
	cancel_release(&cancel);
}

static void hanging_child_is_killed_at_the_deadline(void **state)
{
	struct cancel cancel;
	struct report report = {0};
	struct status st;

	cancel_init(&cancel, 100);
	assert_int_equal(mount_child_run(*state, hangs, NULL, &report, sizeof(report), &cancel, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(report.step, 1);
	assert_int_equal(mount_children_count(*state), 0);
	cancel_release(&cancel);
}

static void *trigger(void *cancel)
{
	cancel_trigger(cancel);
	return NULL;
}

static void hanging_child_is_killed_by_cancellation(void **state)
{
	struct cancel cancel;
	struct report report = {0};
	struct status st;
	pthread_t thread;

	cancel_init(&cancel, 60000);
	assert_int_equal(pthread_create(&thread, NULL, trigger, &cancel), 0);
	assert_int_equal(mount_child_run(*state, hangs, NULL, &report, sizeof(report), &cancel, &st), -1);
	assert_int_equal(st.code, STATUS_CANCELLED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	cancel_release(&cancel);
}

static void child_that_dies_is_an_internal_error(void **state)
{
	struct cancel cancel;
	struct report report = {0};
	struct status st;

	cancel_init(&cancel, 10000);
	assert_int_equal(mount_child_run(*state, dies, NULL, &report, sizeof(report), &cancel, &st), -1);
	assert_int_equal(st.code, STATUS_INTERNAL);
	assert_non_null(strstr(st.message, "signal 9"));
	cancel_release(&cancel);
}

static void no_child_starts_after_the_deadline(void **state)
{
	struct cancel cancel;
	struct report report = {0};
	struct status st;
	int job = 1;

	cancel_init(&cancel, 0);
	assert_int_equal(mount_child_run(*state, doubles, &job, &report, sizeof(report), &cancel, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(report.value, 0);
	cancel_release(&cancel);
}

static void child_holds_no_descriptor_of_ours(void **state)
{
	struct cancel cancel;
	struct report report = {0};
	struct status st;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	cancel_init(&cancel, 10000);
	assert_int_equal(mount_child_run(*state, looks_at_descriptor, &fds[1], &report, sizeof(report), &cancel, &st),
			 0);
	assert_int_equal(report.value, -1);
	cancel_release(&cancel);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void child_keeps_the_descriptor_that_it_is_given_and_no_other(void **state)
{
	struct cancel cancel;
	struct status st;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	cancel_init(&cancel, 10000);
	for (size_t i = 0; i < 2; i++) {
		struct report report = {0};

		assert_int_equal(mount_child_run_with_fd(*state, looks_at_descriptor, &fds[i], fds[1], &report,
							 sizeof(report), &cancel, &st),
				 0);
		assert_int_equal(report.value == -1, i == 0);
	}
	cancel_release(&cancel);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

struct hanging_call {
	struct mount_children *children;
	struct cancel cancel;
};

static void *call_that_hangs(void *argument)
{
	struct hanging_call *call = argument;
	struct report report = {0};
	struct status st;

	(void)mount_child_run(call->children, hangs, NULL, &report, sizeof(report), &call->cancel, &st);
	return NULL;
}

static void given_descriptor_is_closed_here_and_by_the_child(void **state)
{
	struct cancel cancel;
	struct status st;
	int fds[2];
	char byte;

	assert_int_equal(pipe(fds), 0);
	cancel_init(&cancel, 10000);
	assert_int_equal(mount_child_run_giving_fd(*state, mount_job_close, &fds[1], fds[1], &cancel, &st), 0);
	assert_int_equal(read(fds[0], &byte, 1), 0); /* nobody can write any more */
	cancel_release(&cancel);
	(void)close(fds[0]);
}

static char path_in_parent[64];
static bool is_open_in_parent; /* what the child saw: all memory is shared */

static void look_at_parent(const void *job, void *report)
{
	char target[5] = "";

	(void)report;
	/* The number may be another descriptor's by now. */
	is_open_in_parent = readlink(path_in_parent, target, sizeof(target)) == 5 && memcmp(target, "pipe:", 5) == 0;
	(void)close(*(const int *)job);
}

/* Or closing it in the child would not be the end of it. */
static void given_descriptor_is_closed_here_before_the_child_begins(void **state)
{
	struct cancel cancel;
	struct status st;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	(void)snprintf(path_in_parent, sizeof(path_in_parent), "/proc/%d/fd/%d", (int)getpid(), fds[1]);
	is_open_in_parent = true;
	cancel_init(&cancel, 10000);
	assert_int_equal(mount_child_run_giving_fd(*state, look_at_parent, &fds[1], fds[1], &cancel, &st), 0);
	assert_false(is_open_in_parent);
	cancel_release(&cancel);
	(void)close(fds[0]);
}

static void given_descriptor_is_closed_without_a_child_too(void **state)
{
	struct cancel cancel;
	struct status st;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	cancel_init(&cancel, 0);
	assert_int_equal(mount_child_run_giving_fd(*state, mount_job_close, &fds[1], fds[1], &cancel, &st), -1);
	assert_int_equal(fcntl(fds[1], F_GETFD), -1);
	cancel_release(&cancel);
	(void)close(fds[0]);
}

static void more_children_than_allowed_are_unavailable(void **state)
{
	struct hanging_call calls[2];
	pthread_t threads[2];
	struct cancel cancel;
	struct report report = {0};
	struct status st = {0};
	int job = 1;

	for (int i = 0; i < 2; i++) {
		calls[i].children = *state;
		cancel_init(&calls[i].cancel, 60000);
		assert_int_equal(pthread_create(&threads[i], NULL, call_that_hangs, &calls[i]), 0);
	}
	cancel_init(&cancel, 10000);
	while (mount_children_count(*state) < 2)
		(void)cancel_poll(&cancel, NULL, 0, 1, &st);
	int outcome = mount_child_run(*state, doubles, &job, &report, sizeof(report), &cancel, &st);

	for (int i = 0; i < 2; i++) {
		cancel_trigger(&calls[i].cancel);
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		cancel_release(&calls[i].cancel);
	}
	assert_int_equal(outcome, -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_int_equal(mount_child_run(*state, doubles, &job, &report, sizeof(report), &cancel, &st), 0);
	cancel_release(&cancel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(report_comes_back, with_children, without_children),
		cmocka_unit_test_setup_teardown(hanging_child_is_killed_at_the_deadline, with_children,
						without_children),
		cmocka_unit_test_setup_teardown(hanging_child_is_killed_by_cancellation, with_children,
						without_children),
		cmocka_unit_test_setup_teardown(child_that_dies_is_an_internal_error, with_children, without_children),
		cmocka_unit_test_setup_teardown(no_child_starts_after_the_deadline, with_children, without_children),
		cmocka_unit_test_setup_teardown(child_holds_no_descriptor_of_ours, with_children, without_children),
		cmocka_unit_test_setup_teardown(child_keeps_the_descriptor_that_it_is_given_and_no_other, with_children,
						without_children),
		cmocka_unit_test_setup_teardown(given_descriptor_is_closed_here_and_by_the_child, with_children,
						without_children),
		cmocka_unit_test_setup_teardown(given_descriptor_is_closed_here_before_the_child_begins, with_children,
						without_children),
		cmocka_unit_test_setup_teardown(given_descriptor_is_closed_without_a_child_too, with_children,
						without_children),
		cmocka_unit_test_setup_teardown(more_children_than_allowed_are_unavailable, with_children,
						without_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
