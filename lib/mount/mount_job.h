/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that may wait for a server, each a main of mount_child_run: no allocation, no locks, no descriptors kept.
 * A job is filled by the parent; what happened comes back as a report of plain data.
 */
#ifndef CSICORE_MOUNT_MOUNT_JOB_H
#define CSICORE_MOUNT_MOUNT_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "mount/mounter.h"
#include "mount/nfs_options.h"

#define MOUNT_JOB_WORDS_BYTES 512

/* Where a job is: the step that failed, or that it hung in when it was killed. */
enum mount_step {
	MOUNT_STEP_START,
	MOUNT_STEP_FIND,   /* walks to the local directory */
	MOUNT_STEP_OPEN,   /* fsopen: is there an NFS client? */
	MOUNT_STEP_OPTION, /* fsconfig of one option */
	MOUNT_STEP_CREATE, /* talks to the server */
	MOUNT_STEP_MOUNT,  /* makes the mount */
	MOUNT_STEP_STAT,
	MOUNT_STEP_CHOWN,
	MOUNT_STEP_CHMOD,
	MOUNT_STEP_ATTACH, /* puts it on the target */
	MOUNT_STEP_UNMOUNT,
	MOUNT_STEP_STATFS,
	MOUNT_STEP_DONE,
};

struct mount_report {
	int32_t step;    /* enum mount_step */
	int32_t errnum;  /* 0: step is MOUNT_STEP_DONE, or the child was killed in it */
	uint32_t option; /* index of the option that MOUNT_STEP_OPTION is about */
	struct mount_capacity capacity;
	char words[MOUNT_JOB_WORDS_BYTES]; /* the kernel's own, "" where it said nothing */
};

struct cancel;
struct mount_children;
struct status;

/* Runs a job (a mount_child_main) in a child that keeps one descriptor (-1: none), and fills report anew.  -1 as mount_child_run
 * has it; what and the step that a killed child hung in are in the message. */
int mount_job_run(struct mount_children *children, void (*job_main)(const void *job, void *report), const void *job,
		  int kept_fd, struct mount_report *report, const char *what, struct cancel *cancel, struct status *st);

struct mount_nfs_job {
	const char *type;                 /* of fsopen: "nfs" */
	const struct nfs_option *options; /* source, addr and vers among them */
	size_t option_count;
	struct mount_attributes attributes;
	const struct mount_ownership *ownership; /* NULL: as it is */
	const char *target;
	int context; /* mount_job_nfs_create's: of fsopen */
};
void mount_job_nfs(const void *job, void *report);
/* Options and first contact alone, in a context that the parent goes on to mount. */
void mount_job_nfs_create(const void *job, void *report);

/* job: the descriptor (int), which is closed.  For one of a detached mount, that is its end. */
void mount_job_close(const void *job, void *report);

struct mount_local_job {
	const struct local_mount *source;
	const char *target;
};
void mount_job_local(const void *job, void *report);

struct mount_unmount_job {
	const char *target;
	int flags; /* of umount2 */
};
void mount_job_unmount(const void *job, void *report);

/* job: the path (const char *). */
void mount_job_capacity(const void *job, void *report);

#endif
