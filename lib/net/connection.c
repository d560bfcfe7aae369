/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kubelet opens a connection for every RPC, so a connection costs little: one allocation beside its session, no timer of its
 * own, and a read buffer that all share.
 */
#include "net/connection.h"

#include <string.h>
#include <sys/queue.h>
#include <uv.h>

#include "base/memory.h"
#include "base/status.h"
#include "net/loop.h"

#define READ_BYTES ((size_t)64 * 1024)
/* The client's preface and the header of the SETTINGS frame that must follow (RFC 9113, 3.4); the session has refused
 * anything else by the time that many bytes are in. */
#define HANDSHAKE_BYTES (24 + 9)
/* The peer's timeout in ticks: what has waited for more of them has waited for longer. */
#define PEER_TICKS 2

struct connection {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tcp_t tcp;
	} uv;
	struct connection_set *set;
	struct http2_session *session;
	TAILQ_ENTRY(connection) link;
	TAILQ_ENTRY(connection) dirty_link;
	bool is_dirty;         /* on the set's list of those to flush */
	bool is_blocked;       /* a write waits for the peer to read; nothing is read or drained meanwhile */
	bool has_failed;       /* the session is beyond repair: flush once, then close */
	unsigned greeted;      /* bytes of the handshake seen, up to HANDSHAKE_BYTES */
	unsigned waited_ticks; /* for the handshake, or with the same blocked write */
	unsigned idle_ticks;   /* since the last read, and without a stream */
};

struct connection_set {
	const struct connection_events *events;
	void *user;
	uv_prepare_t *flusher; /* runs before the loop sleeps; freed by its close callback */
	struct loop_timer *tick_timer;
	int64_t tick_ms;
	bool is_ticking; /* the timer runs */
	bool needs_room; /* somebody waits, and no connection was idle for long enough */
	unsigned count;
	TAILQ_HEAD(connection_list, connection) connections; /* least recently read from first */
	TAILQ_HEAD(, connection) dirty;
	char read_buffer[READ_BYTES];
};

/* What the socket did not take, kept until it does. */
struct pending_write {
	uv_write_t request;
	uint8_t bytes[];
};

/* ---- life and end */

static void free_connection(uv_handle_t *handle)
{
	free(handle->data);
}

static void close_connection(struct connection *c)
{
	struct connection_set *set = c->set;

	TAILQ_REMOVE(&set->connections, c, link);
	if (c->is_dirty)
		TAILQ_REMOVE(&set->dirty, c, dirty_link);
	c->is_dirty = false;
	set->count--;
	http2_session_free(c->session); /* closes its streams, which may still ask this connection for nothing */
	c->session = NULL;
	uv_close(&c->uv.handle, free_connection);
	set->events->on_closed(set->user);
}

static void mark_dirty(struct connection *c)
{
	if (!c->is_dirty)
		TAILQ_INSERT_TAIL(&c->set->dirty, c, dirty_link);
	c->is_dirty = true;
}

/* ---- reading */

static void on_allocate(uv_handle_t *handle, size_t suggested_bytes, uv_buf_t *ret)
{
	struct connection *c = handle->data;

	*ret = uv_buf_init(c->set->read_buffer, sizeof(c->set->read_buffer));
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct connection *c = stream->data;
	struct status st;

	if (length < 0) {
		close_connection(c);
		return;
	}
	if (length == 0 || c->has_failed)
		return;
	TAILQ_REMOVE(&c->set->connections, c, link);
	TAILQ_INSERT_TAIL(&c->set->connections, c, link);
	c->idle_ticks = 0;
	if (c->greeted < HANDSHAKE_BYTES)
		c->greeted = length < HANDSHAKE_BYTES - c->greeted ? c->greeted + (unsigned)length : HANDSHAKE_BYTES;
	/* The session's GOAWAY tells the peer why. */
	c->has_failed = http2_session_feed(c->session, (const uint8_t *)buffer->base, (size_t)length, &st) < 0;
	mark_dirty(c);
}

