/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removal of a tree: what is no directory goes page by page, as many entries at a time as the back end takes, and each
 * directory when it is left.  Whether a directory is empty then is not looked up but tried: ENOTEMPTY after a pass in which
 * something went away means another pass, as some servers skip entries while others are removed.
 */
#include <errno.h>

#include "base/memory.h"
#include "base/rate_limit.h"
#include "base/status.h"
#include "storage/tree_walk.h"

/* Names given to the back end at a time where a rate is to be kept: small, so that the server is left to others in between. */
#define RATED_BATCH_MAX 64

/* Passes over a directory that could be read to its end: servers that skip entries skip fewer each time, and who goes on to make
 * files in it is not raced with for ever. */
#define PASSES_MAX 64

/* The entries of a page that are no directories, as the arguments of fs_remove_entries(). */
struct batch {
	const char **names;
	const struct fs_entry **entries;
	int *errnums;
	size_t count;
	bool is_over, has_failed; /* no more can be done in this directory; something stays */
	struct status failure;    /* the first, or why it is_over */
};

static void batch_init(struct batch *batch, const struct fs_page *page)
{
	*batch = (struct batch){
		.names = memory_calloc(page->count, sizeof(*batch->names)),
		.entries = memory_calloc(page->count, sizeof(struct fs_entry *)),
		.errnums = memory_calloc(page->count, sizeof(*batch->errnums)),
	};
	for (size_t i = 0; i < page->count; i++) {
		if (page->entries[i].attr.type == FS_DIRECTORY)
			continue;
		batch->names[batch->count] = page->entries[i].name;
		batch->entries[batch->count++] = &page->entries[i];
	}
}

static void batch_release(struct batch *batch)
{
	free(batch->names);
	free(batch->entries);
	free(batch->errnums);
}

static void count_removed(const struct tree_walk *walk, uint64_t files, uint64_t directories, uint64_t bytes)
{
	struct tree_progress *progress = walk->options->progress;
	if (!progress)
		return;
	atomic_fetch_add(&progress->files, files);
	atomic_fetch_add(&progress->directories, directories);
	atomic_fetch_add(&progress->bytes, bytes);
}

/* What became of one entry. */
static void judge(struct tree_walk *walk, struct tree_node *node, const struct fs_entry *entry, int errnum,
		  struct batch *batch)
{
	struct status why;
	if (errnum == FS_NOT_TRIED || (errnum == EISDIR && tree_walk_add(walk, node, entry->name)))
		return; /* fs_remove_entries has said why; it is left to another visit */
	if (errnum == 0)
		count_removed(walk, 1, 0, tree_entry_bytes(&entry->attr));
	else
		(void)status_set_errno(&why, errnum, "remove %s", entry->name); /* always -1 */
	if (errnum == 0 || tree_node_lost_entry(node, &why)) {
		atomic_store(&node->has_changed, true);
		return;
	}
	if (!batch->has_failed)
		batch->failure = why;
	batch->has_failed = true;
}

/* No more can be done in the directory, which is fine where that is because it is gone. */
static void end_batch(struct tree_node *node, struct batch *batch, const struct status *why)
{
	batch->is_over = true;
	if (tree_node_lost_entry(node, why)) {
		atomic_store(&node->has_changed, true);
		return;
	}
	batch->failure = *why;
	batch->has_failed = true;
}

/* Removes count entries of the batch from the one at on. */
static void remove_some(struct tree_walk *walk, struct tree_node *node, struct batch *batch, size_t at, size_t count)
{
	struct status why;
	if (rate_limit_take(walk->options->rate, (unsigned)count, walk->cancel, &why) < 0) {
		end_batch(node, batch, &why);
		return;
	}
	int result = fs_remove_entries(walk->fs, node->dir, batch->names + at, count, batch->errnums + at, walk->cancel,
				       &why);
	for (size_t i = at; i < at + count; i++)
		judge(walk, node, batch->entries[i], batch->errnums[i], batch);
	if (result < 0)
		end_batch(node, batch, &why);
}

static int remove_page(struct tree_walk *walk, struct tree_node *node, const struct fs_page *page, struct status *st)
{
	AUTO(batch_release) struct batch batch;
	batch_init(&batch, page);
	size_t batch_max = walk->options->rate ? RATED_BATCH_MAX : batch.count;
	for (size_t at = 0; at < batch.count && !batch.is_over; at += batch_max) {
		size_t left = batch.count - at;
		remove_some(walk, node, &batch, at, left < batch_max ? left : batch_max);
	}
	if (!batch.has_failed)
		return 0;
	*st = batch.failure;
	return -1;
}

static int remove_directory(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	if (atomic_load(&node->has_failed))
		return 0; /* recorded already, and in the way */
	if (rate_limit_take(walk->options->rate, 1, walk->cancel, st) < 0)
		return -1;
	if (fs_remove_dir(walk->fs, node->parent->dir, node->name, walk->cancel, st) == 0 ||
	    tree_node_lost_entry(node->parent, st)) {
		node->is_gone = true;
		count_removed(walk, 0, 1, 0);
		return 0;
	}
	unsigned *passes = node->data;
	*passes += !node->unread;
	if (st->errnum == ENOTEMPTY && atomic_load(&node->has_changed) && *passes < PASSES_MAX)
		return TREE_AGAIN;
	if (st->errnum == ENOTEMPTY && node->unread)
		*st = *node->unread;
	return -1;
}

static int remove_unopened(struct tree_walk *walk, struct tree_node *node, const struct status *why, struct status *st)
{
	struct tree_node *parent = node->parent;
	if (why->errnum == ENOTDIR || why->errnum == ELOOP) {
		if (fs_remove_file(walk->fs, parent->dir, node->name, walk->cancel, st) < 0 &&
		    !tree_node_lost_entry(parent, st))
			return -1;
		count_removed(walk, 1, 0, 0);
	} else if (!tree_node_lost_entry(parent, why)) {
		struct status ignored; /* that it could not be opened says more */
		if (fs_remove_dir(walk->fs, parent->dir, node->name, walk->cancel, &ignored) < 0) {
			*st = *why;
			return -1;
		}
		count_removed(walk, 0, 1, 0);
	}
	node->is_gone = true;
	return 0;
}

int tree_remove(struct fs *fs, struct fs_dir *dir, const char *name, const struct tree_options *options,
		struct cancel *cancel, struct status *st)
{
	static const struct tree_visitor visitor = {
		.data_bytes = sizeof(unsigned),
		.page = remove_page,
		.leave = remove_directory,
		.unopened = remove_unopened,
	};
	const struct tree_walk walk = {.fs = fs, .cancel = cancel, .options = options, .visitor = &visitor};
	return tree_walk_run(&walk, dir, name, st);
}
