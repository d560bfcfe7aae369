/* SPDX-License-Identifier: Apache-2.0 */
/* The reaper: passes over the trash of a share until one finds nothing more to remove. */
#include "reaper.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rate_limit.h"
#include "base/status.h"
#include "controller.h"
#include "folder.h"
#include "trash.h"

/* Deletions that follow one another share a pass. */
#define DELAY_MS 100
/* A record whose volume is not there: its deletion has only begun, or was cut off. */
#define ORPHAN_AGE_S 600
/* From one pass to the next, however long what is there is to be kept: the clock may be set meanwhile. */
#define PASS_MAX_S (24 * 3600)
#define WALKERS 8 /* of one removal */
/* Entries in work at a time: most volumes are small, and each is a chain of round trips. */
#define PARALLEL 4

struct server_rate {
	SLIST_ENTRY(server_rate) link;
	char *server;
	struct rate_limit *limit;
};

struct reaper {
	unsigned per_second;
	pthread_mutex_t lock; /* guards servers; a leaf lock */
	SLIST_HEAD(, server_rate) servers;
};

struct reaper *reaper_new(unsigned per_second)
{
	struct reaper *reaper = memory_calloc(1, sizeof(*reaper));
	reaper->per_second = per_second;
	(void)pthread_mutex_init(&reaper->lock, NULL); /* cannot fail with default attributes on Linux */
	SLIST_INIT(&reaper->servers);
	return reaper;
}

void reaper_free(struct reaper *reaper)
{
	if (!reaper)
		return;
	while (!SLIST_EMPTY(&reaper->servers)) {
		struct server_rate *rate = SLIST_FIRST(&reaper->servers);
		SLIST_REMOVE_HEAD(&reaper->servers, link);
		rate_limit_free(rate->limit);
		free(rate->server);
		free(rate);
	}
	(void)pthread_mutex_destroy(&reaper->lock); /* nobody holds it any more */
	free(reaper);
}

/* One for each server there ever was, which are few. */
static struct rate_limit *rate_of(struct reaper *reaper, const char *server)
{
	struct server_rate *rate;
	(void)pthread_mutex_lock(&reaper->lock); /* a default mutex reports no error */
	SLIST_FOREACH(rate, &reaper->servers, link)
	if (strcmp(rate->server, server) == 0)
		break;
	if (!rate) {
		rate = memory_calloc(1, sizeof(*rate));
		rate->server = memory_strdup(server);
		rate->limit = rate_limit_new(reaper->per_second);
		SLIST_INSERT_HEAD(&reaper->servers, rate, link);
	}
	(void)pthread_mutex_unlock(&reaper->lock);
	return rate->limit;
}

const char *reaper_arrival(struct arena *arena, const char *entry)
{
	return arena_printf(arena, "trash %s", entry);
}

/* ---- a pass */

struct pass {
	struct export_use *use;
	struct slots *volumes;
	struct tree_options options;
	struct cancel *cancel;
	int64_t now, retention_s;
	int64_t next_due; /* when there is more to do; INT64_MAX for never */
	size_t removed_count;

	/* Of a batch: names that are due, taken one by one by several threads. */
	const char **names;
	size_t count;
	atomic_size_t taken;
	pthread_mutex_t lock; /* guards has_failed and failure */
	bool has_failed;
	struct status failure; /* the first */
};

/* Whether nothing in the trash is called name any more. */
static int is_missing(const struct pass *pass, const char *name, bool *ret_is_missing, struct status *st)
{
	struct fs_dir *trash;
	struct fs_attr attr;
	*ret_is_missing = export_open_folder(pass->use, EXPORT_TRASH, false, pass->cancel, &trash, st) < 0 ||
			  fs_lookup(pass->use->fs, trash, name, pass->cancel, &attr, st) < 0;
	return !*ret_is_missing || st->errnum == ENOENT ? 0 : -1;
}

/* A record goes with its volume; one that has lost it goes alone. */
static int is_lost_record(const struct pass *pass, const struct trash_entry *entry, bool *ret_is_lost,
			  struct status *st)
{
	*ret_is_lost = false;
	return entry->kind == TRASH_ENTRY_RECORD ? is_missing(pass, entry->name, ret_is_lost, st) : 0;
}

static int64_t due_of(const struct pass *pass, const struct trash_entry *entry)
{
	int64_t wait_s = pass->retention_s;
	if (entry->kind != TRASH_ENTRY_VOLUME && entry->kind != TRASH_ENTRY_RECORD)
		return 0;
	if (entry->kind == TRASH_ENTRY_RECORD && wait_s < ORPHAN_AGE_S)
		wait_s = ORPHAN_AGE_S;
	return entry->deleted_at < INT64_MAX - wait_s ? entry->deleted_at + wait_s : INT64_MAX;
}

