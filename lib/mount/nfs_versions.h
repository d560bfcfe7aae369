/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers which NFS version worked with which server, so that a mount need not try the others first.  Thread-safe. */
#ifndef CSICORE_MOUNT_NFS_VERSIONS_H
#define CSICORE_MOUNT_NFS_VERSIONS_H

#include <stdbool.h>

#define NFS_VERSIONS_SERVERS_MAX 64 /* the oldest is forgotten first */
#define NFS_VERSION_BYTES 8         /* "4.2" with its NUL; longer ones are not remembered */

struct nfs_versions;

struct nfs_versions *nfs_versions_new(void);
void nfs_versions_free(struct nfs_versions *versions);

/* False where nothing is known of server. */
bool nfs_versions_get(struct nfs_versions *versions, const char *server, char ret_version[NFS_VERSION_BYTES]);
void nfs_versions_put(struct nfs_versions *versions, const char *server, const char *version);

#endif
