/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory behind a --local-export, seen as an administrator sees it: what stands in it as text, so that two outcomes can be
 * compared and read.
 */
#ifndef CSICORE_TEST_SUPPORT_SHARE_H
#define CSICORE_TEST_SUPPORT_SHARE_H

#include <stdbool.h>

/* An empty directory of that path, whatever was there. */
void share_make_anew(const char *path);
/* Removes it with all in it. */
void share_remove(const char *path);

/* Below share; parents that are missing are made (0755). */
void share_plant_dir(const char *share, const char *path);
void share_plant_file(const char *share, const char *path, const char *content);
void share_plant_symlink(const char *share, const char *path, const char *target);
void share_remove_dir(const char *share, const char *path);

/*
 * All that is below share in bytewise order, one entry a line:
 *
 *     ns/claim/ 2770 1000:1000           a directory; mode and owner where they are not 0755 and 0:0
 *     ns/claim/data "content"            a file; its mode where it is not 0644 (in .csicore: 0600)
 *     link -> target
 *     .csicore/volumes/pvc-1 {pvc-1 srv#share#pvc-1## pvc-1 1024}     a record: name, id, directory, size, and what else it has
 *
 * Folders of .csicore are told of by what is in them only.  The caller frees.
 */
char *share_list(const char *share);

#endif
