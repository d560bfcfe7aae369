/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

#include "world.h"

#define JOURNAL ".csicore/jobs/test~a"

static const struct export_key share = {.server = "srv", .share = "/share"};
static const struct export_key other_share = {.server = "srv", .share = "/other"};

/* What the jobs of these tests do, and what was seen of them. */
static struct seen {
	struct world world;
	struct jobs_config config;
	struct jobs *jobs;
	unsigned failures_left; /* of the next runs */
	enum status_code failure;
	int (*act)(struct job_run *run, struct cancel *cancel, struct status *st); /* NULL: nothing */
	atomic_uint runs, running, running_peak;
	sem_t begun, may_end; /* of runs that act by wait_to_end */
	char volume_id[64];   /* of the last record */
	bool had_journal;
} seen;

static int run_and_note(struct export_use *use, struct job_run *run, struct cancel *cancel, struct status *st)
{
	unsigned running = atomic_fetch_add(&seen.running, 1) + 1;
	if (running > atomic_load(&seen.running_peak))
		atomic_store(&seen.running_peak, running);
	atomic_fetch_add(&seen.runs, 1);
	seen.had_journal = fs_memory_exists(seen.world.fs, JOURNAL);
	if (run->record)
		(void)snprintf(seen.volume_id, sizeof(seen.volume_id), "%s", run->record->volume_id);
	int result = seen.act ? seen.act(run, cancel, st) : 0;
	if (seen.failures_left > 0) {
		seen.failures_left--;
		result = status_set(st, seen.failure, "as planned");
	}
	atomic_fetch_sub(&seen.running, 1);
	return result;
}

static const struct job_kind plain_kind = {"plain", false, run_and_note};
static const struct job_kind test_kind = {"test", true, run_and_note};
static const struct job_kind *const kinds[] = {&test_kind, NULL};

static int set_up(void **state)
{
	seen = (struct seen){.failure = STATUS_UNAVAILABLE};
	(void)world_init(&seen.world);
	(void)sem_init(&seen.begun, 0, 0);
	(void)sem_init(&seen.may_end, 0, 0);
	seen.config = (struct jobs_config){
		.exports = seen.world.config.exports,
		.kinds = kinds,
		.threads = 4,
		.per_server = 2,
		.owner = "one",
		.lease_ms = 60 * 1000,
		.patience_ms = 60 * 1000,
	};
	seen.jobs = jobs_new(&seen.config);
	return 0;
}

static int tear_down(void **state)
{
	jobs_free(seen.jobs);
	(void)sem_destroy(&seen.begun);
	(void)sem_destroy(&seen.may_end);
	return world_release(&seen.world);
}

/* As another controller, or as this one after it was killed. */
static void start_anew(const char *owner, int64_t lease_ms)
{
	jobs_free(seen.jobs);
	seen.config.owner = owner;
	seen.config.lease_ms = lease_ms;
	seen.jobs = jobs_new(&seen.config);
}

static void ask(const struct job_kind *kind, const struct export_key *key, const char *id)
{
	Csicore__JobRecord record = CSICORE__JOB_RECORD__INIT;
	record.volume_id = (char *)"srv#share#volume##";
	const struct job_spec spec = {kind, key, id, &record};
	jobs_ask(seen.jobs, &spec, 0);
}

static int await(const struct job_kind *kind)
{
	Csicore__JobRecord record = CSICORE__JOB_RECORD__INIT;
	record.volume_id = (char *)"srv#share#volume##";
	const struct job_spec spec = {kind, &share, "a", &record};
	return jobs_await(seen.jobs, &spec, &seen.world.cancel, &seen.world.st);
}

static Csicore__JobRecord *journal(void)
{
	struct fs_attr attr;
	const char *content = fs_memory_content(seen.world.fs, JOURNAL);
	if (!content || !fs_memory_attr(seen.world.fs, JOURNAL, &attr))
		return NULL;
	return job_record_decode(&seen.world.arena, content, attr.size_bytes);
}

static void plant_journal(const char *owner)
{
	Csicore__JobRecord record = CSICORE__JOB_RECORD__INIT;
	size_t length;
	record.kind = (char *)"test";
	record.id = (char *)"a";
	record.volume_id = (char *)"srv#share#planted##";
	record.owner = (char *)owner;
	const uint8_t *bytes = job_record_encode(&seen.world.arena, &record, &length);
	fs_memory_plant_bytes(seen.world.fs, JOURNAL, bytes, length);
}

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

static int wait_for_renewal(struct job_run *run, struct cancel *cancel, struct status *st)
{
	while (journal()->renewals < 3 && cancel_poll(cancel, NULL, 0, 1, st) == 0)
		;
	atomic_store(&run->progress->files, 7);
	uint64_t before = journal()->renewals;
	while (journal()->renewals < before + 2 && cancel_poll(cancel, NULL, 0, 1, st) == 0)
		;
	assert_int_equal(journal()->files, 7);
	return 0;
}

static void lease_is_renewed_while_the_job_runs(void **state)
{
	start_anew("one", 30);
	seen.act = wait_for_renewal;
	assert_int_equal(await(&test_kind), 0);
	assert_null(journal());
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
		TEST(impatient_caller_is_told_how_far_it_is),
		TEST(caller_waits_for_the_run_that_is_on),
		TEST(server_gets_no_more_than_its_share),
		TEST(stop_ends_what_runs_and_keeps_its_journal),
		TEST(stop_waits_no_longer_than_it_is_told),
		TEST(job_that_is_due_later_is_not_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
