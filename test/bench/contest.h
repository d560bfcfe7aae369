/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contestants do the same work in turns: in each round every thread creates a volume (through a mount of the share, without a
 * driver), each contestant publishes and unpublishes it (in an order that changes with the round), and the volume is deleted.  All threads are in the same phase
 * at the same time, so a phase measures one operation of one contestant and nothing else, and what else the machine does
 * falls on all alike.
 */
#ifndef CSICORE_BENCH_CONTEST_H
#define CSICORE_BENCH_CONTEST_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/samples.h"
#include "support/csi_client.h"

struct status;

enum contest_operation {
	CONTEST_CREATE,
	CONTEST_PUBLISH,
	CONTEST_UNPUBLISH,
	CONTEST_DELETE,
	CONTEST_OPERATION_COUNT,
};

/* Who takes part; the drivers come first. */
enum contestant { CONTESTANT_DRIVER, CONTESTANT_OTHER_DRIVER, CONTESTANT_CALLS, CONTESTANT_COMMAND, CONTESTANT_COUNT };

#define CONTEST_DRIVER_COUNT 2

struct contest {
	const char *controller[CONTEST_DRIVER_COUNT]; /* endpoints */
	const char *node[CONTEST_DRIVER_COUNT];
	struct csi_volume_spec spec; /* its name is set for each volume */
	const char *target_directory;
	enum csi_client_connection node_connection;
	int timeout_ms;
	size_t concurrency;
	size_t rounds;
	bool takes_part[CONTESTANT_COUNT];
	struct samples samples[CONTESTANT_COUNT][CONTEST_OPERATION_COUNT]; /* results; rounds * concurrency of each */
	double first_publish_ms[CONTEST_DRIVER_COUNT];                     /* with no mount of the share yet */
};

/*
 * Runs it.  One more volume stays published by each driver throughout, as on a node where pods run: the kernel knows the
 * server already, whoever mounts.  -1 at the first failure, which leaves behind what had been made.
 */
int contest_run(struct contest *contest, struct status *st);
/* Frees the results. */
void contest_release(struct contest *contest);

#endif
