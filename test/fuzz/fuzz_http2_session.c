/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection's bytes into an HTTP/2 session.  The first byte says how the other parties behave: the server above (when it
 * answers, with what), the peer (whether it reads) and the limits.  Held: each delivered request is closed exactly once, a
 * session that failed stays so, and what goes out is whole frames.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "http2/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define REQUESTS_MAX 4096
#define FRAME_HEADER_BYTES 9

enum {
	ANSWER_AT_ONCE = 1,
	ANSWER_LATE = 2,
	RESET_SOME = 4,
	LARGE_BODY = 8,
	SMALL_LIMITS = 16,
	SLOW_READER = 32,
	IN_PIECES = 64,
	SHUT_DOWN = 128
};

struct server {
	struct http2_session *session;
	uint8_t behaviour;
	int32_t ids[REQUESTS_MAX];
	uint8_t closed[REQUESTS_MAX];
	unsigned count;
	unsigned answered; /* of those answered late */
	struct strbuf output;
};

static uint8_t large_body[100000];
static const struct http2_header FIELDS[] = {{"grpc-status", "0"}, {"grpc-message", "ok"}};
static const struct http2_limits SMALL = {
	.body_bytes = 64,
	.header_list_bytes = 512,
	.concurrent_streams = 4,
	.stream_window_bytes = 32,
	.connection_window_bytes = 65536,
	.buffered_body_bytes = 100,
};

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void answer(struct server *server, int32_t stream_id)
{
	struct http2_response response = {
		.http_status = 200, .headers = FIELDS, .header_count = 1, .trailers = FIELDS, .trailer_count = 2};
	response.body = large_body;
	response.body_bytes = (server->behaviour & LARGE_BODY) ? sizeof(large_body) : 5;
	if ((server->behaviour & RESET_SOME) && stream_id % 4 == 3)
		http2_session_reset(server->session, stream_id, 8);
	(void)http2_session_respond(server->session, stream_id, &response); /* it may be gone */
}

static void *on_request(void *user, int32_t stream_id, struct http2_request *request)
{
	struct server *server = user;
	require(request->method && request->path && request->body.length <= (4u << 20) + 5);
	for (size_t i = 0; i < request->header_count; i++)
		require(request->headers[i].name[0] != '\0' && request->headers[i].value != NULL);
	http2_request_free(request);
	require(server->count < REQUESTS_MAX);
	server->ids[server->count] = stream_id;
	if (server->behaviour & ANSWER_AT_ONCE)
		answer(server, stream_id);
	return &server->closed[server->count++];
}

static void on_stream_closed(void *user, int32_t stream_id, void *context, uint32_t error_code)
{
	uint8_t *closed = context;
	require(*closed == 0);
	*closed = 1;
}

static void answer_late(struct server *server)
{
	if (server->behaviour & ANSWER_LATE)
		while (server->answered < server->count)
			answer(server, server->ids[server->answered++]);
}

static void drop_whole_frames(struct strbuf *output)
{
	size_t at = 0;
	while (output->length - at >= FRAME_HEADER_BYTES) {
		const uint8_t *frame = (const uint8_t *)output->data + at;
		size_t length = (size_t)frame[0] << 16 | (size_t)frame[1] << 8 | frame[2];
		require(length <= 16384 && frame[3] <= 9);
		if (output->length - at < FRAME_HEADER_BYTES + length)
			break;
		at += FRAME_HEADER_BYTES + length;
	}
	strbuf_consume(output, at);
}

static int drain(struct server *server, struct status *st)
{
	const uint8_t *bytes = NULL;
	int64_t count;
	while ((count = http2_session_drain(server->session, &bytes, st)) > 0) {
		require(strbuf_append(&server->output, bytes, (size_t)count) == 0);
		drop_whole_frames(&server->output);
	}
	return (int)count;
}

static void run(struct server *server, const uint8_t *bytes, size_t length)
{
	struct status st;
	size_t piece = (server->behaviour & IN_PIECES) ? 7 : 16384;
	int fed = 0, drained = 0;
	for (size_t at = 0; at < length && fed == 0 && drained == 0; at += piece) {
		fed = http2_session_feed(server->session, bytes + at, length - at < piece ? length - at : piece, &st);
		answer_late(server);
		if (!(server->behaviour & SLOW_READER))
			drained = drain(server, &st);
	}
	if (server->behaviour & SHUT_DOWN) {
		http2_session_announce_shutdown(server->session);
		http2_session_shutdown(server->session);
	}
	drained = drain(server, &st);
	require(server->output.length == 0);
	require(fed == 0 || drained < 0);
	require(drained == 0 || http2_session_feed(server->session, bytes, 0, &st) < 0);
	require(drained == 0 || http2_session_is_done(server->session));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct http2_callbacks callbacks = {.on_request = on_request,
							 .on_stream_closed = on_stream_closed};
	static struct server server;
	if (length == 0)
		return 0;
	memset(&server, 0, sizeof(server));
	server.behaviour = bytes[0];
	strbuf_init(&server.output, 1 << 20);
	const struct http2_limits *limits = (server.behaviour & SMALL_LIMITS) ? &SMALL : &HTTP2_LIMITS_DEFAULT;
	server.session = http2_session_new(&callbacks, limits, &server);
	run(&server, bytes + 1, length - 1 < 65536 ? length - 1 : 65536);
	http2_session_free(server.session);
	for (unsigned i = 0; i < server.count; i++)
		require(server.closed[i] == 1);
	strbuf_release(&server.output);
	return 0;
}
