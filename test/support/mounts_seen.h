/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says is mounted, for tests: /proc/self/mountinfo, read without touching a mount. */
#ifndef CSICORE_TEST_MOUNTS_SEEN_H
#define CSICORE_TEST_MOUNTS_SEEN_H

#include <stdbool.h>

struct mount_seen {
	char source[256];  /* "127.0.0.1:/srv/nfs/demo" */
	char type[16];     /* "nfs4" */
	char version[16];  /* "vers=4.2", "" where the type has none */
	bool is_read_only; /* the mount, not its file system */
};

/* The topmost mount at exactly this path; -1 where there is none. */
int mounts_seen_at(const char *path, struct mount_seen *ret);

/* How many mounts are at paths below this directory. */
int mounts_seen_below(const char *directory);
/* Takes them out of the tree, whatever uses them. */
void mounts_seen_detach_below(const char *directory);

#endif
