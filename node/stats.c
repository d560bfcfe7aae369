/* SPDX-License-Identifier: Apache-2.0 */
#include "node/stats.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "base/slots.h"
#include "base/status.h"
#include "mount/mounter.h"
#include "mount/nfs_source.h"
#include "node/node.h"

static int validate(const Csi__V1__NodeGetVolumeStatsRequest *request, struct status *st)
{
	if (!request->volume_id[0])
		return status_set(st, STATUS_INVALID_ARGUMENT, "NodeGetVolumeStats volume ID was empty");
	if (!request->volume_path[0])
		return status_set(st, STATUS_INVALID_ARGUMENT, "NodeGetVolumeStats volume path was empty");
	if (request->volume_path[0] != '/') /* no volume is published there, which is what the spec wants to hear */
		return status_set(st, STATUS_NOT_FOUND, "path %s does not exist", request->volume_path);
	return 0;
}

static int find_volume(struct node *node, struct arena *arena, const Csi__V1__NodeGetVolumeStatsRequest *request,
		       struct mount_entry *ret_entry, struct status *st)
{
	struct mounter *mounter = node->mounter;

	if (mounter->ops->find(mounter, arena, request->volume_path, ret_entry, st) < 0)
		return -1;
	if (!ret_entry->is_mounted && !ret_entry->exists)
		return status_set(st, STATUS_NOT_FOUND, "path %s does not exist", request->volume_path);
	if (!ret_entry->is_mounted)
		return status_set(st, STATUS_NOT_FOUND, "volume %s is not mounted at %s", request->volume_id,
				  request->volume_path);
	return 0;
}

static int64_t bounded(uint64_t value)
{
	return value <= INT64_MAX ? (int64_t)value : INT64_MAX;
}

static Csi__V1__VolumeUsage *usage(struct arena *arena, Csi__V1__VolumeUsage__Unit unit, uint64_t total,
				   uint64_t available, uint64_t used)
{
	Csi__V1__VolumeUsage *message = arena_alloc(arena, sizeof(*message));

	csi__v1__volume_usage__init(message);
	message->unit = unit;
	message->total = bounded(total);
	message->available = bounded(available);
	message->used = bounded(used);
	return message;
}

static void fill(struct arena *arena, const struct mount_capacity *capacity,
		 Csi__V1__NodeGetVolumeStatsResponse *response)
{
	response->usage = arena_calloc(arena, 2, sizeof(*response->usage));
	response->usage[0] = usage(arena, CSI__V1__VOLUME_USAGE__UNIT__BYTES, capacity->total_bytes,
				   capacity->available_bytes, capacity->used_bytes);
	response->usage[1] = usage(arena, CSI__V1__VOLUME_USAGE__UNIT__INODES, capacity->total_inodes,
				   capacity->available_inodes, capacity->used_inodes);
	response->n_usage = 2;
}

int volume_stats(struct node *node, struct arena *arena, struct cancel *cancel,
		 const Csi__V1__NodeGetVolumeStatsRequest *request, Csi__V1__NodeGetVolumeStatsResponse *response,
		 struct status *st)
{
	AUTO(slot_release) struct slot server_slot = {0};
	struct mounter *mounter = node->mounter;
	struct mount_capacity capacity;
	struct mount_entry entry;
	struct cancel patience;

	if (validate(request, st) < 0 || find_volume(node, arena, request, &entry, st) < 0)
		return -1;
	const char *server = nfs_source_server(arena, entry.source);

	if (server && !slot_take(&server_slot, node->servers, server))
		return status_set(st, STATUS_UNAVAILABLE, "%d calls wait for server %s already",
				  NODE_CALLS_PER_SERVER_MAX, server);
	cancel_init_child(&patience, cancel, node->stats_timeout_ms);
	int outcome = mounter->ops->capacity(mounter, request->volume_path, &capacity, &patience, st);

	cancel_release(&patience);
	if (outcome < 0)
		return status_prefix(st, "failed to get metrics");
	fill(arena, &capacity, response);
	return 0;
}
