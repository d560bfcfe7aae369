/* SPDX-License-Identifier: Apache-2.0 */
/* Volume records on their share. */
#include "record_store.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/strbuf.h"
#include "folder.h"
#include "sub_dir_cache.h"

#define TEMPORARY_PREFIX '~'   /* no record's file name begins with it */
#define MARK_PREFIX "~shared~" /* nor any temporary file's: in a record's file name, '~' is escaped */
#define SCAN_ARENA_BYTES (256 * 1024)
#define UPDATE_ATTEMPTS_MAX 8 /* two do where no other controller is at work: to write, and to see that it is there */

bool record_store_is_refusal(const struct status *st)
{
	return folder_is_refusal(st);
}

/* A handle of the folder of records; *ret_dir is NULL where there is none, or it is refused. */
static int open_folder(struct export_use *use, struct cancel *cancel, struct fs_dir **ret_dir, struct status *st)
{
	if (export_open_folder(use, EXPORT_VOLUMES, false, cancel, ret_dir, st) == 0)
		return 0;
	if (!record_store_is_refusal(st) && st->errnum != ENOENT)
		return -1;
	*ret_dir = NULL;
	return 0;
}

int record_store_create(struct export_use *use, struct arena *arena, const Csicore__VolumeRecord *record,
			struct cancel *cancel, enum record_outcome *ret_outcome, struct status *st)
{
	size_t length;
	const uint8_t *bytes = record_encode(arena, record, &length);
	const char *file = record_file_name(arena, record->name);
	if (folder_create_file(use, EXPORT_VOLUMES, file, bytes, length, cancel, st) == 0)
		*ret_outcome = RECORD_CREATED;
	else if (st->errnum == EEXIST)
		*ret_outcome = RECORD_EXISTS;
	else if (record_store_is_refusal(st))
		*ret_outcome = RECORD_REFUSED;
	else
		return -1;
	return 0;
}

int record_store_replace(struct export_use *use, struct arena *arena, const Csicore__VolumeRecord *record,
			 struct cancel *cancel, struct status *st)
{
	size_t length;
	const uint8_t *bytes = record_encode(arena, record, &length);
	const char *file = record_file_name(arena, record->name);
	return folder_replace_file(use, EXPORT_VOLUMES, file, bytes, length, cancel, st);
}

int record_store_read_in(struct export_use *use, struct arena *arena, enum export_folder folder, const char *file,
			 struct cancel *cancel, Csicore__VolumeRecord **ret_record, struct status *st)
{
	AUTO(strbuf_release) struct strbuf content;
	bool exists;
	strbuf_init(&content, RECORD_BYTES_MAX);
	if (folder_read_file(use, folder, file, &content, cancel, &exists, st) < 0)
		return -1;
	*ret_record = exists ? record_decode(arena, content.data, content.length) : NULL;
	return 0;
}

int record_store_read_file(struct export_use *use, struct arena *arena, const char *file, struct cancel *cancel,
			   Csicore__VolumeRecord **ret_record, struct status *st)
{
	return record_store_read_in(use, arena, EXPORT_VOLUMES, file, cancel, ret_record, st);
}

int record_store_read(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
		      Csicore__VolumeRecord **ret_record, struct status *st)
{
	return record_store_read_file(use, arena, record_file_name(arena, name), cancel, ret_record, st);
}

