/* SPDX-License-Identifier: Apache-2.0 */
/* Small files in the folders of .csicore. */
#include "folder.h"

#include <errno.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"

#define FILE_MODE 0600

bool folder_is_refusal(const struct status *st)
{
	switch (st->errnum) {
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
		return true;
	default:
		return false;
	}
}

static int create_in(struct export_use *use, struct fs_dir *dir, const char *file, const void *bytes, size_t length,
		     struct cancel *cancel, struct status *st)
{
	if (fs_create_file(use->fs, dir, file, FILE_MODE, bytes, length, cancel, st) == 0)
		return 0;
	/* On a full disk the file is made and stays empty. */
	struct status ignored;
	if (st->code == STATUS_RESOURCE_EXHAUSTED)
		(void)fs_remove_file(use->fs, dir, file, cancel, &ignored);
	return export_missing_is_stale(st);
}

int folder_create_file(struct export_use *use, enum export_folder folder, const char *file, const void *bytes,
		       size_t length, struct cancel *cancel, struct status *st)
{
	struct fs_dir *dir;
	if (export_open_folder(use, folder, true, cancel, &dir, st) < 0)
		return -1;
	return create_in(use, dir, file, bytes, length, cancel, st);
}

int folder_replace_file(struct export_use *use, enum export_folder folder, const char *file, const void *bytes,
			size_t length, struct cancel *cancel, struct status *st)
{
	AUTO(arena_release) struct arena arena;
	struct fs_dir *dir;
	arena_init(&arena, 2 * PATH_NAME_MAX);
	if (export_open_folder(use, folder, true, cancel, &dir, st) < 0)
		return -1;
	const char *temporary = arena_printf(&arena, "~%s", file);
	if (create_in(use, dir, temporary, bytes, length, cancel, st) < 0) {
		/* Left by an attempt that was cut off. */
		if (st->errnum != EEXIST || fs_remove_file(use->fs, dir, temporary, cancel, st) < 0 ||
		    create_in(use, dir, temporary, bytes, length, cancel, st) < 0)
			return -1;
	}
	return fs_rename(use->fs, dir, temporary, dir, file, cancel, st);
}

static bool is_no_file_of_ours(const struct status *st)
{
	switch (st->errnum) {
	case ENOENT:
	case EISDIR:
	case ENOTDIR:
	case ELOOP:
	case EINVAL:
	case EFBIG:
		return true;
	default:
		return false;
	}
}

int folder_read_file(struct export_use *use, enum export_folder folder, const char *file, struct strbuf *ret_content,
		     struct cancel *cancel, bool *ret_exists, struct status *st)
{
	struct fs_dir *dir;
	*ret_exists = false;
	if (export_open_folder(use, folder, false, cancel, &dir, st) < 0)
		return st->errnum == ENOENT || folder_is_refusal(st) ? 0 : -1;
	*ret_exists = fs_read_file(use->fs, dir, file, ret_content, cancel, st) == 0;
	return *ret_exists || is_no_file_of_ours(st) ? 0 : -1;
}

int folder_list(struct export_use *use, enum export_folder folder, struct fs_page *page, struct cancel *cancel,
		struct status *st)
{
	struct fs_dir *dir;
	if (export_open_folder(use, folder, false, cancel, &dir, st) == 0)
		return fs_read_dir(use->fs, dir, page, cancel, st);
	if (st->errnum != ENOENT && st->errnum != ENOTDIR && st->errnum != ELOOP)
		return -1;
	page->count = 0;
	page->is_end = true;
	return 0;
}
