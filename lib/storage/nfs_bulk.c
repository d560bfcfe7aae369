/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over the names that goes back for what is to be asked again, so names travel nearly in order and in no queue. */
#include "storage/nfs_bulk.h"

#include <errno.h>

#include "base/status.h"

void nfs_bulk_init(struct nfs_bulk *bulk, const char *const *names, int *errnums, size_t count)
{
	*bulk = (struct nfs_bulk){.names = names, .errnums = errnums, .count = count};
	for (size_t i = 0; i < count; i++)
		bulk->left += errnums[i] == FS_NOT_TRIED;
}

bool nfs_bulk_take(struct nfs_bulk *bulk, size_t *ret_index)
{
	while (!bulk->put_off && bulk->next < bulk->count) {
		size_t index = bulk->next++;

		if (bulk->errnums[index] == FS_NOT_TRIED) {
			bulk->errnums[index] = NFS_ON_ITS_WAY;
			*ret_index = index;
			return true;
		}
	}
	return false;
}

void nfs_bulk_settle(struct nfs_bulk *bulk, size_t index, int errnum)
{
	bulk->errnums[index] = errnum;
	bulk->left--;
}

void nfs_bulk_give_back(struct nfs_bulk *bulk, size_t index)
{
	bulk->errnums[index] = FS_NOT_TRIED;
	if (index < bulk->next)
		bulk->next = index;
}

void nfs_bulk_put_off(struct nfs_bulk *bulk, size_t index, const char *reason)
{
	bulk->errnums[index] = FS_NOT_TRIED;
	bulk->put_off = reason;
}

/* What was on its way when the connection broke may have happened or not. */
static void forget_what_is_on_its_way(struct nfs_bulk *bulk)
{
	for (size_t i = 0; i < bulk->count; i++) {
		if (bulk->errnums[i] == NFS_ON_ITS_WAY)
			bulk->errnums[i] = FS_NOT_TRIED;
	}
}

int nfs_bulk_run(struct nfs_bulk *bulk, struct nfs_connection *c, struct cancel *cancel, struct status *st)
{
	for (unsigned attempt = 0; bulk->left > 0;) {
		size_t left = bulk->left;

		if (bulk->next == bulk->count)
			bulk->next = 0; /* only what was put off is left */
		bulk->put_off = NULL;
		if (nfs_connection_run(c, &bulk->batch, cancel, st) < 0) {
			forget_what_is_on_its_way(bulk);
			return -1;
		}
		if (bulk->left < left)
			attempt = 0;
		if (bulk->put_off && nfs_connection_wait(c, attempt++, bulk->put_off, cancel, st) < 0)
			return -1;
	}
	return 0;
}

int nfs_errno_of_removal(int errnum)
{
	switch (errnum) {
	case ENOENT:
		return 0;
	case ENOTEMPTY:
	case EEXIST:
		return EISDIR;
	default:
		return errnum;
	}
}
