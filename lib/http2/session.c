/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session on nghttp2: what its callbacks say becomes calls on streams, its frames become runs of bytes, and a peer
 * that floods is cut off.  nghttp2 itself bounds resets by the peer (1000 and 33 a second), SETTINGS entries and unsent
 * acknowledgements; the limits below are for what it lets through.
 */
#include "http2/session.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "http2/stream.h"

#define OUTBOUND_FRAMES_MAX 4096 /* queued for a peer that does not read; a full house answers with some 500 */
#define CONTINUATIONS_MAX 8      /* of one header block; also nghttp2's bound, in versions that have one */
#define GLITCHES_MAX 1000        /* malformed requests, empty DATA ... without one request answered in between */
#define GOAWAY_FRAME_BYTES 17

const struct http2_limits HTTP2_LIMITS_DEFAULT = {
	.body_bytes = (4u << 20) + 5,
	.header_list_bytes = 16u << 10,
	.concurrent_streams = 128,
	.stream_window_bytes = 256u << 10,
	.connection_window_bytes = 1u << 20,
	.buffered_body_bytes = 32u << 20,
};

static int flood(struct http2_session *s, const char *what)
{
	s->flood = what;
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int http2_session_glitch(struct http2_session *s)
{
	return ++s->glitches > GLITCHES_MAX ? flood(s, "too many malformed requests or empty frames") : 0;
}

/* ---- nghttp2 callbacks */

static int on_begin_frame(nghttp2_session *nghttp2, const nghttp2_frame_hd *frame, void *user)
{
	struct http2_session *s = user;
	s->continuations = frame->type == NGHTTP2_CONTINUATION ? s->continuations + 1 : 0;
	if (s->continuations > CONTINUATIONS_MAX)
		return flood(s, "too many CONTINUATION frames");
	if (nghttp2_session_get_outbound_queue_size(nghttp2) > OUTBOUND_FRAMES_MAX)
		return flood(s, "the peer causes frames and does not read them");
	return 0;
}

/* What on_header and on_begin_headers return to have nghttp2 skip the rest of the block. */
static int reject_block(struct http2_session *s, int32_t stream_id, uint32_t error_code)
{
	int rc = http2_stream_reject(s, stream_id, http2_stream_find(s, stream_id), error_code);
	return rc < 0 ? rc : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* The GOAWAY that is queued does not name this stream, so the peer may send its request elsewhere. */
static int refuse_request(struct http2_session *s, int32_t stream_id)
{
	if (nghttp2_submit_rst_stream(s->nghttp2, NGHTTP2_FLAG_NONE, stream_id, NGHTTP2_REFUSED_STREAM) != 0)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_begin_headers(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user)
{
	struct http2_session *s = user;
	bool is_trailers = frame->headers.cat != NGHTTP2_HCAT_REQUEST;
	header_block_begin(&s->block, is_trailers);
	if (!is_trailers && s->is_shut_down)
		return refuse_request(s, frame->hd.stream_id);
	if (is_trailers && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return reject_block(s, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
	return 0;
}

static int on_header(nghttp2_session *nghttp2, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
		     const uint8_t *value, size_t value_length, uint8_t flags, void *user)
{
	struct http2_session *s = user;
	switch (header_block_add(&s->block, name, name_length, value, value_length)) {
	case HEADER_BLOCK_OK:
		return 0;
	case HEADER_BLOCK_TOO_LARGE: /* the code that grpc-go answers with */
		return reject_block(s, frame->hd.stream_id, NGHTTP2_FRAME_SIZE_ERROR);
	default:
		return reject_block(s, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
	}
}

static int end_header_block(struct http2_session *s, const nghttp2_frame *frame)
{
	struct http2_stream *stream = http2_stream_find(s, frame->hd.stream_id);
	if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		struct http2_request *request = header_block_finish(&s->block, s->limits.body_bytes);
		if (!request)
			return http2_stream_reject(s, frame->hd.stream_id, NULL, NGHTTP2_PROTOCOL_ERROR);
		stream = http2_stream_new(s, frame->hd.stream_id, request, s->block.content_length);
	}
	bool is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	return stream && is_end ? http2_stream_end(s, stream) : 0;
}

static int end_data(struct http2_session *s, const nghttp2_frame *frame)
{
	struct http2_stream *stream = http2_stream_find(s, frame->hd.stream_id);
	if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
		return stream ? http2_stream_end(s, stream) : 0;
	return frame->hd.length == frame->data.padlen ? http2_session_glitch(s) : 0;
}

static int on_frame_recv(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user)
{
	struct http2_session *s = user;
	struct http2_stream *stream;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		return end_header_block(s, frame);
	case NGHTTP2_DATA:
		return end_data(s, frame);
	case NGHTTP2_RST_STREAM: /* clients may cancel; nghttp2 bounds how often */
		stream = http2_stream_find(s, frame->hd.stream_id);
		if (stream)
			stream->is_blamed = true;
		return 0;
	default:
		return 0;
	}
}

static int on_data_chunk(nghttp2_session *nghttp2, uint8_t flags, int32_t stream_id, const uint8_t *data, size_t length,
			 void *user)
{
	struct http2_session *s = user;
	struct http2_stream *stream = http2_stream_find(s, stream_id);
	if (nghttp2_session_consume_connection(nghttp2, length) != 0)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return stream ? http2_stream_take_body(s, stream, data, length, (flags & NGHTTP2_FLAG_END_STREAM) != 0) : 0;
}

static void note_goaway(struct http2_session *s, const nghttp2_goaway *goaway)
{
	if (goaway->error_code != NGHTTP2_NO_ERROR)
		(void)snprintf(s->failure, sizeof(s->failure), "HTTP/2 connection error %s: %.*s",
			       nghttp2_http2_strerror(goaway->error_code), (int)goaway->opaque_data_len,
			       goaway->opaque_data_len > 0 ? (const char *)goaway->opaque_data : "");
}

/* An answer that is complete before its request: the peer need not send the rest (RFC 9113 8.1). */
static int on_frame_send(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user)
{
	struct http2_session *s = user;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		note_goaway(s, &frame->goaway);
	if ((frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) ||
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	struct http2_stream *stream = http2_stream_find(s, frame->hd.stream_id);
	if (stream && !stream->is_ended)
		http2_stream_reset(s, stream, NGHTTP2_NO_ERROR);
	return 0;
}

/* A response or trailers that nghttp2 could not put into frames: the stream must not stay open without them. */
static int on_frame_not_send(nghttp2_session *nghttp2, const nghttp2_frame *frame, int error, void *user)
{
	struct http2_session *s = user;
	struct http2_stream *stream = http2_stream_find(s, frame->hd.stream_id);
	if (frame->hd.type == NGHTTP2_HEADERS && stream)
		http2_stream_reset(s, stream, NGHTTP2_INTERNAL_ERROR);
	return 0;
}

static int on_stream_close(nghttp2_session *nghttp2, int32_t stream_id, uint32_t error_code, void *user)
{
	struct http2_session *s = user;
	struct http2_stream *stream = http2_stream_find(s, stream_id);
	if (!stream)
		return 0;
	bool is_glitch = error_code != NGHTTP2_NO_ERROR && !stream->is_blamed;
	if (error_code == NGHTTP2_NO_ERROR && stream->is_answered)
		s->glitches = 0;
	(void)nghttp2_session_set_stream_user_data(nghttp2, stream_id, NULL); /* it is there */
	http2_stream_close(s, stream, error_code);
	return is_glitch ? http2_session_glitch(s) : 0;
}

/* ---- life */

static nghttp2_session_callbacks *make_callbacks(void)
{
	nghttp2_session_callbacks *callbacks = NULL;
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort(); /* out of memory */
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_send);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	return callbacks;
}

static nghttp2_option *make_option(void)
{
	nghttp2_option *option = NULL;
	if (nghttp2_option_new(&option) != 0)
		abort(); /* out of memory */
	nghttp2_option_set_no_http_messaging(option, 1);
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	return option;
}

static void submit_settings(struct http2_session *s)
{
	const struct http2_limits *limits = &s->limits;
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->concurrent_streams},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits->stream_window_bytes},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->header_list_bytes},
		{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
	};
	size_t count = sizeof(settings) / sizeof(settings[0]);
	if (nghttp2_submit_settings(s->nghttp2, NGHTTP2_FLAG_NONE, settings, count) != 0 ||
	    nghttp2_session_set_local_window_size(s->nghttp2, NGHTTP2_FLAG_NONE, 0,
						  (int32_t)limits->connection_window_bytes) != 0)
		abort(); /* out of memory, or a limit that HTTP/2 does not know */
}

struct http2_session *http2_session_new(const struct http2_callbacks *callbacks, const struct http2_limits *limits,
					void *user)
{
	struct http2_session *s = memory_alloc(sizeof(*s));
	memset(s, 0, offsetof(struct http2_session, out));
	s->callbacks = *callbacks;
	s->limits = *limits;
	s->user = user;
	TAILQ_INIT(&s->streams);
	TAILQ_INIT(&s->waiting);
	header_block_init(&s->block, limits->header_list_bytes);
	nghttp2_session_callbacks *nghttp2_callbacks = make_callbacks();
	nghttp2_option *option = make_option();
	if (nghttp2_session_server_new2(&s->nghttp2, nghttp2_callbacks, s, option) != 0)
		abort(); /* out of memory */
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(nghttp2_callbacks);
	submit_settings(s);
	return s;
}

void http2_session_free(struct http2_session *s)
{
	if (!s)
		return;
	nghttp2_session *nghttp2 = TAKE_POINTER(s->nghttp2);
	nghttp2_session_del(nghttp2);
	struct http2_stream *stream;
	while ((stream = TAILQ_FIRST(&s->streams)) != NULL)
		http2_stream_close(s, stream, NGHTTP2_CANCEL);
	header_block_release(&s->block);
	free(s);
}

/* ---- bytes */

static void put_u32(uint8_t *at, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* nghttp2 cannot go on after a fatal error, so the last frame is made here. */
static void make_goaway(struct http2_session *s, uint32_t error_code)
{
	memset(s->out, 0, GOAWAY_FRAME_BYTES);
	s->out[2] = 8; /* length */
	s->out[3] = NGHTTP2_GOAWAY;
	put_u32(s->out + 9, (uint32_t)s->last_delivered_id);
	put_u32(s->out + 13, error_code);
	s->goaway_bytes = GOAWAY_FRAME_BYTES;
}

static uint32_t goaway_code(const struct http2_session *s, int error)
{
	if (s->flood)
		return NGHTTP2_ENHANCE_YOUR_CALM;
	switch (error) {
	case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
		return NGHTTP2_PROTOCOL_ERROR;
	case NGHTTP2_ERR_NOMEM:
	case NGHTTP2_ERR_CALLBACK_FAILURE:
		return NGHTTP2_INTERNAL_ERROR;
	default: /* NGHTTP2_ERR_FLOODED, and the kinds of flood that later versions tell apart */
		return NGHTTP2_ENHANCE_YOUR_CALM;
	}
}

static void break_off(struct http2_session *s, int error)
{
	const char *why = s->flood ? s->flood : nghttp2_strerror(error);
	(void)snprintf(s->failure, sizeof(s->failure), "HTTP/2 connection error: %s", why);
	s->is_broken = true;
	s->pending_bytes = 0;
	make_goaway(s, goaway_code(s, error));
}

int http2_session_feed(struct http2_session *s, const uint8_t *bytes, size_t length, struct status *st)
{
	if (s->failure[0] == '\0') {
		ssize_t taken = nghttp2_session_mem_recv(s->nghttp2, bytes, length);
		if (taken < 0)
			break_off(s, (int)taken);
	}
	return s->failure[0] == '\0' ? 0 : status_set(st, STATUS_UNAVAILABLE, "%s", s->failure);
}

/* Collects frames in out until there are no more or one does not fit, which is then pending. */
static size_t collect_frames(struct http2_session *s)
{
	size_t used = 0;
	for (;;) {
		const uint8_t *frame = NULL;
		ssize_t length = nghttp2_session_mem_send(s->nghttp2, &frame);
		if (length < 0) {
			break_off(s, (int)length); /* reuses out */
			return 0;
		}
		if ((size_t)length > sizeof(s->out) - used) {
			s->pending = frame;
			s->pending_bytes = (size_t)length;
			return used;
		}
		if (length == 0)
			return used;
		memcpy(s->out + used, frame, (size_t)length);
		used += (size_t)length;
	}
}

static size_t take(size_t *bytes)
{
	size_t taken = *bytes;
	*bytes = 0;
	return taken;
}

int64_t http2_session_drain(struct http2_session *s, const uint8_t **ret_bytes, struct status *st)
{
	size_t count = 0;
	*ret_bytes = s->out;
	if (!s->is_broken && s->pending_bytes == 0)
		count = collect_frames(s);
	if (s->is_broken) {
		count = take(&s->goaway_bytes);
	} else if (count == 0 && s->pending_bytes > 0) {
		*ret_bytes = s->pending;
		count = take(&s->pending_bytes);
	}
	if (count == 0 && s->failure[0] != '\0')
		return status_set(st, STATUS_UNAVAILABLE, "%s", s->failure);
	return (int64_t)count;
}

bool http2_session_wants_write(const struct http2_session *s)
{
	if (s->is_broken)
		return s->goaway_bytes > 0;
	return s->pending_bytes > 0 || nghttp2_session_want_write(s->nghttp2);
}

bool http2_session_is_done(const struct http2_session *s)
{
	return !http2_session_wants_write(s) && (s->is_broken || !nghttp2_session_want_read(s->nghttp2));
}

unsigned http2_session_open_requests(const struct http2_session *s)
{
	return s->open_requests;
}

bool http2_session_is_idle(const struct http2_session *s)
{
	return TAILQ_EMPTY(&s->streams);
}

unsigned http2_session_tick(struct http2_session *s)
{
	struct http2_stream *stream;
	unsigned longest = 0;
	TAILQ_FOREACH(stream, &s->streams, streams)
	{
		bool is_with_callee = stream->is_delivered && !stream->is_answered && !stream->is_reset;
		stream->waited_ticks = is_with_callee ? 0 : stream->waited_ticks + 1;
		if (stream->waited_ticks > longest)
			longest = stream->waited_ticks;
	}
	return longest;
}

/* ---- graceful stop */

void http2_session_announce_shutdown(struct http2_session *s)
{
	if (!s->is_broken)
		(void)nghttp2_submit_shutdown_notice(s->nghttp2); /* without memory for it the second step does */
}

void http2_session_shutdown(struct http2_session *s)
{
	if (s->is_broken || s->is_shut_down)
		return;
	s->is_shut_down = true;
	int32_t last_id = nghttp2_session_get_last_proc_stream_id(s->nghttp2);
	if (nghttp2_submit_goaway(s->nghttp2, NGHTTP2_FLAG_NONE, last_id, NGHTTP2_NO_ERROR, NULL, 0) != 0)
		abort(); /* out of memory */
}