/* One attempt; *ret_is_done where change had nothing to do. */
static int update_once(struct export_use *use, struct arena *arena, const char *name, record_change *change,
		       void *context, struct cancel *cancel, bool *ret_is_done, struct status *st)
{
	const char *file = record_file_name(arena, name);
	AUTO(strbuf_release) struct strbuf before;
	bool exists, is_changed;
	size_t length;
	strbuf_init(&before, RECORD_BYTES_MAX);
	if (folder_read_file(use, EXPORT_VOLUMES, file, &before, cancel, &exists, st) < 0)
		return -1;
	Csicore__VolumeRecord *record = exists ? record_decode(arena, before.data, before.length) : NULL;
	if (!record)
		return status_set(st, STATUS_ABORTED, "the record of volume %s is gone", name);
	if (change(context, record, &is_changed, st) < 0)
		return -1;
	*ret_is_done = !is_changed;
	if (!is_changed)
		return 0;
	const uint8_t *bytes = record_encode(arena, record, &length);
	return folder_exchange_file(use, EXPORT_VOLUMES, file, &before, bytes, length, cancel, st);
}

int record_store_update(struct export_use *use, struct arena *arena, const char *name, record_change *change,
			void *context, struct cancel *cancel, enum record_outcome *ret_outcome, struct status *st)
{
	bool is_done = false;
	for (int attempt = 0; attempt < UPDATE_ATTEMPTS_MAX && !is_done; attempt++) {
		if (update_once(use, arena, name, change, context, cancel, &is_done, st) < 0) {
			*ret_outcome = RECORD_REFUSED;
			return record_store_is_refusal(st) ? 0 : -1;
		}
	}
	*ret_outcome = RECORD_EXISTS;
	if (!is_done)
		return status_set(st, STATUS_ABORTED, "the record of volume %s is being changed by others too", name);
	return 0;
}

int record_store_list(struct export_use *use, struct fs_page *page, struct cancel *cancel, struct status *st)
{
	return folder_list(use, EXPORT_VOLUMES, page, cancel, st);
}

enum record_file record_store_file_kind(const struct fs_entry *file)
{
	if (file->attr.type != FS_FILE)
		return RECORD_FILE_OTHER;
	if (file->name[0] != TEMPORARY_PREFIX)
		return RECORD_FILE_VOLUME;
	return strncmp(file->name, MARK_PREFIX, strlen(MARK_PREFIX)) == 0 ? RECORD_FILE_MARK : RECORD_FILE_TEMPORARY;
}

const char *record_store_marked_file(const char *file)
{
	return file + strlen(MARK_PREFIX);
}

static int remove_file(struct export_use *use, const char *file, struct cancel *cancel, struct status *st)
{
	struct fs_dir *folder;
	if (open_folder(use, cancel, &folder, st) < 0)
		return -1;
	if (!folder || fs_remove_file(use->fs, folder, file, cancel, st) == 0)
		return 0;
	return st->errnum == ENOENT || record_store_is_refusal(st) ? 0 : -1;
}

int record_store_remove(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
			struct status *st)
{
	return remove_file(use, record_file_name(arena, name), cancel, st);
}

/* Whether there is a file of that name in the folder. */
static int look_for(struct export_use *use, struct fs_dir *folder, const char *file, struct cancel *cancel,
		    bool *ret_exists, struct status *st)
{
	struct fs_attr attr;
	*ret_exists = folder && fs_lookup(use->fs, folder, file, cancel, &attr, st) == 0;
	return !folder || *ret_exists || st->errnum == ENOENT || record_store_is_refusal(st) ? 0 : -1;
}

static const char *mark_name(struct arena *arena, const char *name)
{
	return arena_printf(arena, MARK_PREFIX "%s", record_file_name(arena, name));
}

int record_store_mark_shared(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
			     struct status *st)
{
	if (folder_create_file(use, EXPORT_VOLUMES, mark_name(arena, name), "", 0, cancel, st) == 0)
		return 0;
	return st->errnum == EEXIST || record_store_is_refusal(st) ? 0 : -1;
}

int record_store_has(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
		     bool *ret_has, struct status *st)
{
	struct fs_dir *folder;
	if (open_folder(use, cancel, &folder, st) < 0)
		return -1;
	return look_for(use, folder, record_file_name(arena, name), cancel, ret_has, st);
}

