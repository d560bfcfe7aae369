/* SPDX-License-Identifier: Apache-2.0 */
/* Every verb is enter (hook, count, fault), the work under one lock, leave (the fault that strikes after the effect). */
#include "support/fs_memory.h"

#include <errno.h>
#include <stdio.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "support/fs_memory_private.h"

#define LOG_BYTES_MAX (16u << 20)

struct fs_dir {
	struct memory_node *node; /* a reference */
};

/* One running operation. */
struct operation {
	struct fs_memory *self;
	struct fs_memory_operation what;
	int fail_after; /* errno, 0 for none */
};

static int fail(const struct operation *op, int errnum, struct status *st)
{
	return status_set_errno(st, errnum, "%s %s", op->what.verb, op->what.name ? op->what.name : "directory");
}

/* Counts and logs; returns the errno of a fault that strikes now. */
static int record(struct operation *op)
{
	struct fs_memory *self = op->self;
	(void)strbuf_printf(&self->log, "%s%s%s%s%s\n", op->what.verb, op->what.name ? " " : "", /* full: cut */
			    op->what.name ? op->what.name : "", op->what.to ? " " : "", op->what.to ? op->what.to : "");
	op->what.number = ++self->operations;
	if (self->fail_in == 0 || --self->fail_in > 0)
		return 0;
	if (self->fault == FS_MEMORY_FAIL_BEFORE)
		return self->fail_errno;
	op->fail_after = self->fail_errno;
	return 0;
}

/* Begins an operation; on success the lock is held. */
static int enter(struct operation *op, struct fs *fs, const char *verb, const char *name, const char *to,
		 struct cancel *cancel, struct status *st)
{
	*op = (struct operation){.what = {.verb = verb, .name = name, .to = to, .cancel = cancel}};
	op->self = fs_memory_lock(fs);
	int errnum = record(op);
	fs_memory_hook *hook = op->self->hook;
	void *data = op->self->hook_data;
	fs_memory_unlock(op->self);
	if (errnum == 0 && hook)
		errnum = hook(data, &op->what);
	if (errnum != 0)
		return fail(op, errnum, st);
	if (cancel_check(cancel, st) < 0)
		return -1;
	(void)fs_memory_lock(fs);
	return 0;
}

/* Ends an operation whose work came to errnum; drops the lock. */
static int leave(struct operation *op, int errnum, struct status *st)
{
	fs_memory_unlock(op->self);
	if (errnum == 0)
		errnum = op->fail_after;
	return errnum == 0 ? 0 : fail(op, errnum, st);
}

static int check_live(const struct fs_dir *dir)
{
	return dir->node->is_root || dir->node->parent ? 0 : ESTALE;
}

static int find(const struct fs_dir *dir, const char *name, struct memory_node **ret)
{
	if (check_live(dir) != 0)
		return ESTALE;
	struct memory_node *node = memory_tree_find(dir->node, name);
	if (!node)
		return ENOENT;
	*ret = node;
	return 0;
}

static struct fs_dir *handle_new(struct fs_memory *self, struct memory_node *node)
{
	struct fs_dir *dir = memory_alloc(sizeof(*dir));
	dir->node = memory_node_ref(node);
	if (++self->open_count > self->open_peak)
		self->open_peak = self->open_count;
	return dir;
}

/* Hands out a handle, unless the reply of the operation is to be lost. */
static int leave_with_handle(struct operation *op, int errnum, struct memory_node *node, struct fs_dir **ret,
			     struct status *st)
{
	if (errnum == 0 && op->fail_after == 0)
		*ret = handle_new(op->self, node);
	return leave(op, errnum, st);
}

static int memory_open_root(struct fs *fs, struct cancel *cancel, struct fs_dir **ret_root, struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "open_root", NULL, NULL, cancel, st) < 0)
		return -1;
	return leave_with_handle(&op, 0, op.self->tree.root, ret_root, st);
}

static int memory_open_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			   struct fs_dir **ret_dir, struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "open_dir", name, NULL, cancel, st) < 0)
		return -1;
	struct memory_node *node = NULL;
	int errnum = find(dir, name, &node);
	if (errnum == 0 && node->attr.type != FS_DIRECTORY)
		errnum = node->attr.type == FS_SYMLINK ? ELOOP : ENOTDIR;
	return leave_with_handle(&op, errnum, node, ret_dir, st);
}

static int memory_lookup(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			 struct fs_attr *ret_attr, struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "lookup", name, NULL, cancel, st) < 0)
		return -1;
	struct memory_node *node;
	int errnum = find(dir, name, &node);
	if (errnum == 0 && op.fail_after == 0)
		*ret_attr = node->attr;
	return leave(&op, errnum, st);
}

