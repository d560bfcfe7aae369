/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `csi-controller inspect COMMAND`: what an administrator wants to know of a share, or do to it, without a cluster and without a
 * running controller.  It sees shares as the controller does, through the same exports, and does not disturb one that runs.
 */
#ifndef CSICORE_CONTROLLER_INSPECT_H
#define CSICORE_CONTROLLER_INSPECT_H

#include <stdio.h>

#include "export.h"

/* What a run has around it; tests put something else there. */
struct inspect_surroundings {
	FILE *out, *err;
	export_open_fs *open; /* NULL: what the options say */
	void *open_context;
};

/* Runs argv[1...]: the exit status, 0, 1 where it failed, 2 for a command line that is wrong. */
int inspect_main(const struct inspect_surroundings *surroundings, int argc, char *const argv[]);

#endif
