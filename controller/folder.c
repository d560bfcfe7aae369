/* SPDX-License-Identifier: Apache-2.0 */
/* Small files in the folders of .csicore. */
#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* A file as it will be, before it takes its place. */
struct replacement {
	struct fs_dir *dir;
	const char *file;
	char temporary[PATH_NAME_MAX + 2];
};

static int being_changed(const char *file, struct status *st)
{
	return status_set(st, STATUS_ABORTED, "another controller is changing %s", file);
}

/*
 * The temporary name is the same for all controllers, and whoever finds it taken takes it away: an attempt that was cut off
 * left it, or another controller is at work, which then finds that it has nothing to put in place.
 */
static int write_temporary(struct export_use *use, struct replacement *r, const void *bytes, size_t length,
			   struct cancel *cancel, struct status *st)
{
	(void)snprintf(r->temporary, sizeof(r->temporary), "~%s", r->file); /* one that is cut is no name and refused */
	if (create_in(use, r->dir, r->temporary, bytes, length, cancel, st) == 0)
		return 0;
	if (st->errnum != EEXIST ||
	    (fs_remove_file(use->fs, r->dir, r->temporary, cancel, st) < 0 && st->errnum != ENOENT))
		return -1;
	if (create_in(use, r->dir, r->temporary, bytes, length, cancel, st) == 0)
		return 0;
	return st->errnum == EEXIST ? being_changed(r->file, st) : -1;
}

static int put_in_place(struct export_use *use, const struct replacement *r, struct cancel *cancel, struct status *st)
{
	return fs_rename(use->fs, r->dir, r->temporary, r->dir, r->file, cancel, st);
}

int folder_replace_in(struct export_use *use, struct fs_dir *dir, const char *file, const void *bytes, size_t length,
		      struct cancel *cancel, struct status *st)
{
	struct replacement r = {.dir = dir, .file = file};
	if (write_temporary(use, &r, bytes, length, cancel, st) < 0)
		return -1;
	if (put_in_place(use, &r, cancel, st) == 0)
		return 0;
	return st->errnum == ENOENT ? being_changed(file, st) : -1;
}

int folder_replace_file(struct export_use *use, enum export_folder folder, const char *file, const void *bytes,
			size_t length, struct cancel *cancel, struct status *st)
{
	struct fs_dir *dir;
	if (export_open_folder(use, folder, true, cancel, &dir, st) < 0)
		return -1;
	return folder_replace_in(use, dir, file, bytes, length, cancel, st);
}

int folder_exchange_file(struct export_use *use, enum export_folder folder, const char *file,
			 const struct strbuf *before, const void *bytes, size_t length, struct cancel *cancel,
			 struct status *st)
{
	AUTO(strbuf_release) struct strbuf now;
	struct replacement r = {.file = file};
	bool exists;
	strbuf_init(&now, before->length + 1);
	if (export_open_folder(use, folder, true, cancel, &r.dir, st) < 0 ||
	    write_temporary(use, &r, bytes, length, cancel, st) < 0)
		return -1;
	/* From here on, whoever puts another file in place has first taken the temporary one away. */
	if (folder_read_file(use, folder, file, &now, cancel, &exists, st) < 0)
		return -1;
	bool is_same = exists && now.length == before->length && memcmp(now.data, before->data, now.length) == 0;
	int result =
		is_same ? put_in_place(use, &r, cancel, st) : fs_remove_file(use->fs, r.dir, r.temporary, cancel, st);
	return result == 0 || st->errnum == ENOENT ? 0 : -1;
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
