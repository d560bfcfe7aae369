/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel talks to the server in a child that can be killed.  A mount with a target is made there to its end; for one that
 * is attached nowhere the parent opens the context, has the child make first contact in it, and takes the mount out of it,
 * which asks nobody any more.
 */
#include "mount/nfs_mounting.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "base/resolver.h"
#include "base/status.h"
#include "mount/mount_error.h"
#include "mount/nfs_negotiation.h"
#include "mount/nfs_source.h"
#include "mount/nfs_versions.h"
#include "mount/server_probe.h"

#define ARENA_BYTES (64 * 1024)
/* A version tried with little hope may not use up the time of the call. */
#define LONG_SHOT_MS 15000

struct nfs_run {
	struct nfs_mounting *mounting;
	const char *address;
	const char *what; /* "mount server:/share on /target" */
	struct mount_nfs_job job;
	struct nfs_option *options; /* job.options: source, addr, vers, room for sec, then the user's */
	struct nfs_negotiation negotiation;
	struct status best; /* the most telling failure so far */
	int best_rank;      /* -1: none yet */
};

enum { OPTION_SOURCE, OPTION_ADDRESS, OPTION_VERSION, OPTION_USER };

static void fill_options(struct nfs_run *run, const struct nfs_options *user, const struct nfs_attempt *attempt)
{
	size_t count = OPTION_USER;

	run->options[OPTION_VERSION] = (struct nfs_option){"vers", attempt->version};
	for (size_t i = 0; i < user->count; i++)
		run->options[count++] = user->items[i];
	if (attempt->is_sec_sys)
		run->options[count++] = (struct nfs_option){"sec", "sys"};
	run->job.option_count = count;
}

static void keep_best(struct nfs_run *run, int errnum, const struct status *st)
{
	int rank = nfs_negotiation_rank(errnum);

	if (rank > run->best_rank) {
		run->best = *st;
		run->best_rank = rank;
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

static void note_failure(struct mount_report *report, enum mount_step step)
{
	report->step = step;
	report->errnum = errno;
}

/* What is opened and made here waits for nobody. */
static int mount_detached(struct nfs_run *run, struct cancel *cancel, struct status *st)
{
	struct nfs_mounting *mounting = run->mounting;
	struct mount_report *report = &mounting->report;
	AUTO_CLOSE int context = fsopen(run->job.type, FSOPEN_CLOEXEC);

	if (context < 0) {
		note_failure(report, MOUNT_STEP_OPEN);
		return 0;
	}
	run->job.context = context;
	if (mount_job_run(mounting->children, mount_job_nfs_create, &run->job, context, report, run->what, cancel, st) <
	    0)
		return -1;
	if (report->step != MOUNT_STEP_DONE)
		return 0;
	mounting->mount_fd = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)run->job.attributes.flags);
	if (mounting->mount_fd < 0)
		note_failure(report, MOUNT_STEP_MOUNT);
	return 0;
}

/* The attempt itself: what the child reports, or -1 where it did not get that far. */
static int ask_and_mount(struct nfs_run *run, const struct nfs_attempt *attempt, struct cancel *cancel,
			 struct status *st)
{
	struct nfs_mounting *mounting = run->mounting;
	struct server_probe probe;

	mounting->report = (struct mount_report){0};
	if (server_probe_init(&probe, mounting->source->options, attempt->version) &&
	    server_probe_run(&probe, run->address, cancel, st) < 0)
		return status_prefix(st, "%s", run->what);
	if (!mounting->target)
		return mount_detached(run, cancel, st);
	return mount_job_run(mounting->children, mount_job_nfs, &run->job, -1, &mounting->report, run->what, cancel,
			     st);
}

/* 0 mounted; 1 another attempt is to be made; -1 failed for good. */
static int attempt_mount(struct nfs_run *run, const struct nfs_attempt *attempt, struct cancel *cancel,
			 struct status *st)
{
	const struct mount_report *report = &run->mounting->report;
	struct cancel short_cancel;
	struct status failure;

