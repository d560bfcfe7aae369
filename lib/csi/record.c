/* SPDX-License-Identifier: Apache-2.0 */
/* Volume records as bytes, and the names of the files that hold them. */
#include "csi/record.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"

#define FILE_NAME_MAX 250 /* leaves room below NAME_MAX for a prefix such as a temporary file's */
#define MAGIC_BYTES 8
#define HEADER_BYTES 16 /* magic, length, checksum */

static const char volume_magic[8] = "csicvol1";
static const char attachment_magic[8] = "csicatt1";
static const char job_magic[8] = "csicjob1";

static bool stands_for_itself(const char *name, size_t i)
{
	char c = name[i];
	if (c == '.')
		return i > 0;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static const char *escape(struct arena *arena, const char *name)
{
	static const char digits[] = "0123456789ABCDEF";
	char *escaped = arena_alloc(arena, 3 * strlen(name) + 1);
	char *end = escaped;
	for (size_t i = 0; name[i]; i++) {
		unsigned char byte = (unsigned char)name[i];
		if (stands_for_itself(name, i)) {
			*end++ = name[i];
		} else {
			*end++ = '%';
			*end++ = digits[byte >> 4];
			*end++ = digits[byte & 15];
		}
	}
	*end = '\0';
	return escaped;
}

/* '=' and five bits a letter: 128 bytes make 206 letters, whatever the bytes are. */
static const char *encode_base32(struct arena *arena, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	size_t length = strlen(name);
	char *encoded = arena_alloc(arena, (length * 8 + 4) / 5 + 2);
	char *end = encoded;
	unsigned bits = 0, bit_count = 0;
	*end++ = '=';
	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | (unsigned char)name[i];
		for (bit_count += 8; bit_count >= 5; bit_count -= 5)
			*end++ = letters[bits >> (bit_count - 5) & 31];
		bits &= (1U << bit_count) - 1;
	}
	if (bit_count > 0)
		*end++ = letters[bits << (5 - bit_count) & 31];
	*end = '\0';
	return encoded;
}

const char *record_file_name(struct arena *arena, const char *name)
{
	const char *escaped = escape(arena, name);
	return strlen(escaped) <= FILE_NAME_MAX ? escaped : encode_base32(arena, name);
}

/* CRC-32C, bit by bit: records are a few hundred bytes. */
static uint32_t checksum(const uint8_t *bytes, size_t length)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	}
	return ~crc;
}

static void put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static const uint8_t *encode(struct arena *arena, const char *magic, const ProtobufCMessage *message,
			     size_t *ret_length)
{
	size_t length = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = arena_alloc(arena, HEADER_BYTES + length);
	(void)protobuf_c_message_pack(message, bytes + HEADER_BYTES); /* its size was just asked */
	memcpy(bytes, magic, MAGIC_BYTES);
	put_u32(bytes + 8, (uint32_t)length);
	put_u32(bytes + 12, checksum(bytes + HEADER_BYTES, length));
	*ret_length = HEADER_BYTES + length;
	return bytes;
}

static void *allocate(void *arena, size_t size)
{
	return arena_try_alloc(arena, size);
}

static void free_nothing(void *arena, void *pointer)
{
	(void)arena; /* everything goes at once, with the arena */
	(void)pointer;
}

static ProtobufCMessage *decode(struct arena *arena, const char *magic, const ProtobufCMessageDescriptor *descriptor,
				const void *bytes, size_t length)
{
	const uint8_t *header = bytes;
	if (length < HEADER_BYTES || length > RECORD_BYTES_MAX || memcmp(header, magic, MAGIC_BYTES) != 0)
		return NULL;
	const uint8_t *message = header + HEADER_BYTES;
	size_t message_length = length - HEADER_BYTES;
	if (get_u32(header + 8) != message_length || get_u32(header + 12) != checksum(message, message_length))
		return NULL;
	ProtobufCAllocator allocator = {allocate, free_nothing, arena};
	return protobuf_c_message_unpack(descriptor, &allocator, message_length, message);
}

const uint8_t *record_encode(struct arena *arena, const Csicore__VolumeRecord *record, size_t *ret_length)
{
	return encode(arena, volume_magic, &record->base, ret_length);
}

Csicore__VolumeRecord *record_decode(struct arena *arena, const void *bytes, size_t length)
{
	return (Csicore__VolumeRecord *)decode(arena, volume_magic, &csicore__volume_record__descriptor, bytes, length);
}

const uint8_t *attachment_record_encode(struct arena *arena, const Csicore__AttachmentRecord *record,
					size_t *ret_length)
{
	return encode(arena, attachment_magic, &record->base, ret_length);
}

Csicore__AttachmentRecord *attachment_record_decode(struct arena *arena, const void *bytes, size_t length)
{
	return (Csicore__AttachmentRecord *)decode(arena, attachment_magic, &csicore__attachment_record__descriptor,
						   bytes, length);
}

const uint8_t *job_record_encode(struct arena *arena, const Csicore__JobRecord *record, size_t *ret_length)
{
	return encode(arena, job_magic, &record->base, ret_length);
}

Csicore__JobRecord *job_record_decode(struct arena *arena, const void *bytes, size_t length)
{
	return (Csicore__JobRecord *)decode(arena, job_magic, &csicore__job_record__descriptor, bytes, length);
}
