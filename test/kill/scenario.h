/* SPDX-License-Identifier: Apache-2.0 */
/* What is killed: one call on one state of a share, and what has to stand there in the end however often it was killed. */
#ifndef CSICORE_TEST_KILL_SCENARIO_H
#define CSICORE_TEST_KILL_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

struct csi_client;
struct status;

/* An RPC with its request.  0 with the answer as text (the caller frees), or -1. */
struct call {
	int (*make)(struct csi_client *client, const struct call *call, char **ret_answer, struct status *st);
	const char *volume;            /* name or id */
	const char *const *parameters; /* key, value, ..., NULL */
	long long bytes;
};

#define SCENARIO_STEPS_MAX 6

struct scenario {
	const char *rpc; /* those of one stand together: kills are summed up by it */
	const char *name;
	bool is_first;                         /* no .csicore yet: the neighbour has no record */
	const char *option;                    /* one more of the controller, or NULL */
	void (*plant)(const char *share);      /* before the controller starts, or NULL */
	struct call steps[SCENARIO_STEPS_MAX]; /* calls that bring about the state, up to one without make */
	void (*change)(const char *share);     /* by hand, after them, or NULL */
	struct call act;                       /* what is killed, and repeated */
	struct call instead;                   /* made in place of the repeat, where it is given */
	bool is_killed_twice;                  /* the repeat is killed everywhere too */
	const char *tree;                      /* share_list() in the end, without the neighbour */
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* A volume that no scenario touches, and what share_list() says of it. */
extern const struct call neighbour;
extern const char *const neighbour_lines[3];

#endif