int record_store_is_shared(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
			   bool *ret_is_shared, struct status *st)
{
	struct fs_dir *folder;
	if (open_folder(use, cancel, &folder, st) < 0)
		return -1;
	return look_for(use, folder, mark_name(arena, name), cancel, ret_is_shared, st);
}

int record_store_unmark(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
			struct status *st)
{
	return remove_file(use, mark_name(arena, name), cancel, st);
}

static bool is_at_or_below(const struct path *path, const struct path *base)
{
	if (path->count < base->count)
		return false;
	for (size_t i = 0; i < base->count; i++)
		if (strcmp(path->names[i], base->names[i]) != 0)
			return false;
	return true;
}

/* What a scan looks for. */
struct scan {
	const char *own_file;
	const struct path *path;
	struct arena *arena; /* for the answer */
	struct record_survey found;
};

/* The directory that the record in file names, "" where the file is no record. */
static int read_sub_dir(struct export_use *use, struct arena *arena, const struct fs_entry *entry,
			struct cancel *cancel, const char **ret_sub_dir, struct status *st)
{
	struct sub_dir_cache *cache = export_sub_dirs(use->export);
	Csicore__VolumeRecord *record;
	const char *sub_dir = sub_dir_cache_get(cache, arena, entry);
	if (!sub_dir) {
		if (record_store_read_file(use, arena, entry->name, cancel, &record, st) < 0)
			return -1;
		sub_dir = record ? record->sub_dir : "";
		sub_dir_cache_put(cache, entry, sub_dir);
	}
	*ret_sub_dir = sub_dir;
	return 0;
}

/* A record is about the directory at path. */
static void note_directory(struct scan *scan, const char *file, const struct path *path)
{
	if (path->count == 0)
		return; /* no record, or one that names no directory */
	bool is_below = is_at_or_below(path, scan->path);
	if (is_below && path->count == scan->path->count && strcmp(file, scan->own_file) == 0)
		return;
	if (is_below)
		scan->found.sharer = arena_strdup(scan->arena, file);
	else if (is_at_or_below(scan->path, path) && path->count > scan->found.volume_above)
		scan->found.volume_above = path->count;
}

static int scan_entry(struct export_use *use, struct scan *scan, struct arena *arena, const struct fs_entry *entry,
		      struct cancel *cancel, struct status *st)
{
	const char *sub_dir;
	struct path path;
	struct status ignored; /* a record whose sub_dir is no path shares nothing */
	if (record_store_file_kind(entry) != RECORD_FILE_VOLUME)
		return 0;
	if (read_sub_dir(use, arena, entry, cancel, &sub_dir, st) < 0)
		return -1;
	if (path_split(arena, "subDir", sub_dir, &path, &ignored) == 0)
		note_directory(scan, entry->name, &path);
	return 0;
}

static int scan_page(struct export_use *use, struct scan *scan, const struct fs_page *page, struct cancel *cancel,
		     struct status *st)
{
	AUTO(arena_release) struct arena arena; /* for one entry at a time */
	arena_init(&arena, SCAN_ARENA_BYTES);
	for (size_t i = 0; i < page->count && !scan->found.sharer; i++) {
		if (scan_entry(use, scan, &arena, &page->entries[i], cancel, st) < 0)
			return -1;
		arena_release(&arena);
	}
	return 0;
}

int record_store_survey(struct export_use *use, struct arena *arena, const char *name, const struct path *path,
			struct cancel *cancel, struct record_survey *ret, struct status *st)
{
	struct scan scan = {record_file_name(arena, name), path, arena, {0}};
	struct fs_page page;
	fs_page_init(&page);
	int result = 0;
	while (result == 0 && !page.is_end && !scan.found.sharer) {
		result = record_store_list(use, &page, cancel, st);
		if (result == 0)
			result = scan_page(use, &scan, &page, cancel, st);
	}
	fs_page_release(&page);
	if (result == 0)
		*ret = scan.found;
	return result;
}
