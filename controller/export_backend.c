/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the file system behind an export. */
#include "export_backend.h"

#include "kernel_export.h"
#include "mount/mounter.h"
#include "storage/fs_dirfd.h"
#include "storage/fs_libnfs.h"

#define CONNECTIONS_PER_EXPORT 8

void export_backend_release(struct export_backend *backend)
{
	mounter_free(backend->mounter);
	backend->mounter = NULL;
}

struct fs *export_backend_open(void *context, const struct export_key *key, struct arena *arena, struct path *ret_below,
			       struct status *st)
{
	const struct export_backend *backend = context;
	const char *below;
	const char *directory = local_exports_find(backend->local_exports, arena, key->server, key->share, &below);
	if (directory)
		return path_split(arena, "share", below, ret_below, st) < 0 ? NULL : fs_dirfd_open(directory, st);
	*ret_below = (struct path){NULL, 0};
	if (backend->mounter)
		return kernel_export_new(backend->mounter, key, backend->connect_timeout_ms + backend->reply_timeout_ms,
					 st);
	struct fs_libnfs_config config = {
		.server = key->server,
		.share = key->share,
		.version = key->version,
		.nfs_port = key->nfs_port,
		.mount_port = key->mount_port,
		.uid = backend->nfs_uid,
		.gid = backend->nfs_gid,
		.connect_timeout_ms = backend->connect_timeout_ms,
		.reply_timeout_ms = backend->reply_timeout_ms,
		.connection_max = CONNECTIONS_PER_EXPORT,
	};
	return fs_libnfs_new(&config);
}
