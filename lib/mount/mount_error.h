/* SPDX-License-Identifier: Apache-2.0 */
/* From what a mount job reports to the status that a person reads. */
#ifndef CSICORE_MOUNT_MOUNT_ERROR_H
#define CSICORE_MOUNT_MOUNT_ERROR_H

#include "mount/mount_job.h"

struct status;

/* "contact the server" and the like; never NULL. */
const char *mount_step_name(int32_t step);

/* Sets `<what>: <the kernel's words, or the errno's meaning>` for a report that failed.  Always -1. */
int mount_error(struct status *st, const struct mount_report *report, const char *what);

/* The same for a mount of NFS: names the option that is at fault, and what a server means by its errno. */
int mount_error_nfs(struct status *st, const struct mount_report *report, const struct mount_nfs_job *job,
		    const char *what);

#endif
