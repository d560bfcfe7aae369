/* SPDX-License-Identifier: Apache-2.0 */
/* The mounter that mounts: the kernel's NFS client and mount tree, through mount system calls alone. */
#ifndef CSICORE_MOUNT_MOUNTER_KERNEL_H
#define CSICORE_MOUNT_MOUNTER_KERNEL_H

#include "mount/mounter.h"

/* Operations that may wait for servers at a time, and those killed that do not end, together: more than a server has workers,
 * so that dead servers leave some to the others. */
#define MOUNTER_KERNEL_CHILDREN_MAX 256

/* Works in the mount namespace of the process.  The caller frees it by mounter_free(). */
struct mounter *mounter_kernel_new(void);

/*
 * For a mounter of this kind.  A mount that is attached nowhere: *ret_mount_fd is its root.  ownership of source is not
 * looked at.
 */
int mounter_kernel_mount_detached(struct mounter *m, const struct nfs_mount *source, struct cancel *cancel,
				  int *ret_mount_fd, struct status *st);
/* Ends such a mount; a server that does not answer is not waited for longer than a second. */
void mounter_kernel_close_detached(struct mounter *m, int mount_fd);
/* For a mounter of this kind: whether the server answers a NULL call where a mount with these options would begin.  UNAVAILABLE
 * with the errno where it does not; success where that cannot be asked over plain TCP. */
int mounter_kernel_ping(struct mounter *m, const char *server, const struct nfs_options *options, struct cancel *cancel,
			struct status *st);

#endif
