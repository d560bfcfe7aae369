/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small blocking gRPC client on nghttp2 for tests and the benchmark: one connection, one unary call at a time.  Not part of
 * the library.
 */
#ifndef CSICORE_TEST_GRPC_CLIENT_H
#define CSICORE_TEST_GRPC_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

struct grpc_client;
struct status;

/* Connects to "unix:///path", "/path" or "tcp://127.0.0.1:port"; UNAVAILABLE where nobody answers within timeout_ms. */
struct grpc_client *grpc_client_open(const char *endpoint, int timeout_ms, struct status *st);
void grpc_client_close(struct grpc_client *client);

/*
 * Calls "/csi.v1.Node/NodePublishVolume" with the packed request; timeout_ms also goes out as grpc-timeout (negative: none).
 * 0 with the reply bytes (malloc'd, the caller frees), -1 with the status the server sent.
 */
int grpc_client_call(struct grpc_client *client, const char *path, const uint8_t *request, size_t request_bytes,
		     int timeout_ms, uint8_t **ret_reply, size_t *ret_reply_bytes, struct status *st);

/* The same with messages.  *ret_reply is unpacked by the default allocator: protobuf_c_message_free_unpacked. */
int grpc_client_call_message(struct grpc_client *client, const char *path, const ProtobufCMessage *request,
			     int timeout_ms, const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **ret_reply,
			     struct status *st);

#endif
