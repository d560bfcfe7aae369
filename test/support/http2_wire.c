/* SPDX-License-Identifier: Apache-2.0 */
#include "support/http2_wire.h"

#include <assert.h>
#include <string.h>

#define FRAME_HEADER_BYTES 9

void wire_put_preface(struct strbuf *out)
{
	(void)strbuf_puts(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	wire_put_frame(out, WIRE_SETTINGS, 0, 0, NULL, 0);
}

void wire_put_frame(struct strbuf *out, uint8_t type, uint8_t flags, int32_t stream_id, const void *payload,
		    size_t length)
{
	const uint8_t header[FRAME_HEADER_BYTES] = {
		(uint8_t)(length >> 16),
		(uint8_t)(length >> 8),
		(uint8_t)length,
		type,
		flags,
		(uint8_t)(stream_id >> 24),
		(uint8_t)(stream_id >> 16),
		(uint8_t)(stream_id >> 8),
		(uint8_t)stream_id,
	};
	(void)strbuf_append(out, header, sizeof(header));
	(void)strbuf_append(out, payload, length);
	assert(!out->is_full);
}

/* A string literal without Huffman code; lengths from 127 on take an extra run of bytes (RFC 7541 5.1). */
static void put_string(struct strbuf *block, const void *text, size_t length)
{
	if (length < 127) {
		(void)strbuf_putc(block, (char)length);
	} else {
		(void)strbuf_putc(block, 127);
		size_t rest = length - 127;
		for (; rest >= 128; rest >>= 7)
			(void)strbuf_putc(block, (char)(rest % 128 + 128));
		(void)strbuf_putc(block, (char)rest);
	}
	(void)strbuf_append(block, text, length);
}

void wire_put_field(struct strbuf *block, const void *name, size_t name_length, const void *value, size_t value_length)
{
	(void)strbuf_putc(block, 0);
	put_string(block, name, name_length);
	put_string(block, value, value_length);
}

void wire_put_headers(struct strbuf *out, uint8_t flags, int32_t stream_id, const struct wire_field *fields)
{
	struct strbuf block;
	strbuf_init(&block, 1 << 20);
	for (; fields->name; fields++)
		wire_put_field(&block, fields->name, strlen(fields->name), fields->value, strlen(fields->value));
	wire_put_frame(out, WIRE_HEADERS, flags | WIRE_END_HEADERS, stream_id, block.data, block.length);
	strbuf_release(&block);
}

void wire_put_post(struct strbuf *out, int32_t stream_id, const char *path)
{
	const struct wire_field fields[] = {{":method", "POST"},
					    {":scheme", "http"},
					    {":path", path},
					    {":authority", "localhost"},
					    {"content-type", "application/grpc"},
					    {NULL, NULL}};
	wire_put_headers(out, 0, stream_id, fields);
}

void wire_put_number(struct strbuf *out, uint8_t type, int32_t stream_id, uint32_t number)
{
	const uint8_t payload[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
				   (uint8_t)number};
	wire_put_frame(out, type, 0, stream_id, payload, sizeof(payload));
}

bool wire_next(const struct strbuf *bytes, size_t *offset, struct wire_frame *ret)
{
	if (bytes->length - *offset < FRAME_HEADER_BYTES)
		return false;
	const uint8_t *at = (const uint8_t *)bytes->data + *offset;
	size_t length = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
	if (bytes->length - *offset - FRAME_HEADER_BYTES < length)
		return false;
	*ret = (struct wire_frame){
		.type = at[3],
		.flags = at[4],
		.stream_id = (int32_t)((uint32_t)at[5] << 24 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 8 | at[8]),
		.payload = at + FRAME_HEADER_BYTES,
		.length = length,
	};
	*offset += FRAME_HEADER_BYTES + length;
	return true;
}

bool wire_find(const struct strbuf *bytes, uint8_t type, int32_t stream_id, unsigned nth, struct wire_frame *ret)
{
	size_t offset = 0;
	struct wire_frame frame;
	while (wire_next(bytes, &offset, &frame)) {
		if (frame.type != type || frame.stream_id != stream_id || nth-- > 0)
			continue;
		*ret = frame;
		return true;
	}
	return false;
}

uint32_t wire_number(const struct wire_frame *frame, size_t offset)
{
	assert(frame->length >= offset + 4);
	const uint8_t *at = frame->payload + offset;
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
