/* SPDX-License-Identifier: Apache-2.0 */
/* What the deletion of a volume knows, whichever way it goes: into the trash (volume_delete.c) or the archive. */
#ifndef CSICORE_CONTROLLER_VOLUME_DELETION_H
#define CSICORE_CONTROLLER_VOLUME_DELETION_H

#include "jobs.h"
#include "record_store.h"
#include "volume.h"

struct deletion {
	const struct volume_call *call;
	const char *volume_id;
	struct volume_id id;
	enum on_delete policy;
	const char *fate; /* of the directory, in words; NULL until it is decided */

	/* From the share: */
	Csicore__VolumeRecord *record; /* the volume's own; NULL for none */
	bool is_elsewhere;             /* the record of its name is about another directory */
	bool is_marked;                /* as one that others lie in */
	struct record_survey survey;   /* of its directory */
	uint64_t directory_id;         /* with ON_DELETE_ARCHIVE: the file id of the directory, 0 where that is gone */
};

/* The name of its record's file; a name too long for a record of its own is known by its end. */
const char *deletion_file_name(const struct deletion *deletion);

/* Reads the record; what it says of the policy wins over the id. */
int deletion_read_record(struct export_use *use, struct deletion *deletion, struct status *st);
/* Looks for volumes in and above the directory.  subDirs are often shared, and not knowing is no leave to delete. */
int deletion_survey(struct export_use *use, struct deletion *deletion, struct status *st);
/* True, with a line in the log, where the directory stays for another volume. */
bool deletion_keeps_directory(const struct deletion *deletion);
/*
 * FAILED_PRECONDITION where the directory at path, in parent, is a share with recorded volumes, or one that is known is below
 * it.  *ret_exists is false where nothing is there.
 */
int deletion_check_directory(struct export_use *use, const struct deletion *deletion, const struct path *path,
			     struct fs_dir *parent, bool *ret_exists, struct status *st);
/* Missing is success. */
int deletion_remove_record(struct export_use *use, const struct deletion *deletion, struct status *st);
int deletion_remove_mark(struct export_use *use, const struct deletion *deletion, struct status *st);

/* Archives the volume: the job of kind "archive", its run for the volume of the job's record. */
extern const struct job_kind archive_kind;
int archive_await(const struct deletion *deletion, const struct export_key *key, struct status *st);
/* Waits while the volume is being archived by a job that an earlier call or an earlier start began. */
int archive_join(const struct deletion *deletion, struct status *st);

#endif
