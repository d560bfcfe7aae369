/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs on threads of their own. */
#include "controller/jobs.h"

#include "jobs_seen.h"

/* ---- in the background */

static int wait_to_end(struct job_run *run, struct cancel *cancel, struct status *st)
{
	atomic_store(&run->progress->files, 7);
	(void)sem_post(&seen.begun);
	(void)sem_wait(&seen.may_end);
	return 0;
}

static void stop(void)
{
	if (jobs_stop(seen.jobs, 10 * 1000, &seen.world.st) < 0)
		fail_msg("%s", seen.world.st.message);
}

static void impatient_caller_is_told_how_far_it_is(void **state)
{
	seen.config.patience_ms = 1;
	start_anew("one", 60 * 1000);
	seen.act = wait_to_end;
	jobs_start(seen.jobs);
	ask(&test_kind, &share, "a");
	(void)sem_wait(&seen.begun);
	assert_int_equal(await(&test_kind), -1);
	assert_failed(&seen.world, STATUS_ABORTED, NULL);
	const char *progress = "test of a is in progress: 7 files, 0 bytes, ";
	assert_memory_equal(seen.world.st.message, progress, strlen(progress));
	(void)sem_post(&seen.may_end);
	stop();
	assert_int_equal(seen.runs, 1);
}

static void *release_soon(void *argument)
{
	(void)sem_wait(&seen.begun);
	(void)sem_post(&seen.may_end);
	return NULL;
}

static void caller_waits_for_the_run_that_is_on(void **state)
{
	pthread_t releaser;
	seen.act = wait_to_end;
	jobs_start(seen.jobs);
	assert_int_equal(pthread_create(&releaser, NULL, release_soon, NULL), 0);
	assert_int_equal(await(&test_kind), 0);
	assert_int_equal(jobs_join(seen.jobs, &test_kind, "srv", "/share", "a", &seen.world.cancel, &seen.world.st), 0);
	assert_int_equal(pthread_join(releaser, NULL), 0);
	stop();
	assert_int_equal(seen.runs, 1);
}

static void server_gets_no_more_than_its_share(void **state)
{
	seen.act = wait_to_end;
	jobs_start(seen.jobs);
	for (int i = 0; i < 5; i++)
		ask(&plain_kind, &share, arena_printf(&seen.world.arena, "job-%d", i));
	for (int i = 0; i < 5; i++) {
		(void)sem_wait(&seen.begun);
		if (i >= 1)
			(void)sem_post(&seen.may_end);
	}
	(void)sem_post(&seen.may_end);
	stop();
	assert_int_equal(seen.runs, 5);
	assert_int_equal(seen.running_peak, 2);
}

static int wait_for_cancel(struct job_run *run, struct cancel *cancel, struct status *st)
{
	(void)sem_post(&seen.begun);
	return cancel_poll(cancel, NULL, 0, -1, st);
}

static void stop_ends_what_runs_and_keeps_its_journal(void **state)
{
	seen.act = wait_for_cancel;
	jobs_start(seen.jobs);
	ask(&test_kind, &share, "a");
	(void)sem_wait(&seen.begun);
	stop();
	assert_non_null(journal());
	assert_int_equal(await(&test_kind), -1);
	assert_failed(&seen.world, STATUS_UNAVAILABLE, "the controller stops");
}

static void stop_waits_no_longer_than_it_is_told(void **state)
{
	seen.act = wait_to_end;
	jobs_start(seen.jobs);
	ask(&plain_kind, &share, "a");
	(void)sem_wait(&seen.begun);
	assert_int_equal(jobs_stop(seen.jobs, 1, &seen.world.st), -1);
	assert_failed(&seen.world, STATUS_DEADLINE_EXCEEDED, NULL);
	(void)sem_post(&seen.may_end);
	stop();
}

static void job_that_is_due_later_is_not_forgotten(void **state)
{
	const struct job_spec later = {&plain_kind, &share, "later", NULL};
	const struct job_spec never = {&plain_kind, &share, "never", NULL};
	seen.act = wait_to_end;
	jobs_start(seen.jobs);
	jobs_ask(seen.jobs, &never, 3600 * 1000);
	jobs_ask(seen.jobs, &later, 20);
	(void)sem_wait(&seen.begun);
	(void)sem_post(&seen.may_end);
	stop();
	assert_int_equal(seen.runs, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(impatient_caller_is_told_how_far_it_is), TEST(caller_waits_for_the_run_that_is_on),
		TEST(server_gets_no_more_than_its_share),     TEST(stop_ends_what_runs_and_keeps_its_journal),
		TEST(stop_waits_no_longer_than_it_is_told),   TEST(job_that_is_due_later_is_not_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
