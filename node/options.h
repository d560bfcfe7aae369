/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of csi-node: the options that both programs share, and its own. */
#ifndef CSICORE_NODE_OPTIONS_H
#define CSICORE_NODE_OPTIONS_H

#include <stdint.h>

#include "csi/driver_options.h"

struct status;

#define NODE_ID_BYTES 257 /* CSI spec: at most 256, and the NUL */

struct node_options {
	struct driver_options driver;
	char node_id[NODE_ID_BYTES]; /* --nodeid, else the host's name */
	int64_t mount_timeout_ms, unmount_timeout_ms, stats_timeout_ms;
};

void node_options_init(struct node_options *options);
void node_options_release(struct node_options *options);

/* -1 with one line fit to print.  Where *ret_outcome is not OPTIONS_RUN nothing was checked. */
int node_options_parse(struct node_options *options, int argc, char *const argv[], enum options_outcome *ret_outcome,
		       struct status *st);

void node_options_print_help(void);

#endif
