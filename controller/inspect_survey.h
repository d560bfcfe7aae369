/* SPDX-License-Identifier: Apache-2.0 */
/* All records of a share beside what stands at its root: what volumes and orphans are told from. */
#ifndef CSICORE_CONTROLLER_INSPECT_SURVEY_H
#define CSICORE_CONTROLLER_INSPECT_SURVEY_H

#include "record_store.h"

enum survey_state {
	SURVEY_OK,
	SURVEY_MISSING,         /* there is no directory */
	SURVEY_NOT_A_DIRECTORY, /* something else is in its place, such as a symlink */
	SURVEY_NO_PLACE,        /* the record names no directory below the share */
	SURVEY_DAMAGED,         /* the file is no whole record */
	SURVEY_REFUSED,         /* the record or the way to the directory may not be read */
};

/* One file of the folder of records. */
struct survey_file {
	const char *name;
	enum record_file kind;
	int64_t modified_at; /* seconds since the epoch */
	/* Of RECORD_FILE_VOLUME: */
	enum survey_state state;
	const Csicore__VolumeRecord *record; /* NULL: damaged or refused */
	struct path path;                    /* empty where there is none */
	const char *directory;               /* path joined; NULL where that is empty */
};

/* One entry of the share's root, .csicore left out. */
struct survey_entry {
	const char *name;
	enum fs_type type;
	int64_t modified_at;
};

struct survey {
	struct survey_file *files; /* by name */
	size_t file_count;
	struct survey_entry *root; /* by name */
	size_t root_count;
};

/* The whole of it is in arena. */
int survey_share(struct export_use *use, struct arena *arena, struct cancel *cancel, struct survey *ret,
		 struct status *st);

/* NULL where the folder has none of that name. */
const struct survey_file *survey_find_file(const struct survey *survey, const char *name);

/* "ok", "directory missing" ... */
const char *survey_state_text(enum survey_state state);

#endif
