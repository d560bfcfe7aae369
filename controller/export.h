/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exports the controller knows, each with the handles it needs all the time kept open: the root and the folders of
 * .csicore.  So making a volume on a known export costs its own round trips and no more.
 *
 * Handles come in generations.  An operation uses one generation from its beginning to its end; when a handle turns out
 * stale (the server was exported anew, somebody removed .csicore), the generation is given up and the operation repeated
 * once with the next.
 */
#ifndef CSICORE_CONTROLLER_EXPORT_H
#define CSICORE_CONTROLLER_EXPORT_H

#include <stdbool.h>

#include "base/path.h"
#include "export_key.h"
#include "storage/fs.h"

struct arena;
struct cancel;
struct export;
struct exports;
struct status;
struct sub_dir_cache;

/*
 * Makes the file system behind key; the caller frees it.  *ret_below is the path from its root to the export ("" mostly),
 * in arena.  Must not block on a server.  NULL with the status.
 */
typedef struct fs *export_open_fs(void *context, const struct export_key *key, struct arena *arena,
				  struct path *ret_below, struct status *st);

struct exports_config {
	export_open_fs *open;
	void *context;
	unsigned max;            /* exports kept; the one used least recently goes */
	int64_t (*now_ns)(void); /* NULL: cancel_now_ns */
	bool has_all_options;    /* keys have them: open goes by all mount options */
	bool is_quiet;           /* no lines in the log about servers that are down */
};

struct exports *exports_new(const struct exports_config *config);
/* No export is in use any more.  NULL is fine. */
void exports_free(struct exports *exports);

/* The export of key, kept until exports_put.  NULL with UNAVAILABLE where all that may be kept are in use. */
struct export *exports_get(struct exports *exports, const struct export_key *key, struct status *st);
void exports_put(struct exports *exports, struct export *export);
/* What it is known by; valid as long as it is held. */
const struct export_key *export_key_of(const struct export *export);
/* exports_put at the end of scope: AUTO(export_hold_release) struct export_hold hold = {exports, export}; */
struct export_hold {
	struct exports *exports;
	struct export *export; /* NULL is fine */
};
void export_hold_release(struct export_hold *hold);

enum export_folder { EXPORT_ROOT, EXPORT_VOLUMES, EXPORT_TRASH, EXPORT_JOBS, EXPORT_ATTACHED, EXPORT_FOLDERS };

/* One operation's use of an export. */
struct export_use {
	struct fs *fs;
	struct export *export;
	struct generation *generation; /* export.c's own */
};

/*
 * The folder's handle, opened at its first use and owned by the generation.  With is_made, a folder of .csicore that is
 * missing is made (0700); without, that is ENOENT.  A root that cannot be opened has no errnum but ESTALE.
 */
int export_open_folder(struct export_use *use, enum export_folder folder, bool is_made, struct cancel *cancel,
		       struct fs_dir **ret_dir, struct status *st);

/* What to do on an export.  Failing with errnum ESTALE repeats it once with fresh handles.  It observes its cancel: that is over
 * too when the server turns out to be down, and then nothing is begun (server_health.h). */
typedef int export_operation(struct export_use *use, void *context, struct cancel *cancel, struct status *st);
int export_run(struct export *export, export_operation *operation, void *context, struct cancel *cancel,
	       struct status *st);

/* For a failure of one name in a handle that was open: ENOENT can then only mean that the directory itself is gone. */
int export_missing_is_stale(struct status *st);

/* Whether an operation on the export ever went well: it was noted.  Noting says true to the first caller only. */
bool export_is_reached(struct export *export);
bool export_note_reached(struct export *export);

/* What is known of the export's records. */
struct sub_dir_cache *export_sub_dirs(struct export *export);

/* True for the first caller only: what is worth one line in the log for each export. */
bool export_is_first_refusal(struct export *export);

#endif
