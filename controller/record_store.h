/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volume records on their share, in .csicore/volumes/.  A share that takes no records (read-only, squashed, something else
 * in the folder's place) is served as csi-driver-nfs serves it: there, creating says RECORD_REFUSED, the other verbs
 * find nothing.
 */
#ifndef CSICORE_CONTROLLER_RECORD_STORE_H
#define CSICORE_CONTROLLER_RECORD_STORE_H

#include "base/path.h"
#include "csi/record.h"
#include "export.h"

/* True where the errno says that the share takes no records; anything else that fails is a failure. */
bool record_store_is_refusal(const struct status *st);

enum record_outcome { RECORD_CREATED, RECORD_EXISTS, RECORD_REFUSED };

/* Writes record in the file of its name where there is none yet: one create_file once the folder is open. */
int record_store_create(struct export_use *use, struct arena *arena, const Csicore__VolumeRecord *record,
			struct cancel *cancel, enum record_outcome *ret_outcome, struct status *st);

/* Puts record in the place of whatever file is there, atomically.  ABORTED where another controller does so too. */
int record_store_replace(struct export_use *use, struct arena *arena, const Csicore__VolumeRecord *record,
			 struct cancel *cancel, struct status *st);

/* Changes the fields of record (not what they point to) and says whether that made a difference. */
typedef int record_change(void *context, Csicore__VolumeRecord *record, bool *ret_is_changed, struct status *st);
/*
 * Makes the record of name one that change has nothing to do on.  No change by another controller is lost meanwhile, so change
 * may be called several times, each time with the record as it is then; contending for too long is ABORTED, as is
 * a record that is gone.  RECORD_EXISTS or RECORD_REFUSED.
 */
int record_store_update(struct export_use *use, struct arena *arena, const char *name, record_change *change,
			void *context, struct cancel *cancel, enum record_outcome *ret_outcome, struct status *st);

/* *ret_record is NULL where there is no record of that name, or no whole one.  A record that may not be read is EACCES. */
int record_store_read(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
		      Csicore__VolumeRecord **ret_record, struct status *st);

/* The same by the file's name, as record_store_list gives it. */
int record_store_read_file(struct export_use *use, struct arena *arena, const char *file, struct cancel *cancel,
			   Csicore__VolumeRecord **ret_record, struct status *st);

/* The same in another folder than that of records. */
int record_store_read_in(struct export_use *use, struct arena *arena, enum export_folder folder, const char *file,
			 struct cancel *cancel, Csicore__VolumeRecord **ret_record, struct status *st);

/*
 * The next batch of the folder's files, as fs_read_dir: a cookie of an earlier list goes on where that was.  No folder is
 * an end without entries; one that may not be read is EACCES.
 */
int record_store_list(struct export_use *use, struct fs_page *page, struct cancel *cancel, struct status *st);

enum record_file {
	RECORD_FILE_VOLUME,    /* a record, or what was meant to be one */
	RECORD_FILE_TEMPORARY, /* of a replacement that runs now, or that was cut off */
	RECORD_FILE_MARK,      /* of a volume that others lie in */
	RECORD_FILE_OTHER,     /* nothing the driver makes here */
};
enum record_file record_store_file_kind(const struct fs_entry *file);
/* The name of the record's file that a RECORD_FILE_MARK called file is about; points into it. */
const char *record_store_marked_file(const char *file);

/* Missing is success. */
int record_store_remove(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
			struct status *st);

/* Whether there is a file of the record's name, whatever is in it. */
int record_store_has(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
		     bool *ret_has, struct status *st);

/*
 * Only few volumes without subDir have others in them, and only those that are marked have to be surveyed before they are
 * deleted.  Of two volumes, one in the other, who is later marks the outer one: the inner once its directory is there, where
 * the outer has a record; the outer before it is answered, where its directory was there before and is not empty.
 */
int record_store_mark_shared(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
			     struct status *st);
int record_store_is_shared(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
			   bool *ret_is_shared, struct status *st);
/* Missing is success. */
int record_store_unmark(struct export_use *use, struct arena *arena, const char *name, struct cancel *cancel,
			struct status *st);

/* What the records say about a directory. */
struct record_survey {
	const char *sharer; /* file name of the record of another volume in the directory or below it; NULL for none */
	size_t volume_above; /* how many names of path the deepest directory above has that is a volume too; 0 for none */
};

/*
 * Looks for what the volume called name, in the directory path, has to do with others.  With a sharer found the rest is not
 * looked for.  Reads the folder page by page and those records that it has not seen before.  Records that may not be read
 * are EACCES: not knowing is no leave to delete.
 */
int record_store_survey(struct export_use *use, struct arena *arena, const char *name, const struct path *path,
			struct cancel *cancel, struct record_survey *ret, struct status *st);

#endif
