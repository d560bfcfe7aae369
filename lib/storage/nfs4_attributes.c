/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over bytes from the server: running out of them is remembered and asked once at the end. */
#include "storage/nfs4_attributes.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

/* RFC 7530 5.6, 5.7: the numbers of the attributes that are asked for. */
enum {
	ATTR_TYPE = 1,
	ATTR_SIZE = 4,
	ATTR_RDATTR_ERROR = 11,
	ATTR_FILEID = 20,
	ATTR_FILES_FREE = 22,
	ATTR_FILES_TOTAL = 23,
	ATTR_MODE = 33,
	ATTR_NUMLINKS = 35,
	ATTR_OWNER = 36,
	ATTR_OWNER_GROUP = 37,
	ATTR_SPACE_AVAIL = 42,
	ATTR_SPACE_FREE = 43,
	ATTR_SPACE_TOTAL = 44,
	ATTR_SPACE_USED = 45,
	ATTR_TIME_MODIFY = 53,
};

#define LOW(attribute) (UINT32_C(1) << (attribute))
#define HIGH(attribute) (UINT32_C(1) << ((attribute)-32))

#define ENTRY_LOW (LOW(ATTR_TYPE) | LOW(ATTR_SIZE) | LOW(ATTR_FILEID))
#define ENTRY_HIGH \
	(HIGH(ATTR_MODE) | HIGH(ATTR_NUMLINKS) | HIGH(ATTR_OWNER) | HIGH(ATTR_OWNER_GROUP) | HIGH(ATTR_SPACE_USED) | \
	 HIGH(ATTR_TIME_MODIFY))

const uint32_t nfs4_entry_bits[NFS4_BITMAP_WORDS] = {ENTRY_LOW, ENTRY_HIGH};
const uint32_t nfs4_readdir_bits[NFS4_BITMAP_WORDS] = {ENTRY_LOW | LOW(ATTR_RDATTR_ERROR), ENTRY_HIGH};
const uint32_t nfs4_space_bits[NFS4_BITMAP_WORDS] = {LOW(ATTR_FILES_FREE) | LOW(ATTR_FILES_TOTAL),
						     HIGH(ATTR_SPACE_AVAIL) | HIGH(ATTR_SPACE_FREE) |
							     HIGH(ATTR_SPACE_TOTAL)};

#define NOBODY 65534
#define OWNER_BYTES_MAX 1024 /* NFS4_OPAQUE_LIMIT: longer ones are not to be had */

struct cursor {
	const unsigned char *at;
	size_t left;
	bool is_short;
};

static const unsigned char *take(struct cursor *c, size_t length)
{
	if (c->is_short || length > c->left) {
		c->is_short = true;
		return NULL;
	}
	const unsigned char *bytes = c->at;

	c->at += length;
	c->left -= length;
	return bytes;
}

static uint32_t take_u32(struct cursor *c)
{
	const unsigned char *bytes = take(c, sizeof(uint32_t));
	uint32_t value = 0;

	if (bytes)
		memcpy(&value, bytes, sizeof(value));
	return be32toh(value);
}

static uint64_t take_u64(struct cursor *c)
{
	uint64_t high = take_u32(c);

	return high << 32 | take_u32(c);
}

static enum fs_type type_of(uint32_t nfs_ftype4)
{
	static const enum fs_type types[] = {FS_OTHER, FS_FILE, FS_DIRECTORY, FS_OTHER, FS_OTHER, FS_SYMLINK};

	return nfs_ftype4 < sizeof(types) / sizeof(types[0]) ? types[nfs_ftype4] : FS_OTHER;
}

/* An owner is "1000" or "alice@example.org"; the second has no number that means anything here. */
static uint32_t take_owner(struct cursor *c, bool *ret_is_number)
{
	uint32_t length = take_u32(c), owner = NOBODY;
	char text[16] = "";

	if (length > OWNER_BYTES_MAX)
		c->is_short = true;
	const unsigned char *bytes = take(c, ((size_t)length + 3) / 4 * 4);

	if (bytes && length < sizeof(text))
		memcpy(text, bytes, length);
	*ret_is_number = strlen(text) == length && parse_u32(text, 10, UINT32_MAX, &owner) == 0;
	return *ret_is_number ? owner : NOBODY;
}

