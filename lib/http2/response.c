/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: a response's fields and body are handed to nghttp2 as they are borrowed, nothing is copied before a frame is made. */
#include "http2/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http2/stream.h"

static nghttp2_nv field(const char *name, const char *value)
{
	return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
			    NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

static size_t put_fields(nghttp2_nv *fields, size_t used, const struct http2_header *headers, size_t count)
{
	assert(count <= HTTP2_RESPONSE_FIELDS_MAX);
	for (size_t i = 0; i < count; i++)
		fields[used++] = field(headers[i].name, headers[i].value);
	return used;
}

static int submit_trailers(nghttp2_session *nghttp2, const struct http2_stream *stream)
{
	nghttp2_nv fields[HTTP2_RESPONSE_FIELDS_MAX];
	size_t count = put_fields(fields, 0, stream->response.trailers, stream->response.trailer_count);
	return nghttp2_submit_trailer(nghttp2, stream->id, fields, count);
}

static ssize_t read_body(nghttp2_session *nghttp2, int32_t stream_id, uint8_t *buffer, size_t size, uint32_t *flags,
			 nghttp2_data_source *source, void *user)
{
	struct http2_stream *stream = source->ptr;
	const struct http2_response *response = &stream->response;
	size_t left = response->body_bytes - stream->sent_bytes;
	size_t count = left < size ? left : size;
	if (count > 0)
		memcpy(buffer, response->body + stream->sent_bytes, count);
	stream->sent_bytes += count;
	if (count < left)
		return (ssize_t)count;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (response->trailer_count > 0) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		if (submit_trailers(nghttp2, stream) != 0)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
	}
	return (ssize_t)count;
}

static void put_status(char text[4], int http_status)
{
	assert(http_status >= 100 && http_status <= 999);
	text[0] = (char)('0' + http_status / 100);
	text[1] = (char)('0' + http_status / 10 % 10);
	text[2] = (char)('0' + http_status % 10);
	text[3] = '\0';
}

bool http2_session_respond(struct http2_session *s, int32_t stream_id, const struct http2_response *response)
{
	struct http2_stream *stream = http2_stream_find(s, stream_id);
	if (!stream || !stream->is_delivered || stream->is_answered || stream->is_reset)
		return false;
	stream->is_answered = true;
	stream->waited_ticks = 0;
	stream->response = *response;
	put_status(stream->status_text, response->http_status);
	nghttp2_nv fields[HTTP2_RESPONSE_FIELDS_MAX + 1] = {field(":status", stream->status_text)};
	size_t count = put_fields(fields, 1, response->headers, response->header_count);
	const nghttp2_data_provider body = {.source.ptr = stream, .read_callback = read_body};
	bool has_more = response->body_bytes > 0 || response->trailer_count > 0;
	if (nghttp2_submit_response(s->nghttp2, stream_id, fields, count, has_more ? &body : NULL) != 0)
		abort(); /* out of memory */
	return true;
}

void http2_session_reset(struct http2_session *s, int32_t stream_id, uint32_t error_code)
{
	struct http2_stream *stream = http2_stream_find(s, stream_id);
	if (stream && stream->is_delivered)
		http2_stream_reset(s, stream, error_code);
}
