/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gRPC server: listens on one endpoint, serves its services until it is told to stop.  One loop thread does all
 * socket work; methods that may block run on worker threads that are started when needed and end when idle.
 */
#ifndef CSICORE_GRPC_SERVER_H
#define CSICORE_GRPC_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct grpc_server;
struct grpc_service;
struct status;

struct grpc_server_config {
	const char *endpoint;                       /* every spelling of net/endpoint.h */
	const struct grpc_service *const *services; /* borrowed, as is all they point to */
	size_t service_count;
	void *user;               /* grpc_call_user() */
	unsigned worker_max;      /* worker threads, at least 1 */
	unsigned queue_max;       /* calls waiting for one; more are answered UNAVAILABLE, which clients retry */
	int64_t call_timeout_ms;  /* bound on every call, whatever the client asks; negative for none */
	int64_t drain_timeout_ms; /* how long calls in flight may run on after the stop before they are cancelled */
	int64_t peer_timeout_ms;  /* how long a client may keep the server waiting; 0: CONNECTION_PEER_TIMEOUT_MS */
};

/* Calls that were cancelled at drain_timeout_ms get this long to notice. */
#define GRPC_SERVER_UNWIND_MS 1000

/*
 * Listens.  NULL where the endpoint cannot be had: bad spelling (INVALID_ARGUMENT), in use (FAILED_PRECONDITION) ...
 * config itself is copied.  The process ignores SIGPIPE from here on.
 */
struct grpc_server *grpc_server_new(const struct grpc_server_config *config, struct status *st);

/*
 * Serves until SIGTERM or SIGINT (handled here) or grpc_server_stop(), then closes and removes the socket and lets calls in
 * flight finish; a second signal or stop cancels them.  0 once all is drained, -1 with DEADLINE_EXCEEDED where calls would not
 * end though cancelled: the process should then end by _exit, as their workers still run.
 */
int grpc_server_run(struct grpc_server *server, struct status *st);

/* From any thread. */
void grpc_server_stop(struct grpc_server *server);
/* After grpc_server_run returned 0, or without it.  NULL is fine. */
void grpc_server_free(struct grpc_server *server);

#endif
