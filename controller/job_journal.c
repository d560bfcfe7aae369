/* SPDX-License-Identifier: Apache-2.0 */
/* Journals of jobs: claimed, renewed, removed, found again. */
#include "job_journal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "folder.h"

#define ARENA_BYTES (256 * 1024)
#define RENEWALS_PER_LEASE 6
#define TEMPORARY_PREFIX '~'
#define PIECE_AGE_S 3600 /* no journal takes so long to write */
#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

static const char *file_name(struct arena *arena, const Csicore__JobRecord *record)
{
	return arena_printf(arena, "%s~%s", record->kind, record->id);
}

/* A journal as it was found. */
struct found_journal {
	bool exists;
	struct strbuf content;      /* its bytes */
	Csicore__JobRecord *record; /* in the reader's arena; NULL where there is none, or only a piece of one */
};

static void found_journal_release(struct found_journal *found)
{
	strbuf_release(&found->content);
}

static int read_journal(struct export_use *use, struct arena *arena, const char *file, struct cancel *cancel,
			struct found_journal *found, struct status *st)
{
	found_journal_release(found);
	*found = (struct found_journal){0};
	strbuf_init(&found->content, RECORD_BYTES_MAX);
	if (folder_read_file(use, EXPORT_JOBS, file, &found->content, cancel, &found->exists, st) < 0)
		return -1;
	if (found->exists)
		found->record = job_record_decode(arena, found->content.data, found->content.length);
	return 0;
}

/* Puts record in the place of the journal that was found, unless another controller has changed it meanwhile: in found is
 * then what that made of it. */
static int exchange_journal(struct export_use *use, struct arena *arena, const Csicore__JobRecord *record,
			    struct found_journal *found, struct cancel *cancel, struct status *st)
{
	size_t length;
	const uint8_t *bytes = job_record_encode(arena, record, &length);
	const char *file = file_name(arena, record);
	if (folder_exchange_file(use, EXPORT_JOBS, file, &found->content, bytes, length, cancel, st) < 0)
		return -1;
	return read_journal(use, arena, file, cancel, found, st);
}

static bool is_owned_by(const struct found_journal *found, const char *owner)
{
	return found->record && strcmp(found->record->owner, owner) == 0;
}

/* ---- claim */

static bool is_same_sight(const struct journal_sight *sight, const Csicore__JobRecord *found)
{
	return sight->since_ns > 0 && sight->renewals == found->renewals &&
	       strncmp(sight->owner, found->owner, sizeof(sight->owner) - 1) == 0;
}

/* True once the owner has been silent for a lease. */
static bool is_abandoned(const Csicore__JobRecord *found, const struct journal_claim *claim,
			 struct journal_sight *sight)
{
	int64_t now_ns = cancel_now_ns();
	if (is_same_sight(sight, found))
		return now_ns - sight->since_ns >= claim->lease_ms * NS_PER_MS;
	*sight = (struct journal_sight){.renewals = found->renewals, .since_ns = now_ns};
	size_t length = strnlen(found->owner, sizeof(sight->owner) - 1);
	memcpy(sight->owner, found->owner, length);
	return false;
}

/* There is a journal already: ours, another controller's, or a piece. */
static int meet_journal(struct export_use *use, struct arena *arena, const Csicore__JobRecord *record,
			const struct journal_claim *claim, struct journal_sight *sight, struct cancel *cancel,
			enum journal_state *ret_state, const Csicore__JobRecord **ret_record, struct status *st)
{
	AUTO(found_journal_release) struct found_journal found = {0};
	if (read_journal(use, arena, file_name(arena, record), cancel, &found, st) < 0)
		return -1;
	bool may_take = !found.record || is_abandoned(found.record, claim, sight);
	if (found.exists && may_take && !is_owned_by(&found, claim->owner)) {
		Csicore__JobRecord taken = found.record ? *found.record : *record;
		taken.owner = (char *)claim->owner;
		taken.renewals++;
		if (exchange_journal(use, arena, &taken, &found, cancel, st) < 0)
			return -1;
	}
	*ret_state = is_owned_by(&found, claim->owner) ? JOURNAL_OURS : found.exists ? JOURNAL_HELD : JOURNAL_GONE;
	*ret_record = found.record;
	return 0;
}

int job_journal_claim(struct export_use *use, struct arena *arena, const Csicore__JobRecord *record,
		      const struct journal_claim *claim, struct journal_sight *sight, struct cancel *cancel,
		      enum journal_state *ret_state, const Csicore__JobRecord **ret_record, struct status *st)
{
	Csicore__JobRecord fresh = *record;
	size_t length;
	fresh.owner = (char *)claim->owner;
	const uint8_t *bytes = job_record_encode(arena, &fresh, &length);
	if (claim->is_begun ||
	    folder_create_file(use, EXPORT_JOBS, file_name(arena, record), bytes, length, cancel, st) < 0) {
		if (claim->is_begun || st->errnum == EEXIST)
			return meet_journal(use, arena, record, claim, sight, cancel, ret_state, ret_record, st);
		if (!folder_is_refusal(st) && st->code != STATUS_RESOURCE_EXHAUSTED)
			return -1;
		*ret_state = JOURNAL_REFUSED;
	} else {
		*ret_state = JOURNAL_OURS;
	}
	*ret_record = arena_memdup(arena, &fresh, sizeof(fresh));
	return 0;
}

