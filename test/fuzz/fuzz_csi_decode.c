/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests from outside: what is decoded holds only UTF-8, takes no more than the arena's limit, and survives the repair of
 * strings and the way back.  The first byte chooses the message.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "csi/message_text.h"
#include "csi/service.h"
#include "grpc/call_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const ProtobufCMessageDescriptor *const types[] = {
	&csi__v1__create_volume_request__descriptor,
	&csi__v1__node_publish_volume_request__descriptor,
	&csi__v1__create_snapshot_request__descriptor,
	&csi__v1__controller_modify_volume_request__descriptor,
};

static void require(int is_true)
{
	if (!is_true)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length == 0)
		return 0;
	const ProtobufCMessageDescriptor *type = types[bytes[0] % (sizeof(types) / sizeof(types[0]))];
	struct http2_request *request = memory_calloc(1, sizeof(*request));
	struct grpc_call *call = grpc_call_new(NULL, NULL, NULL, 1, request);
	struct grpc_bytes again;
	struct status st;
	const ProtobufCMessage *message = csi_decode(call, type, (struct grpc_bytes){bytes + 1, length - 1}, &st);

	require(call->arena.used_bytes <= call->arena.limit_bytes);
	if (message) {
		size_t before = call->arena.used_bytes;

		message_text_repair((ProtobufCMessage *)message, &call->arena);
		require(call->arena.used_bytes == before); /* nothing was there to repair */
		require(csi_encode(call, (ProtobufCMessage *)message, &again, &st) == 0);
		require(csi_decode(call, type, again, &st) != NULL ||
			call->arena.used_bytes > call->arena.limit_bytes / 2);
	} else {
		require(st.code == STATUS_INTERNAL || st.code == STATUS_INVALID_ARGUMENT ||
			st.code == STATUS_RESOURCE_EXHAUSTED);
	}
	grpc_call_free(call);
	return 0;
}
