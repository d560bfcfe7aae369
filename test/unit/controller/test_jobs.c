/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/jobs.h"

#include "jobs_seen.h"

/* ---- asking and waiting */

static void job_runs_once_however_often_it_is_asked_for(void **state)
{
	ask(&plain_kind, &share, "a");
	ask(&plain_kind, &share, "a");
	ask(&plain_kind, &share, "b");
	ask(&plain_kind, &other_share, "a");
	jobs_run_due(seen.jobs, 100);
	assert_int_equal(seen.runs, 3);
	jobs_run_due(seen.jobs, 100);
	assert_int_equal(seen.runs, 3);
}

static int ask_again(struct job_run *run, struct cancel *cancel, struct status *st)
{
	if (atomic_load(&seen.runs) == 1)
		ask(&plain_kind, &share, "a");
	return 0;
}

static void job_asked_for_while_it_runs_runs_once_more(void **state)
{
	seen.act = ask_again;
	ask(&plain_kind, &share, "a");
	jobs_run_due(seen.jobs, 100);
	assert_int_equal(seen.runs, 2);
}

static int want_another_run(struct job_run *run, struct cancel *cancel, struct status *st)
{
	run->ret_again_ms = 50 * 1000;
	return 0;
}

static void job_says_when_it_runs_again(void **state)
{
	seen.act = want_another_run;
	ask(&plain_kind, &share, "a");
	jobs_run_due(seen.jobs, 10 * 1000);
	assert_int_equal(seen.runs, 1);
	seen.act = NULL;
	jobs_run_due(seen.jobs, 60 * 1000);
	assert_int_equal(seen.runs, 2);
}

static void caller_is_told_how_it_ended(void **state)
{
	assert_int_equal(await(&plain_kind), 0);
	seen.failures_left = 1;
	assert_int_equal(await(&plain_kind), -1);
	assert_failed(&seen.world, STATUS_UNAVAILABLE, "as planned");
	assert_int_equal(await(&plain_kind), 0);
	assert_int_equal(seen.runs, 3);
}

static void failed_job_is_repeated_ever_later(void **state)
{
	seen.failures_left = 3;
	ask(&plain_kind, &share, "a");
	jobs_run_due(seen.jobs, 500);
	assert_int_equal(seen.runs, 1);
	jobs_run_due(seen.jobs, 1100);
	assert_int_equal(seen.runs, 2);
	jobs_run_due(seen.jobs, 1100);
	assert_int_equal(seen.runs, 2);
	jobs_run_due(seen.jobs, 10 * 1000);
	assert_int_equal(seen.runs, 4);
}

/* ---- journals */

static void journal_is_there_while_the_job_runs(void **state)
{
	assert_int_equal(await(&test_kind), 0);
	assert_true(seen.had_journal);
	assert_string_equal(seen.volume_id, "srv#share#volume##");
	assert_false(fs_memory_exists(seen.world.fs, JOURNAL));
}

static void killed_controller_goes_on_unasked(void **state)
{
	seen.failures_left = 1;
	assert_int_equal(await(&test_kind), -1);
	assert_non_null(journal());
	start_anew("one", 60 * 1000);
	jobs_resume(seen.jobs, &share);
	jobs_run_due(seen.jobs, 100);
	assert_int_equal(seen.runs, 2);
	assert_string_equal(seen.volume_id, "srv#share#volume##");
	assert_null(journal());
}

static void journal_of_a_failure_for_good_goes(void **state)
{
	seen.failures_left = 1;
	seen.failure = STATUS_FAILED_PRECONDITION;
	assert_int_equal(await(&test_kind), -1);
	assert_failed(&seen.world, STATUS_FAILED_PRECONDITION, "as planned");
	assert_null(journal());
	jobs_run_due(seen.jobs, 3600 * 1000);
	assert_int_equal(seen.runs, 1);
}

static void piece_of_a_journal_is_taken_over(void **state)
{
	fs_memory_plant_file(seen.world.fs, JOURNAL, "csicjob1");
	assert_int_equal(await(&test_kind), 0);
	assert_false(fs_memory_exists(seen.world.fs, JOURNAL));
}

static void share_that_takes_no_journal_is_served_without(void **state)
{
	fs_memory_plant_file(seen.world.fs, ".csicore", "in the way");
	assert_int_equal(await(&test_kind), 0);
	assert_int_equal(seen.runs, 1);
	assert_false(seen.had_journal);
}

static void journals_that_are_no_jobs_stay(void **state)
{
	plant_journal("one");
	fs_memory_plant_file(seen.world.fs, ".csicore/jobs/later~kind", "of a later version");
	fs_memory_plant_dir(seen.world.fs, ".csicore/jobs/directory", 0700);
	jobs_resume(seen.jobs, &share);
	jobs_run_due(seen.jobs, 100);
	assert_int_equal(seen.runs, 1);
	assert_string_equal(seen.volume_id, "srv#share#planted##");
	assert_true(fs_memory_exists(seen.world.fs, ".csicore/jobs/directory"));
}

