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
#include <sys/socket.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "base/resolver.h"
#include "base/status.h"
#include "mount/mount_child.h"
#include "mount/mount_error.h"
#include "mount/mount_job.h"
#include "mount/mount_lookup.h"
#include "mount/nfs_negotiation.h"
#include "mount/nfs_options.h"
#include "mount/nfs_source.h"
#include "mount/nfs_versions.h"
#include "mount/server_probe.h"

#define ARENA_BYTES (64 * 1024)
/* A version tried with little hope may not use up the time of the call. */
#define LONG_SHOT_MS 15000
/* MNT_FORCE and MNT_DETACH take tens of milliseconds; under load once 0.6 s. */
#define ROUGH_UNMOUNT_MS 10000
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

/* Runs a job; a child that was killed leaves the step it hung in in the message. */
static int run(struct mounter *m, mount_child_main *main, const void *job, struct mount_report *report,
	       const char *what, struct cancel *cancel, struct status *st)
{
	*report = (struct mount_report){0};
	if (mount_child_run(kernel_of(m)->children, main, job, report, sizeof(*report), cancel, st) == 0)
		return 0;
	if (st->code == STATUS_DEADLINE_EXCEEDED || st->code == STATUS_CANCELLED)
		return status_prefix(st, "%s: %s", what, mount_step_name(report->step));
	return status_prefix(st, "%s", what);
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
	return run(m, mount_job_unmount, &job, report, what, cancel, st);
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

	if (report->step < MOUNT_STEP_ATTACH)
		return;
	arena_init(&arena, ARENA_BYTES);
	if (mount_lookup(&arena, target, &found, &ignored) == 0 && found.is_mounted)
		(void)unmount_roughly(m, target, MNT_DETACH); /* the failure to report is the mount's */
}

/* ---- NFS */

struct nfs_run {
	struct mounter *mounter;
	const struct nfs_mount *source;
	const char *address;
	const char *what; /* "mount server:/share on /target" */
	struct mount_nfs_job job;
	struct nfs_option *options; /* job.options: source, addr, vers, room for sec, then the user's */
	struct nfs_negotiation negotiation;
	struct status best; /* the most telling failure so far */
	int best_rank;      /* -1: none yet */
};

enum { OPTION_SOURCE, OPTION_ADDRESS, OPTION_VERSION, OPTION_USER };

static void fill_options(struct nfs_run *run_, const struct nfs_options *user, const struct nfs_attempt *attempt)
{
	size_t count = OPTION_USER;

	run_->options[OPTION_VERSION] = (struct nfs_option){"vers", attempt->version};
	for (size_t i = 0; i < user->count; i++)
		run_->options[count++] = user->items[i];
	if (attempt->is_sec_sys)
		run_->options[count++] = (struct nfs_option){"sec", "sys"};
	run_->job.option_count = count;
}

static void keep_best(struct nfs_run *run_, int errnum, const struct status *st)
{
	int rank = nfs_negotiation_rank(errnum);

	if (rank > run_->best_rank) {
		run_->best = *st;
		run_->best_rank = rank;
	}
}

/* The errno by which versions are negotiated; 0 where the failure has nothing to do with the version. */
static int negotiable_errno(const struct mount_report *report)
{
	if (report->step == MOUNT_STEP_CREATE)
		return report->errnum;
	if (report->step == MOUNT_STEP_OPTION && report->option == OPTION_VERSION)
		return EPROTONOSUPPORT; /* a kernel built without this version */
	return 0;
}

/* The attempt itself: what the child reports, or -1 where it did not get that far. */
static int ask_and_mount(struct nfs_run *run_, const struct nfs_attempt *attempt, struct mount_report *report,
			 struct cancel *cancel, struct status *st)
{
	struct server_probe probe;

	*report = (struct mount_report){0};
	if (server_probe_init(&probe, run_->source->options, attempt->version) &&
	    server_probe_run(&probe, run_->address, cancel, st) < 0)
		return status_prefix(st, "%s", run_->what);
	return run(run_->mounter, mount_job_nfs, &run_->job, report, run_->what, cancel, st);
}

