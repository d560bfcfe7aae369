/* SPDX-License-Identifier: Apache-2.0 */
/* NodeUnpublishVolume, without gRPC around it. */
#ifndef CSICORE_NODE_UNPUBLISH_H
#define CSICORE_NODE_UNPUBLISH_H

#include "csi/service.h"
#include "mount/mounter.h"

struct arena;
struct cancel;
struct node;
struct status;

/* Unmounts the target path and removes it; fine where that is done already.  Never waits longer than the unmount timeout for a
 * server, never removes data. */
int unpublish_volume(struct node *node, struct arena *arena, struct cancel *cancel,
		     const Csi__V1__NodeUnpublishVolumeRequest *request, enum unmount_way *ret_way, struct status *st);

#endif
