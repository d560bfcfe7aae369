/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same request for many names of one directory, many of them on their way at once: which names are still to be asked
 * for, and what has become of the others.  What a server puts off is asked for again after all the rest had its turn.  The
 * hooks of the batch are the protocol's.
 */
#ifndef CSICORE_STORAGE_NFS_BULK_H
#define CSICORE_STORAGE_NFS_BULK_H

#include "storage/nfs_connection.h"

struct nfs_bulk {
	struct nfs_batch batch; /* first */
	const char *const *names;
	int *errnums; /* the caller's: as of fs_remove_entries, or NFS_ON_ITS_WAY */
	size_t count;
	size_t next;         /* before it nothing is to be asked for in this round */
	size_t left;         /* have no outcome yet */
	const char *put_off; /* the reason, where the server put something off: the round ends */
};
#define NFS_ON_ITS_WAY (FS_NOT_TRIED - 1)

/* Those of errnums that are FS_NOT_TRIED are asked for. */
void nfs_bulk_init(struct nfs_bulk *bulk, const char *const *names, int *errnums, size_t count);

/* A name to ask for, which is on its way now; false where there is none in this round. */
bool nfs_bulk_take(struct nfs_bulk *bulk, size_t *ret_index);
/* What has become of a name that was taken: it has its outcome, it is to be asked for after all, or later. */
void nfs_bulk_settle(struct nfs_bulk *bulk, size_t index, int errnum);
void nfs_bulk_give_back(struct nfs_bulk *bulk, size_t index);
void nfs_bulk_put_off(struct nfs_bulk *bulk, size_t index, const char *reason);

/* Runs the batch until each name has its outcome.  -1 as nfs_connection_run and nfs_connection_wait have it: those that
 * have none are FS_NOT_TRIED. */
int nfs_bulk_run(struct nfs_bulk *bulk, struct nfs_connection *c, struct cancel *cancel, struct status *st);

/* The outcome of removing an entry: what is gone already is 0, a directory that is not empty is EISDIR. */
int nfs_errno_of_removal(int errnum);

#endif