/* ---- writing */

static void on_written(uv_write_t *request, int rc)
{
	struct connection *c = request->handle->data;

	free(request->data);
	if (!c->session)
		return; /* closed meanwhile */
	c->is_blocked = false;
	c->waited_ticks = 0;
	if (rc < 0 || uv_read_start(&c->uv.stream, on_allocate, on_read) < 0)
		close_connection(c);
	else
		mark_dirty(c);
}

static int queue_write(struct connection *c, const uint8_t *bytes, size_t length)
{
	struct pending_write *pending = memory_alloc(sizeof(*pending) + length);
	uv_buf_t buffer = uv_buf_init((char *)pending->bytes, (unsigned)length);

	memcpy(pending->bytes, bytes, length);
	pending->request.data = pending;
	if (uv_write(&pending->request, &c->uv.stream, &buffer, 1, on_written) < 0) {
		free(pending);
		return -1;
	}
	c->is_blocked = true;
	(void)uv_read_stop(&c->uv.stream); /* cannot fail */
	return 0;
}

/* -1 where the socket is broken. */
static int send_bytes(struct connection *c, const uint8_t *bytes, size_t length)
{
	uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)length);
	int sent = uv_try_write(&c->uv.stream, &buffer, 1);

	if (sent == UV_EAGAIN)
		sent = 0;
	if (sent < 0)
		return -1;
	return (size_t)sent < length ? queue_write(c, bytes + sent, length - (size_t)sent) : 0;
}

/* Writes until the session has no more or the socket takes no more.  -1: the connection is at its end. */
static int write_all(struct connection *c)
{
	struct status st;

	while (!c->is_blocked) {
		const uint8_t *bytes = NULL;
		int64_t length = http2_session_drain(c->session, &bytes, &st);

		if (length < 0 || (length > 0 && send_bytes(c, bytes, (size_t)length) < 0))
			return -1;
		if (length == 0)
			return c->has_failed || http2_session_is_done(c->session) ? -1 : 0;
	}
	return c->has_failed ? -1 : 0;
}

static void flush_dirty(uv_prepare_t *handle)
{
	struct connection_set *set = handle->data;
	struct connection *c;

	while ((c = TAILQ_FIRST(&set->dirty)) != NULL) {
		TAILQ_REMOVE(&set->dirty, c, dirty_link);
		c->is_dirty = false;
		if (write_all(c) < 0)
			close_connection(c);
	}
}

void connection_respond(struct connection *connection, int32_t stream_id, const struct http2_response *response)
{
	if (http2_session_respond(connection->session, stream_id, response))
		mark_dirty(connection);
}

/* ---- the session's callbacks */

static void *on_request(void *user, int32_t stream_id, struct http2_request *request)
{
	struct connection *c = user;

	return c->set->events->on_request(c->set->user, c, stream_id, request);
}

static void on_stream_closed(void *user, int32_t stream_id, void *context, uint32_t error_code)
{
	struct connection *c = user;

	c->set->events->on_stream_closed(c->set->user, context, error_code);
}

/* ---- peers that keep the server waiting */

static bool is_too_slow(struct connection *c)
{
	bool is_waiting = c->is_blocked || c->greeted < HANDSHAKE_BYTES;

	c->waited_ticks = is_waiting ? c->waited_ticks + 1 : 0;
	c->idle_ticks = http2_session_is_idle(c->session) ? c->idle_ticks + 1 : 0;
	return http2_session_tick(c->session) > PEER_TICKS || c->waited_ticks > PEER_TICKS;
}

static void start_ticking(struct connection_set *set)
{
	if (!set->is_ticking)
		loop_timer_start(set->tick_timer, set->tick_ms);
	set->is_ticking = true;
}

/* One timer for all, as long as there is a connection. */
static void tick(void *user)
{
	struct connection_set *set = user;
	struct connection *next;

	set->is_ticking = false;
	for (struct connection *c = TAILQ_FIRST(&set->connections); c; c = next) {
		next = TAILQ_NEXT(c, link);
		if (is_too_slow(c))
			close_connection(c);
	}
	if (set->needs_room)
		connection_set_make_room(set);
	if (set->count > 0)
		start_ticking(set);
}

