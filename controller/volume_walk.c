/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the records of the known shares. */
#include "volume_walk.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi/list_token.h"
#include "record_store.h"

/* With one more entry, which is no larger than a record, a page stays below the 4 MiB that clients take. */
#define BYTES_ENOUGH (3u << 20)
/* A sidecar waits 10 s for an answer; a slow server's volumes come in more pages. */
#define PAGE_NS (5 * INT64_C(1000000000))
#define RECORD_ARENA_BYTES (4 * RECORD_BYTES_MAX)

struct walk {
	const struct volume_call *call;
	volume_walk_visit *visit;
	void *context;
	struct export_key *ways; /* to the share that it is at, one for each port */
	size_t way_count, way_index;
	uint64_t cookie, verifier; /* where it is in the folder of records */
	bool is_way_done;
	size_t entries_max, entry_count, record_count, byte_count;
	int64_t end_ns;
	bool has_moved;
};

/* ---- bounds and places */

static int64_t now_ns(const struct volume_call *call)
{
	const struct exports_config *config = &call->controller->config.exports;
	return config->now_ns ? config->now_ns() : cancel_now_ns();
}

static bool is_full(const struct walk *walk)
{
	return walk->entry_count >= walk->entries_max || walk->record_count >= VOLUME_WALK_RECORDS_MAX ||
	       walk->byte_count >= BYTES_ENOUGH || (walk->has_moved && now_ns(walk->call) >= walk->end_ns);
}

/* False after the last. */
static bool next_way(struct walk *walk)
{
	const struct volume_call *call = walk->call;
	struct export_key share;
	walk->cookie = walk->verifier = 0;
	walk->is_way_done = false;
	if (++walk->way_index < walk->way_count)
		return true;
	if (!shares_next(call->controller->shares, call->arena, walk->ways, &share))
		return false;
	walk->ways = shares_find(call->controller->shares, call->arena, share.server, share.share, SHARE_OF_CALL,
				 &walk->way_count);
	walk->way_index = 0;
	return true;
}

static const struct export_key *way_of(const struct walk *walk)
{
	return &walk->ways[walk->way_index];
}

static uint64_t share_number(const struct walk *walk)
{
	const struct export_key *way = way_of(walk);
	return list_token_share(way->server, way->share, export_key_port(way));
}

/* *ret_is_there is false where no share is known. */
static int find_start(struct walk *walk, const char *starting_token, bool *ret_is_there, struct status *st)
{
	struct list_token token;
	*ret_is_there = next_way(walk);
	if (starting_token[0] == '\0')
		return 0;
	if (list_token_parse(starting_token, &token) < 0)
		return status_set(st, STATUS_ABORTED, "starting_token is none that this driver gave");
	while (*ret_is_there && share_number(walk) != token.share)
		*ret_is_there = next_way(walk);
	if (!*ret_is_there)
		return status_set(st, STATUS_ABORTED, "the share of starting_token is not known any more");
	walk->cookie = token.cookie;
	walk->verifier = token.verifier;
	return 0;
}

static const char *next_token(const struct walk *walk)
{
	const struct list_token token = {share_number(walk), walk->cookie, walk->verifier};
	return list_token_format(walk->call->arena, &token);
}

/* ---- one share */

/* Whether the record was made by the driver for a volume of this share and stands under its name: copies do not. */
static bool is_volume(struct walk *walk, struct arena *arena, const struct fs_entry *file,
		      const Csicore__VolumeRecord *record, struct volume_id *ret_id)
{
	const struct export_key *way = way_of(walk);
	struct status ignored;
	size_t name_length = record ? strlen(record->name) : 0;
	return name_length > 0 && name_length <= RECORD_VOLUME_NAME_MAX &&
	       strcmp(record_file_name(arena, record->name), file->name) == 0 &&
	       volume_id_parse(arena, record->volume_id, ret_id, &ignored) == 0 && !ret_id->is_ambiguous &&
	       !ret_id->is_own_folder && ret_id->path.count > 0 && strcmp(ret_id->server, way->server) == 0 &&
	       strcmp(ret_id->share, way->share) == 0;
}

