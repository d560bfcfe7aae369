/* SPDX-License-Identifier: Apache-2.0 */
#include "support/raw_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"

/* A test that would hang fails instead. */
#define PATIENCE_NS ((int64_t)20 * 1000000000)
#define FIELDS_MAX 16
/* So large that the socket, not flow control, is what holds an answer up. */
#define WINDOW_BYTES (64 << 20)

static void require(bool is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "raw_client: %s\n", what);
	abort();
}

static struct raw_stream *find(struct raw_client *client, int32_t id)
{
	for (size_t i = 0; i < client->stream_count; i++) {
		if (client->streams[i]->id == id)
			return client->streams[i];
	}
	return NULL;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
		     const uint8_t *value, size_t value_length, uint8_t flags, void *user)
{
	struct raw_stream *stream = find(user, frame->hd.stream_id);
	size_t used = stream ? strlen(stream->fields) : 0;

	if (stream)
		(void)snprintf(stream->fields + used, sizeof(stream->fields) - used, "%.*s: %.*s\n", (int)name_length,
			       (const char *)name, (int)value_length, (const char *)value);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t length, void *user)
{
	struct raw_stream *stream = find(user, id);
	size_t room = stream && stream->received_bytes < sizeof(stream->received)
			      ? sizeof(stream->received) - stream->received_bytes
			      : 0;

	if (room > 0)
		memcpy(stream->received + stream->received_bytes, data, length < room ? length : room);
	if (stream)
		stream->received_bytes += length;
	return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error_code, void *user)
{
	struct raw_stream *stream = find(user, id);

	if (stream) {
		stream->is_closed = true;
		stream->error_code = error_code;
	}
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct raw_client *client = user;

	if (frame->hd.type == NGHTTP2_GOAWAY)
		client->goaway_last_id = frame->goaway.last_stream_id;
	return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t size, uint32_t *flags,
			 nghttp2_data_source *source, void *user)
{
	struct raw_stream *stream = source->ptr;
	size_t left = stream->body_bytes - stream->sent_bytes;
	size_t count = left < size ? left : size;

	if (count > 0)
		memcpy(buffer, stream->body + stream->sent_bytes, count);
	stream->sent_bytes += count;
	if (stream->sent_bytes == stream->body_bytes)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)count;
}

struct raw_client *raw_client_open(const char *endpoint)
{
	struct raw_client *client = memory_calloc(1, sizeof(*client));
	const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES};
	nghttp2_session_callbacks *callbacks = NULL;
	struct status st;

	client->goaway_last_id = -1;
	require(client_connection_connect(&client->connection, endpoint, 5000, &st) == 0, "connect");
	require(nghttp2_session_callbacks_new(&callbacks) == 0, "callbacks");
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	require(nghttp2_session_client_new(&client->connection.session, callbacks, client) == 0, "session");
	require(nghttp2_submit_settings(client->connection.session, NGHTTP2_FLAG_NONE, &window, 1) == 0, "settings");
	require(nghttp2_session_set_local_window_size(client->connection.session, NGHTTP2_FLAG_NONE, 0, WINDOW_BYTES) ==
			0,
		"window");
	nghttp2_session_callbacks_del(callbacks);
	return client;
}

void raw_client_close(struct raw_client *client)
{
	nghttp2_session_del(client->connection.session);
	client_connection_close(&client->connection);
	for (size_t i = 0; i < client->stream_count; i++)
		free(client->streams[i]);
	free(client);
}

struct raw_stream *raw_client_request(struct raw_client *client, const char *const *fields, const void *body,
				      size_t length)
{
	struct raw_stream *stream = memory_calloc(1, sizeof(*stream));
	const nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = read_body};
	nghttp2_nv pairs[FIELDS_MAX];
	size_t count = 0;

	for (; fields[2 * count]; count++) {
		const char *name = fields[2 * count], *value = fields[2 * count + 1];

		require(count < FIELDS_MAX, "too many fields");
		pairs[count] = (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0};
	}
	stream->body = body;
	stream->body_bytes = length;
	stream->id = nghttp2_submit_request(client->connection.session, NULL, pairs, count, &provider, NULL);
	require(stream->id > 0 && client->stream_count < RAW_STREAMS_MAX, "submit a request");
	client->streams[client->stream_count++] = stream;
	return stream;
}

struct raw_stream *raw_client_call(struct raw_client *client, const char *path, const char *timeout)
{
	static const uint8_t empty_message[5];
	const char *const fields[] = {":method",
				      "POST",
				      ":scheme",
				      "http",
				      ":path",
				      path,
				      ":authority",
				      "localhost",
				      "te",
				      "trailers",
				      "content-type",
				      "application/grpc",
				      timeout ? "grpc-timeout" : NULL,
				      timeout,
				      NULL};

	return raw_client_request(client, fields, empty_message, sizeof(empty_message));
}

void raw_client_cancel(struct raw_client *client, struct raw_stream *stream)
{
	require(nghttp2_submit_rst_stream(client->connection.session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL) ==
			0,
		"RST_STREAM");
	raw_client_flush(client);
}

void raw_client_flush(struct raw_client *client)
{
	struct status st;

	require(client_connection_flush(&client->connection, &st) == 0, "flush");
}

static void pump(struct raw_client *client, int64_t deadline_ns, const char *what)
{
	struct status st;

	require(client_connection_pump(&client->connection, deadline_ns, &st) == 0, what);
}

void raw_client_wait(struct raw_client *client, const struct raw_stream *stream)
{
	int64_t deadline_ns = cancel_now_ns() + PATIENCE_NS;

	while (!stream->is_closed)
		pump(client, deadline_ns, "the connection ended before the stream");
}

void raw_client_wait_for_goaway(struct raw_client *client, int32_t last_id)
{
	int64_t deadline_ns = cancel_now_ns() + PATIENCE_NS;

	while (client->goaway_last_id < 0 || client->goaway_last_id > last_id)
		pump(client, deadline_ns, "the connection ended before that GOAWAY");
}

void raw_client_wait_for_end(struct raw_client *client)
{
	int64_t deadline_ns = cancel_now_ns() + PATIENCE_NS;
	struct status st = {0};

	while (client_connection_pump(&client->connection, deadline_ns, &st) == 0)
		continue;
	require(st.code != STATUS_DEADLINE_EXCEEDED, "the server does not close the connection");
}

const char *raw_stream_field(const struct raw_stream *stream, const char *name, char *buffer, size_t size)
{
	size_t name_length = strlen(name);
	const char *value = NULL;

	for (const char *line = stream->fields; *line; line = strchr(line, '\n') + 1) {
		if (strncmp(line, name, name_length) == 0 && strncmp(line + name_length, ": ", 2) == 0)
			value = line + name_length + 2;
	}
	if (!value)
		return NULL;
	(void)snprintf(buffer, size, "%.*s", (int)strcspn(value, "\n"), value);
	return buffer;
}

int raw_stream_status(const struct raw_stream *stream)
{
	char text[16];
	uint32_t status = 0;

	if (!raw_stream_field(stream, "grpc-status", text, sizeof(text)) || parse_u32(text, 10, 99, &status) < 0)
		return -1;
	return (int)status;
}
