/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/2 client that knows no gRPC: any headers, any body, several streams at once, and every field of the answers.  What
 * cannot go wrong in a test aborts.
 */
#ifndef CSICORE_TEST_RAW_CLIENT_H
#define CSICORE_TEST_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/client_connection.h"

#define RAW_STREAMS_MAX 64
#define RAW_TEXT_BYTES 16384

struct raw_stream {
	int32_t id;
	const uint8_t *body; /* of the request; the caller's until the stream is closed */
	size_t body_bytes, sent_bytes;
	char fields[RAW_TEXT_BYTES]; /* "name: value\n" for headers and trailers in order */
	size_t received_bytes;       /* of the answer's body */
	uint8_t received[64];        /* its beginning */
	bool is_closed;
	uint32_t error_code;
};

struct raw_client {
	struct client_connection connection;
	int32_t goaway_last_id; /* -1 before a GOAWAY */
	size_t stream_count;
	struct raw_stream *streams[RAW_STREAMS_MAX];
};

struct raw_client *raw_client_open(const char *endpoint);
void raw_client_close(struct raw_client *client);

/* Sends a request.  fields are name, value, name, value ... NULL, pseudo-headers first. */
struct raw_stream *raw_client_request(struct raw_client *client, const char *const *fields, const void *body,
				      size_t length);
/* The same as a gRPC client would: POST, content-type, and the message in its frame.  timeout is NULL for none. */
struct raw_stream *raw_client_call(struct raw_client *client, const char *path, const char *timeout);
void raw_client_cancel(struct raw_client *client, struct raw_stream *stream);
/* Pumps until the stream is closed. */
void raw_client_wait(struct raw_client *client, const struct raw_stream *stream);
/* Pumps until a GOAWAY names a last stream id of at most last_id. */
void raw_client_wait_for_goaway(struct raw_client *client, int32_t last_id);
/* Pumps until the server closed the connection. */
void raw_client_wait_for_end(struct raw_client *client);
/* Writes what is due. */
void raw_client_flush(struct raw_client *client);

/* The value of the last field of that name, NULL where there is none. */
const char *raw_stream_field(const struct raw_stream *stream, const char *name, char *buffer, size_t size);
/* grpc-status as a number, -1 where there is none. */
int raw_stream_status(const struct raw_stream *stream);

#endif
