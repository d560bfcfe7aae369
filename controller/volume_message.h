/* SPDX-License-Identifier: Apache-2.0 */
/* A volume as answers show it: its id, its size, and the context that the node mounts it by. */
#ifndef CSICORE_CONTROLLER_VOLUME_MESSAGE_H
#define CSICORE_CONTROLLER_VOLUME_MESSAGE_H

#include "csi.pb-c.h"
#include "csi/record.h"
#include "csi/string_pairs.h"
#include "csi/volume_id.h"

/* What CreateVolume answers: all parameters as the user wrote them, and sub_dir as it came out, over the user's own key or as
 * `subdir`.  The message and its strings are in arena. */
Csi__V1__Volume *volume_message_new(struct arena *arena, const char *volume_id, int64_t capacity_bytes,
				    const struct string_pair *parameters, size_t count, const char *sub_dir);

/* The same again, later.  id is the record's, read; a record of before parameters were kept has the context of its id. */
Csi__V1__Volume *volume_message_of_record(struct arena *arena, const Csicore__VolumeRecord *record,
					  const struct volume_id *id);

/* A volume without a record: what its id tells, of no known size. */
Csi__V1__Volume *volume_message_of_id(struct arena *arena, const char *volume_id, const struct volume_id *id);

#endif
