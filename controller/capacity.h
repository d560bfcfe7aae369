/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The space of an export: GetCapacity, and --check-capacity.  Volumes are directories and share it all; what one of them may
 * take is known where the server has a quota on a directory, and is that of the whole file system elsewhere.
 */
#ifndef CSICORE_CONTROLLER_CAPACITY_H
#define CSICORE_CONTROLLER_CAPACITY_H

#include "volume.h"

/* GetCapacity: of the export that the parameters name, else the most that any known share has; 0 where none is known. */
int capacity_get(const struct volume_call *call, const Csi__V1__GetCapacityRequest *request,
		 Csi__V1__GetCapacityResponse *response, struct status *st);

/*
 * Whether the file system of the directory at path, or of the deepest of those above it that is there, can hold a volume of
 * bytes, held_bytes of which were promised before.  OUT_OF_RANGE where it never can, RESOURCE_EXHAUSTED where it cannot now.
 * One round trip for the root, two for a directory that is there.
 */
int capacity_check(struct export_use *use, const struct path *path, int64_t bytes, int64_t held_bytes,
		   struct cancel *cancel, struct status *st);

#endif
