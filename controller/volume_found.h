/* SPDX-License-Identifier: Apache-2.0 */
/* A volume that is there, as the calls find it that carry its id and change it: its directory, and what its record says. */
#ifndef CSICORE_CONTROLLER_VOLUME_FOUND_H
#define CSICORE_CONTROLLER_VOLUME_FOUND_H

#include "csi/record.h"
#include "volume.h"

struct volume_found {
	const struct volume_call *call;
	const char *volume_id; /* as in the request */
	struct volume_id id;
	struct fs_dir *dir;            /* open while the operation runs */
	Csicore__VolumeRecord *record; /* NULL: there is none */
	bool can_be_recorded; /* false: its name is another volume's or makes no file name, or it is the share itself */
};

/* What to do with it; may be repeated once, as an export_operation. */
typedef int volume_operation(struct export_use *use, struct volume_found *volume, void *context, struct status *st);

/*
 * Runs operation with the volume locked, or with what is done about one node of it where node_id is not NULL.  export says what the request tells of the way to it (capability, secrets).
 * NOT_FOUND where the id is none of this driver's or there is no directory; else as volume_lock and volume_open_export.
 */
int volume_found_run(const struct volume_call *call, const char *volume_id, const char *node_id,
		     const struct volume_export *export, volume_operation *operation, void *context, struct status *st);

/* Makes the record of a volume without one, such as those of csi-driver-nfs; where that cannot be, record stays NULL. */
int volume_found_make_record(struct export_use *use, struct volume_found *volume, struct status *st);

#endif
