/* SPDX-License-Identifier: Apache-2.0 */
/* NodeGetVolumeStats, without gRPC around it. */
#ifndef CSICORE_NODE_STATS_H
#define CSICORE_NODE_STATS_H

#include "csi/service.h"

struct arena;
struct cancel;
struct node;
struct status;

/*
 * Bytes and inodes of the file system that the volume lies on, asked of its server each time.  NOT_FOUND where nothing is mounted
 * at the volume path: the numbers would be those of this machine's disk.
 */
int volume_stats(struct node *node, struct arena *arena, struct cancel *cancel,
		 const Csi__V1__NodeGetVolumeStatsRequest *request, Csi__V1__NodeGetVolumeStatsResponse *response,
		 struct status *st);

#endif
