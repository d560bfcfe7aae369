/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a job. */
#include "job_attempt.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"

#define ARENA_BYTES (1024 * 1024)

bool job_attempt_is_worth_another(const struct status *st)
{
	switch (st->code) {
	case STATUS_UNAVAILABLE:
	case STATUS_DEADLINE_EXCEEDED:
	case STATUS_CANCELLED:
	case STATUS_ABORTED:
	case STATUS_RESOURCE_EXHAUSTED:
	case STATUS_INTERNAL:
	case STATUS_UNKNOWN:
		return true;
	default:
		return false;
	}
}

/* An attempt and the memory of its run. */
struct context {
	struct job_attempt *attempt;
	struct arena *arena;
};

static int run_kind(struct export_use *use, const struct context *context, const Csicore__JobRecord *record,
		    struct cancel *cancel, struct status *st)
{
	struct job_attempt *attempt = context->attempt;
	struct job_run run = {
		.jobs = attempt->jobs,
		.user = attempt->config->user,
		.key = &attempt->key,
		.record = record,
		.arena = context->arena,
		.progress = &attempt->progress,
		.ret_again_ms = -1,
	};
	int result = attempt->kind->run(use, &run, cancel, st);
	attempt->again_ms = run.ret_again_ms;
	return result;
}

/* The journal is ours: runs the job, and removes the journal once nothing is left to be done. */
static int run_leased(struct export_use *use, const struct context *context, const Csicore__JobRecord *record,
		      struct cancel *cancel, struct status *st)
{
	struct job_attempt *attempt = context->attempt;
	struct status ignored; /* why the job failed says more */
	struct journal_lease *lease =
		journal_lease_begin(use, record, &attempt->progress, attempt->config->lease_ms, cancel);
	int result = run_kind(use, context, record, cancel, st);
	if (journal_lease_end(lease))
		return status_set(st, STATUS_ABORTED, "another controller has taken the job over");
	if (result < 0 && job_attempt_is_worth_another(st))
		return -1;
	int removed = job_journal_remove(use, context->arena, record, cancel, result < 0 ? &ignored : st);
	return result < 0 ? -1 : removed;
}

static int run_with_journal(struct export_use *use, const struct context *context, struct cancel *cancel,
			    struct status *st)
{
	struct job_attempt *attempt = context->attempt;
	const struct journal_claim claim = {attempt->config->owner, attempt->config->lease_ms, attempt->is_begun};
	const Csicore__JobRecord *record = job_record_decode(context->arena, attempt->record, attempt->record_length);
	enum journal_state state;
	if (job_journal_claim(use, context->arena, record, &claim, &attempt->sight, cancel, &state, &record, st) < 0)
		return -1;
	attempt->is_begun = state != JOURNAL_REFUSED;
	switch (state) {
	case JOURNAL_GONE:
		return 0;
	case JOURNAL_HELD:
		return status_set(st, STATUS_ABORTED, "another controller works on it");
	case JOURNAL_REFUSED:
		return run_kind(use, context, record, cancel, st);
	default:
		return run_leased(use, context, record, cancel, st);
	}
}

static int run_on_export(struct export_use *use, void *data, struct cancel *cancel, struct status *st)
{
	const struct context *context = data;
	return context->attempt->kind->has_journal ? run_with_journal(use, context, cancel, st)
						   : run_kind(use, context, NULL, cancel, st);
}

int job_attempt_run(struct job_attempt *attempt, struct cancel *cancel, struct status *st)
{
	AUTO(arena_release) struct arena arena;
	AUTO(export_hold_release) struct export_hold hold = {attempt->exports, NULL};
	struct context context = {attempt, &arena};
	arena_init(&arena, ARENA_BYTES);
	attempt->again_ms = -1;
	atomic_store(&attempt->progress.files, 0);
	atomic_store(&attempt->progress.directories, 0);
	atomic_store(&attempt->progress.bytes, 0);
	hold.export = exports_get(hold.exports, &attempt->key, st);
	return hold.export ? export_run(hold.export, run_on_export, &context, cancel, st) : -1;
}
