/* SPDX-License-Identifier: Apache-2.0 */
/* Records as a share may hold them: anything is read without harm, and what is a record stays one when written again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/path.h"
#include "csi/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check_rewrite(struct arena *arena, const Csicore__VolumeRecord *record)
{
	size_t length;
	const uint8_t *bytes = record_encode(arena, record, &length);
	require(record_decode(arena, bytes, length) != NULL);
}

static void check_attachment_rewrite(struct arena *arena, const Csicore__AttachmentRecord *record)
{
	size_t length;
	const uint8_t *bytes = attachment_record_encode(arena, record, &length);
	require(attachment_record_decode(arena, bytes, length) != NULL);
}

static void check_job_rewrite(struct arena *arena, const Csicore__JobRecord *record)
{
	size_t length;
	const uint8_t *bytes = job_record_encode(arena, record, &length);
	require(job_record_decode(arena, bytes, length) != NULL);
}

/* Any bytes as a name: its file name is one that a server takes. */
static void check_file_name(struct arena *arena, const uint8_t *bytes, size_t length)
{
	const char *name = arena_strndup(arena, (const char *)bytes, length);
	size_t name_length = strlen(name);
	if (name_length == 0 || name_length > RECORD_VOLUME_NAME_MAX)
		return;
	const char *file = record_file_name(arena, name);
	require(path_is_name(file) && file[0] != '.' && file[0] != '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	Csicore__VolumeRecord *record = record_decode(&arena, bytes, length);
	if (record)
		check_rewrite(&arena, record);
	Csicore__AttachmentRecord *attachment = attachment_record_decode(&arena, bytes, length);
	if (attachment)
		check_attachment_rewrite(&arena, attachment);
	Csicore__JobRecord *job = job_record_decode(&arena, bytes, length);
	if (job)
		check_job_rewrite(&arena, job);
	check_file_name(&arena, bytes, length);
	arena_release(&arena);
	return 0;
}
