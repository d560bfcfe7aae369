/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text of /proc/self/mountinfo (proc(5)).  Pure: the text comes from the caller. */
#ifndef CSICORE_MOUNT_MOUNT_TABLE_H
#define CSICORE_MOUNT_MOUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* One line, its octal escapes resolved. */
struct mount_line {
	uint64_t id;
	const char *device; /* "0:52": one file system, however often it is mounted */
	const char *root;   /* of the mount within its file system */
	const char *target;
	const char *type;
	const char *source;
	bool is_read_only; /* the mount, whatever its file system is */
};

/* The line of mount id, its strings in the arena; false where there is none.  Text that is no mountinfo is skipped. */
bool mount_table_find(struct arena *arena, const char *text, size_t length, uint64_t id, struct mount_line *ret_line);

/* The mount on top at target, an absolute path without symbolic links; false where there is none. */
bool mount_table_find_target(struct arena *arena, const char *text, size_t length, const char *target,
			     struct mount_line *ret_line);

/* How many mounts of a device the text holds. */
size_t mount_table_count_device(const char *text, size_t length, const char *device);

#endif