int job_journal_remove(struct export_use *use, struct arena *arena, const Csicore__JobRecord *record,
		       struct cancel *cancel, struct status *st)
{
	struct fs_dir *folder;
	if (export_open_folder(use, EXPORT_JOBS, false, cancel, &folder, st) == 0 &&
	    fs_remove_file(use->fs, folder, file_name(arena, record), cancel, st) == 0)
		return 0;
	return st->errnum == ENOENT ? 0 : -1;
}

/* ---- lease */

struct journal_lease {
	struct export_use *use;
	const Csicore__JobRecord *record;
	const struct tree_progress *progress;
	int64_t renewal_ms;
	struct cancel *stop; /* the job's */
	struct cancel end;   /* of the waiting between renewals */
	pthread_t thread;
	bool has_thread;
	bool is_lost; /* read once the thread has ended */
};

/* False once the journal is another's, or gone.  A server that does not answer leaves it as it is. */
static bool renew(struct journal_lease *lease)
{
	AUTO(arena_release) struct arena arena;
	AUTO(found_journal_release) struct found_journal found = {0};
	const char *owner = lease->record->owner;
	struct status ignored; /* of what is tried again at the next renewal */
	arena_init(&arena, ARENA_BYTES);
	if (read_journal(lease->use, &arena, file_name(&arena, lease->record), lease->stop, &found, &ignored) < 0)
		return true;
	if (!is_owned_by(&found, owner))
		return false;
	Csicore__JobRecord renewed = *found.record;
	renewed.renewals++;
	renewed.files = atomic_load(&lease->progress->files);
	renewed.directories = atomic_load(&lease->progress->directories);
	renewed.bytes = atomic_load(&lease->progress->bytes);
	return exchange_journal(lease->use, &arena, &renewed, &found, lease->stop, &ignored) < 0 ||
	       is_owned_by(&found, owner);
}

static void *lease_main(void *argument)
{
	struct journal_lease *lease = argument;
	struct status over;
	while (!lease->is_lost && cancel_poll(&lease->end, NULL, 0, (int)lease->renewal_ms, &over) == 0)
		lease->is_lost = !renew(lease);
	if (lease->is_lost)
		cancel_trigger(lease->stop);
	return NULL;
}

struct journal_lease *journal_lease_begin(struct export_use *use, const Csicore__JobRecord *record,
					  const struct tree_progress *progress, int64_t lease_ms, struct cancel *stop)
{
	struct journal_lease *lease = memory_calloc(1, sizeof(*lease));
	*lease = (struct journal_lease){.use = use,
					.record = record,
					.progress = progress,
					.renewal_ms = lease_ms / RENEWALS_PER_LEASE,
					.stop = stop};
	cancel_init(&lease->end, -1);
	/* Without a thread the job still runs, like one that is over before its first renewal. */
	lease->has_thread = pthread_create(&lease->thread, NULL, lease_main, lease) == 0;
	return lease;
}

bool journal_lease_end(struct journal_lease *lease)
{
	cancel_trigger(&lease->end);
	if (lease->has_thread)
		(void)pthread_join(lease->thread, NULL); /* it is ours and was not joined before */
	bool is_lost = lease->is_lost;
	cancel_release(&lease->end);
	free(lease);
	return is_lost;
}

/* ---- scan */

static int scan_file(struct export_use *use, const struct fs_entry *entry, journal_visit *visit, void *context,
		     struct cancel *cancel, struct status *st)
{
	AUTO(arena_release) struct arena arena;
	AUTO(found_journal_release) struct found_journal found = {.exists = true};
	struct fs_dir *folder;
	arena_init(&arena, ARENA_BYTES);
	if (entry->attr.type != FS_FILE)
		return 0;
	if (entry->name[0] != TEMPORARY_PREFIX && read_journal(use, &arena, entry->name, cancel, &found, st) < 0)
		return -1;
	if (found.record && strcmp(file_name(&arena, found.record), entry->name) == 0)
		visit(context, found.record);
	if (!found.exists || found.record || time(NULL) - entry->attr.mtime_ns / NS_PER_S < PIECE_AGE_S)
		return 0;
	if (export_open_folder(use, EXPORT_JOBS, false, cancel, &folder, st) < 0 ||
	    fs_remove_file(use->fs, folder, entry->name, cancel, st) < 0)
		return st->errnum == ENOENT || folder_is_refusal(st) ? 0 : -1;
	return 0;
}

int job_journal_scan(struct export_use *use, journal_visit *visit, void *context, struct cancel *cancel,
		     struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	while (!page.is_end) {
		if (folder_list(use, EXPORT_JOBS, &page, cancel, st) < 0)
			return folder_is_refusal(st) ? 0 : -1;
		for (size_t i = 0; i < page.count; i++)
			if (scan_file(use, &page.entries[i], visit, context, cancel, st) < 0)
				return -1;
	}
	return 0;
}
