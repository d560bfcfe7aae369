/* SPDX-License-Identifier: Apache-2.0 */
/* NFSv4 attributes from a server: three words of bitmap (big endian) and the values.  What is parsed is within bounds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/nfs4_attributes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

/* An owner that was read as a number can be sent as one and is read as the same. */
static void check_round_trip(const struct nfs4_attributes *a)
{
	const struct fs_owner owner = {a->has_mode ? a->attr.mode : FS_KEEP, a->has_uid ? a->attr.uid : FS_KEEP,
				       a->has_gid ? a->attr.gid : FS_KEEP};
	struct nfs4_settable set;
	struct nfs4_attributes again;

	nfs4_settable_owner(&set, &owner);
	require(set.length <= sizeof(set.bytes));
	require(nfs4_attributes_parse(set.bitmap, NFS4_BITMAP_WORDS, set.bytes, set.length, &again) == 0);
	require(owner.mode == FS_KEEP || again.attr.mode == owner.mode);
	require(owner.uid == FS_KEEP || again.attr.uid == owner.uid);
	require(owner.gid == FS_KEEP || again.attr.gid == owner.gid);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	uint32_t bitmap[NFS4_BITMAP_WORDS + 1];
	struct nfs4_attributes a;

	if (length < sizeof(bitmap))
		return 0;
	for (size_t i = 0; i < NFS4_BITMAP_WORDS + 1; i++)
		bitmap[i] = (uint32_t)bytes[i * 4] << 24 | (uint32_t)bytes[i * 4 + 1] << 16 |
			    (uint32_t)bytes[i * 4 + 2] << 8 | bytes[i * 4 + 3];
	if (nfs4_attributes_parse(bitmap, NFS4_BITMAP_WORDS + 1, bytes + sizeof(bitmap), length - sizeof(bitmap), &a) <
	    0)
		return 0;
	require(a.attr.type <= FS_OTHER);
	require(a.attr.mode <= 07777);
	check_round_trip(&a);
	return 0;
}
