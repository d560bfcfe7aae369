/* SPDX-License-Identifier: Apache-2.0 */
/* The state of csi-node: what every handler works with. */
#ifndef CSICORE_NODE_NODE_H
#define CSICORE_NODE_NODE_H

#include <stdint.h>

#include "csi/identity.h"

struct local_exports;
struct mounter;
struct node_options;
struct publications;
struct slots;

/* Calls that may wait for one server at a time, so that a dead one leaves workers for the others. */
#define NODE_CALLS_PER_SERVER_MAX 32

struct node {
	struct csi_driver driver; /* first: Identity finds it there */
	const char *id;           /* not empty */
	struct mounter *mounter;  /* owned */
	const struct local_exports *local_exports;
	uint32_t mount_permissions; /* for volumes that name none; 0: leave the mode alone */
	int64_t mount_timeout_ms, unmount_timeout_ms, stats_timeout_ms;
	struct slots *targets;        /* one call per target path */
	struct slots *single_writers; /* one publish per volume that may have one target only */
	struct slots *servers;        /* NODE_CALLS_PER_SERVER_MAX calls per server */
	struct slots *unmounts;       /* likewise, apart: what waits for a server must not keep its volumes mounted */
	struct publications *publications; /* what this process published */
};

/* Makes the slots and publications; all else is to be set by the caller, or by node_configure. */
void node_init(struct node *node);
/* Frees the mounter too. */
void node_release(struct node *node);

/* Sets the rest by the command line, which outlives node, and mounts through the kernel. */
void node_configure(struct node *node, const struct node_options *options);

#endif
