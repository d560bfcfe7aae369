/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mounter_fake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "mount/nfs_options.h"
#include "mount/nfs_source.h"

static struct mounter_fake *fake_of(struct mounter *m)
{
	return (struct mounter_fake *)m;
}

struct mounter_fake_mount *mounter_fake_at(struct mounter_fake *fake, const char *target)
{
	for (size_t i = MOUNTER_FAKE_MOUNTS_MAX; i-- > 0;) {
		if (fake->mounts[i].target[0] && strcmp(fake->mounts[i].target, target) == 0)
			return &fake->mounts[i];
	}
	return NULL;
}

void mounter_fake_add(struct mounter_fake *fake, const char *source, const char *target, bool is_read_only)
{
	size_t last = MOUNTER_FAKE_MOUNTS_MAX;

	while (last > 0 && !fake->mounts[last - 1].target[0])
		last--;
	if (last == MOUNTER_FAKE_MOUNTS_MAX)
		return;
	(void)snprintf(fake->mounts[last].target, MOUNTER_FAKE_TEXT_BYTES, "%s", target);
	(void)snprintf(fake->mounts[last].source, MOUNTER_FAKE_TEXT_BYTES, "%s", source);
	fake->mounts[last].is_read_only = is_read_only;
}

/* Counts the verb; -1 where it is its turn to fail. */
static int begin(struct mounter_fake *fake, struct status *st)
{
	if (++fake->verbs != fake->fail_at)
		return 0;
	*st = fake->failure;
	return -1;
}

static int attach(struct mounter_fake *fake, const char *source, const char *target, uint64_t attributes,
		  struct status *st)
{
	if (access(target, F_OK) < 0)
		return status_set_errno(st, errno, "mount %s on %s", source, target);
	mounter_fake_add(fake, source, target, attributes & MOUNT_ATTR_RDONLY);
	fake->attributes = attributes;
	fake->mounts_made++;
	return 0;
}

static void set_ownership(struct mounter_fake *fake, const struct mount_ownership *ownership)
{
	if (!ownership)
		return;
	fake->ownership = *ownership;
	fake->ownerships_set++;
}

static int mount_nfs(struct mounter *m, const struct nfs_mount *source, const char *target, struct cancel *cancel,
		     struct status *st)
{
	struct mounter_fake *fake = fake_of(m);
	struct arena arena;

	if (cancel_check(cancel, st) < 0 || begin(fake, st) < 0)
		return -1;
	set_ownership(fake, source->ownership);
	(void)snprintf(fake->version, sizeof(fake->version), "%s",
		       source->options->version ? source->options->version : "");
	arena_init(&arena, 65536);
	int outcome = attach(fake, nfs_source_format(&arena, source->server, source->path), target,
			     source->options->attributes.flags, st);

	arena_release(&arena);
	return outcome;
}

static char *local_name(struct arena *arena, const struct local_mount *source)
{
	return arena_printf(arena, "%s/%s", source->directory, source->below);
}

static int mount_local(struct mounter *m, const struct local_mount *source, const char *target, struct cancel *cancel,
		       struct status *st)
{
	struct mounter_fake *fake = fake_of(m);
	struct arena arena;

	if (cancel_check(cancel, st) < 0 || begin(fake, st) < 0)
		return -1;
	set_ownership(fake, source->ownership);
	arena_init(&arena, 65536);
	int outcome = attach(fake, local_name(&arena, source), target, source->attributes.flags, st);

	arena_release(&arena);
	return outcome;
}

static int unmount(struct mounter *m, const char *target, struct cancel *cancel, enum unmount_way *ret_way,
		   struct status *st)
{
	struct mounter_fake *fake = fake_of(m);
	struct mounter_fake_mount *mount = NULL;

	*ret_way = UNMOUNT_NONE;
	if (cancel_check(cancel, st) < 0)
		return -1;
	while ((mount = mounter_fake_at(fake, target))) {
		mount->target[0] = '\0';
		fake->unmounts_made++;
		*ret_way = fake->way;
	}
	fake->capacity_errnum = 0;
	return 0;
}

static int find(struct mounter *m, struct arena *arena, const char *target, struct mount_entry *ret_entry,
		struct status *st)
{
	struct mounter_fake *fake = fake_of(m);
	const struct mounter_fake_mount *mount = mounter_fake_at(fake, target);

	if (begin(fake, st) < 0)
		return -1;
	*ret_entry = (struct mount_entry){.exists = mount || access(target, F_OK) == 0, .is_mounted = mount != NULL};
	if (mount) {
		ret_entry->is_read_only = mount->is_read_only;
		ret_entry->source = arena_strdup(arena, mount->source);
		ret_entry->type = mount->source[0] == '/' ? "ext4" : "nfs4";
	}
	return 0;
}

static int is_local(struct mounter *m, const struct local_mount *source, const char *target, bool *ret_is_local,
		    struct status *st)
{
	struct mounter_fake *fake = fake_of(m);
	const struct mounter_fake_mount *mount = mounter_fake_at(fake, target);
	struct arena arena;

	if (begin(fake, st) < 0)
		return -1;
	arena_init(&arena, 65536);
	*ret_is_local = mount && strcmp(mount->source, local_name(&arena, source)) == 0;
	arena_release(&arena);
	return 0;
}

static int capacity(struct mounter *m, const char *target, struct mount_capacity *ret_capacity, struct cancel *cancel,
		    struct status *st)
{
	struct mounter_fake *fake = fake_of(m);

	if (begin(fake, st) < 0)
		return -1;
	if (fake->is_hanging) {
		while (cancel_poll(cancel, NULL, 0, -1, st) == 0)
			;
		return -1;
	}
	if (fake->capacity_errnum != 0)
		return status_set_errno(st, fake->capacity_errnum, "%s", target);
	*ret_capacity = fake->capacity;
	return 0;
}

static void free_fake(struct mounter *m)
{
	(void)m; /* the test's own */
}

static const struct mounter_ops fake_ops = {
	.name = "fake",
	.mount_nfs = mount_nfs,
	.mount_local = mount_local,
	.unmount = unmount,
	.find = find,
	.is_local = is_local,
	.capacity = capacity,
	.free = free_fake,
};

void mounter_fake_init(struct mounter_fake *fake)
{
	*fake = (struct mounter_fake){.base = {.ops = &fake_ops}, .way = UNMOUNT_CLEAN};
	(void)status_set(&fake->failure, STATUS_UNAVAILABLE, "the fake fails here");
}
