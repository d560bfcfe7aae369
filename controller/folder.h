/* SPDX-License-Identifier: Apache-2.0 */
/* Small files in the folders of .csicore, whatever is in them: written whole, read whole, listed. */
#ifndef CSICORE_CONTROLLER_FOLDER_H
#define CSICORE_CONTROLLER_FOLDER_H

#include "export.h"

/* True where the errno says that the share takes no files of ours; anything else that fails is a failure. */
bool folder_is_refusal(const struct status *st);

/* A new file, once the folder is open or made: EEXIST.  What a full disk leaves of it is removed. */
int folder_create_file(struct export_use *use, enum export_folder folder, const char *file, const void *bytes,
		       size_t length, struct cancel *cancel, struct status *st);
/* In the place of whatever file is there, atomically; '~' and its name is the temporary one's.  ABORTED where another
 * controller does so too. */
int folder_replace_file(struct export_use *use, enum export_folder folder, const char *file, const void *bytes,
			size_t length, struct cancel *cancel, struct status *st);
/* The same in a directory that is open. */
int folder_replace_in(struct export_use *use, struct fs_dir *dir, const char *file, const void *bytes, size_t length,
		      struct cancel *cancel, struct status *st);
/*
 * The same, but only in the place of a file that holds before.  0 does not say whether it came to that: the caller looks, and
 * tries again.  Another controller that does so too loses nothing that it has seen in place.
 */
int folder_exchange_file(struct export_use *use, enum export_folder folder, const char *file,
			 const struct strbuf *before, const void *bytes, size_t length, struct cancel *cancel,
			 struct status *st);
/* False where there is no such file, or something that is none of ours: too long, no file, no folder that can be opened.
 * A file that may not be read is EACCES. */
int folder_read_file(struct export_use *use, enum export_folder folder, const char *file, struct strbuf *ret_content,
		     struct cancel *cancel, bool *ret_exists, struct status *st);
/* The next batch, as fs_read_dir; no folder is an end without entries. */
int folder_list(struct export_use *use, enum export_folder folder, struct fs_page *page, struct cancel *cancel,
		struct status *st);

#endif
