/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs there are, and what each is known by, waits for and has to say.  Not thread-safe: the lock of jobs.c guards all. */
#ifndef CSICORE_CONTROLLER_JOB_LIST_H
#define CSICORE_CONTROLLER_JOB_LIST_H

#include "base/cancel.h"
#include "base/log.h"
#include "base/status.h"
#include "job_attempt.h"

#define JOB_NEVER INT64_MAX

/* A call that waits for the end of the run; on its stack. */
struct job_waiter {
	struct job_waiter *next;
	int event_fd; /* written to once it is done */
	bool is_done;
	int result;
	struct status st;
};

struct job {
	struct job *next;
	char *id;
	int64_t due_ns; /* CLOCK_MONOTONIC; JOB_NEVER while it runs, unless it was asked for once more */
	bool is_running;
	unsigned failures; /* in a row */
	int64_t started_ns, reported_ns;
	struct job_waiter *waiters;

	/* The run's own while there is one, but for what is atomic; kind and key never change. */
	struct cancel cancel;
	struct job_attempt attempt;
};

struct job_list {
	struct job *first;
	unsigned count;
};

/* Where the job is, or would be. */
struct job **job_list_find(struct job_list *list, const struct job_spec *spec);
/* A job that is due never; attempt says how it is run, all else is copied from spec. */
struct job *job_list_add(struct job_list *list, const struct job_spec *spec, const struct job_attempt *attempt);
void job_list_remove(struct job_list *list, struct job *job);
/* Behind all others: whoever has just run waits longest. */
void job_list_put_last(struct job_list *list, struct job *job);

/* delay_ms from now, or earlier where it was due earlier. */
void job_make_due(struct job *job, int64_t delay_ms);
/* After its next failure. */
int64_t job_backoff_ms(const struct job *job, const struct status *st);

void job_tell_waiters(struct job *job, int result, const struct status *st);
void job_forget_waiter(struct job *job, struct job_waiter *waiter);

/* One line about what the run has done so far; or about why it failed, its failures counted already, and when it is
 * repeated; again_ms -1 for never. */
void job_report(const struct job *job, enum log_level level, const char *event);
void job_report_failure(const struct job *job, const struct status *st, int64_t again_ms);
/* The same as one sentence, for a call that waits in vain: always -1 with ABORTED. */
int job_set_progress(const struct job *job, struct status *st);

#endif
