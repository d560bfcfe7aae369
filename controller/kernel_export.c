/* SPDX-License-Identifier: Apache-2.0 */
/* fs_dirfd over a detached mount that is made at the first use. */
#include "kernel_export.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "mount/mounter_kernel.h"
#include "mount/nfs_options.h"
#include "storage/fs_dirfd.h"

#define ARENA_BYTES (64 * 1024)

struct kernel_export {
	struct fs fs;      /* first: the verbs get a pointer to it */
	struct fs_ops ops; /* fs_dirfd's but for three */
	struct mounter *mounter;
	struct arena arena; /* what source points to */
	struct nfs_mount source;
	struct nfs_options options;
	int timeout_ms;
	atomic_int mount_fd; /* -1 until the first use */
};

static struct kernel_export *export_of(struct fs *fs)
{
	return (struct kernel_export *)fs;
}

static int mount_once(struct kernel_export *self, struct cancel *cancel, struct status *st)
{
	AUTO(cancel_release) struct cancel bound;
	int mount_fd, expected = -1;
	cancel_init_child(&bound, cancel, self->timeout_ms);
	if (mounter_kernel_mount_detached(self->mounter, &self->source, &bound, &mount_fd, st) < 0) {
		if (st->code == STATUS_DEADLINE_EXCEEDED && !cancel_is_over(cancel))
			return status_set_cause(st, STATUS_UNAVAILABLE, ETIMEDOUT,
						"NFS server %s: not mounted within %d ms", self->source.server,
						self->timeout_ms);
		return -1;
	}
	if (!atomic_compare_exchange_strong(&self->mount_fd, &expected, mount_fd))
		mounter_kernel_close_detached(self->mounter, mount_fd); /* another thread was first */
	return 0;
}

static int kernel_open_root(struct fs *fs, struct cancel *cancel, struct fs_dir **ret_root, struct status *st)
{
	struct kernel_export *self = export_of(fs);
	if (atomic_load(&self->mount_fd) < 0 && mount_once(self, cancel, st) < 0)
		return -1;
	return fs_dirfd_open_root(atomic_load(&self->mount_fd), ret_root, st);
}

static int kernel_ping(struct fs *fs, struct cancel *cancel, struct status *st)
{
	struct kernel_export *self = export_of(fs);
	return mounter_kernel_ping(self->mounter, self->source.server, &self->options, cancel, st);
}

static void kernel_free(struct fs *fs)
{
	struct kernel_export *self = export_of(fs);
	int mount_fd = atomic_load(&self->mount_fd);
	if (mount_fd >= 0)
		mounter_kernel_close_detached(self->mounter, mount_fd);
	arena_release(&self->arena);
	free(self);
}

static bool has_retry_option(const struct nfs_options *options)
{
	static const char *const names[] = {"hard", "soft", "softerr"};
	for (size_t i = 0; i < options->count; i++)
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			if (strcmp(options->items[i].key, names[j]) == 0)
				return true;
	return false;
}

/* The user's options between two texts: what holds unless they say otherwise, and what holds whatever they say.  Without a cache,
 * what other clients do on the share is seen at once. */
static int read_options(struct kernel_export *self, const char *options, struct status *st)
{
	const char *texts[] = {"", options ? options : "", "lookupcache=none,actimeo=0"};
	struct nfs_options users;
	if (nfs_options_parse(&self->arena, &texts[1], 1, &users, st) < 0)
		return -1;
	if (!has_retry_option(&users))
		texts[0] = "softerr,timeo=100,retrans=1";
	if (nfs_options_parse(&self->arena, texts, sizeof(texts) / sizeof(texts[0]), &self->options, st) < 0)
		return -1;
	/* The attributes are for where the volume is used: "ro" must not keep it from being made. */
	self->options.attributes = (struct mount_attributes){.flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
								      MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME};
	return 0;
}

struct fs *kernel_export_new(struct mounter *mounter, const struct export_key *key, int timeout_ms, struct status *st)
{
	struct kernel_export *self = memory_calloc(1, sizeof(*self));
	arena_init(&self->arena, ARENA_BYTES);
	if (read_options(self, key->options, st) < 0) {
		arena_release(&self->arena);
		free(self);
		return NULL;
	}
	self->ops = fs_dirfd_ops;
	self->ops.name = "kernel";
	self->ops.open_root = kernel_open_root;
	self->ops.ping = kernel_ping;
	self->ops.free = kernel_free;
	self->fs.ops = &self->ops;
	self->mounter = mounter;
	self->timeout_ms = timeout_ms;
	self->source.server = arena_strdup(&self->arena, key->server);
	self->source.path = arena_strdup(&self->arena, key->share);
	self->source.options = &self->options;
	atomic_init(&self->mount_fd, -1);
	return &self->fs;
}
