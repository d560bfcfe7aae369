/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a job on its share: with its journal around it, where the kind has one. */
#ifndef CSICORE_CONTROLLER_JOB_ATTEMPT_H
#define CSICORE_CONTROLLER_JOB_ATTEMPT_H

#include "job_journal.h"
#include "jobs.h"

/* What a job keeps from one run to the next. */
struct job_attempt {
	struct jobs *jobs;
	const struct jobs_config *config;
	struct exports *exports;
	const struct job_kind *kind;
	struct export_key key;
	uint8_t *record; /* encoded; NULL for kinds without a journal */
	size_t record_length;
	bool is_begun;                 /* its journal is, or was, on the share */
	struct journal_sight sight;    /* of another controller's */
	struct tree_progress progress; /* of the last run */
	int64_t again_ms;              /* job_run.ret_again_ms of the last run */
};

int job_attempt_run(struct job_attempt *attempt, struct cancel *cancel, struct status *st);

/* True where the failure is one that the same run may not meet again. */
bool job_attempt_is_worth_another(const struct status *st);

#endif
