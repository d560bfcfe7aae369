/* SPDX-License-Identifier: Apache-2.0 */
/* What NFSv3 needs before its first call: the ports from the portmapper (RFC 1833) and the root's handle from mountd (RFC 1813 5). */
#ifndef CSICORE_STORAGE_NFS3_MOUNT_H
#define CSICORE_STORAGE_NFS3_MOUNT_H

#include "base/path.h"
#include "storage/nfs_protocol.h"

/* The TCP ports at a numeric address of the server.  FAILED_PRECONDITION with EPROTONOSUPPORT where the server has no NFSv3. */
int nfs3_ask_nfs_port(struct nfs_target *target, const char *address, struct cancel *cancel, uint16_t *ret_port,
		      struct status *st);
int nfs3_ask_mount_port(struct nfs_target *target, const char *address, struct cancel *cancel, uint16_t *ret_port,
			struct status *st);

/*
 * The handle of the share, or of the nearest directory above it that the server exports: *ret_mounted names of the share are in
 * the handle, the others are to be looked up.  NOT_FOUND, or PERMISSION_DENIED with what an administrator can do.
 */
int nfs3_mount(struct nfs_target *target, const char *address, uint16_t mount_port, const struct path *share,
	       struct cancel *cancel, struct nfs_handle *ret_handle, size_t *ret_mounted, struct status *st);

#endif
