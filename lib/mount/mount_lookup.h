/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted where, asked of the kernel alone: statx(2) with AT_STATX_DONT_SYNC and mountinfo never wait for a server,
 * as stat(2) and open(2) do.
 */
#ifndef CSICORE_MOUNT_MOUNT_LOOKUP_H
#define CSICORE_MOUNT_MOUNT_LOOKUP_H

#include "mount/mount_table.h"
#include "mount/mounter.h"

struct arena;
struct status;

struct mount_found {
	bool exists;     /* the path is there */
	bool is_mounted; /* and a mount point: line is set */
	struct mount_line line;
	bool is_only_mount; /* of its file system in this mount namespace */
};

/* -1 where path cannot be looked at, as for want of permission. */
int mount_lookup(struct arena *arena, const char *path, struct mount_found *ret, struct status *st);

/* A descriptor (O_PATH) of the source; -1 with errno, ELOOP for a symbolic link below its directory. */
int mount_lookup_open_local(const struct local_mount *source);

/* mounter_ops.is_local. */
int mount_lookup_is_local(const struct local_mount *source, const char *target, bool *ret_is_local, struct status *st);

#endif
