/* SPDX-License-Identifier: Apache-2.0 */
/* An export that is a directory of this machine: all access through openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). */
#ifndef CSICORE_STORAGE_FS_DIRFD_H
#define CSICORE_STORAGE_FS_DIRFD_H

#include "storage/fs.h"

/* Takes over the descriptor (O_PATH is enough) of the directory that is the export's root.  Never NULL. */
struct fs *fs_dirfd_new(int directory_fd);
/* Opens the directory first.  NULL with NOT_FOUND, FAILED_PRECONDITION (not a directory) ... */
struct fs *fs_dirfd_open(const char *directory, struct status *st);

/* For back ends that come by their directory in another way: all of these verbs but open_root and free work on handles alone, and
 * a handle of a root is made of its descriptor (which stays the caller's) here. */
extern const struct fs_ops fs_dirfd_ops;
int fs_dirfd_open_root(int directory_fd, struct fs_dir **ret_root, struct status *st);

#endif
