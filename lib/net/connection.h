/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections: each is one socket and one HTTP/2 session.  A set of them shares the buffers, the limits and the loop.  What
 * sessions have to say is written once per round of the loop; a connection whose peer does not take what was written is not read
 * from until it does, so neither side can make the other buffer without end.  Loop thread only.
 */
#ifndef CSICORE_NET_CONNECTION_H
#define CSICORE_NET_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "http2/session.h"

struct connection;
struct connection_set;
struct loop;
struct status;
struct uv_stream_s;

/* Open connections at most; more wait in the listener's backlog. */
#define CONNECTION_MAX 256
/*
 * A peer may keep the server waiting that long, and half as long again at most: with its preface and SETTINGS, with the rest of a
 * request, with reading what was written, with flow-control credit for an answer.  Then its connection is closed.
 */
#define CONNECTION_PEER_TIMEOUT_MS 20000

struct connection_events {
	/* A request is complete; the callee owns it and returns the stream's context (see http2/session.h).  connection may be
	 * used until on_stream_closed. */
	void *(*on_request)(void *user, struct connection *connection, int32_t stream_id,
			    struct http2_request *request);
	/* The stream is gone, answered or not; nothing of its response is used any more.  Once per on_request. */
	void (*on_stream_closed)(void *user, void *context, uint32_t error_code);
	/* A connection was closed, so there are fewer now. */
	void (*on_closed)(void *user);
};

/* events and user outlive it.  peer_timeout_ms: CONNECTION_PEER_TIMEOUT_MS, but for tests. */
struct connection_set *connection_set_new(struct loop *loop, int64_t peer_timeout_ms,
					  const struct connection_events *events, void *user);
/* Closes every connection; their streams are closed first.  NULL is fine. */
void connection_set_free(struct connection_set *set);

unsigned connection_set_count(const struct connection_set *set);
/*
 * Tells an idle connection to go, the least recently used one, now or as soon as one has been idle for long enough (a new one
 * is about to be used); on_closed says when it has.
 */
void connection_set_make_room(struct connection_set *set);
/* Accepts the connection that server has waiting.  The set is not full. */
int connection_set_accept(struct connection_set *set, struct uv_stream_s *server, struct status *st);

/* The two steps of a graceful stop (see http2/session.h), for every connection; each closes once its streams are done. */
void connection_set_announce_shutdown(struct connection_set *set);
void connection_set_shutdown(struct connection_set *set);

/* Answers a stream, once; response and what it points to are borrowed until on_stream_closed. */
void connection_respond(struct connection *connection, int32_t stream_id, const struct http2_response *response);

#endif
