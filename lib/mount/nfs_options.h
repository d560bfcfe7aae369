/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount options as users write them for mount(8) and mount.nfs(8), sorted into what the kernel's mount interface takes: keys
 * of the NFS client, attributes of the mount point, and the protocol version, which mount.nfs negotiates itself.
 */
#ifndef CSICORE_MOUNT_NFS_OPTIONS_H
#define CSICORE_MOUNT_NFS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "mount/mounter.h"

struct arena;
struct status;

#define NFS_OPTIONS_MAX 64 /* keys for the kernel in one mount */
#define NFS_OPTIONS_TEXT_BYTES \
	8192 /* all option texts of one mount together; the CSI spec allows 4 KiB of flags and of context */
#define NFS_OPTION_KEY_BYTES 64    /* one key, with its NUL */
#define NFS_OPTION_VALUE_BYTES 256 /* one value, with its NUL: what fsconfig(2) takes */

struct nfs_option {
	const char *key;
	const char *value; /* NULL: a flag */
};

struct nfs_options {
	struct nfs_option *items; /* in the arena, in the order written */
	size_t count;
	struct mount_attributes attributes;
	const char *version; /* "4.2", "3"; "4": the best minor version; NULL: negotiate.  Not among items */
	bool has_security;   /* sec= is among items */
	bool wants_ipv6;     /* proto=tcp6 or the like: the server's name is to be looked up there */
};

/*
 * texts: count strings of comma-separated options; later ones win.  A value in double quotes may hold commas.  Words that
 * mean something only to mount(8) or fstab are dropped.  INVALID_ARGUMENT where a text can't be read, passes a limit or
 * asks for what a volume can't have (remount, bind, another source).  Whether a key exists is left to the kernel.
 */
int nfs_options_parse(struct arena *arena, const char *const *texts, size_t count, struct nfs_options *ret,
		      struct status *st);

#endif