/* 0 mounted; 1 another attempt is to be made; -1 failed for good. */
static int attempt_nfs(struct nfs_run *run_, const struct nfs_attempt *attempt, struct cancel *cancel,
		       struct status *st)
{
	struct mount_report report;
	struct cancel short_cancel;
	struct status failure;

	cancel_init_child(&short_cancel, cancel, attempt->is_long_shot ? LONG_SHOT_MS : -1);
	int outcome = ask_and_mount(run_, attempt, &report, &short_cancel, &failure);

	cancel_release(&short_cancel);
	if (outcome < 0) {
		remove_leftover(run_->mounter, &report, run_->job.target);
		*st = run_->best_rank >= 0 ? run_->best : failure;
		return -1;
	}
	if (is_done(&report))
		return 0;
	(void)mount_error_nfs(&failure, &report, &run_->job, run_->what);
	int errnum = negotiable_errno(&report);

	if (errnum == 0) {
		*st = failure;
		return -1;
	}
	keep_best(run_, errnum, &failure);
	if (nfs_negotiation_failed(&run_->negotiation, errnum))
		return 1;
	*st = run_->best;
	return -1;
}

static int negotiate(struct nfs_run *run_, struct cancel *cancel, struct status *st)
{
	const struct nfs_mount *source = run_->source;
	struct nfs_versions *versions = kernel_of(run_->mounter)->versions;
	char remembered[NFS_VERSION_BYTES];
	bool is_known = nfs_versions_get(versions, source->server, remembered);
	int outcome = 1;

	nfs_negotiation_init(&run_->negotiation, source->options->version, source->options->has_security,
			     is_known ? remembered : NULL);
	while (outcome > 0) {
		struct nfs_attempt attempt = nfs_negotiation_attempt(&run_->negotiation);

		fill_options(run_, source->options, &attempt);
		outcome = attempt_nfs(run_, &attempt, cancel, st);
		if (outcome == 0 && run_->negotiation.count > 1)
			nfs_versions_put(versions, source->server, attempt.version);
	}
	return outcome;
}

static int mount_nfs(struct mounter *m, const struct nfs_mount *source, const char *target, struct cancel *cancel,
		     struct status *st)
{
	AUTO(arena_release) struct arena arena = {0};
	struct resolver_addresses addresses;

	arena_init(&arena, ARENA_BYTES);
	const char *name = nfs_source_format(&arena, source->server, source->path);
	struct nfs_run run_ = {
		.mounter = m,
		.source = source,
		.what = arena_printf(&arena, "mount %s on %s", name, target),
		.job = {.type = "nfs",
			.attributes = source->options->attributes,
			.ownership = source->ownership,
			.target = target},
		.options = arena_calloc(&arena, OPTION_USER + source->options->count + 1, sizeof(struct nfs_option)),
		.best_rank = -1,
	};

	if (strlen(name) >= NFS_OPTION_VALUE_BYTES)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "%s: server and path are longer together than the %d bytes a mount can name",
				  run_.what, NFS_OPTION_VALUE_BYTES - 1);
	if (resolver_ask(NULL, source->server, source->options->wants_ipv6 ? AF_INET6 : AF_UNSPEC, cancel, &addresses,
			 st) < 0)
		return status_prefix(st, "%s", run_.what);
	run_.job.options = run_.options;
	run_.options[OPTION_SOURCE] = (struct nfs_option){"source", name};
	run_.address = addresses.text[0];
	run_.options[OPTION_ADDRESS] = (struct nfs_option){"addr", addresses.text[0]};
	return negotiate(&run_, cancel, st);
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

	if (run(m, mount_job_local, &job, &report, what, cancel, st) < 0) {
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

	if (run(m, mount_job_capacity, target, &report, target, cancel, st) < 0)
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
