/* SPDX-License-Identifier: Apache-2.0 */
/* Each handler finds its state, calls the function that does the work, and adds to the call's log line how it was done. */
#include "node/service.h"

#include "base/arena.h"
#include "mount/mounter.h"
#include "node/node.h"
#include "node/publish.h"
#include "node/stats.h"
#include "node/unpublish.h"

CSI_DEFINE_SERVICE(node_service, "csi.v1.Node", NODE_METHODS)

int node_publish_volume(struct grpc_call *call, const Csi__V1__NodePublishVolumeRequest *request,
			Csi__V1__NodePublishVolumeResponse *response, struct status *st)
{
	enum publish_outcome outcome;

	(void)response; /* has no fields */
	if (publish_volume(grpc_call_user(call), grpc_call_arena(call), grpc_call_cancel(call), request, &outcome, st) <
	    0)
		return -1;
	grpc_call_log(call, "mount", publish_outcome_name(outcome));
	return 0;
}

int node_unpublish_volume(struct grpc_call *call, const Csi__V1__NodeUnpublishVolumeRequest *request,
			  Csi__V1__NodeUnpublishVolumeResponse *response, struct status *st)
{
	enum unmount_way way;

	(void)response; /* has no fields */
	if (unpublish_volume(grpc_call_user(call), grpc_call_arena(call), grpc_call_cancel(call), request, &way, st) <
	    0)
		return -1;
	grpc_call_log(call, "unmount", unmount_way_name(way));
	return 0;
}

int node_get_volume_stats(struct grpc_call *call, const Csi__V1__NodeGetVolumeStatsRequest *request,
			  Csi__V1__NodeGetVolumeStatsResponse *response, struct status *st)
{
	return volume_stats(grpc_call_user(call), grpc_call_arena(call), grpc_call_cancel(call), request, response, st);
}

int node_get_capabilities(struct grpc_call *call, const Csi__V1__NodeGetCapabilitiesRequest *request,
			  Csi__V1__NodeGetCapabilitiesResponse *response, struct status *st)
{
	static const Csi__V1__NodeServiceCapability__RPC__Type types[] = {
		CSI__V1__NODE_SERVICE_CAPABILITY__RPC__TYPE__GET_VOLUME_STATS,
		CSI__V1__NODE_SERVICE_CAPABILITY__RPC__TYPE__SINGLE_NODE_MULTI_WRITER,
	};
	const size_t count = sizeof(types) / sizeof(types[0]);
	struct arena *arena = grpc_call_arena(call);

	(void)request; /* has no fields */
	(void)st;
	response->capabilities = arena_calloc(arena, count, sizeof(*response->capabilities));
	for (size_t i = 0; i < count; i++) {
		Csi__V1__NodeServiceCapability *capability = arena_alloc(arena, sizeof(*capability));
		Csi__V1__NodeServiceCapability__RPC *rpc = arena_alloc(arena, sizeof(*rpc));

		csi__v1__node_service_capability__init(capability);
		csi__v1__node_service_capability__rpc__init(rpc);
		rpc->type = types[i];
		capability->type_case = CSI__V1__NODE_SERVICE_CAPABILITY__TYPE_RPC;
		capability->rpc = rpc;
		response->capabilities[response->n_capabilities++] = capability;
	}
	return 0;
}

int node_get_info(struct grpc_call *call, const Csi__V1__NodeGetInfoRequest *request,
		  Csi__V1__NodeGetInfoResponse *response, struct status *st)
{
	const struct node *node = grpc_call_user(call);

	(void)request; /* has no fields */
	(void)st;
	response->node_id = arena_strdup(grpc_call_arena(call), node->id);
	return 0;
}
