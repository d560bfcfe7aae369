/* SPDX-License-Identifier: Apache-2.0 */
/* ListVolumes: the records of the known shares.  Whether a volume's directory is there is not looked at, since that would
 * cost a round trip for each; ControllerGetVolume and the volume health say. */
#include "attachments.h"
#include "base/arena.h"
#include "csi/message_text.h"
#include "volume.h"
#include "volume_message.h"
#include "volume_walk.h"

struct listing {
	const struct volume_call *call;
	Csi__V1__ListVolumesResponse *response;
};

/* external-attacher compares with what it has asked for. */
static int add_nodes(struct listing *listing, struct export_use *use, const Csicore__VolumeRecord *record,
		     Csi__V1__ListVolumesResponse__Entry *entry, struct status *st)
{
	const struct volume_call *call = listing->call;
	Csi__V1__ListVolumesResponse__VolumeStatus *status = arena_alloc(call->arena, sizeof(*status));
	csi__v1__list_volumes_response__volume_status__init(status);
	entry->status = status;
	return attachments_list(use, call->arena, record->name, call->cancel, &status->published_node_ids,
				&status->n_published_node_ids, st);
}

static int add_volume(void *context, struct export_use *use, const Csicore__VolumeRecord *record,
		      const struct volume_id *id, struct cancel *cancel, size_t *ret_bytes, struct status *st)
{
	struct listing *listing = context;
	struct arena *arena = listing->call->arena;
	const struct capabilities *capabilities = &listing->call->controller->config.capabilities;
	Csi__V1__ListVolumesResponse__Entry *entry = arena_alloc(arena, sizeof(*entry));
	csi__v1__list_volumes_response__entry__init(entry);
	entry->volume = volume_message_of_record(arena, record, id);
	if (capabilities_have(capabilities, CONTROLLER_CAN(LIST_VOLUMES_PUBLISHED_NODES)) &&
	    add_nodes(listing, use, record, entry, st) < 0)
		return -1;
	message_text_repair(&entry->base, arena); /* before it is measured: it may get longer */
	listing->response->entries[listing->response->n_entries++] = entry;
	*ret_bytes = protobuf_c_message_get_packed_size(&entry->base);
	return 0;
}

int volume_list(const struct volume_call *call, const Csi__V1__ListVolumesRequest *request,
		Csi__V1__ListVolumesResponse *response, struct status *st)
{
	struct listing listing = {call, response};
	const char *next_token;
	response->entries = arena_calloc(call->arena, VOLUME_WALK_RECORDS_MAX, sizeof(*response->entries));
	if (volume_walk(call, request->max_entries, request->starting_token, add_volume, &listing, &next_token, st) < 0)
		return -1;
	response->next_token = (char *)next_token;
	return 0;
}
