/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a list of RPCs to a gRPC service.  A program lists its RPCs once:
 *
 *   #define NODE_METHODS(M) M(NodePublishVolume, node_publish_volume, GRPC_ON_WORKER) M(...)
 *   CSI_DECLARE_HANDLERS(NODE_METHODS)                           in the header: typed prototypes
 *   CSI_DEFINE_SERVICE(node_service, "csi.v1.Node", NODE_METHODS)  in one source file
 *
 * and writes one function for each.  Decoding and encoding happen here, in the call's arena: nothing is freed by hand.
 * An RPC that is not listed answers UNIMPLEMENTED.
 */
#ifndef CSICORE_CSI_SERVICE_H
#define CSICORE_CSI_SERVICE_H

#include <protobuf-c/protobuf-c.h>

#include "csi.pb-c.h"
#include "grpc/call.h"
#include "grpc/service.h"

struct status;

/* int create_volume(struct grpc_call *, const Csi__V1__CreateVolumeRequest *, Csi__V1__CreateVolumeResponse *, struct status *);
 * The request is valid until the handler returns.  The response comes initialised; what it points to lives in the call's
 * arena or longer. */
#define CSI_DECLARE_HANDLER(Rpc, handler, dispatch) \
	int handler(struct grpc_call *call, const Csi__V1__##Rpc##Request *request, \
		    Csi__V1__##Rpc##Response *response, struct status *st);
#define CSI_DECLARE_HANDLERS(METHODS) METHODS(CSI_DECLARE_HANDLER)

#define CSI_DEFINE_RUN(Rpc, handler, dispatch) \
	static int run_##handler(struct grpc_call *call, struct grpc_bytes bytes, struct grpc_bytes *ret_response, \
				 struct status *st) \
	{ \
		const ProtobufCMessage *request = \
			csi_decode(call, &csi__v1__##handler##_request__descriptor, bytes, st); \
		if (!request) \
			return -1; \
		Csi__V1__##Rpc##Response response; \
		csi__v1__##handler##_response__init(&response); \
		if (handler(call, (const Csi__V1__##Rpc##Request *)request, &response, st) < 0) \
			return -1; \
		return csi_encode(call, &response.base, ret_response, st); \
	}
#define CSI_METHOD_ROW(Rpc, handler, dispatch) {#Rpc, dispatch, run_##handler},
#define CSI_DEFINE_SERVICE(variable, service_name, METHODS) \
	METHODS(CSI_DEFINE_RUN) \
	static const struct grpc_method variable##_methods[] = {METHODS(CSI_METHOD_ROW)}; \
	const struct grpc_service variable = {service_name, variable##_methods, \
					      sizeof(variable##_methods) / sizeof(variable##_methods[0])};

/* The message in the call's arena; NULL with INTERNAL where the bytes are no such message, RESOURCE_EXHAUSTED where it
 * would take more memory than the arena's limit, INVALID_ARGUMENT where a string is not UTF-8. */
const ProtobufCMessage *csi_decode(struct grpc_call *call, const ProtobufCMessageDescriptor *type,
				   struct grpc_bytes bytes, struct status *st);
/* Packs into the call's arena.  Strings that are not UTF-8 (names from a server can be anything) are repaired with U+FFFD,
 * since clients refuse the whole reply otherwise.  INTERNAL where the reply is larger than a client takes (4 MiB). */
int csi_encode(struct grpc_call *call, ProtobufCMessage *message, struct grpc_bytes *ret_bytes, struct status *st);

#endif