/* ---- two controllers */

static void job_of_another_controller_is_left_alone(void **state)
{
	plant_journal("another");
	assert_int_equal(await(&test_kind), -1);
	assert_failed(&seen.world, STATUS_ABORTED, "another controller works on it");
	assert_int_equal(await(&test_kind), -1);
	assert_int_equal(seen.runs, 0);
	assert_string_equal(journal()->owner, "another");
}

static void job_of_a_silent_controller_is_taken_over(void **state)
{
	plant_journal("another");
	start_anew("two", 1);
	jobs_resume(seen.jobs, &share);
	jobs_run_due(seen.jobs, 100);
	assert_int_equal(seen.runs, 0);
	assert_int_equal(cancel_poll(&seen.world.cancel, NULL, 0, 2, &seen.world.st), 0); /* longer than the lease */
	jobs_run_due(seen.jobs, 5 * 1000);
	assert_int_equal(seen.runs, 1);
	assert_string_equal(seen.volume_id, "srv#share#planted##");
	assert_null(journal());
}

static int count_renewal(void *data, const struct fs_memory_operation *operation)
{
	if (strcmp(operation->verb, "rename") == 0)
		atomic_fetch_add(&seen.renewals, 1);
	return 0;
}

static int wait_for_renewals(struct job_run *run, struct cancel *cancel, struct status *st)
{
	atomic_store(&run->progress->files, 7);
	while (atomic_load(&seen.renewals) < 3 && cancel_poll(cancel, NULL, 0, 1, st) == 0)
		;
	return 0;
}

static void lease_is_renewed_while_the_job_runs(void **state)
{
	start_anew("one", 30);
	seen.act = wait_for_renewals;
	seen.failures_left = 1; /* or the journal would be gone */
	fs_memory_set_hook(seen.world.fs, count_renewal, NULL);
	assert_int_equal(await(&test_kind), -1);
	assert_true(journal()->renewals >= 2);
	assert_int_equal(journal()->files, 7);
}

static int lose_lease(struct job_run *run, struct cancel *cancel, struct status *st)
{
	plant_journal("another");
	while (cancel_poll(cancel, NULL, 0, -1, st) == 0)
		;
	return -1;
}

static void job_that_another_has_taken_stops(void **state)
{
	start_anew("one", 30);
	seen.act = lose_lease;
	assert_int_equal(await(&test_kind), -1);
	assert_failed(&seen.world, STATUS_ABORTED, "another controller has taken the job over");
	assert_string_equal(journal()->owner, "another");
}

/* Whatever operation fails, the job gets done and leaves nothing. */
static void any_failed_operation_is_made_good(void **state)
{
	static const int errnums[] = {EIO, ESTALE, ETIMEDOUT, ENOSPC, EACCES};
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++)
		for (int fault = FS_MEMORY_FAIL_BEFORE; fault <= FS_MEMORY_FAIL_AFTER; fault++)
			for (unsigned nth = 1, count = nth; count >= nth; nth++) {
				fs_memory_unplant(seen.world.fs, ".csicore");
				start_anew("one", 60 * 1000);
				atomic_store(&seen.runs, 0);
				fs_memory_reset_operations(seen.world.fs);
				fs_memory_fail_nth(seen.world.fs, nth, errnums[i], fault);
				(void)await(&test_kind);
				count = fs_memory_operation_count(seen.world.fs);
				fs_memory_fail_nth(seen.world.fs, 0, 0, fault);
				jobs_run_due(seen.jobs, 60 * 1000);
				if (atomic_load(&seen.runs) == 0)
					assert_int_equal(await(&test_kind), 0);
				if (errnums[i] != EACCES)
					assert_null(journal());
			}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(job_runs_once_however_often_it_is_asked_for),
		TEST(job_asked_for_while_it_runs_runs_once_more),
		TEST(job_says_when_it_runs_again),
		TEST(caller_is_told_how_it_ended),
		TEST(failed_job_is_repeated_ever_later),
		TEST(journal_is_there_while_the_job_runs),
		TEST(killed_controller_goes_on_unasked),
		TEST(journal_of_a_failure_for_good_goes),
		TEST(piece_of_a_journal_is_taken_over),
		TEST(share_that_takes_no_journal_is_served_without),
		TEST(journals_that_are_no_jobs_stay),
		TEST(job_of_another_controller_is_left_alone),
		TEST(job_of_a_silent_controller_is_taken_over),
		TEST(lease_is_renewed_while_the_job_runs),
		TEST(job_that_another_has_taken_stops),
		TEST(any_failed_operation_is_made_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
