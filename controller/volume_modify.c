/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ControllerModifyVolume.  The record is there before anything is changed, the directory is changed next, and the record says
 * so last: what it says is in force.  A call that is cut off is finished by its repeat.
 */
#include "base/arena.h"
#include "base/status.h"
#include "mutable_params.h"
#include "record_store.h"
#include "volume_found.h"

struct modification {
	const struct volume_call *call;
	const struct string_pair *pairs;
	size_t count;
	struct volume_params params;
};

/* A record_change. */
static int modify_record(void *context, Csicore__VolumeRecord *record, bool *ret_is_changed, struct status *st)
{
	const struct modification *modification = context;
	*ret_is_changed =
		mutable_params_apply(modification->call->arena, record, modification->pairs, modification->count);
	return 0;
}

static int not_remembered(const struct volume_found *volume, struct status *st)
{
	return status_set(st, STATUS_FAILED_PRECONDITION,
			  "volume %s cannot have a record on its share: onDelete and mountOptions would be forgotten",
			  volume->volume_id);
}

static int change_directory(struct export_use *use, const struct modification *modification,
			    const struct volume_found *volume, struct status *st)
{
	struct fs_owner owner = FS_OWNER_KEEP;
	volume_owner_change(&owner, &modification->params);
	if (owner.mode == FS_KEEP && owner.uid == FS_KEEP && owner.gid == FS_KEEP)
		return 0;
	if (volume->id.path.count == 0)
		return status_set(st, STATUS_FAILED_PRECONDITION,
				  "volume id \"%s\" names the share itself, whose owner and mode are left alone",
				  volume->volume_id);
	if (volume->id.is_ambiguous)
		return status_set(st, STATUS_FAILED_PRECONDITION,
				  "volume id \"%s\" is ambiguous, a '#' is part of one of its elements",
				  volume->volume_id);
	return fs_set_owner(use->fs, volume->dir, &owner, volume->call->cancel, st);
}

static int modify_on_export(struct export_use *use, struct volume_found *volume, void *context, struct status *st)
{
	struct modification *modification = context;
	const struct volume_call *call = volume->call;
	const bool needs_record = mutable_params_need_record(&modification->params);
	enum record_outcome outcome;
	if (modification->count == 0)
		return 0;
	if (volume_found_make_record(use, volume, st) < 0)
		return -1;
	if (!volume->record && needs_record)
		return not_remembered(volume, st);
	if (change_directory(use, modification, volume, st) < 0)
		return -1;
	if (!volume->record)
		return 0;
	if (record_store_update(use, call->arena, volume->record->name, modify_record, modification, call->cancel,
				&outcome, st) < 0)
		return -1;
	return outcome == RECORD_REFUSED && needs_record ? not_remembered(volume, st) : 0;
}

int volume_modify(const struct volume_call *call, const Csi__V1__ControllerModifyVolumeRequest *request,
		  struct status *st)
{
	struct modification modification = {
		.call = call,
		.pairs = STRING_PAIRS(call->arena, request->mutable_parameters, request->n_mutable_parameters),
		.count = request->n_mutable_parameters,
	};
	const struct volume_export export = {
		.secrets = STRING_PAIRS(call->arena, request->secrets, request->n_secrets),
		.secret_count = request->n_secrets,
	};
	if (request->volume_id[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	if (volume_params_check_size("mutable parameters", modification.pairs, modification.count, st) < 0 ||
	    volume_params_parse(call->arena, VOLUME_PARAMS_MUTABLE, modification.pairs, modification.count,
				&modification.params, st) < 0)
		return -1;
	return volume_found_run(call, request->volume_id, NULL, &export, modify_on_export, &modification, st);
}
