/* SPDX-License-Identifier: Apache-2.0 */
#include "node/target.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/path.h"
#include "base/status.h"

#define DIRECTORY_MODE 0750 /* as kubelet makes its own */

const char *target_check(struct arena *arena, const char *what, const char *path, struct status *st)
{
	struct path names;

	if (path[0] != '/') {
		(void)status_set(st, STATUS_INVALID_ARGUMENT, "%s \"%s\" is not an absolute path", what, path);
		return NULL;
	}
	if (strlen(path) >= PATH_MAX) {
		(void)status_set(st, STATUS_INVALID_ARGUMENT, "%s is longer than %d bytes", what, PATH_MAX - 1);
		return NULL;
	}
	if (path_split(arena, what, path, &names, st) < 0)
		return NULL;
	if (names.count == 0) {
		(void)status_set(st, STATUS_INVALID_ARGUMENT, "%s is the root directory", what);
		return NULL;
	}
	return path_normalize(arena, path);
}

/* 0 made, 1 there already, -1 with errno. */
static int make_one(const char *path)
{
	if (mkdir(path, DIRECTORY_MODE) == 0)
		return 0;
	return errno == EEXIST ? 1 : -1;
}

/* Makes path, which is there, anew: rmdir tells whether a mount on it would hide anything, even where nobody is let in. */
static int make_anew(const char *path, struct status *st)
{
	if (rmdir(path) < 0 && errno != ENOENT) {
		if (errno == ENOTDIR)
			return status_set(st, STATUS_FAILED_PRECONDITION,
					  "target path %s is there and is not a directory", path);
		if (errno == ENOTEMPTY || errno == EEXIST)
			return status_set(st, STATUS_FAILED_PRECONDITION,
					  "target path %s is not empty: a mount would hide what is in it", path);
		return status_set_errno(st, errno, "look into %s", path);
	}
	return make_one(path) < 0 ? status_set_errno(st, errno, "make directory %s", path) : 0;
}

/* Makes path[0..length-1] with its missing parents; the shortest one made is at *made_bytes. */
static int make_parents(char *path, size_t length, size_t *made_bytes, struct status *st)
{
	for (size_t end = 1; end <= length; end++) {
		if (end < length && path[end] != '/')
			continue;
		char cut = path[end];

		path[end] = '\0';
		int outcome = make_one(path);

		if (outcome < 0) {
			(void)status_set_errno(st, errno, "make directory %s", path);
			path[end] = cut;
			return -1;
		}
		path[end] = cut;
		if (outcome == 0 && *made_bytes > end)
			*made_bytes = end;
	}
	return 0;
}

/* The length of the directory that path[0..length-1] is in. */
static size_t parent_length(const char *path, size_t length)
{
	while (length > 1 && path[length - 1] != '/')
		length--;
	return length > 1 ? length - 1 : 1;
}

int target_make(const char *path, size_t *ret_kept_bytes, struct status *st)
{
	char copy[PATH_MAX];
	size_t length = strlen(path);
	size_t made_bytes = length + 1; /* more than all of it: nothing was made */
	int outcome = make_one(path);

	if (outcome > 0) {
		if (make_anew(path, st) < 0)
			return -1;
	} else if (outcome == 0) {
		made_bytes = length;
	} else if (errno != ENOENT) {
		return status_set_errno(st, errno, "make directory %s", path);
	} else {
		memcpy(copy, path, length + 1);
		if (make_parents(copy, length, &made_bytes, st) < 0) {
			if (made_bytes <= length)
				target_unmake(path, parent_length(path, made_bytes));
			return -1;
		}
	}
	*ret_kept_bytes = made_bytes > length ? length : parent_length(path, made_bytes);
	return 0;
}

void target_unmake(const char *path, size_t kept_bytes)
{
	char copy[PATH_MAX];
	size_t length = strlen(path);

	memcpy(copy, path, length + 1);
	while (length > kept_bytes) {
		copy[length] = '\0';
		(void)rmdir(copy); /* what somebody put there meanwhile stays */
		length = parent_length(copy, length);
		if (length == 1)
			return;
	}
}

static int kept(const char *path, struct status *st)
{
	return status_set(st, STATUS_FAILED_PRECONDITION,
			  "target path %s is neither a mount nor empty: what is there is kept", path);
}

/* What was mounted on may be a file: kubelet makes an empty one. */
static int remove_file(const char *path, struct status *st)
{
	struct stat now;

	if (lstat(path, &now) == 0) {
		if (!S_ISREG(now.st_mode) || now.st_size > 0)
			return kept(path, st);
		if (unlink(path) == 0)
			return 0;
	}
	/* ENOTDIR: a parent is a file, so there is nothing at path. */
	return errno == ENOENT || errno == ENOTDIR ? 0 : status_set_errno(st, errno, "remove %s", path);
}

int target_remove(const char *path, struct status *st)
{
	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return kept(path, st);
	if (errno == ENOTDIR)
		return remove_file(path, st);
	return status_set_errno(st, errno, "remove directory %s", path);
}
