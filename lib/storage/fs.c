/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every back end has in common, done once: names are judged, an operation whose cancel is over never starts, a page
 * is emptied before it is filled again and a failed read leaves the caller's buffer as it was.
 */
#include "storage/fs.h"

#include <errno.h>

#include "base/cancel.h"
#include "base/status.h"

/* Names and attributes of one batch; what a back end decodes from a peer stays below it. */
#define PAGE_BYTES_MAX (4u << 20)

void fs_page_init(struct fs_page *page)
{
	*page = (struct fs_page){0};
	arena_init(&page->arena, PAGE_BYTES_MAX);
}

void fs_page_release(struct fs_page *page)
{
	arena_release(&page->arena);
	page->entries = NULL;
	page->count = 0;
}

static int begin(const char *name, struct cancel *cancel, struct status *st)
{
	if (name && !path_is_name(name))
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is not the name of a directory entry", name);
	return cancel_check(cancel, st);
}

int fs_open_root(struct fs *fs, struct cancel *cancel, struct fs_dir **ret_root, struct status *st)
{
	if (begin(NULL, cancel, st) < 0)
		return -1;
	return fs->ops->open_root(fs, cancel, ret_root, st);
}

int fs_open_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel, struct fs_dir **ret_dir,
		struct status *st)
{
	if (begin(name, cancel, st) < 0)
		return -1;
	return fs->ops->open_dir(fs, dir, name, cancel, ret_dir, st);
}

int fs_lookup(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel, struct fs_attr *ret_attr,
	      struct status *st)
{
	if (begin(name, cancel, st) < 0)
		return -1;
	return fs->ops->lookup(fs, dir, name, cancel, ret_attr, st);
}

int fs_get_attr(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_attr *ret_attr, struct status *st)
{
	if (begin(NULL, cancel, st) < 0)
		return -1;
	return fs->ops->get_attr(fs, dir, cancel, ret_attr, st);
}

int fs_set_owner(struct fs *fs, struct fs_dir *dir, const struct fs_owner *owner, struct cancel *cancel,
		 struct status *st)
{
	if (begin(NULL, cancel, st) < 0)
		return -1;
	return fs->ops->set_owner(fs, dir, owner, cancel, st);
}

int fs_make_dir(struct fs *fs, struct fs_dir *dir, const char *name, const struct fs_owner *owner,
		struct cancel *cancel, struct status *st)
{
	if (begin(name, cancel, st) < 0)
		return -1;
	return fs->ops->make_dir(fs, dir, name, owner, cancel, st);
}

int fs_rename(struct fs *fs, struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
	      struct cancel *cancel, struct status *st)
{
	if (begin(from, cancel, st) < 0 || begin(to, cancel, st) < 0)
		return -1;
	return fs->ops->rename(fs, from_dir, from, to_dir, to, cancel, st);
}

int fs_remove_file(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel, struct status *st)
{
	if (begin(name, cancel, st) < 0)
		return -1;
	return fs->ops->remove_file(fs, dir, name, cancel, st);
}

int fs_remove_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel, struct status *st)
{
	if (begin(name, cancel, st) < 0)
		return -1;
	return fs->ops->remove_dir(fs, dir, name, cancel, st);
}

/* For a back end that has nothing to gain from many at a time. */
static int remove_one_by_one(struct fs *fs, struct fs_dir *dir, const char *const *names, size_t count,
			     int *ret_errnums, struct cancel *cancel, struct status *st)
{
	for (size_t i = 0; i < count; i++) {
		if (cancel_check(cancel, st) < 0)
			return -1;
		struct status why;
		if (fs->ops->remove_file(fs, dir, names[i], cancel, &why) == 0 || why.errnum == ENOENT) {
			ret_errnums[i] = 0;
			continue;
		}
		if (why.errnum == 0 || why.code == STATUS_UNAVAILABLE || why.code == STATUS_DEADLINE_EXCEEDED) {
			*st = why;
			return -1;
		}
		ret_errnums[i] = why.errnum;
	}
	return 0;
}

int fs_remove_entries(struct fs *fs, struct fs_dir *dir, const char *const *names, size_t count, int *ret_errnums,
		      struct cancel *cancel, struct status *st)
{
	for (size_t i = 0; i < count; i++)
		ret_errnums[i] = FS_NOT_TRIED;
	for (size_t i = 0; i < count; i++) {
		if (begin(names[i], cancel, st) < 0)
			return -1;
	}
	if (!fs->ops->remove_entries)
		return remove_one_by_one(fs, dir, names, count, ret_errnums, cancel, st);
	return fs->ops->remove_entries(fs, dir, names, count, ret_errnums, cancel, st);
}

int fs_read_dir(struct fs *fs, struct fs_dir *dir, struct fs_page *page, struct cancel *cancel, struct status *st)
{
	if (begin(NULL, cancel, st) < 0)
		return -1;
	fs_page_release(page);
	return page->is_end ? 0 : fs->ops->read_dir(fs, dir, page, cancel, st);
}

int fs_read_file(struct fs *fs, struct fs_dir *dir, const char *name, struct strbuf *ret_content, struct cancel *cancel,
		 struct status *st)
{
	if (begin(name, cancel, st) < 0)
		return -1;
	size_t length_before = ret_content->length;
	if (fs->ops->read_file(fs, dir, name, ret_content, cancel, st) == 0)
		return 0;
	ret_content->length = length_before;
	if (ret_content->data)
		ret_content->data[length_before] = '\0';
	return -1;
}

int fs_create_file(struct fs *fs, struct fs_dir *dir, const char *name, uint32_t mode, const void *bytes, size_t length,
		   struct cancel *cancel, struct status *st)
{
	if (begin(name, cancel, st) < 0)
		return -1;
	return fs->ops->create_file(fs, dir, name, mode, bytes, length, cancel, st);
}

int fs_capacity(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_capacity *ret_capacity,
		struct status *st)
{
	if (begin(NULL, cancel, st) < 0)
		return -1;
	return fs->ops->capacity(fs, dir, cancel, ret_capacity, st);
}

int fs_ping(struct fs *fs, struct cancel *cancel, struct status *st)
{
	if (begin(NULL, cancel, st) < 0)
		return -1;
	return fs->ops->ping ? fs->ops->ping(fs, cancel, st) : 0;
}

void fs_close(struct fs *fs, struct fs_dir *dir)
{
	if (dir)
		fs->ops->close_dir(fs, dir);
}

void fs_free(struct fs *fs)
{
	if (fs)
		fs->ops->free(fs);
}

int fs_open_path(struct fs *fs, struct fs_dir *dir, const struct path *path, struct cancel *cancel,
		 struct fs_dir **ret_dir, struct status *st)
{
	if (path->count == 0)
		return fs_open_root(fs, cancel, ret_dir, st);
	struct fs_dir *at = dir;
	for (size_t i = 0; i < path->count; i++) {
		struct fs_dir *next = NULL;
		int result = fs_open_dir(fs, at, path->names[i], cancel, &next, st);
		if (at != dir)
			fs_close(fs, at);
		if (result < 0)
			return -1;
		at = next;
	}
	*ret_dir = at;
	return 0;
}
