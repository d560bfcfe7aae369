/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's side of each verb: prepares a job, has a child run it under the deadline, makes a status of its report, and
 * takes away what a killed child may have left attached.
 */
#include "mount/mounter_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "mount/mount_child.h"
#include "mount/mount_error.h"
#include "mount/mount_job.h"
#include "mount/mount_lookup.h"
#include "mount/nfs_mounting.h"
#include "mount/nfs_versions.h"

#define ARENA_BYTES (64 * 1024)
/* MNT_FORCE and MNT_DETACH take tens of milliseconds; under load once 0.6 s. */
#define ROUGH_UNMOUNT_MS 10000
/* A detached mount says goodbye to its server: one answer. */
#define CLOSE_MS 1000
/* Mounts one over the other on one target. */
#define MOUNT_STACK_MAX 16

struct mounter_kernel {
	struct mounter base; /* first: the ops get a pointer to it */
	struct mount_children *children;
	struct nfs_versions *versions;
};

static struct mounter_kernel *kernel_of(struct mounter *m)
{
	return (struct mounter_kernel *)m;
}

static bool is_done(const struct mount_report *report)
{
	return report->step == MOUNT_STEP_DONE;
}

static int unmount_once(struct mounter *m, const char *target, int flags, struct cancel *cancel,
			struct mount_report *report, struct status *st)
{
	struct mount_unmount_job job = {.target = target, .flags = flags | UMOUNT_NOFOLLOW};
	char what[STATUS_MESSAGE_BYTES];

	(void)snprintf(what, sizeof(what), "unmount %s", target);
	return mount_job_run(kernel_of(m)->children, mount_job_unmount, &job, -1, report, what, cancel, st);
}

/* Has a time of its own: the caller's may be over, and that is why this is done. */
static bool unmount_roughly(struct mounter *m, const char *target, int flags)
{
	struct cancel own;
	struct status ignored;
	struct mount_report report;

	cancel_init(&own, ROUGH_UNMOUNT_MS);
	bool is_gone = unmount_once(m, target, flags, &own, &report, &ignored) == 0 && is_done(&report);

	cancel_release(&own);
	return is_gone;
}

/* A child killed after it made the mount may have attached it. */
static void remove_leftover(struct mounter *m, const struct mount_report *report, const char *target)
{
	AUTO(arena_release) struct arena arena = {0};
	struct mount_found found;
	struct status ignored;

	if (report->step < MOUNT_STEP_ATTACH || report->errnum != 0)
		return;
	arena_init(&arena, ARENA_BYTES);
	if (mount_lookup(&arena, target, &found, &ignored) == 0 && found.is_mounted)
		(void)unmount_roughly(m, target, MNT_DETACH); /* the failure to report is the mount's */
}

/* ---- NFS */

static struct nfs_mounting mounting_of(struct mounter *m, const struct nfs_mount *source)
{
	return (struct nfs_mounting){
		.children = kernel_of(m)->children, .versions = kernel_of(m)->versions, .source = source};
}

static int mount_nfs(struct mounter *m, const struct nfs_mount *source, const char *target, struct cancel *cancel,
		     struct status *st)
{
	struct nfs_mounting mounting = mounting_of(m, source);

	mounting.target = target;
	if (nfs_mounting_run(&mounting, cancel, st) == 0)
		return 0;
	remove_leftover(m, &mounting.report, target);
	return -1;
}

int mounter_kernel_mount_detached(struct mounter *m, const struct nfs_mount *source, struct cancel *cancel,
				  int *ret_mount_fd, struct status *st)
{
	struct nfs_mounting mounting = mounting_of(m, source);

	if (nfs_mounting_run(&mounting, cancel, st) < 0)
		return -1;
	*ret_mount_fd = mounting.mount_fd;
	return 0;
}

void mounter_kernel_close_detached(struct mounter *m, int mount_fd)
{
	AUTO(cancel_release) struct cancel bound;
	struct status ignored; /* a child that hangs on is killed, and the kernel does without the server's answer */

	cancel_init(&bound, CLOSE_MS);
	(void)mount_child_run_giving_fd(kernel_of(m)->children, mount_job_close, &mount_fd, mount_fd, &bound, &ignored);
}

int mounter_kernel_ping(struct mounter *m, const char *server, const struct nfs_options *options, struct cancel *cancel,
			struct status *st)
{
	const struct nfs_mount source = {.server = server, .options = options};
	const struct nfs_mounting mounting = mounting_of(m, &source);

	return nfs_mounting_ping(&mounting, cancel, st);
}

/* ---- local directories */

static int mount_local(struct mounter *m, const struct local_mount *source, const char *target, struct cancel *cancel,
		       struct status *st)
{
	AUTO(arena_release) struct arena arena = {0};
	struct mount_report report;

	arena_init(&arena, ARENA_BYTES);
	const char *what = arena_printf(&arena, "bind %s%s%s on %s", source->directory, source->below[0] ? "/" : "",
					source->below, target);
	const struct mount_local_job job = {.source = source, .target = target};

	if (mount_job_run(kernel_of(m)->children, mount_job_local, &job, -1, &report, what, cancel, st) < 0) {
		remove_leftover(m, &report, target);
		return -1;
	}
	return is_done(&report) ? 0 : mount_error(st, &report, what);
}

