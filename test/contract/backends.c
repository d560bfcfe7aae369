/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the contract: one for each way to an export.  The libnfs rows need a server (test/ganesha/run). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/parse.h"
#include "contract/contract.h"
#include "storage/fs_dirfd.h"
#include "storage/fs_libnfs.h"
#include "support/fs_memory.h"

static void close_fs(struct contract_world *w)
{
	fs_free(w->fs);
	if (w->local_root_fd >= 0)
		(void)close(w->local_root_fd); /* only looked through */
}

static int open_memory(struct contract_world *w, unsigned uid)
{
	if (uid != CONTRACT_SELF)
		return status_set(&w->st, STATUS_UNIMPLEMENTED, "it checks no permissions");
	w->fs = fs_memory_new();
	return 0;
}

/* The directory of this machine that is the export; anybody may make entries, so that each test owns its directory. */
static int open_local_root(struct contract_world *w)
{
	const char *path = getenv("CSICORE_TEST_DIR");
	if (!path)
		return status_set(&w->st, STATUS_FAILED_PRECONDITION, "CSICORE_TEST_DIR is not set");
	w->local_root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->local_root_fd < 0 || fchmod(w->local_root_fd, 01777) < 0)
		return status_set_errno(&w->st, errno, "open %s", path);
	return 0;
}

static int open_dirfd(struct contract_world *w, unsigned uid)
{
	if (uid != CONTRACT_SELF && geteuid() != 0)
		return status_set(&w->st, STATUS_UNIMPLEMENTED, "only root can become another user");
	if (open_local_root(w) < 0)
		return -1;
	if (uid != CONTRACT_SELF && seteuid(uid) < 0)
		return status_set_errno(&w->st, errno, "become user %u", uid);
	int fd = fcntl(w->local_root_fd, F_DUPFD_CLOEXEC, 0);
	w->fs = fs_dirfd_new(fd);
	return 0;
}

static void close_dirfd(struct contract_world *w)
{
	close_fs(w);
	if (geteuid() == CONTRACT_NOBODY && seteuid(0) < 0)
		abort();
}

static int open_libnfs(struct contract_world *w, unsigned uid, enum nfs_version version)
{
	const char *server = getenv("CSICORE_TEST_NFS_SERVER");
	const char *nfs_port_text = getenv("CSICORE_TEST_NFS_PORT"),
		   *mount_port_text = getenv("CSICORE_TEST_MOUNT_PORT");
	uint32_t nfs_port = 0, mount_port = 0;
	if (!server || !nfs_port_text || parse_u32(nfs_port_text, 10, UINT16_MAX, &nfs_port) < 0 || !mount_port_text ||
	    parse_u32(mount_port_text, 10, UINT16_MAX, &mount_port) < 0)
		return status_set(&w->st, STATUS_FAILED_PRECONDITION, "test/ganesha/run has set no server");
	if (open_local_root(w) < 0)
		return -1;
	const struct fs_libnfs_config config = {
		.server = server,
		.share = getenv("CSICORE_TEST_NFS_SHARE"),
		.version = version,
		.nfs_port = (uint16_t)nfs_port,
		.mount_port = (uint16_t)mount_port,
		.uid = uid,
		.gid = uid,
		.connect_timeout_ms = 5000,
		.reply_timeout_ms = 5000,
		.connection_max = 8,
	};
	w->fs = fs_libnfs_new(&config);
	return 0;
}

static int open_libnfs3(struct contract_world *w, unsigned uid)
{
	return open_libnfs(w, uid, NFS_VERSION_3);
}

static int open_libnfs4(struct contract_world *w, unsigned uid)
{
	return open_libnfs(w, uid, NFS_VERSION_4);
}

const struct contract_backend contract_backends[] = {
	{"memory", open_memory, close_fs},
	{"dirfd", open_dirfd, close_dirfd},
	{"libnfs3", open_libnfs3, close_fs},
	{"libnfs4", open_libnfs4, close_fs},
};
const size_t contract_backend_count = sizeof(contract_backends) / sizeof(contract_backends[0]);
