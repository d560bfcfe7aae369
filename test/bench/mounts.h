/* SPDX-License-Identifier: Apache-2.0 */
/* NFS mounts without a driver: the bare system calls, which no mount can undercut, and mount(8), which most drivers run. */
#ifndef CSICORE_BENCH_MOUNTS_H
#define CSICORE_BENCH_MOUNTS_H

#include <stddef.h>

struct status;

/* What to mount.  Points to the caller's memory. */
struct nfs_mount {
	const char *server;
	const char *path;
	const char *const *flags; /* "vers=4.2", "nolock"; the kernel wants a vers= */
	size_t flag_count;
};

/*
 * fsopen, fsconfig, fsmount, move_mount.  sec=sys is added where no sec= is given: without it the kernel asks the server
 * for its flavours and looks for a module for each.
 */
int mounts_mount_by_calls(const struct nfs_mount *mount, const char *target, struct status *st);
int mounts_unmount_by_call(const char *target, struct status *st);

int mounts_mount_by_command(const struct nfs_mount *mount, const char *target, struct status *st);
int mounts_unmount_by_command(const char *target, struct status *st);

#endif
