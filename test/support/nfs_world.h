/* SPDX-License-Identifier: Apache-2.0 */
/* An fs of the libnfs kind on a server of nfs_fake.h, with its root open: what most of its tests begin with. */
#ifndef CSICORE_TEST_SUPPORT_NFS_WORLD_H
#define CSICORE_TEST_SUPPORT_NFS_WORLD_H

#include "base/cancel.h"
#include "base/status.h"
#include "storage/fs_libnfs.h"
#include "support/nfs_fake.h"

struct nfs_world {
	struct nfs_fake *fake;
	struct fs *fs;
	struct fs_dir *root; /* NULL until nfs_world_open_root() */
	struct cancel cancel;
	struct status st;
};

/* Timeouts are long enough never to be met unless a test sets shorter ones. */
struct fs_libnfs_config nfs_world_config(const struct nfs_fake *fake, enum nfs_version version);
void nfs_world_init(struct nfs_world *w, enum nfs_fake_kind kind, enum nfs_version version);
void nfs_world_init_with(struct nfs_world *w, struct nfs_fake *fake, const struct fs_libnfs_config *config);
int nfs_world_open_root(struct nfs_world *w);
void nfs_world_release(struct nfs_world *w);

#endif
