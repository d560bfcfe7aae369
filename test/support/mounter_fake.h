/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mounter whose mounts are a list in memory.  It refuses what the kernel refuses (a target that is not there), records how it
 * was asked, and fails the nth verb on demand.
 */
#ifndef CSICORE_TEST_MOUNTER_FAKE_H
#define CSICORE_TEST_MOUNTER_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "mount/mounter.h"

#define MOUNTER_FAKE_MOUNTS_MAX 16
#define MOUNTER_FAKE_TEXT_BYTES 512

struct mounter_fake_mount {
	char target[MOUNTER_FAKE_TEXT_BYTES]; /* "" for a free place */
	char source[MOUNTER_FAKE_TEXT_BYTES]; /* "server:/path"; "/directory/below" for a local one */
	bool is_read_only;
};

struct mounter_fake {
	struct mounter base;                                       /* first: give &fake.base to the code under test */
	struct mounter_fake_mount mounts[MOUNTER_FAKE_MOUNTS_MAX]; /* later ones are on top */

	/* Verb number fail_at (1 for the first one called) fails with failure; 0: none.  unmount is never failed by it. */
	unsigned fail_at;
	struct status failure;
	unsigned verbs; /* called so far */

	/* What the server says of every mount until an unmount: 0, or an errno such as ESTALE. */
	int capacity_errnum;
	bool is_hanging; /* capacity waits for its cancel */
	struct mount_capacity capacity;
	enum unmount_way way;

	unsigned mounts_made, unmounts_made;
	struct mount_ownership ownership; /* the last one set */
	unsigned ownerships_set;
	char version[16];    /* of the last mount_nfs; "" for none */
	uint64_t attributes; /* of the last mount */
};

void mounter_fake_init(struct mounter_fake *fake);

/* As if somebody else had mounted it. */
void mounter_fake_add(struct mounter_fake *fake, const char *source, const char *target, bool is_read_only);
/* What is on top at target; NULL for nothing. */
struct mounter_fake_mount *mounter_fake_at(struct mounter_fake *fake, const char *target);

#endif
