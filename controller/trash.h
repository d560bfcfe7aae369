/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removal by way of .csicore/trash/: one rename takes the directory out of sight, then the tree is removed there.  A
 * removal that is cut off leaves an entry that the next one of the same name finishes.
 */
#ifndef CSICORE_CONTROLLER_TRASH_H
#define CSICORE_CONTROLLER_TRASH_H

#include "export.h"

/*
 * Removes name of dir and all below it; entry is its name in the trash, the same at each repeat.  Missing is success, and
 * what an earlier call left in the trash is removed too.  Where the trash cannot be used (read-only .csicore, another file
 * system, a full disk) the tree is removed in place.  dir NULL: only the trash entry.
 */
int trash_remove(struct export_use *use, struct fs_dir *dir, const char *name, const char *entry, struct cancel *cancel,
		 struct status *st);

#endif
