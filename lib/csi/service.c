/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf-c on a call's arena: what is decoded and encoded there ends with the call, so its free does nothing. */
#include "csi/service.h"

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "csi/message_text.h"
#include "csi/wire_text.h"

/* What the receiving side of every gRPC library takes unless it is told otherwise. */
#define REPLY_BYTES_MAX ((size_t)4 << 20)

struct arena_source {
	struct arena *arena;
	bool is_exhausted; /* an allocation was refused */
};

static void *allocate(void *data, size_t size)
{
	struct arena_source *source = data;
	void *memory = arena_try_alloc(source->arena, size);

	source->is_exhausted |= !memory;
	return memory;
}

static void free_nothing(void *data, void *pointer)
{
}

const ProtobufCMessage *csi_decode(struct grpc_call *call, const ProtobufCMessageDescriptor *type,
				   struct grpc_bytes bytes, struct status *st)
{
	struct arena_source source = {.arena = grpc_call_arena(call)};
	ProtobufCAllocator allocator = {.alloc = allocate, .free = free_nothing, .allocator_data = &source};

	if (wire_text_check(type, bytes.data, bytes.length, st) < 0)
		return NULL;
	const ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, bytes.length, bytes.data);

	if (message)
		return message;
	if (source.is_exhausted)
		(void)status_set(st, STATUS_RESOURCE_EXHAUSTED, "the %s would take more than %zu bytes of memory",
				 type->name, source.arena->limit_bytes);
	else
		(void)status_set(st, STATUS_INTERNAL, "the bytes are no %s", type->name);
	return NULL;
}

int csi_encode(struct grpc_call *call, ProtobufCMessage *message, struct grpc_bytes *ret_bytes, struct status *st)
{
	struct arena *arena = grpc_call_arena(call);

	message_text_repair(message, arena);
	size_t length = protobuf_c_message_get_packed_size(message);

	if (length > REPLY_BYTES_MAX)
		return status_set(st, STATUS_INTERNAL, "the %s takes %zu bytes, more than the %zu a client accepts",
				  message->descriptor->name, length, REPLY_BYTES_MAX);
	uint8_t *bytes = arena_alloc(arena, length);

	(void)protobuf_c_message_pack(message, bytes); /* returns the length known already */
	*ret_bytes = (struct grpc_bytes){bytes, length};
	return 0;
}