static int visit_record(struct export_use *use, struct walk *walk, struct arena *arena, const struct fs_entry *file,
			struct cancel *cancel, struct status *st)
{
	Csicore__VolumeRecord *record;
	struct volume_id id;
	size_t bytes = 0;
	if (record_store_read_file(use, arena, file->name, cancel, &record, st) < 0)
		return record_store_is_refusal(st) ? 0 : status_prefix(st, "record %s", file->name);
	if (!is_volume(walk, arena, file, record, &id))
		return 0;
	if (walk->visit(walk->context, use, record, &id, cancel, &bytes, st) < 0)
		return status_prefix(st, "volume %s", record->volume_id);
	walk->entry_count += bytes > 0;
	walk->byte_count += bytes;
	return 0;
}

static int visit_page(struct export_use *use, struct walk *walk, const struct fs_page *page, struct cancel *cancel,
		      struct status *st)
{
	AUTO(arena_release) struct arena arena; /* for one record at a time */
	arena_init(&arena, RECORD_ARENA_BYTES);
	walk->verifier = page->verifier;
	for (size_t i = 0; i < page->count; i++) {
		const struct fs_entry *file = &page->entries[i];
		if (is_full(walk))
			return 0;
		if (record_store_file_kind(file) == RECORD_FILE_VOLUME) {
			if (visit_record(use, walk, &arena, file, cancel, st) < 0)
				return -1;
			walk->record_count++;
			arena_release(&arena);
		}
		walk->cookie = file->cookie;
		walk->has_moved = true;
	}
	walk->cookie = page->cookie;
	walk->has_moved = true;
	walk->is_way_done = page->is_end;
	return 0;
}

static int walk_page(struct export_use *use, struct walk *walk, struct cancel *cancel, struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	page.cookie = walk->cookie;
	page.verifier = walk->verifier;
	if (record_store_list(use, &page, cancel, st) == 0)
		return visit_page(use, walk, &page, cancel, st);
	if (st->errnum == EINVAL && walk->cookie != 0)
		return status_set(st, STATUS_ABORTED,
				  "starting_token is no longer good: the folder of records has changed");
	return -1;
}

static int walk_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct walk *walk = context;
	while (!walk->is_way_done && !is_full(walk))
		if (walk_page(use, walk, cancel, st) < 0)
			return -1;
	return 0;
}

static int walk_way(struct walk *walk, struct status *st)
{
	const struct volume_call *call = walk->call;
	const struct export_key *way = way_of(walk);
	AUTO(slot_release) struct slot server = {0};
	AUTO(export_hold_release) struct export_hold hold = {call->controller->exports, NULL};
	if (volume_lock_server(call, way->server, &server, st) < 0)
		return -1;
	hold.export = exports_get(hold.exports, way, st);
	if (hold.export && volume_run(call, hold.export, walk_export, walk, st) == 0)
		return 0;
	if (st->code == STATUS_NOT_FOUND)
		st->code = STATUS_UNAVAILABLE; /* the share, not a volume */
	return status_prefix(st, "volumes of %s:%s", way->server, way->share);
}

int volume_walk(const struct volume_call *call, int32_t max_entries, const char *starting_token,
		volume_walk_visit *visit, void *context, const char **ret_next_token, struct status *st)
{
	if (max_entries < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "max_entries is negative");
	struct walk walk = {
		.call = call,
		.visit = visit,
		.context = context,
		.entries_max = max_entries > 0 ? (size_t)max_entries : SIZE_MAX,
		.end_ns = now_ns(call) + PAGE_NS,
	};
	bool is_there;
	if (find_start(&walk, starting_token, &is_there, st) < 0)
		return -1;
	while (is_there && !is_full(&walk)) {
		if (walk_way(&walk, st) < 0)
			return -1;
		if (!walk.is_way_done)
			break;
		is_there = next_way(&walk);
	}
	*ret_next_token = is_there ? next_token(&walk) : "";
	return 0;
}
