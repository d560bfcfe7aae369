/* SPDX-License-Identifier: Apache-2.0 */
/* "server:/path", the name of an NFS directory as mount(8) and mountinfo write it. */
#ifndef CSICORE_MOUNT_NFS_SOURCE_H
#define CSICORE_MOUNT_NFS_SOURCE_H

#include <stdbool.h>

struct arena;

/* In the arena; an IPv6 literal gets its brackets. */
char *nfs_source_format(struct arena *arena, const char *server, const char *path);

/* The server of source, without brackets; NULL where source is no NFS directory.  In the arena. */
char *nfs_source_server(struct arena *arena, const char *source);

/* Whether both name one directory: slashes, brackets and the case of the server do not count. */
bool nfs_source_is_same(struct arena *arena, const char *a, const char *b);

#endif
