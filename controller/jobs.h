/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that outlives the call which asked for it.  A job is known by its kind, its share and its id: whoever asks for one
 * that is there joins it.  Jobs run on threads and exports of their own, so calls never wait for them unless they want to;
 * how many run is bounded in all and for each server.  A job that fails for want of an answer is repeated, later and later.
 *
 * A kind with a journal (job_journal.h) has it on the share from before its first change until after its last, so that
 * a controller that is killed goes on where it ended once it has started again, whether somebody asks or not.  Only one
 * controller at a time works on such a job.
 *
 *   jobs_new -> jobs_start (until then jobs run in the caller's thread, when waited for or by jobs_run_due) -> jobs_stop
 *   -> jobs_free
 */
#ifndef CSICORE_CONTROLLER_JOBS_H
#define CSICORE_CONTROLLER_JOBS_H

#include "csi/record.h"
#include "export.h"
#include "storage/tree.h"

/* What a run of a job has at hand, and what it leaves. */
struct job_run {
	struct jobs *jobs;
	void *user;                       /* jobs_config.user */
	const struct export_key *key;     /* the share */
	const Csicore__JobRecord *record; /* NULL for kinds without a journal */
	struct arena *arena;
	struct tree_progress *progress; /* to be added to */
	int64_t ret_again_ms;           /* when to run the job once more; negative (as it is set before) for never */
};

struct job_kind {
	const char *name; /* in journals and logs */
	bool has_journal;
	/* The whole job, or what an earlier run of it left undone.  A failure with ESTALE repeats it at once. */
	int (*run)(struct export_use *use, struct job_run *run, struct cancel *cancel, struct status *st);
};

struct jobs_config {
	struct exports_config exports; /* for the jobs' own */
	void *user;
	const struct job_kind *const *kinds; /* whose journals are resumed; NULL-ended, borrowed */
	unsigned threads, per_server;
	const char *owner;   /* of journals: the same after a restart, another for another controller; borrowed */
	int64_t lease_ms;    /* a journal whose owner says nothing for so long is taken over */
	int64_t patience_ms; /* how long a call waits before it is told to ask again */
};

struct jobs;
struct jobs *jobs_new(const struct jobs_config *config);
/* From here on jobs run in the background. */
void jobs_start(struct jobs *jobs);
/* Cancels what runs; journals stay.  -1 with DEADLINE_EXCEEDED where threads still hang after timeout_ms. */
int jobs_stop(struct jobs *jobs, int64_t timeout_ms, struct status *st);
/* After jobs_stop returned 0, or without jobs_start.  NULL is fine. */
void jobs_free(struct jobs *jobs);

struct job_spec {
	const struct job_kind *kind;
	const struct export_key *key;
	const char *id;                   /* passes path_is_name() with the kind's name before it */
	const Csicore__JobRecord *record; /* of kinds with a journal; kind, id and owner are filled in */
};

/* Has it run delay_ms from now, or earlier where that was asked already; now once more if it runs.  Everything is copied. */
void jobs_ask(struct jobs *jobs, const struct job_spec *spec, int64_t delay_ms);
/*
 * The same at once, and waits for the end.  ABORTED with what was done so far where that takes longer than the
 * configuration's patience; the job goes on then, as it does when cancel is over.
 */
int jobs_await(struct jobs *jobs, const struct job_spec *spec, struct cancel *cancel, struct status *st);
/* Waits, as jobs_await, while a job of the kind runs on the share whose id begins so.  How it ends is not told. */
int jobs_join(struct jobs *jobs, const struct job_kind *kind, const char *server, const char *share,
	      const char *id_prefix, struct cancel *cancel, struct status *st);
/* Looks in the background for journals on the share, and resumes their jobs. */
void jobs_resume(struct jobs *jobs, const struct export_key *key);

/* Runs in this thread what is due within so long, until nothing is; for tests, where nothing was started. */
void jobs_run_due(struct jobs *jobs, int64_t within_ms);

#endif
