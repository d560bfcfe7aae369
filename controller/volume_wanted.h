/* SPDX-License-Identifier: Apache-2.0 */
/* A CreateVolumeRequest read: what it asks for, the record that is to say so, and the answer. */
#ifndef CSICORE_CONTROLLER_VOLUME_WANTED_H
#define CSICORE_CONTROLLER_VOLUME_WANTED_H

#include "csi/record.h"
#include "storage/fs.h"
#include "volume.h"

struct volume_wanted {
	const struct volume_call *call;
	const Csi__V1__CreateVolumeRequest *request;
	struct volume_params params;       /* of the StorageClass */
	const struct string_pair *context; /* for the answer, but for the directory, and for the record */
	size_t context_count;
	bool needs_record; /* something was asked for that only a record remembers */
	const char *volume_id;
	struct volume_id id; /* volume_id, read back */
	int64_t required_bytes, limit_bytes;
	int64_t capacity_bytes;       /* what the answer says */
	Csicore__VolumeRecord record; /* the new volume's; points into the request */
	struct fs_owner owner;        /* of its directory: the mutable parameters win over the StorageClass */
};

/* INVALID_ARGUMENT, OUT_OF_RANGE.  The request outlives what is read. */
int volume_wanted_read(const struct volume_call *call, const Csi__V1__CreateVolumeRequest *request,
		       struct volume_wanted *ret, struct status *st);

/* Where record is another volume of the same name, ALREADY_EXISTS with what differs. */
int volume_wanted_check(const struct volume_wanted *wanted, const Csicore__VolumeRecord *record, struct status *st);

void volume_wanted_answer(const struct volume_wanted *wanted, Csi__V1__CreateVolumeResponse *response);

#endif
