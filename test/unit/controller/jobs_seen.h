/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of jobs start from: a world, jobs of two kinds in it, and what was seen of their runs. */
#ifndef CSICORE_TEST_CONTROLLER_JOBS_SEEN_H
#define CSICORE_TEST_CONTROLLER_JOBS_SEEN_H

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
	atomic_bool had_journal;
	atomic_uint renewals;
} seen;

static inline int run_and_note(struct export_use *use, struct job_run *run, struct cancel *cancel, struct status *st)
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

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
{
	jobs_free(seen.jobs);
	(void)sem_destroy(&seen.begun);
	(void)sem_destroy(&seen.may_end);
	return world_release(&seen.world);
}

/* As another controller, or as this one after it was killed. */
static inline void start_anew(const char *owner, int64_t lease_ms)
{
	jobs_free(seen.jobs);
	seen.config.owner = owner;
	seen.config.lease_ms = lease_ms;
	seen.jobs = jobs_new(&seen.config);
}

static inline void ask(const struct job_kind *kind, const struct export_key *key, const char *id)
{
	Csicore__JobRecord record = CSICORE__JOB_RECORD__INIT;
	record.volume_id = (char *)"srv#share#volume##";
	const struct job_spec spec = {kind, key, id, &record};
	jobs_ask(seen.jobs, &spec, 0);
}

static inline int await(const struct job_kind *kind)
{
	Csicore__JobRecord record = CSICORE__JOB_RECORD__INIT;
	record.volume_id = (char *)"srv#share#volume##";
	const struct job_spec spec = {kind, &share, "a", &record};
	return jobs_await(seen.jobs, &spec, &seen.world.cancel, &seen.world.st);
}

static inline Csicore__JobRecord *journal(void)
{
	struct fs_attr attr;
	const char *content = fs_memory_content(seen.world.fs, JOURNAL);
	if (!content || !fs_memory_attr(seen.world.fs, JOURNAL, &attr))
		return NULL;
	return job_record_decode(&seen.world.arena, content, attr.size_bytes);
}

static inline void plant_journal(const char *owner)
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

#endif
