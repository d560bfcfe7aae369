/* SPDX-License-Identifier: Apache-2.0 */
/* ControllerGetVolume: a directory is a volume, its record says the rest. */
#include <string.h>

#include "attachments.h"
#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "volume.h"
#include "volume_message.h"

struct getting {
	const struct volume_call *call;
	const char *volume_id;
	const struct volume_id *id;
	Csi__V1__Volume *volume; /* result, as are the nodes it is published to */
	char **node_ids;
	size_t node_count;
};

static int get_nodes(struct export_use *use, struct getting *getting, struct status *st)
{
	const struct volume_call *call = getting->call;
	const char *name = volume_id_name(getting->id);
	if (!capabilities_have(&call->controller->config.capabilities, CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME)) ||
	    name[0] == '\0' || strlen(name) > RECORD_VOLUME_NAME_MAX)
		return 0;
	return attachments_list(use, call->arena, name, call->cancel, &getting->node_ids, &getting->node_count, st);
}

static int get(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct getting *getting = context;
	struct arena *arena = getting->call->arena;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *dir;
	Csicore__VolumeRecord *record;
	if (volume_open_directory(use, &getting->id->path, cancel, &dir, &opened.dir, st) < 0 ||
	    volume_read_record(use, arena, getting->id, cancel, &record, st) < 0 || get_nodes(use, getting, st) < 0)
		return -1;
	getting->volume = record ? volume_message_of_record(arena, record, getting->id)
				 : volume_message_of_id(arena, getting->volume_id, getting->id);
	getting->volume->volume_id = (char *)getting->volume_id; /* the default policy in it may have changed since */
	return 0;
}

int volume_get(const struct volume_call *call, const Csi__V1__ControllerGetVolumeRequest *request,
	       Csi__V1__ControllerGetVolumeResponse *response, struct status *st)
{
	struct volume_id id;
	if (volume_read_id(call->arena, request->volume_id, &id, st) < 0)
		return -1;
	const struct volume_export export = {.server = id.server, .share = id.share, .id = &id};
	struct getting getting = {.call = call, .volume_id = request->volume_id, .id = &id};
	AUTO(slot_release) struct slot server = {0};
	AUTO(export_hold_release) struct export_hold hold = {0};
	if (volume_lock_server(call, id.server, &server, st) < 0 || volume_open_export(call, &export, &hold, st) < 0)
		return -1;
	if (volume_run(call, hold.export, get, &getting, st) < 0) {
		if (volume_is_missing(st))
			st->code = STATUS_NOT_FOUND;
		return status_prefix(st, "volume %s", request->volume_id);
	}
	response->volume = getting.volume;
	response->status = arena_alloc(call->arena, sizeof(*response->status));
	csi__v1__controller_get_volume_response__volume_status__init(response->status);
	response->status->published_node_ids = getting.node_ids;
	response->status->n_published_node_ids = getting.node_count;
	return 0;
}
