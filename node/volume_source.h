/* SPDX-License-Identifier: Apache-2.0 */
/* What a NodePublishVolume request asks to be mounted. */
#ifndef CSICORE_NODE_VOLUME_SOURCE_H
#define CSICORE_NODE_VOLUME_SOURCE_H

#include <stdbool.h>

#include "csi/service.h"
#include "mount/mounter.h"

struct arena;
struct cancel;
struct mount_entry;
struct node;
struct status;

struct volume_source {
	const char *name; /* "server:/share/below", as mountinfo will show it */
	struct nfs_mount nfs;
	bool is_local; /* the export is a directory of this machine: local holds, nfs.server is its name */
	struct local_mount local;
	bool is_read_only;
};

/* INVALID_ARGUMENT where the volume context or the mount flags are wrong.  Lives in the arena and the request. */
int volume_source_parse(const struct node *node, struct arena *arena, const Csi__V1__NodePublishVolumeRequest *request,
			struct volume_source *ret, struct status *st);

int volume_source_mount(const struct volume_source *source, struct mounter *mounter, const char *target,
			struct cancel *cancel, struct status *st);

/* Whether entry, found at target, is this source. */
int volume_source_is_mounted(const struct volume_source *source, struct mounter *mounter, struct arena *arena,
			     const struct mount_entry *entry, const char *target, bool *ret_is_mounted,
			     struct status *st);

#endif
