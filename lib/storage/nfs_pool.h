/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded number of turns at a server, and the connections that are kept for them.  Whoever has a turn may use one
 * connection: a kept one, or one that it makes.  Idle connections are only looked at when somebody takes a turn: no timer, no
 * thread.  Thread-safe.
 */
#ifndef CSICORE_STORAGE_NFS_POOL_H
#define CSICORE_STORAGE_NFS_POOL_H

#include "storage/nfs_connection.h"

/* A connection that was idle longer is closed at the next turn: firewalls forget it about then, without a word. */
#define NFS_IDLE_MAX_MS 60000

struct nfs_pool;

/* At most connection_max turns at a time (0 counts as 1).  Never NULL. */
struct nfs_pool *nfs_pool_new(unsigned connection_max);
/* Nobody has a turn any more.  NULL is fine. */
void nfs_pool_free(struct nfs_pool *pool);

/* Waits for a turn.  *ret_connection is a kept connection of that version that is alive, or NULL: the caller makes one. */
int nfs_pool_take(struct nfs_pool *pool, enum nfs_version version, struct cancel *cancel,
		  struct nfs_connection **ret_connection, struct status *st);
/* Ends the turn.  Keeps the connection (may be NULL) unless it is broken. */
void nfs_pool_put(struct nfs_pool *pool, struct nfs_connection *connection);

#endif
