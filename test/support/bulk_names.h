/* SPDX-License-Identifier: Apache-2.0 */
/* Names to be removed from the root of an nfs_world, and what became of each. */
#ifndef CSICORE_TEST_SUPPORT_BULK_NAMES_H
#define CSICORE_TEST_SUPPORT_BULK_NAMES_H

#include "support/nfs_world.h"

#define BULK_NAMES_MAX 512

struct bulk_names {
	const char *names[BULK_NAMES_MAX];
	int errnums[BULK_NAMES_MAX];
	size_t count;
	char texts[BULK_NAMES_MAX][256];
};

/* count different names of that many bytes each. */
void bulk_names_init(struct bulk_names *b, size_t count, size_t length);
/* fs_remove_entries of all of them. */
int bulk_names_remove(struct bulk_names *b, struct nfs_world *w);
/* How many have that outcome. */
size_t bulk_names_count(const struct bulk_names *b, int errnum);

#endif
