/* SPDX-License-Identifier: Apache-2.0 */
/* inspect trash and undelete: deleted volumes until the reaper comes for them. */
#include <errno.h>

#include "base/memory.h"
#include "base/status.h"
#include "inspect_command.h"
#include "trash.h"

static const struct inspect_column columns[] = {
	{"entry", "ENTRY", INSPECT_TEXT},
	{"volume", "VOLUME", INSPECT_TEXT},
	{"directory", "DIRECTORY", INSPECT_TEXT},
	{"deletedAt", "DELETED", INSPECT_TIME},
	{"capacityBytes", "CAPACITY", INSPECT_BYTES},
	{"state", "STATE", INSPECT_TEXT},
	{"id", "ID", INSPECT_TEXT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *state_text(const struct trash_entry *entry, const Csicore__VolumeRecord *record)
{
	if (entry->kind == TRASH_ENTRY_CONDEMNED)
		return "being removed";
	if (entry->kind == TRASH_ENTRY_OTHER)
		return "no volume";
	return record ? "whole" : "whole, without a record";
}

static int add_row(struct inspect *inspect, struct export_use *use, const char *name, const struct trash_entry *entry,
		   struct status *st)
{
	Csicore__VolumeRecord *record = NULL;
	if (entry->name && trash_read_record(use, &inspect->arena, entry->name, inspect->cancel, &record, st) < 0)
		return -1;
	const struct inspect_cell cells[COLUMNS] = {
		INSPECT_CELL_TEXT(name),
		INSPECT_CELL_TEXT(record ? record->name : entry->label),
		INSPECT_CELL_TEXT(record ? record->sub_dir : NULL),
		INSPECT_CELL_NUMBER(entry->deleted_at > 0 ? entry->deleted_at : INSPECT_UNKNOWN),
		INSPECT_CELL_NUMBER(record && record->capacity_bytes > 0 ? record->capacity_bytes : INSPECT_UNKNOWN),
		INSPECT_CELL_TEXT(state_text(entry, record)),
		INSPECT_CELL_TEXT(record ? record->volume_id : NULL),
	};
	inspect_output_add(&inspect->output, cells);
	return 0;
}

int inspect_trash(struct inspect *inspect, struct export_use *use, struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	inspect_output_begin(&inspect->output, columns, COLUMNS);
	while (!page.is_end) {
		if (trash_list(use, &page, inspect->cancel, st) < 0)
			return -1;
		for (size_t i = 0; i < page.count; i++) {
			const char *name = page.entries[i].name;
			const struct trash_entry entry = trash_entry_parse(&page.arena, name);
			if (entry.kind != TRASH_ENTRY_RECORD && add_row(inspect, use, name, &entry, st) < 0)
				return -1;
		}
	}
	return 0;
}

/* ---- undelete */

static const struct inspect_column restored_columns[] = {
	{"entry", "ENTRY", INSPECT_TEXT},
	{"volume", "VOLUME", INSPECT_TEXT},
	{"directory", "DIRECTORY", INSPECT_TEXT},
	{"id", "ID", INSPECT_TEXT},
};
#define RESTORED_COLUMNS (sizeof(restored_columns) / sizeof(restored_columns[0]))

/* The place an entry without a record is to have; NULL where none is given. */
static int read_place(struct inspect *inspect, struct path *path, const struct path **ret_place, struct status *st)
{
	const struct volume_id_parts parts = {inspect->share.server, inspect->share.share, inspect->sub_dir, "", ""};
	*ret_place = NULL;
	if (!inspect->sub_dir)
		return 0;
	/* The rules of a new volume's directory: not the share itself, nothing of the driver's own. */
	if (!volume_id_format(&inspect->arena, &parts, st) ||
	    path_split(&inspect->arena, "subDir", inspect->sub_dir, path, st) < 0)
		return -1;
	*ret_place = path;
	return 0;
}

static int check_is_in_trash(struct inspect *inspect, struct export_use *use, const char *entry, struct status *st)
{
	struct fs_dir *trash;
	struct fs_attr attr;
	if (export_open_folder(use, EXPORT_TRASH, false, inspect->cancel, &trash, st) == 0 &&
	    fs_lookup(use->fs, trash, entry, inspect->cancel, &attr, st) == 0)
		return 0;
	return st->errnum == ENOENT ? status_set(st, STATUS_NOT_FOUND, "%s is not in the trash", entry) : -1;
}

int inspect_undelete(struct inspect *inspect, struct export_use *use, struct status *st)
{
	const char *entry = inspect->arguments.items[0];
	Csicore__VolumeRecord *record;
	struct path path;
	const struct path *place;
	inspect_output_begin(&inspect->output, restored_columns, RESTORED_COLUMNS);
	if (!path_is_name(entry) || trash_entry_parse(&inspect->arena, entry).kind != TRASH_ENTRY_VOLUME)
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is no entry that can be restored", entry);
	if (read_place(inspect, &path, &place, st) < 0 ||
	    trash_read_record(use, &inspect->arena, entry, inspect->cancel, &record, st) < 0)
		return -1;
	if (record && place)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "--subdir is for entries without a record: this one goes back to %s",
				  record->sub_dir);
	if (!record && check_is_in_trash(inspect, use, entry, st) < 0)
		return -1;
	if (!record && !place)
		return status_set(st, STATUS_INVALID_ARGUMENT, "%s has no record that says where it was: give --subdir",
				  entry);
	if (trash_restore(use, &inspect->arena, entry, place, inspect->cancel, st) < 0)
		return -1;
	const struct inspect_cell cells[RESTORED_COLUMNS] = {
		INSPECT_CELL_TEXT(entry),
		INSPECT_CELL_TEXT(record ? record->name : NULL),
		INSPECT_CELL_TEXT(record ? record->sub_dir : path_join(&inspect->arena, place)),
		INSPECT_CELL_TEXT(record ? record->volume_id : NULL),
	};
	inspect_output_add(&inspect->output, cells);
	return 0;
}
