/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounting an NFS directory: finds the server's address, asks whether it is there, and makes one attempt after the other until
 * version and security flavour are agreed on.
 */
#ifndef CSICORE_MOUNT_NFS_MOUNTING_H
#define CSICORE_MOUNT_NFS_MOUNTING_H

#include "mount/mount_job.h"

struct nfs_versions;

struct nfs_mounting {
	struct mount_children *children;
	struct nfs_versions *versions; /* that worked, by server */
	const struct nfs_mount *source;
	const char *target; /* NULL: the mount is attached nowhere */

	/* Results. */
	struct mount_report report; /* of the last attempt; without an errnum where its child was killed */
	int mount_fd;               /* without target; the caller's */
};

int nfs_mounting_run(struct nfs_mounting *mounting, struct cancel *cancel, struct status *st);

/* One NULL call where a mount would begin; success where that cannot be asked over plain TCP. */
int nfs_mounting_ping(const struct nfs_mounting *mounting, struct cancel *cancel, struct status *st);

#endif
