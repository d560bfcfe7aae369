/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An export in memory, for tests of what is written over struct fs.  It keeps the whole contract of storage/fs.h and adds
 * what tests need: any operation can be made to fail, before or after its effect, a hook sees every operation and may
 * change the tree first, and the tree can be planted and read by path without counting as operations.
 *
 * Paths here are names joined by '/', from the root; "" is the root.  To plant below a file aborts; an
 * export that is freed with a directory open fails the test program when it ends.
 */
#ifndef CSICORE_TEST_SUPPORT_FS_MEMORY_H
#define CSICORE_TEST_SUPPORT_FS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/fs.h"

/* The root is mode 0755, owner 0:0. */
struct fs *fs_memory_new(void);

/* ---- the tree, by path; parents that are missing are made (0755), what stands at path is replaced */
void fs_memory_plant_dir(struct fs *fs, const char *path, uint32_t mode);
void fs_memory_plant_file(struct fs *fs, const char *path, const char *content);
void fs_memory_plant_bytes(struct fs *fs, const char *path, const void *bytes, size_t length);
void fs_memory_plant_symlink(struct fs *fs, const char *path, const char *target);
/* A FIFO, a socket or a device. */
void fs_memory_plant_other(struct fs *fs, const char *path);
/* With all below it; missing is fine. */
void fs_memory_unplant(struct fs *fs, const char *path);
bool fs_memory_exists(struct fs *fs, const char *path);
/* The content of a file or the target of a symlink, as bytes with a NUL after them; NULL for anything else.  Valid until
 * the entry changes. */
const char *fs_memory_content(struct fs *fs, const char *path);
/* False where path is missing. */
bool fs_memory_attr(struct fs *fs, const char *path, struct fs_attr *ret_attr);
/* All paths below path in bytewise order, one a line, directories with a '/' after them: "a/\na/f\n".  The caller frees. */
char *fs_memory_list(struct fs *fs, const char *path);

/* ---- faults */
enum fs_memory_fault {
	FS_MEMORY_FAIL_BEFORE, /* the operation has no effect */
	FS_MEMORY_FAIL_AFTER,  /* it takes effect and fails all the same, as when the reply is lost */
};
/* Fails the nth operation from now on (1 is the next), once; nth 0 takes it back. */
void fs_memory_fail_nth(struct fs *fs, unsigned nth, int errnum, enum fs_memory_fault fault);

struct fs_memory_operation {
	const char *verb;      /* as in struct fs_ops: "make_dir" */
	const char *name;      /* the entry it names; NULL for verbs without a name */
	const char *to;        /* rename: the new name, else NULL */
	unsigned number;       /* 1 for the first since fs_memory_reset_operations() */
	struct cancel *cancel; /* of the operation, for hooks that end it */
};
/*
 * Called before every operation but close_dir, in the thread that asked for it and without a lock: it may change the tree
 * by path, block, or trigger the cancel.  Returns 0 to go on or the errno to fail with.  NULL takes it back.
 */
typedef int fs_memory_hook(void *data, const struct fs_memory_operation *operation);
void fs_memory_set_hook(struct fs *fs, fs_memory_hook *hook, void *data);

/* ---- what happened; failed operations count too */
unsigned fs_memory_operation_count(struct fs *fs);
/* One line an operation: "make_dir name", "rename from to", "read_dir".  Valid until the next operation. */
const char *fs_memory_log(struct fs *fs);
/* Count and log begin anew. */
void fs_memory_reset_operations(struct fs *fs);
/* Handles given out and not closed. */
unsigned fs_memory_open_count(struct fs *fs);
/* The most that were open at once since fs_memory_new(). */
unsigned fs_memory_open_peak(struct fs *fs);

/* ---- sizes */
/* What capacity answers; 1 GiB and 1,000,000 files, half of both free, otherwise. */
void fs_memory_set_capacity(struct fs *fs, const struct fs_capacity *capacity);
/* How many entries one page holds, 100 otherwise. */
void fs_memory_set_page_entries(struct fs *fs, unsigned count);

#endif
