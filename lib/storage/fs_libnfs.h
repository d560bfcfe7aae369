/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An export of an NFSv3 or NFSv4.0 server, reached in user space through libnfs's raw RPC layer: no mount, no privilege.
 * Connections are made when needed, kept, reused and cost nothing while idle; each call in flight has one to itself.
 */
#ifndef CSICORE_STORAGE_FS_LIBNFS_H
#define CSICORE_STORAGE_FS_LIBNFS_H

#include "storage/fs.h"

enum nfs_version { NFS_VERSION_ANY, NFS_VERSION_3, NFS_VERSION_4 };

struct fs_libnfs_config {
	const char *server;       /* host name, IPv4 or unbracketed IPv6 literal */
	const char *share;        /* "/srv/nfs"; "" and "/" are the server's root */
	enum nfs_version version; /* ANY: 4.0 first, 3 where the server does not speak it */
	uint16_t nfs_port;        /* 0: 2049 (v4), asked of the portmapper (v3) */
	uint16_t mount_port;      /* v3; 0: asked of the portmapper */
	uint32_t uid, gid;        /* the AUTH_SYS identity of every request */
	int connect_timeout_ms;   /* for name and connection, then for a first answer */
	int reply_timeout_ms;     /* for one answer; the call's cancel bounds it too */
	unsigned connection_max;  /* kept open; calls beyond it wait for one */
};

/* Connects only when used.  Strings are copied.  Never NULL. */
struct fs *fs_libnfs_new(const struct fs_libnfs_config *config);

/* Requests sent to the server so far by an fs of this kind: for tests and measurements. */
uint64_t fs_libnfs_round_trips(struct fs *fs);

#endif
