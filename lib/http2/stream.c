/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: gathering a request's body under the session's memory bound, delivering it, and the end of a stream. */
#include "http2/stream.h"

#include "base/memory.h"

struct http2_stream *http2_stream_find(const struct http2_session *s, int32_t stream_id)
{
	if (!s->nghttp2 || s->is_broken)
		return NULL;
	return nghttp2_session_get_stream_user_data(s->nghttp2, stream_id);
}

struct http2_stream *http2_stream_new(struct http2_session *s, int32_t stream_id, struct http2_request *request,
				      int64_t content_length)
{
	struct http2_stream *stream = memory_calloc(1, sizeof(*stream));
	stream->id = stream_id;
	stream->request = request;
	stream->content_length = content_length;
	TAILQ_INSERT_TAIL(&s->streams, stream, streams);
	(void)nghttp2_session_set_stream_user_data(s->nghttp2, stream_id, stream); /* fails for unknown ids only */
	return stream;
}

/* ---- credit */

static void give_credit(struct http2_session *s, struct http2_stream *stream)
{
	if (!stream->is_ended && !stream->is_reset)
		(void)nghttp2_session_consume_stream(s->nghttp2, stream->id, stream->withheld_bytes); /* or no memory */
	stream->withheld_bytes = 0;
}

/* The first one is always granted, so that some stream can always go on. */
static bool can_reserve(const struct http2_session *s)
{
	return s->reserved_bytes == 0 || (s->reserved_bytes < s->limits.buffered_body_bytes &&
					  s->limits.body_bytes <= s->limits.buffered_body_bytes - s->reserved_bytes);
}

static void reserve(struct http2_session *s, struct http2_stream *stream)
{
	stream->reserved_bytes = s->limits.body_bytes;
	s->reserved_bytes += stream->reserved_bytes;
	give_credit(s, stream);
}

static void serve_waiting(struct http2_session *s)
{
	struct http2_stream *stream;
	while ((stream = TAILQ_FIRST(&s->waiting)) != NULL && can_reserve(s)) {
		TAILQ_REMOVE(&s->waiting, stream, waiting);
		stream->is_waiting = false;
		reserve(s, stream);
	}
}

/* Keeps keep_bytes of what the stream has reserved; a stream that waits does not need it any more. */
static void settle_reservation(struct http2_session *s, struct http2_stream *stream, size_t keep_bytes)
{
	if (stream->is_waiting)
		TAILQ_REMOVE(&s->waiting, stream, waiting);
	stream->is_waiting = false;
	if (stream->reserved_bytes <= keep_bytes)
		return;
	s->reserved_bytes -= stream->reserved_bytes - keep_bytes;
	stream->reserved_bytes = keep_bytes;
	if (!s->is_broken && s->nghttp2)
		serve_waiting(s);
}

/* Most requests fit the first half of their window and are never credited. */
static void credit(struct http2_session *s, struct http2_stream *stream, size_t length)
{
	stream->withheld_bytes += length;
	if (stream->is_waiting)
		return;
	if (stream->is_delivered || stream->reserved_bytes > 0) {
		give_credit(s, stream);
	} else if (stream->withheld_bytes >= s->limits.stream_window_bytes / 2) {
		stream->is_waiting = true;
		TAILQ_INSERT_TAIL(&s->waiting, stream, waiting);
		serve_waiting(s);
	}
}

/* ---- the request */

static void deliver(struct http2_session *s, struct http2_stream *stream)
{
	struct http2_request *request = TAKE_POINTER(stream->request);
	settle_reservation(s, stream, request->body.length);
	stream->is_delivered = true;
	s->open_requests++;
	if (stream->id > s->last_delivered_id)
		s->last_delivered_id = stream->id;
	stream->context = s->callbacks.on_request(s->user, stream->id, request);
}

static void append_body(struct http2_session *s, struct http2_stream *stream, const uint8_t *data, size_t length)
{
	if (!stream->request)
		return; /* delivered without waiting for the rest */
	struct strbuf *body = &stream->request->body;
	size_t room = s->limits.body_bytes - body->length;
	(void)strbuf_append(body, data, length < room ? length : room); /* fits */
	if (length <= room)
		return;
	stream->request->is_body_too_large = true;
	deliver(s, stream);
}

int http2_stream_take_body(struct http2_session *s, struct http2_stream *stream, const uint8_t *data, size_t length,
			   bool is_last)
{
	if (stream->is_reset)
		return 0;
	stream->received_bytes += (int64_t)length;
	if (stream->content_length >= 0 && stream->received_bytes > stream->content_length)
		return http2_stream_reject(s, stream->id, stream, NGHTTP2_PROTOCOL_ERROR);
	append_body(s, stream, data, length);
	if (!is_last)
		credit(s, stream, length);
	return 0;
}

int http2_stream_end(struct http2_session *s, struct http2_stream *stream)
{
	if (stream->is_reset)
		return 0;
	if (stream->content_length >= 0 && stream->received_bytes != stream->content_length)
		return http2_stream_reject(s, stream->id, stream, NGHTTP2_PROTOCOL_ERROR);
	stream->is_ended = true;
	if (!stream->is_delivered)
		deliver(s, stream);
	return 0;
}

/* ---- the end */

static void submit_reset(struct http2_session *s, int32_t stream_id, uint32_t error_code)
{
	if (nghttp2_submit_rst_stream(s->nghttp2, NGHTTP2_FLAG_NONE, stream_id, error_code) != 0)
		abort(); /* out of memory */
}

void http2_stream_reset(struct http2_session *s, struct http2_stream *stream, uint32_t error_code)
{
	if (stream->is_reset)
		return;
	stream->is_reset = true;
	stream->is_blamed = true;
	submit_reset(s, stream->id, error_code);
	if (!stream->request)
		return;
	http2_request_free(TAKE_POINTER(stream->request)); /* will never be delivered */
	settle_reservation(s, stream, 0);
}

int http2_stream_reject(struct http2_session *s, int32_t stream_id, struct http2_stream *stream, uint32_t error_code)
{
	if (stream)
		http2_stream_reset(s, stream, error_code);
	else
		submit_reset(s, stream_id, error_code);
	return http2_session_glitch(s);
}

void http2_stream_close(struct http2_session *s, struct http2_stream *stream, uint32_t error_code)
{
	settle_reservation(s, stream, 0);
	TAILQ_REMOVE(&s->streams, stream, streams);
	if (stream->is_delivered) {
		s->open_requests--;
		s->callbacks.on_stream_closed(s->user, stream->id, stream->context, error_code);
	}
	http2_request_free(stream->request);
	free(stream);
}
