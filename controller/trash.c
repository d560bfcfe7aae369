/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into the trash of a share, comes back, and leaves it for good. */
#include "trash.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "folder.h"
#include "record_store.h"
#include "storage/tree.h"
#include "volume.h"

#define ARENA_BYTES (64 * 1024)

const char *trash_new_entry(struct arena *arena, const char *file, int64_t deleted_at)
{
	uint32_t random;
	/* Before the kernel has seeded itself the clock must do: a name that is taken only fails the rename. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = (uint32_t)clock();
	return trash_entry_format(arena, file, deleted_at, random);
}

/* ---- into it */

/* Failures of making or using the trash that a removal in place does not share. */
static bool is_without_trash(const struct status *st)
{
	switch (st->errnum) {
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOSPC:
	case EDQUOT:
	case EXDEV:
	case EMLINK:
	case ENOTDIR:
	case ELOOP:
	case EINVAL:
	case EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

/* ENOENT of a rename is either the entry that is gone already, which is fine, or a stale handle of the trash. */
static int check_is_gone(struct export_use *use, struct fs_dir *dir, const char *name, struct cancel *cancel,
			 struct status *st)
{
	struct fs_attr attr;
	if (fs_lookup(use->fs, dir, name, cancel, &attr, st) == 0)
		return status_set_errno(st, ESTALE, "the trash of the share");
	return st->errnum == ENOENT ? 0 : -1;
}

int trash_put(struct export_use *use, struct fs_dir *dir, const char *name, const char *entry,
	      const struct tree_options *options, struct cancel *cancel, enum trash_outcome *ret_outcome,
	      struct status *st)
{
	struct fs_dir *trash;
	enum trash_outcome outcome = TRASH_MOVED;
	if (export_open_folder(use, EXPORT_TRASH, true, cancel, &trash, st) < 0 ||
	    fs_rename(use->fs, dir, name, trash, entry, cancel, st) < 0) {
		bool is_removed_in_place = is_without_trash(st);
		if (is_removed_in_place && !options) {
			st->code = STATUS_FAILED_PRECONDITION;
			return status_prefix(st,
					     "the share has no use of a trash, where --trash-retention keeps volumes");
		}
		outcome = is_removed_in_place ? TRASH_REMOVED : TRASH_MISSING;
		if (is_removed_in_place && tree_remove(use->fs, dir, name, options, cancel, st) < 0)
			return -1;
		if (!is_removed_in_place && (st->errnum != ENOENT || check_is_gone(use, dir, name, cancel, st) < 0))
			return -1;
	}
	*ret_outcome = outcome;
	return 0;
}

/* ---- records */

/* The youngest entry of the volume; *ret_entry is NULL where there is none. */
static int find_youngest(struct export_use *use, struct arena *arena, const char *label, struct cancel *cancel,
			 const char **ret_entry, struct status *st)
{
	struct trash_entry youngest = {.deleted_at = -1};
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	while (!page.is_end) {
		if (trash_list(use, &page, cancel, st) < 0)
			return -1;
		for (size_t i = 0; i < page.count; i++) {
			struct trash_entry entry = trash_entry_parse(&page.arena, page.entries[i].name);
			if (entry.kind != TRASH_ENTRY_VOLUME || entry.deleted_at <= youngest.deleted_at ||
			    strcmp(entry.label, label) != 0)
				continue;
			youngest = entry;
			youngest.name = arena_strdup(arena, entry.name);
		}
	}
	*ret_entry = youngest.name;
	return 0;
}

/* The youngest entry, unless that has a record already. */
static int find_without_record(struct export_use *use, struct arena *arena, const char *file, struct cancel *cancel,
			       const char **ret_entry, struct status *st)
{
	Csicore__VolumeRecord *record = NULL;
	const char *entry;
	if (find_youngest(use, arena, trash_entry_label(arena, file), cancel, &entry, st) < 0 ||
	    (entry && trash_read_record(use, arena, entry, cancel, &record, st) < 0))
		return -1;
	*ret_entry = record ? NULL : entry;
	return 0;
}

int trash_put_record(struct export_use *use, struct arena *arena, const char *entry, const char *name,
		     struct cancel *cancel, struct status *st)
{
	const char *file = record_file_name(arena, name);
	struct fs_dir *volumes, *trash;
	/* Not knowing where it belongs, it is not worth a failure. */
	if (!entry && find_without_record(use, arena, file, cancel, &entry, st) < 0 && !is_without_trash(st))
		return -1;
	if (!entry)
		return record_store_remove(use, arena, name, cancel, st);
	if (export_open_folder(use, EXPORT_VOLUMES, false, cancel, &volumes, st) == 0 &&
	    export_open_folder(use, EXPORT_TRASH, false, cancel, &trash, st) == 0 &&
	    fs_rename(use->fs, volumes, file, trash, trash_entry_record_name(arena, entry), cancel, st) == 0)
		return 0;
	if (st->errnum == ENOENT || is_without_trash(st))
		return record_store_remove(use, arena, name, cancel, st);
	return -1;
}

int trash_write_record(struct export_use *use, struct arena *arena, const char *entry,
		       const Csicore__VolumeRecord *record, struct cancel *cancel, struct status *st)
{
	size_t length;
	const uint8_t *bytes = record_encode(arena, record, &length);
	const char *file = trash_entry_record_name(arena, entry);
	if (folder_create_file(use, EXPORT_TRASH, file, bytes, length, cancel, st) == 0)
		return 0;
	return is_without_trash(st) ? 0 : -1;
}

int trash_list(struct export_use *use, struct fs_page *page, struct cancel *cancel, struct status *st)
{
	return folder_list(use, EXPORT_TRASH, page, cancel, st);
}

int trash_read_record(struct export_use *use, struct arena *arena, const char *entry, struct cancel *cancel,
		      Csicore__VolumeRecord **ret_record, struct status *st)
{
	return record_store_read_in(use, arena, EXPORT_TRASH, trash_entry_record_name(arena, entry), cancel, ret_record,
				    st);
}

/* ---- out of it, back or for good */

/* The record's place must be free: another volume of that name may have been made since. */
static int restore_record(struct export_use *use, struct arena *arena, const char *entry,
			  const Csicore__VolumeRecord *record, struct cancel *cancel, struct status *st)
{
	struct fs_dir *volumes, *trash;
	if (export_open_folder(use, EXPORT_TRASH, false, cancel, &trash, st) < 0 ||
	    export_open_folder(use, EXPORT_VOLUMES, true, cancel, &volumes, st) < 0)
		return -1;
	return fs_rename(use->fs, trash, trash_entry_record_name(arena, entry), volumes,
			 record_file_name(arena, record->name), cancel, st);
}

/* -1 with FAILED_PRECONDITION where the file's name is taken in the folder of records. */
static int check_record_is_free(struct export_use *use, struct arena *arena, const Csicore__VolumeRecord *record,
				struct cancel *cancel, struct status *st)
{
	struct fs_dir *volumes;
	struct fs_attr attr;
	if (export_open_folder(use, EXPORT_VOLUMES, false, cancel, &volumes, st) < 0 ||
	    fs_lookup(use->fs, volumes, record_file_name(arena, record->name), cancel, &attr, st) < 0)
		return st->errnum == ENOENT ? 0 : -1;
	return status_set(st, STATUS_FAILED_PRECONDITION, "there is a volume called %s", record->name);
}

/* Moves the entry to path, where nothing may stand.  With has_record, something that stands there while the entry is gone is
 * what an earlier call moved before it was cut off. */
static int restore_directory(struct export_use *use, const char *entry, const struct path *path, bool has_record,
			     struct cancel *cancel, struct status *st)
{
	static const struct fs_owner keep = {FS_KEEP, FS_KEEP, FS_KEEP};
	const char *name = path->names[path->count - 1];
	struct path above = {path->names, path->count - 1};
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *root, *trash;
	struct fs_attr attr;
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0 ||
	    export_open_folder(use, EXPORT_TRASH, false, cancel, &trash, st) < 0)
		return -1;
	bool is_in_trash = fs_lookup(use->fs, trash, entry, cancel, &attr, st) == 0;
	if (!is_in_trash && (st->errnum != ENOENT || !has_record))
		return -1;
	if (above.count > 0 && tree_make_path(use->fs, root, &above, &keep, cancel, &opened.dir, st) < 0)
		return -1;
	struct fs_dir *parent = opened.dir ? opened.dir : root;
	if (fs_lookup(use->fs, parent, name, cancel, &attr, st) < 0)
		return st->errnum == ENOENT && is_in_trash ? fs_rename(use->fs, trash, entry, parent, name, cancel, st)
							   : -1;
	return is_in_trash ? status_set(st, STATUS_FAILED_PRECONDITION, "%s exists already", name) : 0;
}

int trash_restore(struct export_use *use, struct arena *arena, const char *entry, const struct path *path,
		  struct cancel *cancel, struct status *st)
{
	Csicore__VolumeRecord *record;
	struct path recorded;
	if (trash_read_record(use, arena, entry, cancel, &record, st) < 0)
		return -1;
	if (record && path_split(arena, "subDir", record->sub_dir, &recorded, st) < 0)
		return -1;
	if (record)
		path = &recorded;
	if (!path || path->count == 0 || trash_entry_parse(arena, entry).kind != TRASH_ENTRY_VOLUME)
		return status_set(st, STATUS_INVALID_ARGUMENT, "%s says not where it was: name a directory", entry);
	if (record && check_record_is_free(use, arena, record, cancel, st) < 0)
		return -1;
	if (restore_directory(use, entry, path, record != NULL, cancel, st) < 0)
		return st->errnum == ENOENT ? status_set(st, STATUS_NOT_FOUND, "%s is not in the trash", entry) : -1;
	return record ? restore_record(use, arena, entry, record, cancel, st) : 0;
}

static int remove_record(struct export_use *use, struct fs_dir *trash, const char *file, struct cancel *cancel,
			 struct status *st)
{
	return fs_remove_file(use->fs, trash, file, cancel, st) == 0 || st->errnum == ENOENT ? 0 : -1;
}

int trash_purge(struct export_use *use, const char *name, const struct tree_options *options, struct cancel *cancel,
		struct status *st)
{
	AUTO(arena_release) struct arena arena;
	struct fs_dir *trash;
	arena_init(&arena, ARENA_BYTES);
	const struct trash_entry entry = trash_entry_parse(&arena, name);
	if (export_open_folder(use, EXPORT_TRASH, false, cancel, &trash, st) < 0)
		return st->errnum == ENOENT ? 0 : -1;
	if (entry.kind == TRASH_ENTRY_RECORD)
		return remove_record(use, trash, name, cancel, st);
	if (entry.kind == TRASH_ENTRY_VOLUME) {
		/* Half of a volume must never be restored.  One that is gone, another controller removes. */
		name = trash_entry_condemned_name(&arena, name);
		if (fs_rename(use->fs, trash, entry.name, trash, name, cancel, st) < 0)
			return st->errnum == ENOENT ? 0 : -1;
	}
	/* The record first: nothing would tell afterwards that it is of no use any more. */
	if (entry.name && remove_record(use, trash, trash_entry_record_name(&arena, entry.name), cancel, st) < 0)
		return -1;
	return tree_remove(use->fs, trash, name, options, cancel, st);
}
