/* SPDX-License-Identifier: Apache-2.0 */
/* ControllerExpandVolume: what is remembered as the volume's size grows; a directory has no other. */
#include "base/arena.h"
#include "base/status.h"
#include "capacity.h"
#include "csi/capability.h"
#include "record_store.h"
#include "volume_found.h"

struct expansion {
	int64_t required_bytes, limit_bytes;
	int64_t capacity_bytes; /* the answer */
};

static int check_request(const Csi__V1__ControllerExpandVolumeRequest *request, struct status *st)
{
	const Csi__V1__CapacityRange *range = request->capacity_range;
	if (request->volume_id[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	if (!range || (range->required_bytes == 0 && range->limit_bytes == 0))
		return status_set(st, STATUS_INVALID_ARGUMENT, "Capacity Range missing in request");
	if (volume_check_capacity_range(range, st) < 0)
		return -1;
	return request->volume_capability ? capability_check(request->volume_capability, st) : 0;
}

/* From a size of 0, which is none that is known, to what is asked for; never down. */
static int grow(struct expansion *expansion, int64_t current_bytes, struct status *st)
{
	if (expansion->limit_bytes > 0 && current_bytes > expansion->limit_bytes)
		return status_set(st, STATUS_OUT_OF_RANGE,
				  "the volume has %lld bytes already, which is more than the limit of %lld",
				  (long long)current_bytes, (long long)expansion->limit_bytes);
	int64_t wanted_bytes = expansion->required_bytes;
	if (wanted_bytes == 0 && current_bytes == 0)
		wanted_bytes = expansion->limit_bytes;
	expansion->capacity_bytes = wanted_bytes > current_bytes ? wanted_bytes : current_bytes;
	return 0;
}

/* A record_change. */
static int grow_record(void *context, Csicore__VolumeRecord *record, bool *ret_is_changed, struct status *st)
{
	struct expansion *expansion = context;
	if (grow(expansion, record->capacity_bytes, st) < 0)
		return -1;
	*ret_is_changed = record->capacity_bytes != expansion->capacity_bytes;
	record->capacity_bytes = expansion->capacity_bytes;
	return 0;
}

static int expand_on_export(struct export_use *use, struct volume_found *volume, void *context, struct status *st)
{
	const struct volume_call *call = volume->call;
	struct expansion *expansion = context;
	enum record_outcome outcome;
	int64_t current_bytes = volume->record ? volume->record->capacity_bytes : 0;
	if (grow(expansion, current_bytes, st) < 0)
		return -1;
	if (volume->record && expansion->capacity_bytes == current_bytes)
		return 0;
	if (call->controller->config.checks_capacity &&
	    capacity_check(use, &volume->id.path, expansion->capacity_bytes, current_bytes, call->cancel, st) < 0)
		return status_prefix(st, "volume %s", volume->volume_id);
	if (volume_found_make_record(use, volume, st) < 0)
		return -1;
	if (!volume->record)
		return 0; /* nothing is remembered, as with csi-driver-nfs */
	return record_store_update(use, call->arena, volume->record->name, grow_record, expansion, call->cancel,
				   &outcome, st);
}

int volume_expand(const struct volume_call *call, const Csi__V1__ControllerExpandVolumeRequest *request,
		  Csi__V1__ControllerExpandVolumeResponse *response, struct status *st)
{
	if (check_request(request, st) < 0)
		return -1;
	struct expansion expansion = {request->capacity_range->required_bytes, request->capacity_range->limit_bytes, 0};
	const struct volume_export export = {
		.capability = request->volume_capability,
		.secrets = STRING_PAIRS(call->arena, request->secrets, request->n_secrets),
		.secret_count = request->n_secrets,
	};
	if (volume_found_run(call, request->volume_id, NULL, &export, expand_on_export, &expansion, st) < 0)
		return -1;
	response->capacity_bytes = expansion.capacity_bytes;
	response->node_expansion_required = false; /* a directory is as large as its export: nothing is left to do */
	return 0;
}
