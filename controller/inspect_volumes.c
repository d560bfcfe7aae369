/* SPDX-License-Identifier: Apache-2.0 */
/* inspect volumes: what the records of a share say, and whether it is so. */
#include <string.h>
#include <strings.h>

#include "base/status.h"
#include "inspect_command.h"
#include "inspect_survey.h"

static const struct inspect_column columns[] = {
	{"name", "NAME", INSPECT_TEXT},
	{"directory", "DIRECTORY", INSPECT_TEXT},
	{"capacityBytes", "CAPACITY", INSPECT_BYTES},
	{"createdAt", "CREATED", INSPECT_TIME},
	{"onDelete", "ONDELETE", INSPECT_TEXT},
	{"state", "STATE", INSPECT_TEXT},
	{"id", "ID", INSPECT_TEXT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* The policy in force: one set since the creation wins over the id's; NULL for the driver's default. */
static const char *on_delete_of(struct arena *arena, const Csicore__VolumeRecord *record)
{
	static const char *const words[] = {NULL, "delete", "retain", "archive"};
	struct volume_id id;
	struct status no_id;
	enum on_delete policy = ON_DELETE_UNSET;
	if (volume_id_parse(arena, record->volume_id, &id, &no_id) == 0)
		policy = id.on_delete;
	for (size_t i = 0; i < record->n_mutable_parameters; i++)
		if (strcasecmp(record->mutable_parameters[i]->key, "onDelete") == 0)
			(void)on_delete_parse(record->mutable_parameters[i]->value,
					      &policy); /* checked when it was set */
	return words[policy];
}

static void add_row(struct inspect *inspect, const struct survey_file *file)
{
	const Csicore__VolumeRecord *record = file->record;
	const struct inspect_cell cells[COLUMNS] = {
		INSPECT_CELL_TEXT(record ? record->name : file->name),
		INSPECT_CELL_TEXT(file->directory),
		INSPECT_CELL_NUMBER(record && record->capacity_bytes > 0 ? record->capacity_bytes : INSPECT_UNKNOWN),
		INSPECT_CELL_NUMBER(record && record->created_at > 0 ? record->created_at : INSPECT_UNKNOWN),
		INSPECT_CELL_TEXT(record ? on_delete_of(&inspect->arena, record) : NULL),
		INSPECT_CELL_TEXT(survey_state_text(file->state)),
		INSPECT_CELL_TEXT(record ? record->volume_id : NULL),
	};
	inspect_output_add(&inspect->output, cells);
}

int inspect_volumes(struct inspect *inspect, struct export_use *use, struct status *st)
{
	struct survey survey;
	inspect_output_begin(&inspect->output, columns, COLUMNS);
	if (survey_share(use, &inspect->arena, inspect->cancel, &survey, st) < 0)
		return -1;
	for (size_t i = 0; i < survey.file_count; i++)
		if (survey.files[i].kind == RECORD_FILE_VOLUME)
			add_row(inspect, &survey.files[i]);
	return 0;
}