/* ---- unmount */

static enum unmount_way rougher(enum unmount_way a, enum unmount_way b)
{
	return a > b ? a : b;
}

/*
 * The clean way did not end in time or met users.  MNT_FORCE fails all requests of the file system, which other volumes may
 * share, so it is for the last mount of it only, and not for one that is merely in use.
 */
static int unmount_rough_top(struct mounter *m, const char *target, bool may_force, enum unmount_way *way,
			     struct status *st)
{
	if (may_force && unmount_roughly(m, target, MNT_FORCE)) {
		*way = rougher(*way, UNMOUNT_FORCED);
		return 0;
	}
	if (!unmount_roughly(m, target, MNT_DETACH))
		return status_set(st, STATUS_INTERNAL, "detach %s: the mount stays", target);
	*way = rougher(*way, UNMOUNT_DETACHED);
	return 0;
}

static int unmount_top(struct mounter *m, const char *target, const struct mount_found *found, struct cancel *cancel,
		       enum unmount_way *way, struct status *st)
{
	AUTO(arena_release) struct arena arena = {0};
	struct mount_found after;
	struct mount_report report;
	struct status killed;

	if (unmount_once(m, target, 0, cancel, &report, &killed) == 0) {
		if (is_done(&report))
			*way = rougher(*way, UNMOUNT_CLEAN);
		else if (report.errnum == EBUSY)
			return unmount_rough_top(m, target, false, way, st);
		else if (report.errnum != EINVAL && report.errnum != ENOENT) /* somebody else was faster */
			return mount_error(st, &report, target);
		return 0;
	}
	if (killed.code != STATUS_DEADLINE_EXCEEDED && killed.code != STATUS_CANCELLED) {
		*st = killed;
		return -1;
	}
	/* The killed child may have had it out of the tree and waited for the server to say goodbye. */
	arena_init(&arena, ARENA_BYTES);
	if (mount_lookup(&arena, target, &after, st) < 0)
		return -1;
	if (after.is_mounted && after.line.id == found->line.id)
		return unmount_rough_top(m, target, found->is_only_mount, way, st);
	*way = rougher(*way, UNMOUNT_DETACHED);
	return 0;
}

static int unmount(struct mounter *m, const char *target, struct cancel *cancel, enum unmount_way *ret_way,
		   struct status *st)
{
	enum unmount_way way = UNMOUNT_NONE;

	if (cancel_check(cancel, st) < 0)
		return -1;
	for (unsigned i = 0; i < MOUNT_STACK_MAX; i++) {
		AUTO(arena_release) struct arena arena = {0};
		struct mount_found found;

		arena_init(&arena, ARENA_BYTES);
		if (mount_lookup(&arena, target, &found, st) < 0)
			return -1;
		if (!found.is_mounted) {
			*ret_way = way;
			return 0;
		}
		if (unmount_top(m, target, &found, cancel, &way, st) < 0)
			return -1;
	}
	return status_set(st, STATUS_INTERNAL, "unmount %s: more than %d mounts on it", target, MOUNT_STACK_MAX);
}

/* ---- the rest */

static int find(struct mounter *m, struct arena *arena, const char *target, struct mount_entry *ret_entry,
		struct status *st)
{
	struct mount_found found;

	(void)m;
	if (mount_lookup(arena, target, &found, st) < 0)
		return -1;
	*ret_entry = (struct mount_entry){.exists = found.exists, .is_mounted = found.is_mounted};
	if (found.is_mounted) {
		ret_entry->is_read_only = found.line.is_read_only;
		ret_entry->source = found.line.source;
		ret_entry->type = found.line.type;
	}
	return 0;
}

static int is_local(struct mounter *m, const struct local_mount *source, const char *target, bool *ret_is_local,
		    struct status *st)
{
	(void)m;
	return mount_lookup_is_local(source, target, ret_is_local, st);
}

static int capacity(struct mounter *m, const char *target, struct mount_capacity *ret_capacity, struct cancel *cancel,
		    struct status *st)
{
	struct mount_report report;

	if (mount_job_run(kernel_of(m)->children, mount_job_capacity, target, -1, &report, target, cancel, st) < 0)
		return -1;
	if (!is_done(&report))
		return mount_error(st, &report, target);
	*ret_capacity = report.capacity;
	return 0;
}

static void free_kernel(struct mounter *m)
{
	struct mounter_kernel *kernel = kernel_of(m);

	mount_children_free(kernel->children);
	nfs_versions_free(kernel->versions);
	free(kernel);
}

static const struct mounter_ops kernel_ops = {
	.name = "kernel",
	.mount_nfs = mount_nfs,
	.mount_local = mount_local,
	.unmount = unmount,
	.find = find,
	.is_local = is_local,
	.capacity = capacity,
	.free = free_kernel,
};

struct mounter *mounter_kernel_new(void)
{
	struct mounter_kernel *kernel = memory_calloc(1, sizeof(*kernel));

	kernel->base.ops = &kernel_ops;
	kernel->children = mount_children_new(MOUNTER_KERNEL_CHILDREN_MAX);
	kernel->versions = nfs_versions_new();
	return &kernel->base;
}
