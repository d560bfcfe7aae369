/* SPDX-License-Identifier: Apache-2.0 */
/* The Node service: its RPCs, each a thin shell around publish.h, unpublish.h, stats.h and the state in node.h. */
#ifndef CSICORE_NODE_SERVICE_H
#define CSICORE_NODE_SERVICE_H

#include "csi/service.h"

#define NODE_METHODS(M) \
	M(NodePublishVolume, node_publish_volume, GRPC_ON_WORKER) \
	M(NodeUnpublishVolume, node_unpublish_volume, GRPC_ON_WORKER) \
	M(NodeGetVolumeStats, node_get_volume_stats, GRPC_ON_WORKER_POLLED) \
	M(NodeGetCapabilities, node_get_capabilities, GRPC_ON_LOOP) \
	M(NodeGetInfo, node_get_info, GRPC_ON_LOOP)
CSI_DECLARE_HANDLERS(NODE_METHODS)

extern const struct grpc_service node_service;

#endif
