/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that judges paths and names from outside.  What passes is split into names, and from there on code walks
 * name by name from a directory handle, so nothing that looks like ".." or "a/b" can reach a server.
 */
#ifndef CSICORE_BASE_PATH_H
#define CSICORE_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct status;

#define PATH_NAME_MAX 255 /* bytes in one name (NAME_MAX of Linux and of the NFS servers) */
#define PATH_DEPTH_MAX 64 /* names in one path */

struct path {
	const char **names; /* in the arena given to path_split */
	size_t count;       /* 0: the directory itself */
};

/* True for one directory entry: 1 to PATH_NAME_MAX bytes, no '/' and not "." or "..". */
bool path_is_name(const char *name);

/*
 * Splits a path below a share into its names.  Leading, trailing and doubled slashes and "." names are dropped.  Fails
 * with INVALID_ARGUMENT `invalid <what> "<text>": path contains directory traversal sequence` where a name is ".."
 * (a backslash counts as a separator for that question only, as csi-driver-nfs has it), where a name is longer than
 * PATH_NAME_MAX or there are more than PATH_DEPTH_MAX.
 */
int path_split(struct arena *arena, const char *what, const char *text, struct path *ret_path, struct status *st);

/* The names joined by '/', without a leading one; "" for none. */
char *path_join(struct arena *arena, const struct path *path);

/* "a//b/./c/" -> "/a/b/c"; always absolute, ".." is left to path_split to refuse.  In the arena. */
char *path_normalize(struct arena *arena, const char *text);

#endif
