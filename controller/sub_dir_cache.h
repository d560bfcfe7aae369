/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which directory each record of an export names, so that looking for a volume that shares a directory reads a record
 * once and not at every deletion.  A record is known by its file's name, id, size and time of change: it is never changed
 * in place, only replaced by another file.  The name counts because a server may give an id again within one tick of its
 * clock.  Bounded; what does not fit is forgotten and read again.  Thread-safe.
 */
#ifndef CSICORE_CONTROLLER_SUB_DIR_CACHE_H
#define CSICORE_CONTROLLER_SUB_DIR_CACHE_H

#include <stdbool.h>

#include "storage/fs.h"

struct arena;
struct sub_dir_cache;

/* Takes memory only once something is put into it. */
struct sub_dir_cache *sub_dir_cache_new(void);
/* NULL is fine. */
void sub_dir_cache_free(struct sub_dir_cache *cache);

/* The text that was put for the file, in arena; NULL where none is known. */
const char *sub_dir_cache_get(struct sub_dir_cache *cache, struct arena *arena, const struct fs_entry *file);
/* sub_dir is copied. */
void sub_dir_cache_put(struct sub_dir_cache *cache, const struct fs_entry *file, const char *sub_dir);

#endif
