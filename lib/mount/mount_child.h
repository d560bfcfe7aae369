/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a system call that may never return in a short-lived child process, which is killed at the deadline.
 *
 * A wait for a dead NFS server ends by no signal but a fatal one, and no thread can be given one alone.  So the child is a
 * process, it holds none of our descriptors, and a killed one that does not die at once is left behind and reaped later.
 * The number of children, those left behind included, is bounded.
 */
#ifndef CSICORE_MOUNT_MOUNT_CHILD_H
#define CSICORE_MOUNT_MOUNT_CHILD_H

#include <stddef.h>

struct cancel;
struct mount_children;
struct status;

/* Largest report of a child. */
#define MOUNT_CHILD_REPORT_BYTES 4096

/*
 * Runs in the child: reads job and writes report, and nothing else, as all memory is the parent's.  Only async-signal-safe
 * functions may be called, and no more than 64 KiB of stack used.
 */
typedef void mount_child_main(const void *job, void *report);

/* At most max children at a time. */
struct mount_children *mount_children_new(unsigned max);
/* No child is being waited for any more; NULL is fine. */
void mount_children_free(struct mount_children *children);

/*
 * Runs main in a child and waits for its end.  report (report_bytes, at most MOUNT_CHILD_REPORT_BYTES) is handed to the child
 * as the caller filled it, and holds afterwards what the child wrote, also when it was killed.  -1 with DEADLINE_EXCEEDED or
 * CANCELLED where the child was killed for it, UNAVAILABLE where there are too many, INTERNAL where it could not be
 * started or died by itself.
 */
int mount_child_run(struct mount_children *children, mount_child_main *main, const void *job, void *report,
		    size_t report_bytes, struct cancel *cancel, struct status *st);

/* The same with one descriptor of ours kept open in the child, which sees it by the same number; -1 for none. */
int mount_child_run_with_fd(struct mount_children *children, mount_child_main *main, const void *job, int kept_fd,
			    void *report, size_t report_bytes, struct cancel *cancel, struct status *st);

/* The same with a descriptor that becomes the child's alone: closing it may wait for a server.  It is closed here in any case, by
 * this process only where no child could be started. */
int mount_child_run_giving_fd(struct mount_children *children, mount_child_main *main, const void *job, int given_fd,
			      struct cancel *cancel, struct status *st);

/* How many children run or were left behind. */
unsigned mount_children_count(struct mount_children *children);

#endif
