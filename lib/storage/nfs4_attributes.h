/* SPDX-License-Identifier: Apache-2.0 */
/* NFSv4 attributes as they travel: a bitmap and the values of its bits, in the bits' order (RFC 7530 5, 2.2).  No libnfs here. */
#ifndef CSICORE_STORAGE_NFS4_ATTRIBUTES_H
#define CSICORE_STORAGE_NFS4_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/fs.h"

#define NFS4_BITMAP_WORDS 2

/* What to ask for: of an entry, of an entry in READDIR (with the error of its attributes), of a file system. */
extern const uint32_t nfs4_entry_bits[NFS4_BITMAP_WORDS];
extern const uint32_t nfs4_readdir_bits[NFS4_BITMAP_WORDS];
extern const uint32_t nfs4_space_bits[NFS4_BITMAP_WORDS];

struct nfs4_attributes {
	bool has_type, has_mode; /* what a server leaves out is 0 in attr */
	bool has_uid, has_gid;   /* the owner is a number, not a name@domain */
	struct fs_attr attr;     /* an owner that is a name is 65534 */
	struct fs_capacity capacity;
	uint32_t rdattr_error; /* nfsstat4 */
};

/* Reads length bytes of values for the set bits.  -1 where the bytes are too few or a bit is set that nobody asks for: what
 * comes after it cannot be read. */
int nfs4_attributes_parse(const uint32_t *bitmap, size_t words, const void *bytes, size_t length,
			  struct nfs4_attributes *ret);

/* Values to set, and to compare with. */
#define NFS4_SETTABLE_BYTES 64
struct nfs4_settable {
	uint32_t bitmap[NFS4_BITMAP_WORDS];
	char bytes[NFS4_SETTABLE_BYTES];
	uint32_t length;
};

/* The fields that are not FS_KEEP; owners as decimal numbers (RFC 7530 5.9). */
void nfs4_settable_owner(struct nfs4_settable *ret, const struct fs_owner *owner);
/* The type of a directory, for VERIFY and NVERIFY. */
void nfs4_settable_directory_type(struct nfs4_settable *ret);

#endif
