/* SPDX-License-Identifier: Apache-2.0 */
/* From an id to a directory and a record. */
#include "volume_found.h"

#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "record_store.h"

/* An operation with all that it needs. */
struct run {
	struct volume_found volume;
	volume_operation *operation;
	void *context;
};

static int open_directory(struct export_use *use, const struct volume_found *volume, struct fs_dir **ret_dir,
			  struct fs_dir **ret_opened, struct status *st)
{
	if (volume_open_directory(use, &volume->id.path, volume->call->cancel, ret_dir, ret_opened, st) == 0)
		return 0;
	if (volume_is_missing(st))
		st->code = STATUS_NOT_FOUND;
	return status_prefix(st, "volume %s", volume->volume_id);
}

static int find_record(struct export_use *use, struct volume_found *volume, struct status *st)
{
	struct arena *arena = volume->call->arena;
	const char *name = volume_id_name(&volume->id);
	Csicore__VolumeRecord *found;
	volume->record = NULL;
	volume->can_be_recorded = volume->id.path.count > 0 && !volume->id.is_ambiguous && name[0] &&
				  strlen(name) <= RECORD_VOLUME_NAME_MAX;
	if (!volume->can_be_recorded)
		return 0;
	if (record_store_read(use, arena, name, volume->call->cancel, &found, st) < 0)
		return record_store_is_refusal(st) ? 0 : -1;
	if (!found || volume_is_record_of(arena, found, &volume->id))
		volume->record = found;
	else
		volume->can_be_recorded = false;
	return 0;
}

static int find_and_run(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct run *run = context;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	if (open_directory(use, &run->volume, &run->volume.dir, &opened.dir, st) < 0 ||
	    find_record(use, &run->volume, st) < 0)
		return -1;
	return run->operation(use, &run->volume, run->context, st);
}

int volume_found_run(const struct volume_call *call, const char *volume_id, const char *node_id,
		     const struct volume_export *export, volume_operation *operation, void *context, struct status *st)
{
	struct run run = {{.call = call, .volume_id = volume_id}, operation, context};
	struct volume_id *id = &run.volume.id;
	if (volume_read_id(call->arena, volume_id, id, st) < 0)
		return -1;
	AUTO(volume_locks_release) struct volume_locks locks = {0};
	if ((node_id ? volume_lock_node(call, id, node_id, &locks, st) : volume_lock(call, id, volume_id, &locks, st)) <
	    0)
		return -1;
	struct volume_export way = *export;
	way.server = id->server;
	way.share = id->share;
	way.id = id;
	AUTO(export_hold_release) struct export_hold hold = {0};
	if (volume_open_export(call, &way, &hold, st) < 0)
		return -1;
	return volume_run(call, hold.export, find_and_run, &run, st);
}

int volume_found_make_record(struct export_use *use, struct volume_found *volume, struct status *st)
{
	struct arena *arena = volume->call->arena;
	struct cancel *cancel = volume->call->cancel;
	Csicore__VolumeRecord record = CSICORE__VOLUME_RECORD__INIT;
	enum record_outcome outcome;
	if (volume->record || !volume->can_be_recorded)
		return 0;
	/* Nobody may have marked it while it had none. */
	if (!volume->id.uuid[0] && record_store_mark_shared(use, arena, volume_id_name(&volume->id), cancel, st) < 0)
		return -1;
	record.version = RECORD_VERSION;
	record.name = (char *)volume_id_name(&volume->id);
	record.volume_id = (char *)volume->volume_id;
	record.sub_dir = (char *)volume->id.sub_dir;
	if (record_store_create(use, arena, &record, cancel, &outcome, st) < 0)
		return -1;
	if (outcome == RECORD_REFUSED)
		return 0;
	/* What was there was no whole record, unless another controller has just been here. */
	if (outcome == RECORD_EXISTS && find_record(use, volume, st) < 0)
		return -1;
	if (volume->record || !volume->can_be_recorded)
		return 0;
	if (outcome == RECORD_EXISTS && record_store_replace(use, arena, &record, cancel, st) < 0)
		return record_store_is_refusal(st) ? 0 : -1;
	volume->record = arena_memdup(arena, &record, sizeof(record));
	return 0;
}
