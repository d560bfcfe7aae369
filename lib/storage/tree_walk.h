/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one walk over a tree of directories that removal, usage and copying share.  A visitor says what to do in each
 * directory; the walk opens directories, reads their pages and hands subdirectories to its walkers, deepest first.
 *
 * Order: opened(directory), then its pages, each beside what is below it, then leave(directory) once all below it has been
 * left.  Several walkers may be in pages of one directory at a time; everything else about a directory happens alone.
 *
 * Bounds: the next page of a directory is read once the subdirectories of the last one have been taken.  A page is taken in
 * parts where more than TREE_NODES_MAX directories are known.  A directory is closed while many others are in use, and
 * opened again by the names that lead to it: TREE_OPEN_MAX stay open, one of TREE_ANCHOR_DEPTH levels, and those in use.
 */
#ifndef CSICORE_STORAGE_TREE_WALK_H
#define CSICORE_STORAGE_TREE_WALK_H

#include <stdatomic.h>

#include "storage/tree.h"

#define TREE_NODES_MAX 8192
#define TREE_OPEN_MAX 32
#define TREE_ANCHOR_DEPTH 128
#define TREE_WALKERS_MAX 64

/* A directory while the walk knows it.  dir is open in every call of the visitor but unopened; so is that of parent in all
 * but page and closing. */
struct tree_node {
	struct tree_node *parent; /* of the top: stands for the caller's directory, which has no name and no data */
	const char *name;
	struct fs_dir *dir;
	void *data;              /* the visitor's: data_bytes, zero at first, aligned for pointers and 64-bit numbers */
	unsigned depth;          /* 1 is the top */
	bool is_gone;            /* set by the visitor that removed it */
	atomic_bool has_failed;  /* a failure in it or below it was recorded */
	atomic_bool has_changed; /* an entry of it went away: set by the visitor, and where a subdirectory is gone */
	struct status *unread;   /* why not all of it could be read; else NULL */
};

struct tree_walk {
	struct fs *fs;
	struct cancel *cancel;              /* in calls of the visitor: over for all walkers once one has met the end */
	const struct tree_options *options; /* NULL for none */
	const struct tree_visitor *visitor;
	void *context; /* the visitor's */
};

/*
 * What to do in a directory.  Each call returns 0, or -1 with the status: it is recorded, and the walk goes on elsewhere
 * unless nothing more can be done (it was cancelled, the server is away, the file system is read-only).  NULL members
 * do nothing.
 */
struct tree_visitor {
	size_t data_bytes;
	/* The directory was opened: at first, or again after closing().  -1: it is not visited. */
	int (*opened)(struct tree_walk *walk, struct tree_node *node, struct status *st);
	/* Some entries of it.  Its subdirectories are visited whatever this does. */
	int (*page)(struct tree_walk *walk, struct tree_node *node, const struct fs_page *page, struct status *st);
	/* All of it has been visited; not called where it could not be opened.  TREE_AGAIN begins another pass over it. */
#define TREE_AGAIN 1
	int (*leave)(struct tree_walk *walk, struct tree_node *node, struct status *st);
	/* It cannot be opened, for the reason why.  NULL: a failure, unless it is no directory any more below the top. */
	int (*unopened)(struct tree_walk *walk, struct tree_node *node, const struct status *why, struct status *st);
	/* dir will be closed.  Called under the lock of the walk: never waits and never calls the walk. */
	void (*closing)(struct tree_walk *walk, struct tree_node *node);
};

/* Walks the directory name of dir.  -1 with the first failure once nothing more can be done; no thread and no directory is
 * left behind. */
int tree_walk_run(const struct tree_walk *walk, struct fs_dir *dir, const char *name, struct status *st);

/* From page(): name, which the page had as something else, is a directory to visit.  False where too many are known. */
bool tree_walk_add(struct tree_walk *walk, struct tree_node *node, const char *name);

/* Whether why, of an entry of node, means that the entry is no more.  A stale directory is gone with all its entries, but of
 * the caller's own that says nothing. */
bool tree_node_lost_entry(const struct tree_node *node, const struct status *why);

#endif
