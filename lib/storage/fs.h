/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the controller sees of an export, whatever is behind it.  Verbs are shaped like openat(2): a handle of a directory
 * and one name, never a path, and no verb follows a symlink.  So nothing outside the export can be reached by accident,
 * neither over NFS file handles nor over directory descriptors.
 *
 * Every verb observes its cancel and returns soon after it is over; a server that does not answer in time is
 * DEADLINE_EXCEEDED or UNAVAILABLE.  Failures carry the errno in status.errnum (EEXIST, ENOENT, ENOTEMPTY, ENOTDIR, ELOOP
 * for a symlink where a directory was asked, ESTALE, EACCES, ENOSPC ...), the same one from each back end.
 *
 * All verbs may be called from several threads at once, in one directory too.  A verb that fails because the connection
 * broke may or may not have happened: callers repeat, and treat EEXIST and ENOENT of a repeat as the success they may be.
 */
#ifndef CSICORE_STORAGE_FS_H
#define CSICORE_STORAGE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/path.h"
#include "base/strbuf.h"

struct cancel;
struct status;

/* A directory of an export, held open.  Made by a back end, given back with fs_close(). */
struct fs_dir;

enum fs_type { FS_DIRECTORY, FS_FILE, FS_SYMLINK, FS_OTHER };

struct fs_attr {
	enum fs_type type;
	uint32_t mode; /* permission bits with setuid, setgid, sticky (07777) */
	uint32_t uid, gid;
	uint32_t link_count;
	uint64_t size_bytes, used_bytes, file_id;
	int64_t mtime_ns; /* since the epoch */
};

/* What to set; FS_KEEP leaves a field as the server makes it (or as it is). */
#define FS_KEEP UINT32_MAX
struct fs_owner {
	uint32_t mode; /* 07777 */
	uint32_t uid, gid;
};
#define FS_OWNER_KEEP ((struct fs_owner){FS_KEEP, FS_KEEP, FS_KEEP})

struct fs_capacity {
	uint64_t total_bytes, free_bytes, available_bytes; /* available: to an unprivileged user */
	uint64_t total_files, free_files;                  /* 0 where the file system has no such number */
};

struct fs_entry {
	const char *name; /* any bytes but NUL and '/'; never "." or ".." */
	struct fs_attr attr;
	uint64_t cookie; /* where a page that goes on behind this entry begins */
};

/* One batch of a directory.  Start with fs_page_init; read until is_end. */
struct fs_page {
	uint64_t cookie; /* where the next batch begins; the back end's own meaning */
	uint64_t verifier;
	bool is_end;
	struct fs_entry *entries; /* in arena, valid until the next fs_read_dir with this page */
	size_t count;
	struct arena arena;
};
void fs_page_init(struct fs_page *page);
void fs_page_release(struct fs_page *page);

struct fs {
	const struct fs_ops *ops; /* first member of every back end's own struct */
};

struct fs_ops {
	const char *name; /* "libnfs", "dirfd", "memory": for logs and tests */
	int (*open_root)(struct fs *fs, struct cancel *cancel, struct fs_dir **ret_root, struct status *st);
	int (*open_dir)(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			struct fs_dir **ret_dir, struct status *st);
	int (*lookup)(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
		      struct fs_attr *ret_attr, struct status *st);
	int (*get_attr)(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_attr *ret_attr,
			struct status *st);
	int (*set_owner)(struct fs *fs, struct fs_dir *dir, const struct fs_owner *owner, struct cancel *cancel,
			 struct status *st);
	int (*make_dir)(struct fs *fs, struct fs_dir *dir, const char *name, const struct fs_owner *owner,
			struct cancel *cancel, struct status *st);
	int (*rename)(struct fs *fs, struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
		      struct cancel *cancel, struct status *st);
	int (*remove_file)(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			   struct status *st);
	int (*remove_dir)(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			  struct status *st);
	int (*remove_entries)(struct fs *fs, struct fs_dir *dir, const char *const *names, size_t count,
			      int *ret_errnums, struct cancel *cancel, struct status *st);
	int (*read_dir)(struct fs *fs, struct fs_dir *dir, struct fs_page *page, struct cancel *cancel,
			struct status *st);
	int (*read_file)(struct fs *fs, struct fs_dir *dir, const char *name, struct strbuf *ret_content,
			 struct cancel *cancel, struct status *st);
	int (*create_file)(struct fs *fs, struct fs_dir *dir, const char *name, uint32_t mode, const void *bytes,
			   size_t length, struct cancel *cancel, struct status *st);
	int (*capacity)(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_capacity *ret_capacity,
			struct status *st);
	int (*ping)(struct fs *fs, struct cancel *cancel, struct status *st);
	void (*close_dir)(struct fs *fs, struct fs_dir *dir);
	void (*free)(struct fs *fs);
};

