/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server on libcsicore for clients that others wrote: echo_server ENDPOINT.  Its service csicore.test.Echo has
 *
 *   Echo        BytesValue -> BytesValue            the request's bytes again, from the loop's thread
 *   EchoWorker  the same from a worker
 *   Sleep       UInt64Value -> Empty                waits that many milliseconds on a worker, or until the call is over
 *   Fail        google.rpc.Status -> Empty          fails with the status it was sent; OK answers INVALID_ARGUMENT
 *   Big         UInt64Value -> BytesValue           that many bytes, 'b' each
 *
 * and csi.v1.Identity is there too.  It ends at SIGTERM: status 0 where all calls had ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/status.h"
#include "csi/identity.h"
#include "csi/service.h"
#include "google/protobuf/wrappers.pb-c.h"
#include "grpc/call.h"
#include "grpc/server.h"

#define BIG_BYTES_MAX ((uint64_t)64 << 20)

static int echo(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response, struct status *st)
{
	if (!csi_decode(call, &google__protobuf__bytes_value__descriptor, request, st))
		return -1;
	*ret_response =
		(struct grpc_bytes){arena_memdup(grpc_call_arena(call), request.data, request.length), request.length};
	return 0;
}

static int read_number(struct grpc_call *call, struct grpc_bytes request, uint64_t *ret, struct status *st)
{
	const ProtobufCMessage *message = csi_decode(call, &google__protobuf__uint64_value__descriptor, request, st);

	if (!message)
		return -1;
	*ret = ((const Google__Protobuf__UInt64Value *)message)->value;
	return 0;
}

static int sleep_ms(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response,
		    struct status *st)
{
	uint64_t ms = 0;

	if (read_number(call, request, &ms, st) < 0)
		return -1;
	if (ms > INT32_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "%llu ms is too long", (unsigned long long)ms);
	if (cancel_poll(grpc_call_cancel(call), NULL, 0, (int)ms, st) < 0)
		return -1;
	*ret_response = (struct grpc_bytes){0};
	return 0;
}

static int big(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response, struct status *st)
{
	Google__Protobuf__BytesValue reply = GOOGLE__PROTOBUF__BYTES_VALUE__INIT;
	uint64_t size = 0;

	if (read_number(call, request, &size, st) < 0)
		return -1;
	if (size > BIG_BYTES_MAX)
		return status_set(st, STATUS_OUT_OF_RANGE, "%llu bytes are too many", (unsigned long long)size);
	reply.value.len = (size_t)size;
	reply.value.data = memset(arena_alloc(grpc_call_arena(call), (size_t)size), 'b', (size_t)size);
	return csi_encode(call, &reply.base, ret_response, st);
}

/* google.rpc.Status, of which no code is generated here: field 1 is a varint, field 2 text; neither is more than once in it. */
static int fail(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response, struct status *st)
{
	const uint8_t *at = request.data, *end = request.data + request.length;
	int code = 0;
	size_t length = 0;

	if (end - at >= 2 && at[0] == 0x08 && at[1] < 0x80) {
		code = at[1];
		at += 2;
	}
	if (end - at >= 2 && *at == 0x12) {
		at++;
		for (unsigned shift = 0; at < end && shift < 28; shift += 7) {
			length |= (size_t)(*at & 0x7F) << shift;
			if ((*at++ & 0x80) == 0)
				break;
		}
	}
	if (code == STATUS_OK || length != (size_t)(end - at))
		return status_set(st, STATUS_INVALID_ARGUMENT, "send a google.rpc.Status that is not OK");
	return status_set(st, (enum status_code)code, "%.*s", (int)length, (const char *)at);
}

static const struct grpc_method echo_methods[] = {
	{"Echo", GRPC_ON_LOOP, echo}, {"EchoWorker", GRPC_ON_WORKER_POLLED, echo}, {"Sleep", GRPC_ON_WORKER, sleep_ms},
	{"Fail", GRPC_ON_LOOP, fail}, {"Big", GRPC_ON_WORKER_POLLED, big},
};
static const struct grpc_service echo_service = {"csicore.test.Echo", echo_methods,
						 sizeof(echo_methods) / sizeof(echo_methods[0])};

int main(int argc, char **argv)
{
	static const struct grpc_service *const services[] = {&echo_service, &identity_service};
	struct csi_driver driver = {"echo.csicore.io", CSICORE_VERSION};
	struct status st;

	if (argc != 2) {
		fprintf(stderr, "usage: echo_server ENDPOINT\n");
		return 2;
	}
	const struct grpc_server_config config = {
		.endpoint = argv[1],
		.services = services,
		.service_count = 2,
		.user = &driver,
		.worker_max = 16,
		.queue_max = 256,
		.call_timeout_ms = -1,
		.drain_timeout_ms = 5000,
	};
	struct grpc_server *server = grpc_server_new(&config, &st);

	if (!server || grpc_server_run(server, &st) < 0) {
		fprintf(stderr, "echo_server: %s\n", st.message);
		_exit(EXIT_FAILURE); /* workers may still run */
	}
	grpc_server_free(server);
	return EXIT_SUCCESS;
}