	cancel_init_child(&short_cancel, cancel, attempt->is_long_shot ? LONG_SHOT_MS : -1);
	int outcome = ask_and_mount(run, attempt, &short_cancel, &failure);

	cancel_release(&short_cancel);
	if (outcome < 0) {
		*st = run->best_rank >= 0 ? run->best : failure;
		return -1;
	}
	if (report->step == MOUNT_STEP_DONE)
		return 0;
	(void)mount_error_nfs(&failure, report, &run->job, run->what);
	int errnum = negotiable_errno(report);

	if (errnum == 0) {
		*st = failure;
		return -1;
	}
	keep_best(run, errnum, &failure);
	if (nfs_negotiation_failed(&run->negotiation, errnum))
		return 1;
	*st = run->best;
	return -1;
}

static int negotiate(struct nfs_run *run, struct cancel *cancel, struct status *st)
{
	const struct nfs_mount *source = run->mounting->source;
	struct nfs_versions *versions = run->mounting->versions;
	char remembered[NFS_VERSION_BYTES];
	bool is_known = nfs_versions_get(versions, source->server, remembered);
	int outcome = 1;

	nfs_negotiation_init(&run->negotiation, source->options->version, source->options->has_security,
			     is_known ? remembered : NULL);
	while (outcome > 0) {
		struct nfs_attempt attempt = nfs_negotiation_attempt(&run->negotiation);

		fill_options(run, source->options, &attempt);
		outcome = attempt_mount(run, &attempt, cancel, st);
		if (outcome == 0 && run->negotiation.count > 1)
			nfs_versions_put(versions, source->server, attempt.version);
	}
	return outcome;
}

static int find_address(const struct nfs_mount *source, struct cancel *cancel, struct resolver_addresses *ret,
			struct status *st)
{
	return resolver_ask(NULL, source->server, source->options->wants_ipv6 ? AF_INET6 : AF_UNSPEC, cancel, ret, st);
}

int nfs_mounting_run(struct nfs_mounting *mounting, struct cancel *cancel, struct status *st)
{
	AUTO(arena_release) struct arena arena = {0};
	const struct nfs_mount *source = mounting->source;
	struct resolver_addresses addresses;

	arena_init(&arena, ARENA_BYTES);
	const char *name = nfs_source_format(&arena, source->server, source->path);
	const char *target = mounting->target;
	struct nfs_run run = {
		.mounting = mounting,
		.what = arena_printf(&arena, "mount %s%s%s", name, target ? " on " : "", target ? target : ""),
		.job = {.type = "nfs",
			.attributes = source->options->attributes,
			.ownership = source->ownership,
			.target = target},
		.options = arena_calloc(&arena, OPTION_USER + source->options->count + 1, sizeof(struct nfs_option)),
		.best_rank = -1,
	};

	mounting->report = (struct mount_report){0};
	if (strlen(name) >= NFS_OPTION_VALUE_BYTES)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "%s: server and path are longer together than the %d bytes a mount can name",
				  run.what, NFS_OPTION_VALUE_BYTES - 1);
	if (find_address(source, cancel, &addresses, st) < 0)
		return status_prefix(st, "%s", run.what);
	run.job.options = run.options;
	run.options[OPTION_SOURCE] = (struct nfs_option){"source", name};
	run.address = addresses.text[0];
	run.options[OPTION_ADDRESS] = (struct nfs_option){"addr", addresses.text[0]};
	return negotiate(&run, cancel, st);
}

int nfs_mounting_ping(const struct nfs_mounting *mounting, struct cancel *cancel, struct status *st)
{
	const struct nfs_mount *source = mounting->source;
	struct resolver_addresses addresses;
	struct server_probe probe;
	char version[NFS_VERSION_BYTES] = "4";

	(void)nfs_versions_get(mounting->versions, source->server, version); /* it stays "4" where nothing is known */
	if (!server_probe_init(&probe, source->options, source->options->version ? source->options->version : version))
		return 0;
	if (find_address(source, cancel, &addresses, st) < 0 ||
	    server_probe_ask(&probe, addresses.text[0], cancel, st) < 0)
		return status_prefix(st, "NFS server %s", source->server);
	return 0;
}