/* The verbs.  Names must pass path_is_name(): a caller's mistake there is INVALID_ARGUMENT, checked once here. */

/* The export's root directory.  NOT_FOUND where the server does not export it. */
int fs_open_root(struct fs *fs, struct cancel *cancel, struct fs_dir **ret_root, struct status *st);
/* A directory in dir.  ENOENT, ENOTDIR, ELOOP (it is a symlink). */
int fs_open_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel, struct fs_dir **ret_dir,
		struct status *st);
/* Attributes of the entry itself: a symlink is FS_SYMLINK, not what it points to. */
int fs_lookup(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel, struct fs_attr *ret_attr,
	      struct status *st);
int fs_get_attr(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_attr *ret_attr, struct status *st);
int fs_set_owner(struct fs *fs, struct fs_dir *dir, const struct fs_owner *owner, struct cancel *cancel,
		 struct status *st);
/* Makes a directory with exactly that owner (no umask applies; FS_KEEP for mode is 0755, and setgid where the parent has it).
 * EEXIST whatever stands there.
 * Where the owner cannot be set (EPERM), the new directory is removed again. */
int fs_make_dir(struct fs *fs, struct fs_dir *dir, const char *name, const struct fs_owner *owner,
		struct cancel *cancel, struct status *st);
/* As rename(2): atomic, replaces a file or an empty directory.  ENOTEMPTY for another directory (never EEXIST). */
int fs_rename(struct fs *fs, struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
	      struct cancel *cancel, struct status *st);
/* Removes anything but a directory (EISDIR). */
int fs_remove_file(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel, struct status *st);
/* Removes an empty directory.  ENOTEMPTY (never EEXIST), ENOTDIR. */
int fs_remove_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel, struct status *st);
/*
 * Removes many entries of dir, as many at a time as the back end can have on their way.  ret_errnums[i] is 0 where names[i]
 * is gone now (ENOENT is 0 too), EISDIR where it is a directory, else what stood against it.  A back end may remove a
 * directory that is empty.  -1 once no more can be done (the cancel is over, the server is away): names it did not come
 * to have FS_NOT_TRIED.
 */
#define FS_NOT_TRIED (-1)
int fs_remove_entries(struct fs *fs, struct fs_dir *dir, const char *const *names, size_t count, int *ret_errnums,
		      struct cancel *cancel, struct status *st);
/* The next batch of entries with attributes, without "." and "..".  Entries removed meanwhile may or may not appear.  EINVAL
 * where the page's cookie is not one of this directory (any more). */
int fs_read_dir(struct fs *fs, struct fs_dir *dir, struct fs_page *page, struct cancel *cancel, struct status *st);
/* The content of a regular file, appended to ret_content; EFBIG past its limit, ELOOP for a symlink, EISDIR. */
int fs_read_file(struct fs *fs, struct fs_dir *dir, const char *name, struct strbuf *ret_content, struct cancel *cancel,
		 struct status *st);
/* A new file with that content, on stable storage when it returns.  EEXIST.  After a failure a file with less content may
 * be left. */
int fs_create_file(struct fs *fs, struct fs_dir *dir, const char *name, uint32_t mode, const void *bytes, size_t length,
		   struct cancel *cancel, struct status *st);
/* Space of the file system (or quota) that holds dir. */
int fs_capacity(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_capacity *ret_capacity,
		struct status *st);
/* Whether the server is there at all: one answer of it, about no export.  UNAVAILABLE with the errno where it is not. */
int fs_ping(struct fs *fs, struct cancel *cancel, struct status *st);
/* NULL is fine.  Never blocks. */
void fs_close(struct fs *fs, struct fs_dir *dir);
/* No verb runs and no directory is open any more.  NULL is fine. */
void fs_free(struct fs *fs);

/* Opens the directory at path below dir, name by name; path->count 0 gives a second handle of dir by open_root's meaning
 * only where dir is the root, so callers pass at least one name. */
int fs_open_path(struct fs *fs, struct fs_dir *dir, const struct path *path, struct cancel *cancel,
		 struct fs_dir **ret_dir, struct status *st);

#endif
