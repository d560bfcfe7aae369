/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blocking unary gRPC client: one nghttp2 client session, one call at a time; client_connection does all waiting.
 */
#include "support/grpc_client.h"

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"
#include "support/client_connection.h"

#define REPLY_MAX_BYTES (4u << 20) /* the default of every gRPC client */
#define WINDOW_BYTES (1 << 20)
#define PREFIX_BYTES 5 /* compressed flag and length (gRPC over HTTP/2) */

/* What one call has sent and got so far. */
struct exchange {
	int32_t stream_id;
	const uint8_t *request;
	size_t request_bytes;
	uint8_t request_prefix[PREFIX_BYTES];
	size_t sent_bytes; /* of prefix and request together */
	uint8_t reply_prefix[PREFIX_BYTES];
	size_t received_bytes; /* of prefix and reply together */
	uint8_t *reply;        /* owned; reply_bytes long once the prefix is complete */
	size_t reply_bytes;
	enum status_code defect; /* what is wrong with the reply: more than one message, compressed, too large */
	const char *defect_text;
	int http_status;
	bool has_grpc_status;
	uint32_t grpc_status;
	char message[STATUS_MESSAGE_BYTES]; /* decoded grpc-message */
	bool is_closed;
	uint32_t error_code;
};

struct grpc_client {
	bool is_ready; /* the server's SETTINGS came */
	struct exchange call;
	struct client_connection connection;
};

/* ---- nghttp2 callbacks */

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct grpc_client *client = user;
	if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
		client->is_ready = true;
	return 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode_message(char *ret, size_t size, const uint8_t *value, size_t length)
{
	size_t used = 0;
	for (size_t i = 0; i < length && used + 1 < size; i++) {
		int high = -1, low = -1;
		if (value[i] == '%' && i + 2 < length) {
			high = hex_digit(value[i + 1]);
			low = hex_digit(value[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			ret[used++] = (char)(high * 16 + low);
			i += 2;
		} else {
			ret[used++] = (char)value[i];
		}
	}
	ret[used] = '\0';
}

static bool is_named(const uint8_t *name, size_t length, const char *expected)
{
	return length == strlen(expected) && memcmp(name, expected, length) == 0;
}

static uint32_t decimal(const uint8_t *value, size_t length, uint32_t otherwise)
{
	char text[12];
	uint32_t number = otherwise;
	if (length < sizeof(text)) {
		memcpy(text, value, length);
		text[length] = '\0';
		(void)parse_u32(text, 10, UINT32_MAX, &number); /* keeps `otherwise` where it is no number */
	}
	return number;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
		     const uint8_t *value, size_t value_length, uint8_t flags, void *user)
{
	struct exchange *call = &((struct grpc_client *)user)->call;
	if (frame->hd.stream_id != call->stream_id)
		return 0;
	if (is_named(name, name_length, ":status")) {
		call->http_status = (int)decimal(value, value_length, 0);
	} else if (is_named(name, name_length, "grpc-status")) {
		call->has_grpc_status = true;
		call->grpc_status = decimal(value, value_length, STATUS_UNKNOWN);
	} else if (is_named(name, name_length, "grpc-message")) {
		decode_message(call->message, sizeof(call->message), value, value_length);
	}
	return 0;
}

static void refuse_reply(struct exchange *call, enum status_code code, const char *why)
{
	call->defect = code;
	call->defect_text = why;
}

static void begin_reply(struct exchange *call)
{
	const uint8_t *prefix = call->reply_prefix;
	uint32_t length = (uint32_t)prefix[1] << 24 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 8 | prefix[4];
	if (prefix[0] != 0)
		refuse_reply(call, STATUS_INTERNAL, "the reply is compressed");
	else if (length > REPLY_MAX_BYTES)
		refuse_reply(call, STATUS_RESOURCE_EXHAUSTED, "the reply is larger than 4 MiB");
	else
		call->reply = memory_alloc(length > 0 ? length : 1);
	call->reply_bytes = length;
}

static int on_data_chunk_recv(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
			      size_t length, void *user)
{
	struct exchange *call = &((struct grpc_client *)user)->call;
	if (stream_id != call->stream_id)
		return 0;
	while (length > 0 && call->received_bytes < PREFIX_BYTES) {
		call->reply_prefix[call->received_bytes++] = *data++;
		length--;
		if (call->received_bytes == PREFIX_BYTES)
			begin_reply(call);
	}
	if (length == 0 || call->defect != STATUS_OK)
		return 0;
	size_t offset = call->received_bytes - PREFIX_BYTES;
	if (length > call->reply_bytes - offset) {
		refuse_reply(call, STATUS_INTERNAL, "the reply has more than one message");
		return 0;
	}
	memcpy(call->reply + offset, data, length);
	call->received_bytes += length;
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code, void *user)
{
	struct exchange *call = &((struct grpc_client *)user)->call;
	if (stream_id == call->stream_id) {
		call->is_closed = true;
		call->error_code = error_code;
	}
	return 0;
}

static ssize_t read_request(nghttp2_session *session, int32_t stream_id, uint8_t *buffer, size_t size, uint32_t *flags,
			    nghttp2_data_source *source, void *user)
{
	struct exchange *call = source->ptr;
	size_t total = PREFIX_BYTES + call->request_bytes;
	size_t written = 0;
	while (written < size && call->sent_bytes < PREFIX_BYTES)
		buffer[written++] = call->request_prefix[call->sent_bytes++];
	size_t count = total - call->sent_bytes < size - written ? total - call->sent_bytes : size - written;
	if (count > 0 && call->sent_bytes >= PREFIX_BYTES) {
		memcpy(buffer + written, call->request + (call->sent_bytes - PREFIX_BYTES), count);
		call->sent_bytes += count;
		written += count;
	}
	if (call->sent_bytes == total)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)written;
}

/* ---- opening and closing */

static int64_t deadline_after(int timeout_ms)
{
	return timeout_ms < 0 ? CANCEL_NO_DEADLINE : cancel_now_ns() + (int64_t)timeout_ms * 1000000;
}

static void start_session(struct grpc_client *client)
{
	nghttp2_session_callbacks *callbacks = NULL;
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort();
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk_recv);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
	};
	if (nghttp2_session_client_new(&client->connection.session, callbacks, client) != 0 ||
	    nghttp2_submit_settings(client->connection.session, NGHTTP2_FLAG_NONE, settings, 2) != 0 ||
	    nghttp2_session_set_local_window_size(client->connection.session, NGHTTP2_FLAG_NONE, 0, WINDOW_BYTES) != 0)
		abort(); /* out of memory is the only cause */
	nghttp2_session_callbacks_del(callbacks);
}

