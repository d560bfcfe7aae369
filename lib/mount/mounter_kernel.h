/* SPDX-License-Identifier: Apache-2.0 */
/* The mounter that mounts: the kernel's NFS client and mount tree, through mount system calls alone. */
#ifndef CSICORE_MOUNT_MOUNTER_KERNEL_H
#define CSICORE_MOUNT_MOUNTER_KERNEL_H

#include "mount/mounter.h"

/* Operations that may wait for servers at a time, and those killed that do not end, together: more than a server has workers,
 * so that dead servers leave some to the others. */
#define MOUNTER_KERNEL_CHILDREN_MAX 256

/* Works in the mount namespace of the process.  The caller frees it by mounter_free(). */
struct mounter *mounter_kernel_new(void);

#endif
