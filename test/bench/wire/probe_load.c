/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/wire/probe_load.h"

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <string.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "support/client_connection.h"

#define CONNECT_TIMEOUT_MS 5000
#define LOAD_TIMEOUT_NS (60 * INT64_C(1000000000))
#define PREFIX_BYTES 5 /* a gRPC message's flag and length; ProbeRequest is empty */

struct load {
	struct client_connection connection;
	bool is_ready; /* the server's SETTINGS came */
	int ok_count;  /* calls whose trailers say grpc-status 0 */
	int closed_count;
	int open_count;
	size_t reply_bytes;
};

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct load *load = user;
	if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
		load->is_ready = true;
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
		     const uint8_t *value, size_t value_length, uint8_t flags, void *user)
{
	static const char grpc_status[] = "grpc-status";
	if (name_length == strlen(grpc_status) && memcmp(name, grpc_status, name_length) == 0)
		((struct load *)user)->ok_count += value_length == 1 && value[0] == '0';
	return 0;
}

static int on_data_chunk_recv(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
			      size_t length, void *user)
{
	((struct load *)user)->reply_bytes += length;
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code, void *user)
{
	struct load *load = user;
	load->closed_count++;
	load->open_count--;
	return 0;
}

static ssize_t read_request(nghttp2_session *session, int32_t stream_id, uint8_t *buffer, size_t size, uint32_t *flags,
			    nghttp2_data_source *source, void *user)
{
	memset(buffer, 0, PREFIX_BYTES);
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	return PREFIX_BYTES;
}

static int submit_probe(struct load *load, struct status *st)
{
#define FIELD(name, value) \
	{ \
		(uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1, 0 \
	}
	/* In the order and the words of grpc-go. */
	static const nghttp2_nv fields[] = {
		FIELD(":method", "POST"),
		FIELD(":scheme", "http"),
		FIELD(":path", "/csi.v1.Identity/Probe"),
		FIELD(":authority", "localhost"),
		FIELD("content-type", "application/grpc"),
		FIELD("user-agent", "grpc-go/1.79.3"),
		FIELD("te", "trailers"),
	};
#undef FIELD
	const nghttp2_data_provider body = {.read_callback = read_request};
	int32_t stream_id = nghttp2_submit_request(load->connection.session, NULL, fields,
						   sizeof(fields) / sizeof(fields[0]), &body, NULL);
	if (stream_id < 0)
		return status_set(st, STATUS_INTERNAL, "submit: %s", nghttp2_strerror(stream_id));
	load->open_count++;
	return 0;
}

static void start_session(struct load *load)
{
	nghttp2_session_callbacks *callbacks = NULL;
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort(); /* out of memory */
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk_recv);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	if (nghttp2_session_client_new(&load->connection.session, callbacks, load) != 0 ||
	    nghttp2_submit_settings(load->connection.session, NGHTTP2_FLAG_NONE, NULL, 0) != 0)
		abort(); /* out of memory */
	nghttp2_session_callbacks_del(callbacks);
}

static int run_calls(struct load *load, int call_count, int in_flight, struct status *st)
{
	int64_t deadline_ns = cancel_now_ns() + LOAD_TIMEOUT_NS;
	while (load->closed_count < call_count) {
		while (load->is_ready && load->open_count < in_flight &&
		       load->open_count + load->closed_count < call_count) {
			if (submit_probe(load, st) < 0)
				return -1;
		}
		if (client_connection_pump(&load->connection, deadline_ns, st) < 0)
			return -1;
	}
	if (load->ok_count != call_count || load->reply_bytes < (size_t)call_count * PREFIX_BYTES)
		return status_set(st, STATUS_INTERNAL, "%d of %d calls succeeded", load->ok_count, call_count);
	return 0;
}

/* The server may be gone already: what it thinks of the farewell does not matter. */
static void say_goodbye(struct load *load)
{
	struct status ignored = {0};
	(void)nghttp2_session_terminate_session(load->connection.session, NGHTTP2_NO_ERROR);
	(void)client_connection_flush(&load->connection, &ignored);
}

int probe_load_run(const char *socket_path, int call_count, int in_flight, struct status *st)
{
	AUTO_FREE struct load *load = memory_alloc(sizeof(*load));
	/* Not the buffers: clearing them would be the most expensive part of a new connection. */
	load->connection.session = NULL;
	load->connection.is_broken = false;
	load->connection.out_begin = load->connection.out_end = 0;
	load->is_ready = false;
	load->ok_count = load->closed_count = load->open_count = 0;
	load->reply_bytes = 0;
	load->connection.fd = -1;
	int rc = client_connection_connect(&load->connection, socket_path, CONNECT_TIMEOUT_MS, st);
	if (rc == 0) {
		start_session(load);
		rc = run_calls(load, call_count, in_flight, st);
		say_goodbye(load);
		nghttp2_session_del(load->connection.session);
	}
	client_connection_close(&load->connection);
	return rc;
}
