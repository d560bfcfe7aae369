/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of a job, .csicore/jobs/KIND~ID: who works on it and what it needs to know to go on.  Its owner renews it
 * while it works.  Another controller leaves it alone until it has seen no renewal for as long as a lease, by its own clock.
 */
#ifndef CSICORE_CONTROLLER_JOB_JOURNAL_H
#define CSICORE_CONTROLLER_JOB_JOURNAL_H

#include "csi/record.h"
#include "export.h"
#include "storage/tree.h"

/* What was last seen in a journal of another owner. */
struct journal_sight {
	char owner[256];
	uint64_t renewals;
	int64_t since_ns; /* CLOCK_MONOTONIC; 0: never seen */
};

struct journal_claim {
	const char *owner;
	int64_t lease_ms;
	bool is_begun; /* there was a journal already: one that is missing now was finished by somebody */
};

enum journal_state {
	JOURNAL_OURS,    /* written, or found and ours to go on with */
	JOURNAL_REFUSED, /* the share takes none: the job runs without */
	JOURNAL_GONE,    /* finished */
	JOURNAL_HELD,    /* another controller works on it */
};

/*
 * Makes sure of the journal of record before the job runs.  With JOURNAL_OURS, *ret_record is what the job is to go by (in
 * arena): the journal's where there was one, else record.  sight is kept by the caller from one attempt to the next.
 */
int job_journal_claim(struct export_use *use, struct arena *arena, const Csicore__JobRecord *record,
		      const struct journal_claim *claim, struct journal_sight *sight, struct cancel *cancel,
		      enum journal_state *ret_state, const Csicore__JobRecord **ret_record, struct status *st);
/* Missing is success. */
int job_journal_remove(struct export_use *use, struct arena *arena, const Csicore__JobRecord *record,
		       struct cancel *cancel, struct status *st);

/*
 * Renews a journal in a thread of its own, several times in a lease.  Once it finds another owner in it, it triggers stop.
 * Until the end, record and progress belong to it.
 */
struct journal_lease;
struct journal_lease *journal_lease_begin(struct export_use *use, const Csicore__JobRecord *record,
					  const struct tree_progress *progress, int64_t lease_ms, struct cancel *stop);
/* True where the journal is another's now. */
bool journal_lease_end(struct journal_lease *lease);

/* Calls resume for each whole journal of the share, and removes pieces of journals that are an hour old. */
typedef void journal_visit(void *context, const Csicore__JobRecord *record);
int job_journal_scan(struct export_use *use, journal_visit *visit, void *context, struct cancel *cancel,
		     struct status *st);

#endif
