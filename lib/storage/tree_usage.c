/* SPDX-License-Identifier: Apache-2.0 */
/* Usage of a tree: a walk that only counts. */
#include "base/rate_limit.h"
#include "base/status.h"
#include "storage/tree_walk.h"

uint64_t tree_entry_bytes(const struct fs_attr *attr)
{
	bool is_shared = attr->type != FS_DIRECTORY && attr->link_count > 1;
	return is_shared ? attr->used_bytes / attr->link_count : attr->used_bytes;
}

static void add(struct tree_progress *to, const struct tree_usage *usage)
{
	if (!to)
		return;
	atomic_fetch_add(&to->files, usage->files);
	atomic_fetch_add(&to->directories, usage->directories);
	atomic_fetch_add(&to->bytes, usage->bytes);
}

static void count(struct tree_walk *walk, const struct tree_usage *usage)
{
	add(walk->context, usage);
	add(walk->options->progress, usage);
}

static int count_page(struct tree_walk *walk, struct tree_node *node, const struct fs_page *page, struct status *st)
{
	struct tree_usage usage = {0};
	for (size_t i = 0; i < page->count; i++) {
		const struct fs_attr *attr = &page->entries[i].attr;
		*(attr->type == FS_DIRECTORY ? &usage.directories : &usage.files) += 1;
		usage.bytes += tree_entry_bytes(attr);
	}
	count(walk, &usage);
	return rate_limit_take(walk->options->rate, (unsigned)page->count, walk->cancel, st);
}

static int leave(struct tree_walk *walk, struct tree_node *node, struct status *st)
{
	if (node->unread) {
		*st = *node->unread;
		return tree_node_lost_entry(node, st) && node->depth > 1 ? 0 : -1;
	}
	if (node->depth > 1)
		return 0; /* counted where it is an entry */
	struct fs_attr attr;
	if (fs_get_attr(walk->fs, node->dir, walk->cancel, &attr, st) < 0)
		return -1;
	count(walk, &(struct tree_usage){.directories = 1, .bytes = tree_entry_bytes(&attr)});
	return 0;
}

int tree_usage(struct fs *fs, struct fs_dir *dir, const char *name, const struct tree_options *options,
	       struct cancel *cancel, struct tree_usage *ret_usage, struct status *st)
{
	static const struct tree_visitor visitor = {.page = count_page, .leave = leave};
	struct tree_progress sum = {0};
	const struct tree_walk walk = {
		.fs = fs, .cancel = cancel, .options = options, .visitor = &visitor, .context = &sum};
	if (tree_walk_run(&walk, dir, name, st) < 0)
		return -1;
	*ret_usage = (struct tree_usage){
		.files = atomic_load(&sum.files),
		.directories = atomic_load(&sum.directories),
		.bytes = atomic_load(&sum.bytes),
	};
	return 0;
}