static int64_t take_time_ns(struct cursor *c)
{
	int64_t seconds = (int64_t)take_u64(c), limit = INT64_MAX / 1000000000 - 1;
	uint32_t nanoseconds = take_u32(c);

	if (seconds > limit || seconds < -limit)
		return 0; /* no time a file can have */
	return seconds * 1000000000 + nanoseconds % 1000000000;
}

/* False for an attribute whose length is not known here. */
static bool take_attribute(struct cursor *c, unsigned attribute, struct nfs4_attributes *a)
{
	switch (attribute) {
	case ATTR_TYPE:
		a->attr.type = type_of(take_u32(c));
		a->has_type = true;
		return true;
	case ATTR_SIZE:
		a->attr.size_bytes = take_u64(c);
		return true;
	case ATTR_RDATTR_ERROR:
		a->rdattr_error = take_u32(c);
		return true;
	case ATTR_FILEID:
		a->attr.file_id = take_u64(c);
		return true;
	case ATTR_FILES_FREE:
		a->capacity.free_files = take_u64(c);
		return true;
	case ATTR_FILES_TOTAL:
		a->capacity.total_files = take_u64(c);
		return true;
	case ATTR_MODE:
		a->attr.mode = take_u32(c) & 07777;
		a->has_mode = true;
		return true;
	case ATTR_NUMLINKS:
		a->attr.link_count = take_u32(c);
		return true;
	case ATTR_OWNER:
		a->attr.uid = take_owner(c, &a->has_uid);
		return true;
	case ATTR_OWNER_GROUP:
		a->attr.gid = take_owner(c, &a->has_gid);
		return true;
	case ATTR_SPACE_AVAIL:
		a->capacity.available_bytes = take_u64(c);
		return true;
	case ATTR_SPACE_FREE:
		a->capacity.free_bytes = take_u64(c);
		return true;
	case ATTR_SPACE_TOTAL:
		a->capacity.total_bytes = take_u64(c);
		return true;
	case ATTR_SPACE_USED:
		a->attr.used_bytes = take_u64(c);
		return true;
	case ATTR_TIME_MODIFY:
		a->attr.mtime_ns = take_time_ns(c);
		return true;
	default:
		return false;
	}
}

int nfs4_attributes_parse(const uint32_t *bitmap, size_t words, const void *bytes, size_t length,
			  struct nfs4_attributes *ret)
{
	struct nfs4_attributes found = {.attr = {.type = FS_OTHER, .uid = NOBODY, .gid = NOBODY}};
	struct cursor c = {.at = bytes, .left = length};

	for (size_t word = 0; word < words; word++) {
		for (unsigned bit = 0; bit < 32; bit++) {
			if (!(bitmap[word] & UINT32_C(1) << bit))
				continue;
			if (word >= NFS4_BITMAP_WORDS || !take_attribute(&c, (unsigned)word * 32 + bit, &found) ||
			    c.is_short)
				return -1;
		}
	}
	*ret = found;
	return 0;
}

static void put_u32(struct nfs4_settable *s, uint32_t value)
{
	uint32_t on_wire = htobe32(value);

	memcpy(s->bytes + s->length, &on_wire, sizeof(on_wire));
	s->length += sizeof(on_wire);
}

static void put_number_as_text(struct nfs4_settable *s, uint32_t number)
{
	char text[12] = ""; /* padded with zeros */
	int length = snprintf(text, sizeof(text), "%u", number);

	put_u32(s, (uint32_t)length);
	uint32_t padded = ((uint32_t)length + 3) / 4 * 4;

	memcpy(s->bytes + s->length, text, padded);
	s->length += padded;
}

void nfs4_settable_owner(struct nfs4_settable *ret, const struct fs_owner *owner)
{
	*ret = (struct nfs4_settable){.length = 0};
	if (owner->mode != FS_KEEP) {
		ret->bitmap[1] |= HIGH(ATTR_MODE);
		put_u32(ret, owner->mode & 07777);
	}
	if (owner->uid != FS_KEEP) {
		ret->bitmap[1] |= HIGH(ATTR_OWNER);
		put_number_as_text(ret, owner->uid);
	}
	if (owner->gid != FS_KEEP) {
		ret->bitmap[1] |= HIGH(ATTR_OWNER_GROUP);
		put_number_as_text(ret, owner->gid);
	}
}

void nfs4_settable_directory_type(struct nfs4_settable *ret)
{
	const uint32_t nf4dir = 2;

	*ret = (struct nfs4_settable){.bitmap = {LOW(ATTR_TYPE), 0}};
	put_u32(ret, nf4dir);
}
