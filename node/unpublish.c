/* SPDX-License-Identifier: Apache-2.0 */
#include "node/unpublish.h"

#include "base/cancel.h"
#include "base/memory.h"
#include "base/slots.h"
#include "base/status.h"
#include "mount/nfs_source.h"
#include "node/node.h"
#include "node/publications.h"
#include "node/target.h"

int unpublish_volume(struct node *node, struct arena *arena, struct cancel *cancel,
		     const Csi__V1__NodeUnpublishVolumeRequest *request, enum unmount_way *ret_way, struct status *st)
{
	AUTO(slot_release) struct slot target_slot = {0};
	AUTO(slot_release) struct slot server_slot = {0};
	struct mounter *mounter = node->mounter;
	struct mount_entry entry;
	struct cancel patience;
	enum unmount_way way = UNMOUNT_NONE;

	if (!request->volume_id[0])
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	if (!request->target_path[0])
		return status_set(st, STATUS_INVALID_ARGUMENT, "Target path missing in request");
	const char *target = target_check(arena, "target path", request->target_path, st);

	if (!target)
		return -1;
	if (!slot_take(&target_slot, node->targets, target))
		return status_set(st, STATUS_ABORTED, "An operation with the given Volume ID %s already exists",
				  request->volume_id);
	if (mounter->ops->find(mounter, arena, target, &entry, st) < 0)
		return -1;
	const char *server = entry.is_mounted ? nfs_source_server(arena, entry.source) : NULL;

	if (server && !slot_take(&server_slot, node->unmounts, server))
		return status_set(st, STATUS_UNAVAILABLE, "%d unmounts wait for server %s already",
				  NODE_CALLS_PER_SERVER_MAX, server);
	cancel_init_child(&patience, cancel, node->unmount_timeout_ms);
	int outcome = mounter->ops->unmount(mounter, target, &patience, &way, st);

	cancel_release(&patience);
	if (outcome < 0)
		return status_prefix(st, "failed to unmount target \"%s\"", target);
	if (target_remove(target, st) < 0)
		return -1;
	publications_remove(node->publications, target);
	*ret_way = way;
	return 0;
}
