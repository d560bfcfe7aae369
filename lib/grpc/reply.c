/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/reply.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "grpc/framing.h"
#include "grpc/metadata.h"

static void begin(struct grpc_reply *reply, int http_status)
{
	reply->response = (struct http2_response){.http_status = http_status, .headers = reply->headers};
}

static void add_header(struct grpc_reply *reply, const char *name, const char *value)
{
	reply->headers[reply->response.header_count++] = (struct http2_header){name, value};
}

void grpc_reply_message(struct grpc_reply *reply, struct arena *arena, struct grpc_bytes message)
{
	uint8_t *body = arena_alloc(arena, GRPC_PREFIX_BYTES + message.length);

	grpc_framing_put_prefix(body, message.length);
	if (message.length > 0)
		memcpy(body + GRPC_PREFIX_BYTES, message.data, message.length);
	begin(reply, 200);
	add_header(reply, "content-type", "application/grpc");
	reply->trailer = (struct http2_header){"grpc-status", "0"};
	reply->response.body = body;
	reply->response.body_bytes = GRPC_PREFIX_BYTES + message.length;
	reply->response.trailers = &reply->trailer;
	reply->response.trailer_count = 1;
}

static void add_status(struct grpc_reply *reply, int code, const char *encoded_message)
{
	add_header(reply, "grpc-status", grpc_status_text(code));
	add_header(reply, "grpc-message", encoded_message);
}

/* gRPC over HTTP/2, "Requests": a client that speaks no gRPC must not take the answer for a success. */
static void reply_to_http(struct grpc_reply *reply, struct arena *arena, const struct status *st, int http_status,
			  const char *encoded)
{
	begin(reply, http_status);
	add_header(reply, "content-type", "text/plain; charset=utf-8");
	if (http_status == 405)
		add_header(reply, "allow", "POST");
	add_status(reply, (int)st->code, encoded);
	const char *text = arena_printf(arena, "%s\n", encoded);

	reply->response.body = (const uint8_t *)text;
	reply->response.body_bytes = strlen(text);
}

void grpc_reply_status(struct grpc_reply *reply, struct arena *arena, const struct status *st,
		       const struct grpc_refusal *refusal)
{
	char buffer[GRPC_MESSAGE_ENCODED_MAX + 1];

	grpc_message_encode(st->message, buffer, sizeof(buffer));
	const char *encoded = arena_strdup(arena, buffer);

	if (refusal && refusal->http_status != 200) {
		reply_to_http(reply, arena, st, refusal->http_status, encoded);
		return;
	}
	begin(reply, 200);
	add_header(reply, "content-type", "application/grpc");
	add_status(reply, (int)st->code, encoded);
	if (refusal && refusal->names_encodings)
		add_header(reply, "grpc-accept-encoding", "identity");
}

void grpc_reply_deadline_exceeded(struct grpc_reply *reply)
{
	begin(reply, 200);
	add_header(reply, "content-type", "application/grpc");
	add_status(reply, STATUS_DEADLINE_EXCEEDED, "deadline exceeded");
}