static int open_connection(struct grpc_client *client, const char *endpoint, int timeout_ms, struct status *st)
{
	int64_t deadline_ns = deadline_after(timeout_ms);
	if (client_connection_connect(&client->connection, endpoint, timeout_ms, st) < 0)
		return -1;
	start_session(client);
	while (!client->is_ready)
		if (client_connection_pump(&client->connection, deadline_ns, st) < 0)
			return -1;
	return 0;
}

struct grpc_client *grpc_client_open(const char *endpoint, int timeout_ms, struct status *st)
{
	struct grpc_client *client = memory_alloc(sizeof(*client));
	memset(client, 0, offsetof(struct grpc_client, connection.out)); /* the buffers need no zeros */
	client->connection.fd = -1;
	if (open_connection(client, endpoint, timeout_ms, st) == 0)
		return client;
	if (st->code == STATUS_DEADLINE_EXCEEDED)
		st->code = STATUS_UNAVAILABLE;
	(void)status_prefix(st, "%s", endpoint); /* always -1 */
	client->connection.is_broken = true;
	grpc_client_close(client);
	return NULL;
}

void grpc_client_close(struct grpc_client *client)
{
	if (client == NULL)
		return;
	struct status ignored;
	if (!client->connection.is_broken &&
	    nghttp2_session_terminate_session(client->connection.session, NGHTTP2_NO_ERROR) == 0)
		(void)client_connection_flush(&client->connection, &ignored); /* a GOAWAY is a courtesy */
	nghttp2_session_del(client->connection.session);
	client_connection_close(&client->connection);
	free(client);
}

/* ---- calls */

static int submit(struct grpc_client *client, const char *path, int timeout_ms, struct status *st)
{
	char timeout[24];
	if (timeout_ms <= 99999999) /* eight digits at most */
		(void)snprintf(timeout, sizeof(timeout), "%dm", timeout_ms);
	else
		(void)snprintf(timeout, sizeof(timeout), "%dS", timeout_ms / 1000);
#define FIELD(name_, value_, length_) \
	((nghttp2_nv){(uint8_t *)(name_), (uint8_t *)(value_), sizeof(name_) - 1, (length_), \
		      NGHTTP2_NV_FLAG_NO_COPY_NAME})
#define LITERAL(name_, value_) FIELD(name_, value_, sizeof(value_) - 1)
	const nghttp2_nv fields[] = {
		LITERAL(":method", "POST"),
		LITERAL(":scheme", "http"),
		FIELD(":path", path, strlen(path)),
		LITERAL(":authority", "localhost"),
		LITERAL("content-type", "application/grpc"),
		LITERAL("user-agent", "csicore-test/1"),
		LITERAL("te", "trailers"),
		FIELD("grpc-timeout", timeout, strlen(timeout)),
	};
#undef LITERAL
#undef FIELD
	const nghttp2_data_provider body = {.source.ptr = &client->call, .read_callback = read_request};
	size_t count = sizeof(fields) / sizeof(fields[0]) - (timeout_ms < 0 ? 1 : 0);
	int32_t id = nghttp2_submit_request(client->connection.session, NULL, fields, count, &body, NULL);
	if (id < 0)
		return status_set(st, STATUS_UNAVAILABLE, "%s", nghttp2_strerror(id));
	client->call.stream_id = id;
	return 0;
}