/* Puts the names of a page that are due now into the batch. */
static int choose(struct pass *pass, struct fs_page *page, struct status *st)
{
	pass->names = arena_calloc(&page->arena, page->count, sizeof(*pass->names));
	pass->count = 0;
	for (size_t i = 0; i < page->count; i++) {
		const struct trash_entry entry = trash_entry_parse(&page->arena, page->entries[i].name);
		int64_t due = due_of(pass, &entry);
		bool is_record = entry.kind == TRASH_ENTRY_RECORD, is_lost;
		if (slots_is_used(pass->volumes, reaper_arrival(&page->arena, entry.name ? entry.name : "")))
			due = pass->now + 1;
		if (due > pass->now) {
			pass->next_due = due < pass->next_due ? due : pass->next_due;
			continue;
		}
		if (is_lost_record(pass, &entry, &is_lost, st) < 0)
			return -1;
		if (!is_record || is_lost)
			pass->names[pass->count++] = page->entries[i].name;
	}
	return 0;
}

static void note_failure(struct pass *pass, const char *name, const struct status *st)
{
	log_event(LOG_DEBUG, "trash entry stays", LOG_TEXT("entry", name), LOG_TEXT("why", st->message));
	(void)pthread_mutex_lock(&pass->lock);
	if (!pass->has_failed)
		pass->failure = *st;
	pass->has_failed = true;
	(void)pthread_mutex_unlock(&pass->lock);
}

static void *purge_names(void *argument)
{
	struct pass *pass = argument;
	for (;;) {
		size_t i = atomic_fetch_add(&pass->taken, 1);
		struct status st;
		if (i >= pass->count)
			return NULL;
		if (cancel_check(pass->cancel, &st) < 0 ||
		    trash_purge(pass->use, pass->names[i], &pass->options, pass->cancel, &st) < 0)
			note_failure(pass, pass->names[i], &st);
	}
}

static void purge_batch(struct pass *pass)
{
	pthread_t helpers[PARALLEL - 1];
	size_t helper_count = 0;
	atomic_store(&pass->taken, 0);
	/* Where no thread can be had, this one does it all. */
	while (helper_count < PARALLEL - 1 && helper_count + 1 < pass->count &&
	       pthread_create(&helpers[helper_count], NULL, purge_names, pass) == 0)
		helper_count++;
	(void)purge_names(pass);
	for (size_t i = 0; i < helper_count; i++)
		(void)pthread_join(helpers[i], NULL); /* it is ours and was not joined before */
	pass->removed_count += pass->count;
}

/* Once over the trash.  Entries that cannot be removed do not keep others from being. */
static int run_pass(struct pass *pass, struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	pass->removed_count = 0;
	pass->next_due = INT64_MAX;
	while (!page.is_end) {
		if (trash_list(pass->use, &page, pass->cancel, st) < 0)
			return folder_is_refusal(st) ? 0 : -1; /* what cannot be read was never filled */
		if (choose(pass, &page, st) < 0)
			return -1;
		purge_batch(pass);
	}
	return 0;
}

static int reap(struct export_use *use, struct job_run *run, struct cancel *cancel, struct status *st)
{
	struct controller *controller = run->user;
	struct pass pass = {
		.use = use,
		.volumes = controller->volumes,
		.options = {WALKERS, rate_of(controller->reaper, run->key->server), run->progress},
		.cancel = cancel,
		.now = controller_now(controller),
		.retention_s = (controller->config.trash_retention_ms + 999) / 1000,
	};
	(void)pthread_mutex_init(&pass.lock, NULL); /* cannot fail with default attributes on Linux */
	int result;
	do
		result = run_pass(&pass, st);
	while (result == 0 && !pass.has_failed && pass.removed_count > 0);
	(void)pthread_mutex_destroy(&pass.lock); /* nobody holds it any more */
	if (result == 0 && pass.has_failed) {
		*st = pass.failure;
		return -1;
	}
	if (result == 0 && pass.next_due != INT64_MAX)
		run->ret_again_ms =
			pass.next_due - pass.now < PASS_MAX_S ? (pass.next_due - pass.now) * 1000 : PASS_MAX_S * 1000LL;
	return result;
}

static const struct job_kind reap_kind = {"reap", false, reap};

static void ask(struct controller *controller, const struct export_key *key, int64_t delay_ms)
{
	const struct job_spec spec = {&reap_kind, key, "trash", NULL};
	jobs_ask(controller->jobs, &spec, delay_ms);
}

void reaper_ask(struct controller *controller, const struct export_key *key)
{
	ask(controller, key, 0);
}

void reaper_note_deletion(struct controller *controller, const struct export_key *key)
{
	ask(controller, key, DELAY_MS + controller->config.trash_retention_ms);
}

const struct tree_options *reaper_in_place(const struct controller *controller)
{
	static const struct tree_options in_place = {.walkers = WALKERS};
	return controller->config.trash_retention_ms > 0 ? NULL : &in_place;
}
