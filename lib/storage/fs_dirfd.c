/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct fs over directory descriptors.  A handle is an O_PATH descriptor; every access names one entry of it and goes
 * through openat2() with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS, or through a call of the *at()
 * family that never follows the last component.
 *
 * Durable when the verb returns: create_file, make_dir and rename, as with a server that exports "sync".  Removals and
 * set_owner are not flushed: to repeat them after a crash is safe.
 */
#include "storage/fs_dirfd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"

#define PAGE_ENTRIES_MAX 512
/* Kernel directory records are at least 24 bytes, so one buffer never holds much more than a page. */
#define RECORD_BUFFER_BYTES (16u << 10)
#define COPY_CHUNK_BYTES (64u << 10)

struct fs_dirfd {
	struct fs fs;
	int root_fd;
};

struct fs_dir {
	int fd; /* O_PATH */
};

/* What getdents64(2) writes. */
struct kernel_dirent {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	uint8_t d_type;
	char d_name[];
};

static int open_beneath(int dir_fd, const char *name, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	return (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
}

/* A directory that was removed while it was open answers ENOENT here and ESTALE over NFS: ESTALE everywhere. */
static int errno_in(const struct fs_dir *dir)
{
	int errnum = errno;
	struct stat stat;
	if (errnum == ENOENT && fstat(dir->fd, &stat) == 0 && stat.st_nlink == 0)
		return ESTALE;
	return errnum;
}

static int fail_in(const struct fs_dir *dir, const char *what, const char *name, struct status *st)
{
	return status_set_errno(st, errno_in(dir), "%s %s", what, name);
}

static struct fs_dir *dir_new(int fd)
{
	struct fs_dir *dir = memory_alloc(sizeof(*dir));
	dir->fd = fd;
	return dir;
}

static enum fs_type type_of_mode(mode_t mode)
{
	if (S_ISDIR(mode))
		return FS_DIRECTORY;
	if (S_ISREG(mode))
		return FS_FILE;
	return S_ISLNK(mode) ? FS_SYMLINK : FS_OTHER;
}

static void attr_of_stat(const struct stat *stat, struct fs_attr *ret)
{
	*ret = (struct fs_attr){
		.type = type_of_mode(stat->st_mode),
		.mode = stat->st_mode & 07777,
		.uid = stat->st_uid,
		.gid = stat->st_gid,
		.link_count = (uint32_t)stat->st_nlink,
		.size_bytes = (uint64_t)stat->st_size,
		.used_bytes = (uint64_t)stat->st_blocks * 512,
		.file_id = stat->st_ino,
		.mtime_ns = stat->st_mtim.tv_sec * INT64_C(1000000000) + stat->st_mtim.tv_nsec,
	};
}

static int stat_entry(int dir_fd, const char *name, struct stat *ret)
{
	return fstatat(dir_fd, name, ret, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
}

int fs_dirfd_open_root(int directory_fd, struct fs_dir **ret_root, struct status *st)
{
	int fd = open_beneath(directory_fd, ".", O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return status_set_errno(st, errno, "open the export's root directory");
	*ret_root = dir_new(fd);
	return 0;
}

static int dirfd_open_root(struct fs *fs, struct cancel *cancel, struct fs_dir **ret_root, struct status *st)
{
	return fs_dirfd_open_root(((const struct fs_dirfd *)fs)->root_fd, ret_root, st);
}

static int dirfd_open_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			  struct fs_dir **ret_dir, struct status *st)
{
	int fd = open_beneath(dir->fd, name, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fail_in(dir, "open directory", name, st);
	*ret_dir = dir_new(fd);
	return 0;
}

static int dirfd_lookup(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			struct fs_attr *ret_attr, struct status *st)
{
	struct stat stat;
	if (stat_entry(dir->fd, name, &stat) < 0)
		return fail_in(dir, "look up", name, st);
	attr_of_stat(&stat, ret_attr);
	return 0;
}

static int dirfd_get_attr(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_attr *ret_attr,
			  struct status *st)
{
	struct stat stat;
	if (fstat(dir->fd, &stat) < 0)
		return status_set_errno(st, errno, "read the attributes of a directory");
	if (stat.st_nlink == 0)
		return status_set_errno(st, ESTALE, "read the attributes of a directory");
	attr_of_stat(&stat, ret_attr);
	return 0;
}

/* The mode comes last: a change of owner clears setuid and setgid. */
static int apply_owner(int dir_fd, const struct fs_owner *owner)
{
	uid_t uid = owner->uid == FS_KEEP ? (uid_t)-1 : owner->uid;
	gid_t gid = owner->gid == FS_KEEP ? (gid_t)-1 : owner->gid;
	if ((owner->uid != FS_KEEP || owner->gid != FS_KEEP) && fchownat(dir_fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return -1;
	/* fchmod(2) refuses O_PATH; "." of a directory is that directory. */
	return owner->mode == FS_KEEP ? 0 : fchmodat(dir_fd, ".", owner->mode & 07777, 0);
}

static int dirfd_set_owner(struct fs *fs, struct fs_dir *dir, const struct fs_owner *owner, struct cancel *cancel,
			   struct status *st)
{
	if (apply_owner(dir->fd, owner) < 0)
		return status_set_errno(st, errno_in(dir), "set the owner of a directory");
	return 0;
}

/* Puts the entries of a directory on stable storage, where the file system knows such a thing for directories. */
static int sync_entries(const struct fs_dir *dir)
{
	AUTO_CLOSE int fd = open_beneath(dir->fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return -1;
	if (fsync(fd) < 0 && errno != EINVAL && errno != EOPNOTSUPP)
		return -1;
	return 0;
}

static int dirfd_make_dir(struct fs *fs, struct fs_dir *dir, const char *name, const struct fs_owner *owner,
			  struct cancel *cancel, struct status *st)
{
	struct fs_owner exact = *owner;
	struct stat stat;
	/* Without a mode, right from the start: who dies here leaves a directory that nobody sets a mode on again. */
	if (mkdirat(dir->fd, name, owner->mode == FS_KEEP ? 0755 : 0700) < 0)
		return fail_in(dir, "make directory", name, st);
	AUTO_CLOSE int fd = open_beneath(dir->fd, name, O_PATH | O_DIRECTORY, 0);
	int result = fd < 0 ? -1 : fstat(fd, &stat);
	/* It has inherited setgid where its parent has it, as over NFS. */
	if (result == 0 && exact.mode == FS_KEEP)
		exact.mode = 0755 | (stat.st_mode & S_ISGID);
	if (result == 0)
		result = apply_owner(fd, &exact);
	if (result == 0)
		result = sync_entries(dir);
	if (result == 0)
		return 0;
	/* Gone again: somebody removes empty directories here. */
	int errnum = errno == ENOENT ? ESTALE : errno;
	(void)unlinkat(dir->fd, name, AT_REMOVEDIR); /* the first failure is the one to report */
	return status_set_errno(st, errnum, "set the owner of new directory %s", name);
}

static int dirfd_rename(struct fs *fs, struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
			struct cancel *cancel, struct status *st)
{
	if (renameat(from_dir->fd, from, to_dir->fd, to) < 0) {
		int errnum = errno_in(to_dir);
		errno = errnum;
		errnum = errno_in(from_dir);
		return status_set_errno(st, errnum == EEXIST ? ENOTEMPTY : errnum, "rename %s to %s", from, to);
	}
	if (sync_entries(to_dir) < 0 || (from_dir != to_dir && sync_entries(from_dir) < 0))
		return status_set_errno(st, errno, "flush the rename of %s to %s", from, to);
	return 0;
}

static int dirfd_remove_file(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			     struct status *st)
{
	return unlinkat(dir->fd, name, 0) < 0 ? fail_in(dir, "remove", name, st) : 0;
}

static int dirfd_remove_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			    struct status *st)
{
	if (unlinkat(dir->fd, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno == EEXIST)
		errno = ENOTEMPTY;
	return fail_in(dir, "remove directory", name, st);
}

/* Adds one record to the page, unless its entry is already gone. */
static int add_entry(int dir_fd, const struct kernel_dirent *record, struct fs_page *page)
{
	struct stat stat;
	if (!path_is_name(record->d_name))
		return 0;
	if (stat_entry(dir_fd, record->d_name, &stat) < 0)
		return errno == ENOENT ? 0 : -1;
	struct fs_entry *entry = &page->entries[page->count++];
	entry->name = arena_strdup(&page->arena, record->d_name);
	entry->cookie = (uint64_t)record->d_off;
	attr_of_stat(&stat, &entry->attr);
	return 0;
}

/* Reads on from page->cookie until the page is full or the directory ends. */
static int fill_page(int dir_fd, struct fs_page *page)
{
	union {
		struct kernel_dirent alignment;
		char bytes[RECORD_BUFFER_BYTES];
	} buffer;
	if (page->cookie != 0 && lseek(dir_fd, (off_t)page->cookie, SEEK_SET) < 0)
		return -1;
	while (page->count < PAGE_ENTRIES_MAX) {
		ssize_t length = syscall(SYS_getdents64, dir_fd, buffer.bytes, sizeof(buffer.bytes));
		if (length < 0)
			return -1;
		if (length == 0) {
			page->is_end = true;
			return 0;
		}
		for (ssize_t at = 0; at < length && page->count < PAGE_ENTRIES_MAX;) {
			const struct kernel_dirent *record = (const void *)(buffer.bytes + at);
			if (add_entry(dir_fd, record, page) < 0)
				return -1;
			page->cookie = (uint64_t)record->d_off;
			at += record->d_reclen;
		}
	}
	return 0;
}

static int dirfd_read_dir(struct fs *fs, struct fs_dir *dir, struct fs_page *page, struct cancel *cancel,
			  struct status *st)
{
	AUTO_CLOSE int fd = open_beneath(dir->fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return status_set_errno(st, errno_in(dir), "open a directory to list it");
	uint64_t cookie_before = page->cookie;
	page->entries = arena_calloc(&page->arena, PAGE_ENTRIES_MAX, sizeof(*page->entries));
	if (fill_page(fd, page) == 0)
		return 0;
	int errnum = errno_in(dir);
	fs_page_release(page);
	page->cookie = cookie_before;
	return status_set_errno(st, errnum, "list a directory");
}

/* Appends all of fd to content; errno EFBIG where that passes its limit. */
static int read_all(int fd, struct strbuf *content, struct cancel *cancel, struct status *st)
{
	for (;;) {
		if (cancel_check(cancel, st) < 0)
			return -1;
		char beyond;
		size_t room = content->limit - content->length;
		size_t want = room < COPY_CHUNK_BYTES ? room : COPY_CHUNK_BYTES;
		char *to = want ? strbuf_reserve(content, want) : NULL;
		ssize_t got = to ? read(fd, to, want) : read(fd, &beyond, 1);
		if (got == 0)
			return 0;
		if (got < 0)
			return status_set_errno(st, errno, "read");
		if (!to)
			return status_set_errno(st, EFBIG, "read more than %zu bytes", content->limit);
		strbuf_grown(content, (size_t)got);
	}
}

/* Why a thing of this type has no content to read; 0 for a regular file. */
static int errno_of_unreadable(mode_t mode)
{
	if (S_ISDIR(mode))
		return EISDIR;
	if (S_ISLNK(mode))
		return ELOOP;
	return S_ISREG(mode) ? 0 : EINVAL;
}

static int dirfd_read_file(struct fs *fs, struct fs_dir *dir, const char *name, struct strbuf *ret_content,
			   struct cancel *cancel, struct status *st)
{
	/* Looked at before it is opened, as to open a device may do something; O_NONBLOCK for a FIFO that comes between. */
	struct stat stat;
	if (stat_entry(dir->fd, name, &stat) < 0)
		return fail_in(dir, "read", name, st);
	if (errno_of_unreadable(stat.st_mode))
		return status_set_errno(st, errno_of_unreadable(stat.st_mode), "read %s", name);
	AUTO_CLOSE int fd = open_beneath(dir->fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0 || fstat(fd, &stat) < 0)
		return fail_in(dir, "read", name, st);
	if (errno_of_unreadable(stat.st_mode))
		return status_set_errno(st, errno_of_unreadable(stat.st_mode), "read %s", name);
	return read_all(fd, ret_content, cancel, st) < 0 ? status_prefix(st, "%s", name) : 0;
}

static int write_all(int fd, const char *bytes, size_t length, struct cancel *cancel, struct status *st)
{
	while (length > 0) {
		if (cancel_check(cancel, st) < 0)
			return -1;
		ssize_t written = write(fd, bytes, length < COPY_CHUNK_BYTES ? length : COPY_CHUNK_BYTES);
		if (written < 0)
			return status_set_errno(st, errno, "write");
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

static int dirfd_create_file(struct fs *fs, struct fs_dir *dir, const char *name, uint32_t mode, const void *bytes,
			     size_t length, struct cancel *cancel, struct status *st)
{
	AUTO_CLOSE int fd = open_beneath(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return fail_in(dir, "create", name, st);
	if (write_all(fd, bytes, length, cancel, st) < 0)
		return status_prefix(st, "%s", name);
	/* After the content: a write by another than root clears setuid and setgid. */
	if (fchmod(fd, mode & 07777) < 0)
		return status_set_errno(st, errno, "set the mode of %s", name);
	if (fsync(fd) < 0 || sync_entries(dir) < 0)
		return status_set_errno(st, errno, "flush %s", name);
	return 0;
}

static int dirfd_capacity(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_capacity *ret_capacity,
			  struct status *st)
{
	struct statvfs stat;
	if (fstatvfs(dir->fd, &stat) < 0)
		return status_set_errno(st, errno, "read the space of the file system");
	*ret_capacity = (struct fs_capacity){
		.total_bytes = (uint64_t)stat.f_blocks * stat.f_frsize,
		.free_bytes = (uint64_t)stat.f_bfree * stat.f_frsize,
		.available_bytes = (uint64_t)stat.f_bavail * stat.f_frsize,
		.total_files = stat.f_files,
		.free_files = stat.f_ffree,
	};
	return 0;
}

static void dirfd_close_dir(struct fs *fs, struct fs_dir *dir)
{
	(void)close(dir->fd); /* O_PATH: nothing was written through it */
	free(dir);
}

static void dirfd_free(struct fs *fs)
{
	struct fs_dirfd *self = (struct fs_dirfd *)fs;
	(void)close(self->root_fd); /* as above */
	free(self);
}

const struct fs_ops fs_dirfd_ops = {
	.name = "dirfd",
	.open_root = dirfd_open_root,
	.open_dir = dirfd_open_dir,
	.lookup = dirfd_lookup,
	.get_attr = dirfd_get_attr,
	.set_owner = dirfd_set_owner,
	.make_dir = dirfd_make_dir,
	.rename = dirfd_rename,
	.remove_file = dirfd_remove_file,
	.remove_dir = dirfd_remove_dir,
	.read_dir = dirfd_read_dir,
	.read_file = dirfd_read_file,
	.create_file = dirfd_create_file,
	.capacity = dirfd_capacity,
	.close_dir = dirfd_close_dir,
	.free = dirfd_free,
};

struct fs *fs_dirfd_new(int directory_fd)
{
	struct fs_dirfd *self = memory_alloc(sizeof(*self));
	*self = (struct fs_dirfd){.fs.ops = &fs_dirfd_ops, .root_fd = directory_fd};
	return &self->fs;
}

struct fs *fs_dirfd_open(const char *directory, struct status *st)
{
	int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)status_set_errno(st, errno, "open directory %s", directory);
		return NULL;
	}
	return fs_dirfd_new(fd);
}
