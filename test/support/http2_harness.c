/* SPDX-License-Identifier: Apache-2.0 */
#include "support/http2_harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "support/http2_wire.h"

#define OUTPUT_MAX_BYTES (64u << 20)

/* What a test rests on: assert() that no build leaves out. */
static void must(bool is_true)
{
	if (!is_true)
		abort();
}

/* ---- the session's side */

static void *on_request(void *user, int32_t stream_id, struct http2_request *request)
{
	struct http2_harness *h = user;
	must(h->request_count < HARNESS_STREAMS_MAX);
	struct harness_request *entry = &h->requests[h->request_count++];
	*entry = (struct harness_request){.stream_id = stream_id, .request = request};
	if (h->drops_requests) {
		http2_request_free(request);
		entry->request = NULL;
	}
	if (h->answer)
		must(http2_session_respond(h->session, stream_id, h->answer));
	return entry;
}

static void on_stream_closed(void *user, int32_t stream_id, void *context, uint32_t error_code)
{
	struct harness_request *entry = context;
	must(entry->stream_id == stream_id);
	entry->closed_count++;
	entry->error_code = error_code;
}

void http2_harness_start(struct http2_harness *h, const struct http2_limits *limits)
{
	static const struct http2_callbacks callbacks = {.on_request = on_request,
							 .on_stream_closed = on_stream_closed};
	memset(h, 0, sizeof(*h));
	strbuf_init(&h->output, OUTPUT_MAX_BYTES);
	h->session = http2_session_new(&callbacks, limits ? limits : &HTTP2_LIMITS_DEFAULT, h);
}

void http2_harness_stop(struct http2_harness *h)
{
	http2_session_free(h->session);
	h->session = NULL;
	nghttp2_session_del(h->client);
	h->client = NULL;
	for (unsigned i = 0; i < h->request_count; i++) {
		http2_request_free(h->requests[i].request);
		h->requests[i].request = NULL;
	}
	strbuf_release(&h->output);
}

int http2_harness_drain(struct http2_harness *h)
{
	for (;;) {
		const uint8_t *bytes = NULL;
		int64_t count = http2_session_drain(h->session, &bytes, &h->st);
		if (count <= 0)
			return (int)count;
		must(strbuf_append(&h->output, bytes, (size_t)count) == 0);
	}
}

int http2_harness_feed(struct http2_harness *h, const void *bytes, size_t length)
{
	int fed = http2_session_feed(h->session, bytes, length, &h->st);
	int drained = http2_harness_drain(h);
	return fed < 0 || drained < 0 ? -1 : 0;
}

struct harness_request *http2_harness_request(struct http2_harness *h, int32_t stream_id)
{
	for (unsigned i = 0; i < h->request_count; i++)
		if (h->requests[i].stream_id == stream_id)
			return &h->requests[i];
	return NULL;
}

int64_t http2_harness_reset_code(const struct http2_harness *h, int32_t stream_id)
{
	struct wire_frame frame;
	if (!wire_find(&h->output, WIRE_RST_STREAM, stream_id, 0, &frame))
		return -1;
	return wire_number(&frame, 0);
}

int64_t http2_harness_goaway_code(const struct http2_harness *h)
{
	struct wire_frame frame;
	int64_t code = -1;
	for (unsigned i = 0; wire_find(&h->output, WIRE_GOAWAY, 0, i, &frame); i++)
		code = wire_number(&frame, 4);
	return code;
}

/* ---- the client's side */

static int client_on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
			    size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags, void *user)
{
	struct harness_reply *reply = http2_harness_reply(user, frame->hd.stream_id);
	uint32_t number = 0;
	if (strcmp((const char *)name, ":status") == 0 && parse_u32((const char *)value, 10, 999, &number) == 0)
		reply->http_status = (int)number;
	else if (strcmp((const char *)name, "grpc-status") == 0)
		(void)snprintf(reply->grpc_status, sizeof(reply->grpc_status), "%s", (const char *)value);
	return 0;
}

static int client_on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
			  size_t length, void *user)
{
	struct harness_reply *reply = http2_harness_reply(user, stream_id);
	reply->body_bytes += length;
	if (length > 0)
		reply->body_last = data[length - 1];
	return 0;
}

static int client_on_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code, void *user)
{
	struct harness_reply *reply = http2_harness_reply(user, stream_id);
	reply->is_closed = true;
	reply->error_code = error_code;
	return 0;
}

static ssize_t client_read(nghttp2_session *session, int32_t stream_id, uint8_t *buffer, size_t size, uint32_t *flags,
			   nghttp2_data_source *source, void *user)
{
	struct harness_reply *reply = source->ptr;
	size_t left = reply->upload_bytes - reply->uploaded_bytes;
	size_t count = left < size ? left : size;
	memcpy(buffer, reply->upload + reply->uploaded_bytes, count);
	reply->uploaded_bytes += count;
	if (count == left)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)count;
}

void http2_harness_connect(struct http2_harness *h, bool auto_window_update)
{
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *option = NULL;
	must(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0);
	nghttp2_option_set_no_auto_window_update(option, !auto_window_update);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, client_on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, client_on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, client_on_close);
	must(nghttp2_session_client_new2(&h->client, callbacks, h, option) == 0);
	must(nghttp2_submit_settings(h->client, NGHTTP2_FLAG_NONE, NULL, 0) == 0);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
}

int32_t http2_harness_post(struct http2_harness *h, const char *path, const uint8_t *upload, size_t upload_bytes)
{
#define FIELD(name_, value_) \
	((nghttp2_nv){(uint8_t *)(name_), (uint8_t *)(value_), strlen(name_), strlen(value_), NGHTTP2_NV_FLAG_NONE})
	const nghttp2_nv fields[] = {FIELD(":method", "POST"), FIELD(":scheme", "http"),
				     FIELD(":path", path),     FIELD(":authority", "localhost"),
				     FIELD("te", "trailers"),  FIELD("content-type", "application/grpc")};
#undef FIELD
	struct harness_reply *reply = http2_harness_reply(h, nghttp2_session_get_next_stream_id(h->client));
	*reply = (struct harness_reply){.upload = upload, .upload_bytes = upload_bytes};
	const nghttp2_data_provider body = {.source.ptr = reply, .read_callback = client_read};
	int32_t id = nghttp2_submit_request(h->client, NULL, fields, sizeof(fields) / sizeof(fields[0]),
					    upload ? &body : NULL, NULL);
	must(id > 0);
	return id;
}

static int carry_to_session(struct http2_harness *h, bool *ret_any)
{
	const uint8_t *bytes = NULL;
	ssize_t count;
	while ((count = nghttp2_session_mem_send(h->client, &bytes)) > 0) {
		*ret_any = true;
		if (http2_session_feed(h->session, bytes, (size_t)count, &h->st) < 0)
			return -1;
	}
	must(count == 0);
	return 0;
}

static int carry_to_client(struct http2_harness *h, bool *ret_any)
{
	const uint8_t *bytes = NULL;
	int64_t count;
	while ((count = http2_session_drain(h->session, &bytes, &h->st)) > 0) {
		*ret_any = true;
		must(nghttp2_session_mem_recv(h->client, bytes, (size_t)count) == count);
	}
	return (int)count;
}

int http2_harness_exchange(struct http2_harness *h)
{
	for (bool is_busy = true; is_busy;) {
		is_busy = false;
		int fed = carry_to_session(h, &is_busy);
		int drained = carry_to_client(h, &is_busy);
		if (fed < 0 || drained < 0)
			return -1;
	}
	return 0;
}
