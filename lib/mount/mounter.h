/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the node needs of mounting, as a small table of verbs.  The node's logic sees nothing else of the kernel, so it runs
 * against mounter_kernel in production and against a fake in tests.
 *
 * Every verb that may wait for a server observes its cancel: at its deadline the verb returns, whatever the server does.
 * Paths are absolute.  Strings in results live in the arena given.
 */
#ifndef CSICORE_MOUNT_MOUNTER_H
#define CSICORE_MOUNT_MOUNTER_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct cancel;
struct mounter;
struct nfs_options;
struct status;

/* What belongs to one mount point and not to the file system: MOUNT_ATTR_* of mount_setattr(2). */
struct mount_attributes {
	uint64_t flags;
	bool has_atime; /* flags say how access times are kept; else the kernel's default holds */
};

#define MOUNT_KEEP_ID UINT32_MAX

/* Owner and mode that the root of a mounted volume is to have.  Only what differs is changed. */
struct mount_ownership {
	uint32_t uid, gid; /* MOUNT_KEEP_ID: as it is */
	uint32_t mode;     /* 0: as it is */
};

/* An NFS directory. */
struct nfs_mount {
	const char *server; /* host name or address, an IPv6 literal without brackets */
	const char *path;   /* of path_normalize() */
	const struct nfs_options *options;
	const struct mount_ownership *ownership; /* NULL: as it is */
};

/* A directory of this machine.  Below `directory` no symbolic link is followed. */
struct local_mount {
	const char *directory;
	const char *below; /* relative; "" for the directory itself */
	struct mount_attributes attributes;
	const struct mount_ownership *ownership; /* NULL: as it is */
};

/* What is on top at a path. */
struct mount_entry {
	bool exists; /* the path is there; false: all else is unset */
	bool is_mounted;
	bool is_read_only;
	const char *source; /* "server:/share/below"; NULL where nothing is mounted */
	const char *type;   /* "nfs4", "ext4"; NULL likewise */
};

/* statfs(2) in bytes and inodes. */
struct mount_capacity {
	uint64_t total_bytes, available_bytes, used_bytes;
	uint64_t total_inodes, available_inodes, used_inodes; /* 0 where the file system does not count them */
};

enum unmount_way {
	UNMOUNT_NONE,     /* nothing was mounted */
	UNMOUNT_CLEAN,    /* umount2(2) went through */
	UNMOUNT_FORCED,   /* requests that waited for the server were given up first (MNT_FORCE) */
	UNMOUNT_DETACHED, /* taken out of the tree; the kernel ends it when it can (MNT_DETACH) */
};

struct mounter_ops {
	const char *name;

	/* Mounts on target, an existing directory; owner and mode are set before the mount is seen there.  On failure nothing
	 * stays mounted. */
	int (*mount_nfs)(struct mounter *m, const struct nfs_mount *source, const char *target, struct cancel *cancel,
			 struct status *st);
	int (*mount_local)(struct mounter *m, const struct local_mount *source, const char *target,
			   struct cancel *cancel, struct status *st);

	/* Takes away all that is mounted on target; the deadline of cancel is how long a clean unmount may take before it is
	 * detached.  *ret_way is the roughest way that was needed. */
	int (*unmount)(struct mounter *m, const char *target, struct cancel *cancel, enum unmount_way *ret_way,
		       struct status *st);

	/* Never asks a server, so it never waits for one. */
	int (*find)(struct mounter *m, struct arena *arena, const char *target, struct mount_entry *ret_entry,
		    struct status *st);
	/* Whether what is mounted on target is the local directory of source. */
	int (*is_local)(struct mounter *m, const struct local_mount *source, const char *target, bool *ret_is_local,
			struct status *st);

	/* Asks the server.  A mount whose directory is gone there fails with errnum ESTALE. */
	int (*capacity)(struct mounter *m, const char *target, struct mount_capacity *ret_capacity,
			struct cancel *cancel, struct status *st);
	void (*free)(struct mounter *m);
};

struct mounter {
	const struct mounter_ops *ops;
};

/* NULL is fine. */
void mounter_free(struct mounter *m);

/* "clean", "forced" ... for logs. */
const char *unmount_way_name(enum unmount_way way);

#endif
