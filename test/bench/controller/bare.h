/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A volume's life without a driver: the requests that making and deleting a volume needs, sent through lib/storage over
 * connections that are kept.  What the driver takes longer is the driver's own.
 */
#ifndef CSICORE_BENCH_CONTROLLER_BARE_H
#define CSICORE_BENCH_CONTROLLER_BARE_H

#include "storage/fs_libnfs.h"

struct bare;
struct status;

/* Works in a folder of its own on the export.  NULL where the server does not answer. */
struct bare *bare_open(const struct fs_libnfs_config *config, struct status *st);
/* Removes the folder.  NULL is fine. */
void bare_close(struct bare *bare);

/* A record, and a directory with a mode. */
int bare_create(struct bare *bare, const char *name, struct status *st);
/* What there is to know of it is read, then both go out of sight: renamed. */
int bare_delete(struct bare *bare, const char *name, struct status *st);
/* Both out of the folder, which is not measured. */
void bare_clean(struct bare *bare, const char *name);

/* Requests sent so far. */
uint64_t bare_round_trips(struct bare *bare);

#endif
