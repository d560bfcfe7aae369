/* SPDX-License-Identifier: Apache-2.0 */
/* Removal by way of .csicore/trash/. */
#include "trash.h"

#include <errno.h>

#include "base/status.h"
#include "storage/tree.h"

/* Failures of making or using the trash that a removal in place does not share. */
static bool is_without_trash(const struct status *st)
{
	switch (st->errnum) {
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOSPC:
	case EDQUOT:
	case EXDEV:
	case EMLINK:
	case ELOOP:
	case EINVAL:
	case EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

/* An entry of an earlier removal is in the way: a full directory, or one of another type than what is to be moved. */
static bool is_occupied(const struct status *st)
{
	return st->errnum == ENOTEMPTY || st->errnum == ENOTDIR || st->errnum == EISDIR;
}

static int move_to_trash(struct export_use *use, struct fs_dir *dir, const char *name, struct fs_dir *trash,
			 const char *entry, struct cancel *cancel, struct status *st)
{
	if (fs_rename(use->fs, dir, name, trash, entry, cancel, st) == 0)
		return 0;
	if (!is_occupied(st) || tree_remove(use->fs, trash, entry, NULL, cancel, st) < 0)
		return -1;
	return fs_rename(use->fs, dir, name, trash, entry, cancel, st);
}

/* ENOENT of a rename is either the entry that is gone already, which is fine, or a stale handle of the trash. */
static int check_is_gone(struct export_use *use, struct fs_dir *dir, const char *name, struct cancel *cancel,
			 struct status *st)
{
	struct fs_attr attr;
	if (fs_lookup(use->fs, dir, name, cancel, &attr, st) == 0)
		return status_set_errno(st, ESTALE, "the trash of the share");
	return st->errnum == ENOENT ? 0 : -1;
}

int trash_remove(struct export_use *use, struct fs_dir *dir, const char *name, const char *entry, struct cancel *cancel,
		 struct status *st)
{
	struct fs_dir *trash = NULL;
	if (export_open_folder(use, EXPORT_TRASH, dir != NULL, cancel, &trash, st) < 0) {
		if (!dir && (st->errnum == ENOENT || st->errnum == ENOTDIR || is_without_trash(st)))
			return 0;
		if (st->errnum != ENOTDIR && !is_without_trash(st))
			return -1;
		return tree_remove(use->fs, dir, name, NULL, cancel, st);
	}
	if (dir && move_to_trash(use, dir, name, trash, entry, cancel, st) < 0) {
		if (is_without_trash(st))
			return tree_remove(use->fs, dir, name, NULL, cancel, st);
		if (st->errnum != ENOENT || check_is_gone(use, dir, name, cancel, st) < 0)
			return -1;
	}
	return tree_remove(use->fs, trash, entry, NULL, cancel, st);
}