static int memory_get_attr(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_attr *ret_attr,
			   struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "get_attr", NULL, NULL, cancel, st) < 0)
		return -1;
	int errnum = check_live(dir);
	if (errnum == 0 && op.fail_after == 0)
		*ret_attr = dir->node->attr;
	return leave(&op, errnum, st);
}

static void apply_owner(struct memory_node *node, const struct fs_owner *owner)
{
	if (owner->uid != FS_KEEP)
		node->attr.uid = owner->uid;
	if (owner->gid != FS_KEEP)
		node->attr.gid = owner->gid;
	if (owner->mode != FS_KEEP)
		node->attr.mode = owner->mode & 07777;
}

static int memory_set_owner(struct fs *fs, struct fs_dir *dir, const struct fs_owner *owner, struct cancel *cancel,
			    struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "set_owner", NULL, NULL, cancel, st) < 0)
		return -1;
	int errnum = check_live(dir);
	if (errnum == 0)
		apply_owner(dir->node, owner);
	return leave(&op, errnum, st);
}

/* Whether a new entry of that name can be made. */
static int check_free(const struct fs_dir *dir, const char *name)
{
	struct memory_node *node;
	int errnum = find(dir, name, &node);
	if (errnum == ENOENT)
		return 0;
	return errnum == 0 ? EEXIST : errnum;
}

static int memory_make_dir(struct fs *fs, struct fs_dir *dir, const char *name, const struct fs_owner *owner,
			   struct cancel *cancel, struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "make_dir", name, NULL, cancel, st) < 0)
		return -1;
	int errnum = check_free(dir, name);
	if (errnum == 0)
		apply_owner(memory_tree_add(&op.self->tree, dir->node, name, FS_DIRECTORY), owner);
	return leave(&op, errnum, st);
}

/* Whether target may be replaced by source, as rename(2) has it. */
static int check_replace(const struct memory_node *source, const struct memory_node *target)
{
	bool is_dir = source->attr.type == FS_DIRECTORY;
	if (is_dir && target->attr.type != FS_DIRECTORY)
		return ENOTDIR;
	if (!is_dir && target->attr.type == FS_DIRECTORY)
		return EISDIR;
	return target->first ? ENOTEMPTY : 0;
}

static int rename_node(struct fs_memory *self, struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir,
		       const char *to)
{
	struct memory_node *source;
	int errnum = find(from_dir, from, &source);
	if (errnum == 0)
		errnum = check_live(to_dir);
	if (errnum != 0)
		return errnum;
	if (memory_tree_is_below(to_dir->node, source))
		return EINVAL;
	struct memory_node *target = memory_tree_find(to_dir->node, to);
	if (target == source)
		return 0;
	if (target) {
		errnum = check_replace(source, target);
		if (errnum != 0)
			return errnum;
		memory_tree_remove(target);
	}
	memory_tree_move(&self->tree, source, to_dir->node, to);
	return 0;
}

static int memory_rename(struct fs *fs, struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir,
			 const char *to, struct cancel *cancel, struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "rename", from, to, cancel, st) < 0)
		return -1;
	return leave(&op, rename_node(op.self, from_dir, from, to_dir, to), st);
}

static int memory_remove_file(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			      struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "remove_file", name, NULL, cancel, st) < 0)
		return -1;
	struct memory_node *node = NULL;
	int errnum = find(dir, name, &node);
	if (errnum == 0 && node->attr.type == FS_DIRECTORY)
		errnum = EISDIR;
	if (errnum == 0)
		memory_tree_remove(node);
	return leave(&op, errnum, st);
}

static int memory_remove_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			     struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "remove_dir", name, NULL, cancel, st) < 0)
		return -1;
	struct memory_node *node = NULL;
	int errnum = find(dir, name, &node);
	if (errnum == 0 && node->attr.type != FS_DIRECTORY)
		errnum = ENOTDIR;
	if (errnum == 0 && node->first)
		errnum = ENOTEMPTY;
	if (errnum == 0)
		memory_tree_remove(node);
	return leave(&op, errnum, st);
}

static void fill_page(const struct memory_node *dir, size_t entries_max, struct fs_page *page)
{
	const struct memory_node *node = dir->first;
	while (node && node->position <= page->cookie)
		node = node->next;
	page->entries = arena_calloc(&page->arena, entries_max, sizeof(*page->entries));
	for (; node && page->count < entries_max; node = node->next) {
		page->cookie = node->position;
		page->entries[page->count++] = (struct fs_entry){
			.name = arena_strdup(&page->arena, node->name),
			.attr = node->attr,
			.cookie = node->position,
		};
	}
	page->is_end = !node;
}

