/* SPDX-License-Identifier: Apache-2.0 */
/* Whole trees, written once over struct fs: never follows a symlink, bounded memory, cancellable at every step. */
#ifndef CSICORE_STORAGE_TREE_H
#define CSICORE_STORAGE_TREE_H

#include <stdatomic.h>

#include "storage/fs.h"

struct rate_limit;

/* What a walk over a tree has done so far; other threads may read it while it runs. */
struct tree_progress {
	atomic_uint_fast64_t files, directories, bytes; /* files: whatever is no directory */
};

struct tree_options {
	unsigned walkers; /* directories in work at a time, each with a thread of its own; 0 is 1: the caller's */
	struct rate_limit *rate;        /* entries; NULL: as fast as it goes */
	struct tree_progress *progress; /* added to; NULL: nobody asks */
};

/*
 * Removes the entry name of dir and all below it.  Missing is success.  Safe to interrupt and to repeat: what is left is a
 * smaller tree of the same name.  What cannot be removed is left and the rest removed; the status is the first failure.
 * A directory that others go on filling is ENOTEMPTY in the end.
 * Directories deeper than TREE_DEPTH_MAX are FAILED_PRECONDITION.  progress counts what was removed, and in bytes the
 * space of the files.  options may be NULL.
 */
#define TREE_DEPTH_MAX 4096
int tree_remove(struct fs *fs, struct fs_dir *dir, const char *name, const struct tree_options *options,
		struct cancel *cancel, struct status *st);

struct tree_usage {
	uint64_t files, directories; /* files: whatever is no directory */
	uint64_t bytes; /* space used by both; of a file with several links the share of each link found here */
};

/* Counts the directory name of dir and all below it; a failure anywhere is one.  What changes meanwhile may be counted or
 * not.  options may be NULL. */
int tree_usage(struct fs *fs, struct fs_dir *dir, const char *name, const struct tree_options *options,
	       struct cancel *cancel, struct tree_usage *ret_usage, struct status *st);

/* What an entry counts for in bytes. */
uint64_t tree_entry_bytes(const struct fs_attr *attr);

/* Makes the directories of path below dir that are missing, each with owner; those that exist are left as they are.
 * ret_dir (may be NULL) is the last of them. */
int tree_make_path(struct fs *fs, struct fs_dir *dir, const struct path *path, const struct fs_owner *owner,
		   struct cancel *cancel, struct fs_dir **ret_dir, struct status *st);

/*
 * Removes directories of path from the deepest up while they are empty, never dir itself and never anything that is not an
 * empty directory (csi-driver-nfs removes empty parents of a nested subDir).  Only a failure other than "not empty" or
 * "not there" is one.
 */
int tree_remove_empty(struct fs *fs, struct fs_dir *dir, const struct path *path, struct cancel *cancel,
		      struct status *st);

#endif
