/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of protobuf's wire form (tag, then varint, 4 or 8 bytes, or length and bytes) that only looks at strings. */
#include "csi/wire_text.h"

#include <stdbool.h>
#include <string.h>

#include "base/status.h"
#include "base/utf8.h"

enum wire_type { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_LENGTH_PREFIXED = 2, WIRE_32BIT = 5 };

struct reader {
	const uint8_t *at, *end;
};

static bool read_varint(struct reader *reader, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		uint8_t byte = *reader->at++;

		value |= (uint64_t)(byte & 0x7F) << shift;
		if ((byte & 0x80) == 0) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool take(struct reader *reader, uint64_t length, struct reader *ret_inner)
{
	if (length > (uint64_t)(reader->end - reader->at))
		return false;
	*ret_inner = (struct reader){reader->at, reader->at + length};
	reader->at += length;
	return true;
}

/* Takes the value behind a tag; *ret_inner is its bytes, empty for a varint. */
static bool take_value(struct reader *reader, unsigned wire_type, struct reader *ret_inner)
{
	uint64_t number = 0;

	switch (wire_type) {
	case WIRE_VARINT:
		*ret_inner = (struct reader){reader->at, reader->at};
		return read_varint(reader, &number);
	case WIRE_64BIT:
		return take(reader, 8, ret_inner);
	case WIRE_32BIT:
		return take(reader, 4, ret_inner);
	case WIRE_LENGTH_PREFIXED:
		return read_varint(reader, &number) && take(reader, number, ret_inner);
	default:
		return false;
	}
}

static int check_string(const ProtobufCFieldDescriptor *field, const struct reader *value, struct status *st)
{
	size_t length = (size_t)(value->end - value->at);

	if (length > 0 && memchr(value->at, '\0', length))
		return status_set(st, STATUS_INVALID_ARGUMENT, "field %s holds a NUL byte", field->name);
	if (!utf8_is_valid((const char *)value->at, length))
		return status_set(st, STATUS_INVALID_ARGUMENT, "field %s is not UTF-8", field->name);
	return 0;
}

static int check_message(const ProtobufCMessageDescriptor *type, struct reader reader, unsigned depth,
			 struct status *st)
{
	if (depth > WIRE_TEXT_DEPTH_MAX)
		return status_set(st, STATUS_INTERNAL, "the message is nested too deeply");
	while (reader.at < reader.end) {
		uint64_t tag = 0;
		struct reader value;

		if (!read_varint(&reader, &tag) || tag >> 3 == 0 || tag > UINT32_MAX ||
		    !take_value(&reader, tag & 7, &value))
			return status_set(st, STATUS_INTERNAL, "the bytes are no %s", type->name);
		if ((tag & 7) != WIRE_LENGTH_PREFIXED)
			continue;
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));

		if (field && field->type == PROTOBUF_C_TYPE_STRING && check_string(field, &value, st) < 0)
			return -1;
		if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
		    check_message(field->descriptor, value, depth + 1, st) < 0)
			return -1;
	}
	return 0;
}

int wire_text_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t length, struct status *st)
{
	return check_message(type, (struct reader){bytes, bytes + length}, 0, st);
}