static int memory_read_dir(struct fs *fs, struct fs_dir *dir, struct fs_page *page, struct cancel *cancel,
			   struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "read_dir", NULL, NULL, cancel, st) < 0)
		return -1;
	int errnum = check_live(dir);
	if (errnum == 0 && op.fail_after == 0)
		fill_page(dir->node, op.self->page_entries, page);
	return leave(&op, errnum, st);
}

static int errno_of_unreadable(enum fs_type type)
{
	static const int errnums[] = {
		[FS_DIRECTORY] = EISDIR, [FS_FILE] = 0, [FS_SYMLINK] = ELOOP, [FS_OTHER] = EINVAL};
	return errnums[type];
}

static int memory_read_file(struct fs *fs, struct fs_dir *dir, const char *name, struct strbuf *ret_content,
			    struct cancel *cancel, struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "read_file", name, NULL, cancel, st) < 0)
		return -1;
	struct memory_node *node = NULL;
	int errnum = find(dir, name, &node);
	if (errnum == 0)
		errnum = errno_of_unreadable(node->attr.type);
	if (errnum == 0 && strbuf_append(ret_content, node->content, node->attr.size_bytes) < 0)
		errnum = EFBIG;
	return leave(&op, errnum, st);
}

static int memory_create_file(struct fs *fs, struct fs_dir *dir, const char *name, uint32_t mode, const void *bytes,
			      size_t length, struct cancel *cancel, struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "create_file", name, NULL, cancel, st) < 0)
		return -1;
	int errnum = check_free(dir, name);
	if (errnum == 0) {
		struct memory_node *node = memory_tree_add(&op.self->tree, dir->node, name, FS_FILE);
		node->attr.mode = mode & 07777;
		memory_tree_set_content(node, bytes, length);
	}
	return leave(&op, errnum, st);
}

static int memory_capacity(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_capacity *ret_capacity,
			   struct status *st)
{
	struct operation op;
	if (enter(&op, fs, "capacity", NULL, NULL, cancel, st) < 0)
		return -1;
	int errnum = check_live(dir);
	if (errnum == 0 && op.fail_after == 0)
		*ret_capacity = op.self->capacity;
	return leave(&op, errnum, st);
}

static void memory_close_dir(struct fs *fs, struct fs_dir *dir)
{
	struct fs_memory *self = fs_memory_lock(fs);
	self->open_count--;
	memory_node_unref(dir->node);
	free(dir);
	fs_memory_unlock(self);
}

/* At the end only, as an assertion that failed leaves directories open too and is what the reader wants to see. */
static void fail_process(void)
{
	_exit(EXIT_FAILURE);
}

static void memory_free(struct fs *fs)
{
	struct fs_memory *self = (struct fs_memory *)fs;
	if (self->open_count > 0) {
		fprintf(stderr, "fs_memory: freed with %u directories open\n", self->open_count);
		(void)atexit(fail_process); /* where there is no room for it, the message remains */
		return;
	}
	memory_tree_release(&self->tree);
	strbuf_release(&self->log);
	(void)pthread_mutex_destroy(&self->mutex); /* nobody holds it */
	free(self);
}

static const struct fs_ops memory_ops = {
	.name = "memory",
	.open_root = memory_open_root,
	.open_dir = memory_open_dir,
	.lookup = memory_lookup,
	.get_attr = memory_get_attr,
	.set_owner = memory_set_owner,
	.make_dir = memory_make_dir,
	.rename = memory_rename,
	.remove_file = memory_remove_file,
	.remove_dir = memory_remove_dir,
	.read_dir = memory_read_dir,
	.read_file = memory_read_file,
	.create_file = memory_create_file,
	.capacity = memory_capacity,
	.close_dir = memory_close_dir,
	.free = memory_free,
};

struct fs *fs_memory_new(void)
{
	struct fs_memory *self = memory_calloc(1, sizeof(*self));
	self->fs.ops = &memory_ops;
	(void)pthread_mutex_init(&self->mutex, NULL); /* cannot fail without attributes */
	memory_tree_init(&self->tree);
	strbuf_init(&self->log, LOG_BYTES_MAX);
	self->page_entries = 100;
	self->capacity = (struct fs_capacity){1u << 30, 1u << 29, 1u << 29, 1000000, 500000};
	return &self->fs;
}
