/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trash of a share, .csicore/trash/: one rename takes a deleted volume out of sight, and where it is to be kept for
 * a while, a second puts its record beside it (csi/trash_entry.h has the names).  The reaper removes both for good; until
 * then a volume can be restored.
 */
#ifndef CSICORE_CONTROLLER_TRASH_H
#define CSICORE_CONTROLLER_TRASH_H

#include "csi/record.h"
#include "csi/trash_entry.h"
#include "export.h"

struct tree_options;

/* A name that no entry has, for the volume whose record's file (record_file_name) is called file. */
const char *trash_new_entry(struct arena *arena, const char *file, int64_t deleted_at);

enum trash_outcome {
	TRASH_MOVED,
	TRASH_MISSING, /* there was nothing of that name */
	TRASH_REMOVED, /* the trash cannot be used (read-only .csicore, another file system, a full disk): removed in place */
};

/*
 * Moves name of dir, whatever it is, into the trash as entry.  Where it is removed in place instead, that is done by
 * options and may take long; cut off, it goes on at the next call.  options NULL: it is to be kept, and a trash that cannot be
 * used is FAILED_PRECONDITION.
 */
int trash_put(struct export_use *use, struct fs_dir *dir, const char *name, const char *entry,
	      const struct tree_options *options, struct cancel *cancel, enum trash_outcome *ret_outcome,
	      struct status *st);

/*
 * Moves the record of the volume called name from the folder of records to its entry.  entry NULL: to the youngest entry of
 * that volume, if that has none; a call that was cut off put the directory there.  Where it cannot be kept it is removed.
 */
int trash_put_record(struct export_use *use, struct arena *arena, const char *entry, const char *name,
		     struct cancel *cancel, struct status *st);
/* Writes a record for the entry of a volume that had none, before trash_put.  A trash that cannot be used is success. */
int trash_write_record(struct export_use *use, struct arena *arena, const char *entry,
		       const Csicore__VolumeRecord *record, struct cancel *cancel, struct status *st);

/* The next batch of names, as fs_read_dir; to be read with trash_entry_parse.  No trash is an end without entries. */
int trash_list(struct export_use *use, struct fs_page *page, struct cancel *cancel, struct status *st);
/* *ret_record is NULL where the entry has none. */
int trash_read_record(struct export_use *use, struct arena *arena, const char *entry, struct cancel *cancel,
		      Csicore__VolumeRecord **ret_record, struct status *st);

/*
 * Puts an entry back where its record says, with the record; where it has none, as the directory at path, NULL for not
 * knowing.  Directories above are made where they are missing.  FAILED_PRECONDITION where something stands there or there
 * is a volume of that name, NOT_FOUND where the entry is not in the trash, or no longer whole.
 */
int trash_restore(struct export_use *use, struct arena *arena, const char *entry, const struct path *path,
		  struct cancel *cancel, struct status *st);

/* Removes for good the thing called name in the trash, and with an entry its record.  Missing is success. */
int trash_purge(struct export_use *use, const char *name, const struct tree_options *options, struct cancel *cancel,
		struct status *st);

#endif
