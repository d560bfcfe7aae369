/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory that a volume is published on: made before the mount, removed after it, never with anything in it.  It lies
 * in kubelet's directory on this machine's disk, and nothing here looks past a mount point, so nothing here waits for a server.
 */
#ifndef CSICORE_NODE_TARGET_H
#define CSICORE_NODE_TARGET_H

#include <stddef.h>

struct arena;
struct status;

/* The path as all code uses it, in the arena: absolute, without doubled slashes.  what: its name in messages.  NULL with
 * INVALID_ARGUMENT where it is relative, the root, or holds "..". */
const char *target_check(struct arena *arena, const char *what, const char *path, struct status *st);

/* Makes the directory and its missing parents.  *ret_kept_bytes: how much of path was there before, for target_unmake.
 * FAILED_PRECONDITION where something else than an empty directory is there. */
int target_make(const char *path, size_t *ret_kept_bytes, struct status *st);
/* Takes back what target_make made, as far as it is empty. */
void target_unmake(const char *path, size_t kept_bytes);

/* Removes an empty directory, or an empty file that was mounted on; fine where nothing is there.  FAILED_PRECONDITION
 * where something else is there: it stays. */
int target_remove(const char *path, struct status *st);

#endif
