/* SPDX-License-Identifier: Apache-2.0 */
/* What tests ask of an fs_memory beside the verbs; nothing here counts as an operation. */
#include <string.h>

#include "support/fs_memory_private.h"

static void plant(struct fs *fs, const char *path, enum fs_type type, const char *content)
{
	struct fs_memory *self = fs_memory_lock(fs);
	struct memory_node *node = memory_tree_plant(&self->tree, path, type);
	if (content)
		memory_tree_set_content(node, content, strlen(content));
	fs_memory_unlock(self);
}

void fs_memory_plant_dir(struct fs *fs, const char *path, uint32_t mode)
{
	struct fs_memory *self = fs_memory_lock(fs);
	memory_tree_plant(&self->tree, path, FS_DIRECTORY)->attr.mode = mode;
	fs_memory_unlock(self);
}

void fs_memory_plant_file(struct fs *fs, const char *path, const char *content)
{
	plant(fs, path, FS_FILE, content);
}

void fs_memory_plant_bytes(struct fs *fs, const char *path, const void *bytes, size_t length)
{
	struct fs_memory *self = fs_memory_lock(fs);
	memory_tree_set_content(memory_tree_plant(&self->tree, path, FS_FILE), bytes, length);
	fs_memory_unlock(self);
}

void fs_memory_plant_symlink(struct fs *fs, const char *path, const char *target)
{
	plant(fs, path, FS_SYMLINK, target);
}

void fs_memory_plant_other(struct fs *fs, const char *path)
{
	plant(fs, path, FS_OTHER, NULL);
}

void fs_memory_unplant(struct fs *fs, const char *path)
{
	struct fs_memory *self = fs_memory_lock(fs);
	struct memory_node *node = memory_tree_walk(&self->tree, path);
	if (node && !node->is_root)
		memory_tree_remove(node);
	fs_memory_unlock(self);
}

bool fs_memory_exists(struct fs *fs, const char *path)
{
	struct fs_attr attr;
	return fs_memory_attr(fs, path, &attr);
}

const char *fs_memory_content(struct fs *fs, const char *path)
{
	struct fs_memory *self = fs_memory_lock(fs);
	const struct memory_node *node = memory_tree_walk(&self->tree, path);
	const char *content = node ? node->content : NULL;
	fs_memory_unlock(self);
	return content;
}

bool fs_memory_attr(struct fs *fs, const char *path, struct fs_attr *ret_attr)
{
	struct fs_memory *self = fs_memory_lock(fs);
	const struct memory_node *node = memory_tree_walk(&self->tree, path);
	if (node)
		*ret_attr = node->attr;
	fs_memory_unlock(self);
	return node != NULL;
}

char *fs_memory_list(struct fs *fs, const char *path)
{
	struct fs_memory *self = fs_memory_lock(fs);
	const struct memory_node *node = memory_tree_walk(&self->tree, path);
	char *list = node ? memory_tree_list(node) : NULL;
	fs_memory_unlock(self);
	return list;
}

void fs_memory_fail_nth(struct fs *fs, unsigned nth, int errnum, enum fs_memory_fault fault)
{
	struct fs_memory *self = fs_memory_lock(fs);
	self->fail_in = nth;
	self->fail_errno = errnum;
	self->fault = fault;
	fs_memory_unlock(self);
}

void fs_memory_set_hook(struct fs *fs, fs_memory_hook *hook, void *data)
{
	struct fs_memory *self = fs_memory_lock(fs);
	self->hook = hook;
	self->hook_data = data;
	fs_memory_unlock(self);
}

static unsigned read_number(struct fs *fs, const unsigned *number)
{
	struct fs_memory *self = fs_memory_lock(fs);
	unsigned value = *number;
	fs_memory_unlock(self);
	return value;
}

unsigned fs_memory_operation_count(struct fs *fs)
{
	return read_number(fs, &((struct fs_memory *)fs)->operations);
}

unsigned fs_memory_open_count(struct fs *fs)
{
	return read_number(fs, &((struct fs_memory *)fs)->open_count);
}

unsigned fs_memory_open_peak(struct fs *fs)
{
	return read_number(fs, &((struct fs_memory *)fs)->open_peak);
}

const char *fs_memory_log(struct fs *fs)
{
	struct fs_memory *self = fs_memory_lock(fs);
	const char *text = strbuf_text(&self->log);
	fs_memory_unlock(self);
	return text;
}

void fs_memory_reset_operations(struct fs *fs)
{
	struct fs_memory *self = fs_memory_lock(fs);
	self->operations = 0;
	strbuf_clear(&self->log);
	fs_memory_unlock(self);
}

void fs_memory_set_capacity(struct fs *fs, const struct fs_capacity *capacity)
{
	struct fs_memory *self = fs_memory_lock(fs);
	self->capacity = *capacity;
	fs_memory_unlock(self);
}

void fs_memory_set_page_entries(struct fs *fs, unsigned count)
{
	struct fs_memory *self = fs_memory_lock(fs);
	self->page_entries = count;
	fs_memory_unlock(self);
}
