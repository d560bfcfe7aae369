/* SPDX-License-Identifier: Apache-2.0 */
/* The list of jobs. */
#include "job_list.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/arena.h"
#include "base/memory.h"

#define NS_PER_MS 1000000LL
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS (60 * 1000)           /* while a server does not answer */
#define REFUSED_BACKOFF_MAX_MS (3600 * 1000) /* while it answers the same each time */

/* However the share is reached.  Servers can differ by their port alone. */
static bool is_same_share(const struct export_key *a, const struct export_key *b)
{
	return strcmp(a->server, b->server) == 0 && strcmp(a->share, b->share) == 0 &&
	       export_key_port(a) == export_key_port(b);
}

struct job **job_list_find(struct job_list *list, const struct job_spec *spec)
{
	struct job **at = &list->first;
	while (*at && ((*at)->attempt.kind != spec->kind || strcmp((*at)->id, spec->id) != 0 ||
		       !is_same_share(&(*at)->attempt.key, spec->key)))
		at = &(*at)->next;
	return at;
}

static void set_record(struct job_attempt *attempt, const struct job_spec *spec)
{
	AUTO(arena_release) struct arena arena;
	Csicore__JobRecord record = *spec->record;
	arena_init(&arena, RECORD_BYTES_MAX);
	record.kind = (char *)spec->kind->name;
	record.id = (char *)spec->id;
	const uint8_t *bytes = job_record_encode(&arena, &record, &attempt->record_length);
	attempt->record = memory_alloc(attempt->record_length);
	memcpy(attempt->record, bytes, attempt->record_length);
}

static void append(struct job_list *list, struct job *job)
{
	struct job **at = &list->first;
	while (*at)
		at = &(*at)->next;
	*at = job;
	list->count++;
}

struct job *job_list_add(struct job_list *list, const struct job_spec *spec, const struct job_attempt *attempt)
{
	struct job *job = memory_calloc(1, sizeof(*job));
	job->id = memory_strdup(spec->id);
	job->due_ns = JOB_NEVER;
	job->attempt = *attempt;
	job->attempt.kind = spec->kind;
	job->attempt.key = export_key_copy(spec->key);
	if (spec->kind->has_journal)
		set_record(&job->attempt, spec);
	append(list, job);
	return job;
}

static void take_out(struct job_list *list, struct job *job)
{
	struct job **at = &list->first;
	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	job->next = NULL;
	list->count--;
}

void job_list_remove(struct job_list *list, struct job *job)
{
	take_out(list, job);
	export_key_release(&job->attempt.key);
	free(job->attempt.record);
	free(job->id);
	free(job);
}

void job_list_put_last(struct job_list *list, struct job *job)
{
	take_out(list, job);
	append(list, job);
}

void job_make_due(struct job *job, int64_t delay_ms)
{
	int64_t due_ns = cancel_now_ns() + delay_ms * NS_PER_MS;
	if (due_ns < job->due_ns)
		job->due_ns = due_ns;
}

int64_t job_backoff_ms(const struct job *job, const struct status *st)
{
	bool is_unanswered =
		st->code == STATUS_UNAVAILABLE || st->code == STATUS_DEADLINE_EXCEEDED || st->code == STATUS_ABORTED;
	int64_t max_ms = is_unanswered ? BACKOFF_MAX_MS : REFUSED_BACKOFF_MAX_MS;
	int64_t wait_ms = BACKOFF_MIN_MS;
	for (unsigned i = 0; i < job->failures && wait_ms < max_ms; i++)
		wait_ms *= 2;
	return wait_ms < max_ms ? wait_ms : max_ms;
}

void job_tell_waiters(struct job *job, int result, const struct status *st)
{
	while (job->waiters) {
		struct job_waiter *waiter = job->waiters;
		job->waiters = waiter->next;
		waiter->is_done = true;
		waiter->result = result;
		if (result < 0)
			waiter->st = *st;
		(void)eventfd_write(waiter->event_fd, 1); /* its counter was 0 */
	}
}

void job_forget_waiter(struct job *job, struct job_waiter *waiter)
{
	struct job_waiter **at = &job->waiters;
	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
}

/* ---- words */

/* What a run has done until now. */
struct done {
	int64_t files, directories, bytes, ms, files_per_s;
};

static struct done done_by(const struct job *job)
{
	const struct tree_progress *progress = &job->attempt.progress;
	struct done done = {
		.files = (int64_t)atomic_load(&progress->files),
		.directories = (int64_t)atomic_load(&progress->directories),
		.bytes = (int64_t)atomic_load(&progress->bytes),
		.ms = (cancel_now_ns() - job->started_ns) / NS_PER_MS,
	};
	done.files_per_s = done.files * 1000 / (done.ms > 0 ? done.ms : 1);
	return done;
}

void job_report(const struct job *job, enum log_level level, const char *event)
{
	const struct done done = done_by(job);
	log_event(level, event, LOG_TEXT("job", job->attempt.kind->name), LOG_TEXT("id", job->id),
		  LOG_TEXT("server", job->attempt.key.server), LOG_TEXT("share", job->attempt.key.share),
		  LOG_NUMBER("files", done.files), LOG_NUMBER("directories", done.directories),
		  LOG_NUMBER("bytes", done.bytes), LOG_NUMBER("ms", done.ms),
		  LOG_NUMBER("files_per_s", done.files_per_s));
}

void job_report_failure(const struct job *job, const struct status *st, int64_t again_ms)
{
	bool is_repeated = again_ms >= 0;
	/* A server that stays away is worth one line, not one a minute. */
	log_event(job->failures == 1 || !is_repeated ? LOG_WARNING : LOG_DEBUG,
		  is_repeated ? "job failed and is repeated" : "job failed for good",
		  LOG_TEXT("job", job->attempt.kind->name), LOG_TEXT("id", job->id),
		  LOG_TEXT("server", job->attempt.key.server), LOG_TEXT("share", job->attempt.key.share),
		  LOG_NUMBER("failures", job->failures), LOG_NUMBER("again_ms", again_ms),
		  LOG_TEXT("why", st->message));
}

int job_set_progress(const struct job *job, struct status *st)
{
	if (!job->is_running)
		return status_set(st, STATUS_ABORTED, "%s of %s waits for its turn", job->attempt.kind->name, job->id);
	const struct done done = done_by(job);
	return status_set(st, STATUS_ABORTED, "%s of %s is in progress: %lld files, %lld bytes, %lld files/s",
			  job->attempt.kind->name, job->id, (long long)done.files, (long long)done.bytes,
			  (long long)done.files_per_s);
}
