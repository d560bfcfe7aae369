/* SPDX-License-Identifier: Apache-2.0 */
/* The call as the server sees it: lib/grpc's own header beside the public grpc/call.h. */
#ifndef CSICORE_GRPC_CALL_PRIVATE_H
#define CSICORE_GRPC_CALL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/log.h"
#include "base/status.h"
#include "grpc/call.h"
#include "grpc/deadlines.h"
#include "grpc/reply.h"
#include "grpc/service.h"
#include "http2/session.h"
#include "net/worker.h"

struct connection;
struct grpc_server;

/* What decoding one request may allocate: a 4 MiB message of small entries grows when it is unpacked. */
#define GRPC_CALL_ARENA_BYTES ((size_t)16 << 20)
#define GRPC_CALL_LOG_FIELDS_MAX 8

/* A call lives until its stream is closed and its method has ended, whichever is later. */
struct grpc_call {
	/* Of the thread that runs the method: the loop's, between submit and done the worker's. */
	struct arena arena;
	const struct grpc_method *method; /* NULL where the request was refused */
	struct grpc_bytes message;        /* in request */
	struct grpc_bytes response;       /* in arena */
	struct status st;                 /* how the method ended; code OK until it fails */
	size_t log_field_count;
	struct log_field log_fields[GRPC_CALL_LOG_FIELDS_MAX];

	/* Any thread. */
	struct cancel cancel;
	void *user;

	/* The loop's. */
	struct grpc_server *server;
	struct http2_request *request; /* owned */
	struct connection *connection; /* NULL once the stream is closed */
	int32_t stream_id;
	bool is_lent;              /* a worker has it, or it waits for one */
	bool is_answered;          /* reply is the session's until the stream is closed */
	enum status_code answered; /* what the client was told, or would have been */
	struct grpc_reply reply;
	int64_t begun_ns;
	struct grpc_deadline deadline;
	struct worker_job job;
	LIST_ENTRY(grpc_call) lent_link; /* in the server's list while is_lent */
};

/* Takes the request over.  timeout and method are set once the request was judged. */
struct grpc_call *grpc_call_new(struct grpc_server *server, void *user, struct connection *connection,
				int32_t stream_id, struct http2_request *request);
void grpc_call_free(struct grpc_call *call);

/* Starts its clock: timeout_ms as in cancel_init(). */
void grpc_call_start(struct grpc_call *call, const struct grpc_request *request, int64_t timeout_ms);
/* Runs the method, unless the call is over already; st and response say how it ended. */
void grpc_call_run(struct grpc_call *call);
/* The one log line of the call, when it has ended. */
void grpc_call_log_end(const struct grpc_call *call);

#endif