/* RST_STREAM code to status code, as grpc-go has it. */
static enum status_code code_of_reset(uint32_t error_code)
{
	switch (error_code) {
	case NGHTTP2_REFUSED_STREAM:
		return STATUS_UNAVAILABLE;
	case NGHTTP2_CANCEL:
		return STATUS_CANCELLED;
	case NGHTTP2_ENHANCE_YOUR_CALM:
	case NGHTTP2_FLOW_CONTROL_ERROR:
		return STATUS_RESOURCE_EXHAUSTED;
	case NGHTTP2_INADEQUATE_SECURITY:
		return STATUS_PERMISSION_DENIED;
	default:
		return STATUS_INTERNAL;
	}
}

static int judge(const struct exchange *call, struct status *st)
{
	if (call->has_grpc_status && call->grpc_status != STATUS_OK)
		return status_set(st, (enum status_code)call->grpc_status, "%s", call->message);
	if (call->defect != STATUS_OK)
		return status_set(st, call->defect, "%s", call->defect_text);
	if (!call->has_grpc_status && call->error_code != NGHTTP2_NO_ERROR)
		return status_set(st, code_of_reset(call->error_code), "the server reset the stream: %s",
				  nghttp2_http2_strerror(call->error_code));
	if (!call->has_grpc_status)
		return status_set(st, STATUS_UNKNOWN, "HTTP status %d without grpc-status", call->http_status);
	if (call->received_bytes < PREFIX_BYTES || call->received_bytes < PREFIX_BYTES + call->reply_bytes)
		return status_set(st, STATUS_INTERNAL, "status OK without a whole reply message");
	return 0;
}

/* Tells the server that nobody waits for the answer any more. */
static void abandon(struct grpc_client *client)
{
	struct status ignored;
	if (client->connection.is_broken)
		return;
	if (nghttp2_submit_rst_stream(client->connection.session, NGHTTP2_FLAG_NONE, client->call.stream_id,
				      NGHTTP2_CANCEL) == 0)
		(void)client_connection_flush(&client->connection, &ignored); /* the call has failed already */
}

static int run(struct grpc_client *client, const char *path, int timeout_ms, struct status *st)
{
	int64_t deadline_ns = deadline_after(timeout_ms);
	if (client->connection.is_broken || !nghttp2_session_check_request_allowed(client->connection.session))
		return status_set(st, STATUS_UNAVAILABLE, "the server closed the connection");
	if (submit(client, path, timeout_ms, st) < 0)
		return -1;
	while (!client->call.is_closed) {
		if (client_connection_pump(&client->connection, deadline_ns, st) < 0) {
			abandon(client);
			return -1;
		}
	}
	return judge(&client->call, st);
}

int grpc_client_call(struct grpc_client *client, const char *path, const uint8_t *request, size_t request_bytes,
		     int timeout_ms, uint8_t **ret_reply, size_t *ret_reply_bytes, struct status *st)
{
	struct exchange *call = &client->call;
	*call = (struct exchange){.request = request, .request_bytes = request_bytes};
	for (int i = 0; i < 4; i++)
		call->request_prefix[1 + i] = (uint8_t)(request_bytes >> (24 - 8 * i));
	int rc = run(client, path, timeout_ms, st);
	if (rc == 0) {
		*ret_reply = TAKE_POINTER(call->reply);
		*ret_reply_bytes = call->reply_bytes;
	}
	free(call->reply);
	call->reply = NULL;
	return rc;
}

int grpc_client_call_message(struct grpc_client *client, const char *path, const ProtobufCMessage *request,
			     int timeout_ms, const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **ret_reply,
			     struct status *st)
{
	size_t request_bytes = protobuf_c_message_get_packed_size(request);
	AUTO_FREE uint8_t *packed = memory_alloc(request_bytes > 0 ? request_bytes : 1);
	(void)protobuf_c_message_pack(request, packed); /* returns the size that is known already */
	AUTO_FREE uint8_t *reply = NULL;
	size_t reply_bytes = 0;
	if (grpc_client_call(client, path, packed, request_bytes, timeout_ms, &reply, &reply_bytes, st) < 0)
		return -1;
	ProtobufCMessage *message = protobuf_c_message_unpack(reply_type, NULL, reply_bytes, reply);
	if (message == NULL)
		return status_set(st, STATUS_INTERNAL, "the reply to %s is no %s", path, reply_type->name);
	*ret_reply = message;
	return 0;
}
