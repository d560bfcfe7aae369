/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP/2 response of a call.  It stays where it was made until its stream is closed, as the session borrows it. */
#ifndef CSICORE_GRPC_REPLY_H
#define CSICORE_GRPC_REPLY_H

#include "grpc/request.h"
#include "grpc/service.h"
#include "http2/session.h"

struct arena;
struct status;

#define GRPC_REPLY_HEADERS_MAX 5

struct grpc_reply {
	struct http2_response response; /* points into the rest */
	struct http2_header headers[GRPC_REPLY_HEADERS_MAX];
	struct http2_header trailer;
};

/* Status OK with one message, which is copied into the arena. */
void grpc_reply_message(struct grpc_reply *reply, struct arena *arena, struct grpc_bytes message);

/* A status that is not OK, in headers alone ("Trailers-Only").  refusal is NULL for what a method answered. */
void grpc_reply_status(struct grpc_reply *reply, struct arena *arena, const struct status *st,
		       const struct grpc_refusal *refusal);

/* DEADLINE_EXCEEDED, without an arena: a worker may be using the call's. */
void grpc_reply_deadline_exceeded(struct grpc_reply *reply);

#endif
