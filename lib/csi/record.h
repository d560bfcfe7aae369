/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a volume as bytes in a file of <share>/.csicore/volumes/: a magic, a length and a checksum before the
 * message of proto/record.proto.  A file that was cut short or overwritten is thereby known to be no record.  The journals
 * of jobs are written in the same way.
 */
#ifndef CSICORE_CSI_RECORD_H
#define CSICORE_CSI_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "record.pb-c.h"

struct arena;

#define RECORD_BYTES_MAX (64 * 1024)
#define RECORD_VERSION 1           /* parameters are kept */
#define RECORD_VOLUME_NAME_MAX 128 /* bytes: CSI's limit on CreateVolumeRequest.name */

/*
 * The file name of the record of a volume called name (at most RECORD_VOLUME_NAME_MAX bytes, not empty): letters, digits
 * and "._-" stand for themselves, other bytes are %XX; a name that would get too long that way is '=' and its base32.
 * Two names never share a file, and every file name is one NFS servers take.  It never begins with '.' or '~'.
 */
const char *record_file_name(struct arena *arena, const char *name);

/* The bytes to write, in the arena.  Fields of a later version that record_decode kept are written again. */
const uint8_t *record_encode(struct arena *arena, const Csicore__VolumeRecord *record, size_t *ret_length);

/* NULL where the bytes are no whole record: the caller goes on as if there were none.  The record is in the arena. */
Csicore__VolumeRecord *record_decode(struct arena *arena, const void *bytes, size_t length);

/* The same for the attachment of a volume to a node. */
const uint8_t *attachment_record_encode(struct arena *arena, const Csicore__AttachmentRecord *record,
					size_t *ret_length);
Csicore__AttachmentRecord *attachment_record_decode(struct arena *arena, const void *bytes, size_t length);
/* The same for the journal of a job. */
const uint8_t *job_record_encode(struct arena *arena, const Csicore__JobRecord *record, size_t *ret_length);
Csicore__JobRecord *job_record_decode(struct arena *arena, const void *bytes, size_t length);

#endif