/* ---- accepting */

static int open_stream(struct connection *c, uv_stream_t *server)
{
	bool is_tcp = server->type == UV_TCP;
	int rc = is_tcp ? uv_tcp_init(server->loop, &c->uv.tcp) : uv_pipe_init(server->loop, &c->uv.pipe, 0);

	if (rc < 0)
		abort(); /* neither makes a descriptor yet, so neither can fail */
	c->uv.handle.data = c;
	rc = uv_accept(server, &c->uv.stream);
	if (rc == 0 && is_tcp)
		rc = uv_tcp_nodelay(&c->uv.tcp, 1);
	return rc < 0 ? rc : uv_read_start(&c->uv.stream, on_allocate, on_read);
}

int connection_set_accept(struct connection_set *set, struct uv_stream_s *server, struct status *st)
{
	static const struct http2_callbacks callbacks = {on_request, on_stream_closed};
	struct connection *c = memory_calloc(1, sizeof(*c));
	int rc = open_stream(c, server);

	if (rc < 0) {
		uv_close(&c->uv.handle, free_connection);
		return status_set_errno(st, -rc, "accept a connection");
	}
	c->set = set;
	c->session = http2_session_new(&callbacks, &HTTP2_LIMITS_DEFAULT, c);
	TAILQ_INSERT_TAIL(&set->connections, c, link);
	set->count++;
	set->needs_room = false;
	start_ticking(set);
	mark_dirty(c); /* a client waits for our SETTINGS before it sends a request */
	return 0;
}

/* ---- the set */

struct connection_set *connection_set_new(struct loop *loop, int64_t peer_timeout_ms,
					  const struct connection_events *events, void *user)
{
	struct connection_set *set = memory_alloc(sizeof(*set));

	memset(set, 0, offsetof(struct connection_set, read_buffer)); /* the buffer's pages are touched when used */
	set->events = events;
	set->user = user;
	TAILQ_INIT(&set->connections);
	TAILQ_INIT(&set->dirty);
	set->tick_timer = loop_timer_new(loop, tick, set);
	set->tick_ms = peer_timeout_ms / PEER_TICKS;
	set->flusher = memory_alloc(sizeof(*set->flusher));
	(void)uv_prepare_init(loop_uv(loop), set->flusher); /* neither can fail */
	(void)uv_prepare_start(set->flusher, flush_dirty);
	set->flusher->data = set;
	return set;
}

static void free_flusher(uv_handle_t *handle)
{
	free(handle);
}

void connection_set_free(struct connection_set *set)
{
	if (!set)
		return;
	while (!TAILQ_EMPTY(&set->connections))
		close_connection(TAILQ_FIRST(&set->connections));
	loop_timer_free(set->tick_timer);
	uv_close((uv_handle_t *)set->flusher, free_flusher);
	free(set);
}

unsigned connection_set_count(const struct connection_set *set)
{
	return set->count;
}

void connection_set_make_room(struct connection_set *set)
{
	struct connection *c;

	TAILQ_FOREACH(c, &set->connections, link)
	{
		if (c->idle_ticks == 0 || !http2_session_is_idle(c->session) || c->is_blocked)
			continue;
		http2_session_shutdown(c->session);
		mark_dirty(c);
		set->needs_room = false;
		return;
	}
	set->needs_room = true;
}

void connection_set_announce_shutdown(struct connection_set *set)
{
	struct connection *c;

	TAILQ_FOREACH(c, &set->connections, link)
	{
		http2_session_announce_shutdown(c->session);
		mark_dirty(c);
	}
}

void connection_set_shutdown(struct connection_set *set)
{
	struct connection *c;

	TAILQ_FOREACH(c, &set->connections, link)
	{
		http2_session_shutdown(c->session);
		mark_dirty(c);
	}
}
