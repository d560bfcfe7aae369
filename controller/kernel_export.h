/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An export by way of the kernel's NFS client: a mount of its own, attached nowhere, that nobody else sees and that ends with
 * the file system.  It reaches what the client in user space cannot: servers of NFSv4.1 and later alone, Kerberos, TLS.
 */
#ifndef CSICORE_CONTROLLER_KERNEL_EXPORT_H
#define CSICORE_CONTROLLER_KERNEL_EXPORT_H

#include "export_key.h"

struct mounter;
struct status;

/*
 * Mounts with the options of key when it is first used, which may take timeout_ms.  mounter (mounter_kernel) is borrowed.
 * NULL with INVALID_ARGUMENT where the options cannot be read.
 *
 * A verb that waits for the server observes no cancel; a dead server ends it with an error at best, where it cut the
 * connection, and else when it comes back.
 */
struct fs *kernel_export_new(struct mounter *mounter, const struct export_key *key, int timeout_ms, struct status *st);

#endif
