/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--nodes-file FILE`: the nodes there are, one id a line; empty lines and what follows a '#' at a line's start are ignored.
 * The file is read again once it has changed.  One that cannot be read then leaves what was known.  Thread-safe.
 */
#ifndef CSICORE_CONTROLLER_NODES_FILE_H
#define CSICORE_CONTROLLER_NODES_FILE_H

#include <stdbool.h>

struct nodes_file;
struct status;

#define NODES_FILE_BYTES_MAX (4 * 1024 * 1024)

/* NULL with the status where the file cannot be read, or is longer than NODES_FILE_BYTES_MAX.  path is copied. */
struct nodes_file *nodes_file_open(const char *path, struct status *st);
/* NULL is fine. */
void nodes_file_close(struct nodes_file *nodes);

bool nodes_file_has(struct nodes_file *nodes, const char *node_id);

#endif
