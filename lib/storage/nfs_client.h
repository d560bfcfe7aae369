/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server as a client sees it: finds its addresses and ports, makes connections and lends them out, and finds out which
 * version the server speaks and where the share's root is.  Thread-safe.
 */
#ifndef CSICORE_STORAGE_NFS_CLIENT_H
#define CSICORE_STORAGE_NFS_CLIENT_H

#include "storage/nfs_protocol.h"

struct nfs_client;

/* Strings are copied.  Never NULL. */
struct nfs_client *nfs_client_new(const struct fs_libnfs_config *config);
/* No connection is lent any more.  NULL is fine. */
void nfs_client_free(struct nfs_client *client);

/*
 * Lends a connection that speaks the version: waits while all are lent, connects where none is kept.  NULL with the status.
 * Goes into AUTO(nfs_client_return) struct nfs_connection *c, which gives it back.
 */
struct nfs_connection *nfs_client_borrow(struct nfs_client *client, enum nfs_version version, struct cancel *cancel,
					 struct status *st);
/* *connection may be NULL. */
void nfs_client_return(struct nfs_connection **connection);

/*
 * The share's root directory and the protocol that its handle belongs to.  Asks the server every time, so that a root which was
 * exported anew is found.  Without a fixed version, NFSv4.0 is tried first, and the one that worked is remembered.
 */
int nfs_client_find_root(struct nfs_client *client, struct cancel *cancel, const struct nfs_protocol **ret_protocol,
			 struct nfs_handle *ret_handle, struct status *st);

/*
 * Connects anew and makes one NULL call of the configured version; without one of NFSv4, and of NFSv3 where nobody is on
 * NFSv4's port.  Any answer will do, also one that rejects the call.  Needs no turn, so calls that hang do not keep it from
 * finding out.
 */
int nfs_client_ping(struct nfs_client *client, struct cancel *cancel, struct status *st);

uint64_t nfs_client_round_trips(struct nfs_client *client);

#endif
