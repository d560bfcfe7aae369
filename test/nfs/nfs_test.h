/* SPDX-License-Identifier: Apache-2.0 */
/* What the groups of tests beside a real server have in common: the server's configuration and an fs on it. */
#ifndef CSICORE_TEST_NFS_NFS_TEST_H
#define CSICORE_TEST_NFS_NFS_TEST_H

#include "base/cancel.h"
#include "base/status.h"
#include "storage/fs_libnfs.h"
#include "support/cmocka.h"

#define SHORT_MS 200
#define LONG_MS 20000

/* A group of tests that wants a server of its own kind (test/nfs/run). */
struct nfs_group {
	const char *name;
	const struct CMUnitTest *tests;
	size_t count;
};
#define NFS_GROUP(group_name, group_tests) \
	{ \
		group_name, group_tests, sizeof(group_tests) / sizeof((group_tests)[0]) \
	}
extern const struct nfs_group nfs_faults, nfs_reboots, nfs_full;

extern const enum nfs_version nfs_versions[2];

/* A number that test/ganesha/run has set. */
uint32_t nfs_test_number(const char *variable);
struct fs_libnfs_config server_config(enum nfs_version version);

struct world {
	struct fs *fs;
	struct fs_dir *root;
	struct cancel cancel; /* LONG_MS */
	struct status st;
};
void world_init(struct world *w, const struct fs_libnfs_config *config);
int world_open_root(struct world *w);
/* Both; fails the test where it does not work. */
void world_open(struct world *w, enum nfs_version version);
void world_release(struct world *w);

/* A directory of the export with so many files; the caller closes it. */
struct fs_dir *world_make_files(struct world *w, const char *name, unsigned count);
/* Removes the files with fs_remove_entries; asserts that none is left where it succeeds. */
int world_remove_files(struct world *w, struct fs_dir *dir, unsigned count);

#endif
