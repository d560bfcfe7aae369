/* SPDX-License-Identifier: Apache-2.0 */
/* NodePublishVolume, without gRPC around it. */
#ifndef CSICORE_NODE_PUBLISH_H
#define CSICORE_NODE_PUBLISH_H

#include "csi/service.h"

struct arena;
struct cancel;
struct node;
struct status;

/* How a publish came out. */
enum publish_outcome {
	PUBLISH_MOUNTED,
	PUBLISH_FOUND,    /* was published there already */
	PUBLISH_REPLACED, /* was, but its directory had gone on the server: mounted anew */
};

/*
 * Mounts the volume of request on its target path; fine where that is done already.  What fails leaves neither a mount nor a
 * directory behind.  ALREADY_EXISTS where something else is mounted there, FAILED_PRECONDITION where a volume for one
 * writer has another target, ABORTED while another call works on the target, UNAVAILABLE while too many wait for its server.
 */
int publish_volume(struct node *node, struct arena *arena, struct cancel *cancel,
		   const Csi__V1__NodePublishVolumeRequest *request, enum publish_outcome *ret_outcome,
		   struct status *st);

/* "mounted", "found" ... for logs. */
const char *publish_outcome_name(enum publish_outcome outcome);

#endif
