/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of directories: made from the top down, removed from the bottom up. */
#include "storage/tree.h"

#include <errno.h>

#include "base/status.h"

/* Opens the directory name of dir, making it first where it is missing. */
static int open_or_make(struct fs *fs, struct fs_dir *dir, const char *name, const struct fs_owner *owner,
			struct cancel *cancel, struct fs_dir **ret_dir, struct status *st)
{
	struct status missing;
	if (fs_open_dir(fs, dir, name, cancel, ret_dir, &missing) == 0)
		return 0;
	if (missing.errnum != ENOENT) {
		*st = missing;
		return -1;
	}
	/* EEXIST: another call made it meanwhile. */
	if (fs_make_dir(fs, dir, name, owner, cancel, st) < 0 && st->errnum != EEXIST)
		return -1;
	return fs_open_dir(fs, dir, name, cancel, ret_dir, st);
}

int tree_make_path(struct fs *fs, struct fs_dir *dir, const struct path *path, const struct fs_owner *owner,
		   struct cancel *cancel, struct fs_dir **ret_dir, struct status *st)
{
	struct fs_dir *at = dir;
	for (size_t i = 0; i < path->count; i++) {
		struct fs_dir *next = NULL;
		int result = open_or_make(fs, at, path->names[i], owner, cancel, &next, st);
		if (at != dir)
			fs_close(fs, at);
		if (result < 0)
			return -1;
		at = next;
	}
	if (!ret_dir) {
		if (at != dir)
			fs_close(fs, at);
		return 0;
	}
	if (at == dir)
		return fs_open_path(fs, dir, path, cancel, ret_dir, st);
	*ret_dir = at;
	return 0;
}

/* True where the way to an entry ends early: it is missing, or something that is no directory stands there. */
static bool is_no_directory(const struct status *st)
{
	return st->errnum == ENOENT || st->errnum == ENOTDIR || st->errnum == ELOOP;
}

/* Removes names[count - 1] of dirs[count - 1] and so on upwards until one of them stays. */
static int remove_upwards(struct fs *fs, struct fs_dir *const *dirs, const char *const *names, size_t count,
			  struct cancel *cancel, struct status *st)
{
	for (; count > 0; count--) {
		struct status why;
		if (fs_remove_dir(fs, dirs[count - 1], names[count - 1], cancel, &why) == 0 || why.errnum == ENOENT)
			continue;
		if (why.errnum == ENOTEMPTY || why.errnum == ENOTDIR)
			return 0;
		*st = why;
		return -1;
	}
	return 0;
}

int tree_remove_empty(struct fs *fs, struct fs_dir *dir, const struct path *path, struct cancel *cancel,
		      struct status *st)
{
	struct fs_dir *dirs[PATH_DEPTH_MAX] = {dir};
	size_t count = path->count ? 1 : 0;
	struct status why;
	int result = 0;
	while (result == 0 && count > 0 && count < path->count && count < PATH_DEPTH_MAX) {
		result = fs_open_dir(fs, dirs[count - 1], path->names[count - 1], cancel, &dirs[count], &why);
		count += result == 0;
	}
	if (result < 0 && !is_no_directory(&why))
		*st = why;
	else
		result = remove_upwards(fs, dirs, path->names, count, cancel, st);
	for (size_t i = 1; i < count; i++)
		fs_close(fs, dirs[i]);
	return result;
}
