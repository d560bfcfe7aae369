/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process published where.  A memory only, to be checked against the mounts: it starts empty, forgets the oldest
 * when full, and serves two questions that the kernel's table cannot answer, which volume a mount is of and how it was asked
 * for.  Thread-safe.
 */
#ifndef CSICORE_NODE_PUBLICATIONS_H
#define CSICORE_NODE_PUBLICATIONS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct publications;

struct publication {
	const char *target;
	const char *volume_id;
	const char *source; /* "server:/path" */
	bool is_single_writer;
};

struct publications *publications_new(size_t max);
/* NULL is fine. */
void publications_free(struct publications *publications);

/* Remembers what is copied from publication, in place of what was known of its target. */
void publications_put(struct publications *publications, const struct publication *publication);
void publications_remove(struct publications *publications, const char *target);

/* Copies what is known of target into the arena; false where it is nothing. */
bool publications_find(struct publications *publications, struct arena *arena, const char *target,
		       struct publication *ret);

/* The publications of a volume at other targets than this, in the arena; their number. */
size_t publications_elsewhere(struct publications *publications, struct arena *arena, const char *volume_id,
			      const char *target, struct publication **ret);

#endif
