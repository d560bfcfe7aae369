/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people and Kubernetes read them.  What others named on a share never reaches a terminal or a manifest raw. */
#ifndef CSICORE_CONTROLLER_INSPECT_TEXT_H
#define CSICORE_CONTROLLER_INSPECT_TEXT_H

#include <stdint.h>

struct arena;

/* text on one line of a terminal: control characters and bytes that are no UTF-8 as \xNN, a backslash as two. */
const char *inspect_text_shown(struct arena *arena, const char *text);
/* text as UTF-8, with U+FFFD for each byte that is none. */
const char *inspect_text_repaired(struct arena *arena, const char *text);
/* text as a double-quoted YAML scalar of ASCII alone. */
const char *inspect_text_quoted(struct arena *arena, const char *text);
/* "10Gi", "1.5Mi", "17": in the largest unit it fills, with one decimal where it is no whole number of it. */
const char *inspect_text_bytes(struct arena *arena, int64_t bytes);
/* "2026-08-22T10:00:00Z" of seconds since the epoch. */
const char *inspect_text_time(struct arena *arena, int64_t seconds);

#endif
