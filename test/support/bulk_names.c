/* SPDX-License-Identifier: Apache-2.0 */
/* A name is its number, filled up with zeros. */
#include "support/bulk_names.h"

#include <stdio.h>

void bulk_names_init(struct bulk_names *b, size_t count, size_t length)
{
	*b = (struct bulk_names){.count = count};
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(b->texts[i], sizeof(b->texts[i]), "%0*zu", (int)length, i); /* fits */
		b->names[i] = b->texts[i];
	}
}

int bulk_names_remove(struct bulk_names *b, struct nfs_world *w)
{
	return fs_remove_entries(w->fs, w->root, b->names, b->count, b->errnums, &w->cancel, &w->st);
}

size_t bulk_names_count(const struct bulk_names *b, int errnum)
{
	size_t count = 0;

	for (size_t i = 0; i < b->count; i++)
		count += b->errnums[i] == errnum;
	return count;
}
