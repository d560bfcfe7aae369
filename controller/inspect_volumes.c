/* SPDX-License-Identifier: Apache-2.0 */
/* inspect volumes: what the records of a share say, and whether it is so. */
#include <errno.h>

#include "base/memory.h"
#include "base/status.h"
#include "inspect_command.h"
#include "inspect_survey.h"
#include "mutable_params.h"
#include "storage/tree.h"

#define WALKERS 8 /* on a tree */
#define ID_ARENA_BYTES (64 * 1024)

static const struct inspect_column columns[] = {
	{"name", "NAME", INSPECT_TEXT},
	{"directory", "DIRECTORY", INSPECT_TEXT},
	{"capacityBytes", "CAPACITY", INSPECT_BYTES},
	{"createdAt", "CREATED", INSPECT_TIME},
	{"onDelete", "ONDELETE", INSPECT_TEXT},
	{"state", "STATE", INSPECT_TEXT},
	{"id", "ID", INSPECT_TEXT},
};
static const struct inspect_column columns_with_usage[] = {
	{"name", "NAME", INSPECT_TEXT},
	{"directory", "DIRECTORY", INSPECT_TEXT},
	{"capacityBytes", "CAPACITY", INSPECT_BYTES},
	{"usedBytes", "USED", INSPECT_BYTES},
	{"files", "FILES", INSPECT_COUNT},
	{"createdAt", "CREATED", INSPECT_TIME},
	{"onDelete", "ONDELETE", INSPECT_TEXT},
	{"state", "STATE", INSPECT_TEXT},
	{"id", "ID", INSPECT_TEXT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define COLUMNS_WITH_USAGE (sizeof(columns_with_usage) / sizeof(columns_with_usage[0]))

/* The policy in force: one set since the creation wins over the id's; NULL for the driver's default. */
static const char *on_delete_of(const Csicore__VolumeRecord *record)
{
	static const char *const words[] = {NULL, "delete", "retain", "archive"};
	AUTO(arena_release) struct arena arena;
	struct volume_id id;
	struct status no_id;
	enum on_delete policy = ON_DELETE_UNSET;
	arena_init(&arena, ID_ARENA_BYTES);
	if (volume_id_parse(&arena, record->volume_id, &id, &no_id) == 0)
		policy = id.on_delete;
	const char *changed = mutable_params_get(record, "ondelete");
	if (changed)
		(void)on_delete_parse(changed, &policy); /* checked when it was set */
	return words[policy];
}

/* What cannot be counted, as it may not be read or is gone by now, is unknown: the other volumes are worth their rows. */
static int count_usage(struct inspect *inspect, struct export_use *use, const struct survey_file *file,
		       struct inspect_cell *ret_used, struct inspect_cell *ret_files, struct status *st)
{
	const struct tree_options options = {.walkers = WALKERS};
	const struct path *path = &file->path;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *parent;
	struct tree_usage usage;
	*ret_used = *ret_files = INSPECT_CELL_NUMBER(INSPECT_UNKNOWN);
	if (file->state != SURVEY_OK)
		return 0;
	if (volume_open_parent(use, path, inspect->cancel, &parent, &opened.dir, st) < 0 ||
	    tree_usage(use->fs, parent, path->names[path->count - 1], &options, inspect->cancel, &usage, st) < 0)
		return st->errnum == EACCES || st->errnum == EPERM || st->errnum == ENOENT ? 0 : -1;
	*ret_used = INSPECT_CELL_NUMBER((int64_t)usage.bytes);
	*ret_files = INSPECT_CELL_NUMBER((int64_t)usage.files);
	return 0;
}

static int add_row(struct inspect *inspect, struct export_use *use, const struct survey_file *file, struct status *st)
{
	const Csicore__VolumeRecord *record = file->record;
	struct inspect_cell cells[COLUMNS_WITH_USAGE];
	size_t count = 0;
	cells[count++] = INSPECT_CELL_TEXT(record ? record->name : file->name);
	cells[count++] = INSPECT_CELL_TEXT(file->directory);
	cells[count++] =
		INSPECT_CELL_NUMBER(record && record->capacity_bytes > 0 ? record->capacity_bytes : INSPECT_UNKNOWN);
	if (inspect->with_usage) {
		if (count_usage(inspect, use, file, &cells[count], &cells[count + 1], st) < 0)
			return -1;
		count += 2;
	}
	cells[count++] = INSPECT_CELL_NUMBER(record && record->created_at > 0 ? record->created_at : INSPECT_UNKNOWN);
	cells[count++] = INSPECT_CELL_TEXT(record ? on_delete_of(record) : NULL);
	cells[count++] = INSPECT_CELL_TEXT(survey_state_text(file->state));
	cells[count++] = INSPECT_CELL_TEXT(record ? record->volume_id : NULL);
	inspect_output_add(&inspect->output, cells);
	return 0;
}

int inspect_volumes(struct inspect *inspect, struct export_use *use, struct status *st)
{
	struct survey survey;
	inspect_output_begin(&inspect->output, inspect->with_usage ? columns_with_usage : columns,
			     inspect->with_usage ? COLUMNS_WITH_USAGE : COLUMNS);
	if (survey_share(use, &inspect->arena, inspect->cancel, &survey, st) < 0)
		return -1;
	for (size_t i = 0; i < survey.file_count; i++)
		if (survey.files[i].kind == RECORD_FILE_VOLUME && add_row(inspect, use, &survey.files[i], st) < 0)
			return -1;
	return 0;
}
