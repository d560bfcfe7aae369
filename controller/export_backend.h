/* SPDX-License-Identifier: Apache-2.0 */
/* Which file system is behind an export: a directory of this machine, or an NFS server, in user space or by the kernel. */
#ifndef CSICORE_CONTROLLER_EXPORT_BACKEND_H
#define CSICORE_CONTROLLER_EXPORT_BACKEND_H

#include "csi/local_exports.h"
#include "export.h"

struct mounter;

struct export_backend {
	const struct local_exports *local_exports;
	struct mounter *mounter; /* of --access=kernel, owned; NULL for user space */
	uint32_t nfs_uid, nfs_gid;
	int connect_timeout_ms, reply_timeout_ms;
};

/* No export of it is open any more. */
void export_backend_release(struct export_backend *backend);

/* An export_open_fs; context is a struct export_backend. */
export_open_fs export_backend_open;

#endif
