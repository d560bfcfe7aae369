/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 frames by hand (RFC 9113 4, RFC 7541 6.2.2): what a well-made client library would refuse to send. */
#ifndef CSICORE_TEST_HTTP2_WIRE_H
#define CSICORE_TEST_HTTP2_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum {
	WIRE_DATA,
	WIRE_HEADERS,
	WIRE_PRIORITY,
	WIRE_RST_STREAM,
	WIRE_SETTINGS,
	WIRE_PUSH,
	WIRE_PING,
	WIRE_GOAWAY,
	WIRE_WINDOW_UPDATE,
	WIRE_CONTINUATION
};
enum { WIRE_END_STREAM = 1, WIRE_ACK = 1, WIRE_END_HEADERS = 4, WIRE_PADDED = 8 };

struct wire_field {
	const char *name;
	const char *value;
};

struct wire_frame {
	uint8_t type;
	uint8_t flags;
	int32_t stream_id;
	const uint8_t *payload; /* in the bytes that were read */
	size_t length;
};

/* The client preface and an empty SETTINGS. */
void wire_put_preface(struct strbuf *out);
void wire_put_frame(struct strbuf *out, uint8_t type, uint8_t flags, int32_t stream_id, const void *payload,
		    size_t length);
/* HEADERS with END_HEADERS: fields up to one without a name, as literals without indexing. */
void wire_put_headers(struct strbuf *out, uint8_t flags, int32_t stream_id, const struct wire_field *fields);
/* A field as wire_put_headers() encodes it, for a header block made by hand; any bytes. */
void wire_put_field(struct strbuf *block, const void *name, size_t name_length, const void *value, size_t value_length);
/* A gRPC client's POST to path, without END_STREAM. */
void wire_put_post(struct strbuf *out, int32_t stream_id, const char *path);
/* A payload of one 32-bit number: RST_STREAM, WINDOW_UPDATE. */
void wire_put_number(struct strbuf *out, uint8_t type, int32_t stream_id, uint32_t number);

/* The frame at *offset, which moves behind it; false at the end or where it is not whole. */
bool wire_next(const struct strbuf *bytes, size_t *offset, struct wire_frame *ret);
/* The nth (from 0) frame of that type on that stream. */
bool wire_find(const struct strbuf *bytes, uint8_t type, int32_t stream_id, unsigned nth, struct wire_frame *ret);
/* Big-endian 32-bit number at an offset of the payload. */
uint32_t wire_number(const struct wire_frame *frame, size_t offset);

#endif
