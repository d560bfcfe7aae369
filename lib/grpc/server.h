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
	unsigned worker_max;      /* worker threads at most */
	unsigned queue_max;       /* calls waiting for one; more are answered RESOURCE_EXHAUSTED */
	int64_t call_timeout_ms;  /* bound on every call, whatever the client asks; negative for none */
	int64_t drain_timeout_ms; /* how long calls in flight may run on after the stop */
};

/* Listens.  NULL where the endpoint cannot be had: bad spelling (INVALID_ARGUMENT), in use (FAILED_PRECONDITION) ... */
struct grpc_server *grpc_server_new(const struct grpc_server_config *config, struct status *st);

/*
 * Serves until SIGTERM or SIGINT (handled here) or grpc_server_stop(), then lets calls in flight finish, closes and
 * removes the socket.  0 once all is drained, -1 where calls had to be abandoned at drain_timeout_ms: the process should
 * then end by _exit, as their workers still run.
 */
int grpc_server_run(struct grpc_server *server, struct status *st);

/* From any thread. */
void grpc_server_stop(struct grpc_server *server);
/* After grpc_server_run returned 0, or without it.  NULL is fine. */
void grpc_server_free(struct grpc_server *server);

#endif
