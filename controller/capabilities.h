/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Controller service says it can do.  Clients and test suites disagree on what they take, so --capabilities
 * changes the set; what is left out of it is not served either.
 */
#ifndef CSICORE_CONTROLLER_CAPABILITIES_H
#define CSICORE_CONTROLLER_CAPABILITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "csi.pb-c.h"

struct arena;
struct status;

/* The field's own names, without their prefix: CONTROLLER_CAN(LIST_VOLUMES). */
#define CONTROLLER_CAN(name) CSI__V1__CONTROLLER_SERVICE_CAPABILITY__RPC__TYPE__##name

struct capabilities {
	uint32_t types; /* a bit for each CONTROLLER_CAN() */
};

/*
 * Reads "a,b" (these and no other) or "+a,-b" (the default, with and without these).  Names are the enum's in lower case
 * with '-' for '_'.  INVALID_ARGUMENT for a name that is unknown, for a list of both kinds, and where one that is in the
 * set needs one that is not.  "" is the default.
 */
int capabilities_parse(const char *list, struct capabilities *ret, struct status *st);

/* --attach: what goes with ControllerPublishVolume. */
void capabilities_add_attach(struct capabilities *capabilities);

bool capabilities_have(const struct capabilities *capabilities, unsigned type);
/* UNIMPLEMENTED where type is not in the set. */
int capabilities_check(const struct capabilities *capabilities, unsigned type, struct status *st);

/* The answer to ControllerGetCapabilities, in arena. */
void capabilities_fill(const struct capabilities *capabilities, struct arena *arena,
		       Csi__V1__ControllerGetCapabilitiesResponse *response);

#endif
