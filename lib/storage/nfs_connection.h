/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TCP connection to a server and one libnfs RPC context on it, used by one thread at a time: a call or a batch of them is
 * made and waited for with poll, so an idle connection costs nothing.  After a call that was not answered the context is
 * gone (is_broken): an answer that comes late can never be taken for another call's.
 */
#ifndef CSICORE_STORAGE_NFS_CONNECTION_H
#define CSICORE_STORAGE_NFS_CONNECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/fs_libnfs.h"
#include "storage/libnfs_compat.h"

struct cancel;
struct nfs_pool;
struct status;

/* Who is asked, and as whom.  Lives longer than its connections. */
struct nfs_target {
	char *server; /* as configured: for connecting and for messages */
	uint32_t uid, gid;
	int connect_timeout_ms; /* of connecting, and of the first answer on a connection where it is the shorter one */
	int reply_timeout_ms;   /* of any answer */
	atomic_uint_fast64_t round_trips; /* requests sent so far on all connections */
};

/* An NFSv4 client id with its one open-owner: each connection has its own, so no two threads share a sequence number. */
struct nfs4_owner {
	uint64_t client_id; /* 0: none; made at the first OPEN */
	uint32_t seqid;     /* of the next OPEN, OPEN_CONFIRM or CLOSE */
	uint64_t name;      /* of the client and the owner: random, so unique among all clients of the server */
};

struct nfs_connection {
	struct rpc_context *rpc;
	struct nfs_target *target;
	enum nfs_version version; /* what is spoken on it; ANY for mountd and the portmapper */
	struct nfs_pool *pool;    /* that a borrowed one goes back to */
	int64_t idle_since_ns;    /* the pool's */
	bool is_broken, has_answered;
	unsigned removals_max; /* that the server takes in one NFSv4 compound; 0 until it refused some */
	struct nfs4_owner owner;
};

/* Connects to a numeric address.  NULL with UNAVAILABLE (errnum says why) or as the cancel has it. */
struct nfs_connection *nfs_connection_open(struct nfs_target *target, const char *address, uint16_t port,
					   struct cancel *cancel, struct status *st);
/* Never blocks.  NULL is fine. */
void nfs_connection_close(struct nfs_connection *c);

/* False once the server has closed it, or sent what nobody asked for. */
bool nfs_connection_is_alive(const struct nfs_connection *c);

/* Queues one RPC: 0, or -1 where it cannot be encoded. */
typedef int nfs_send(struct rpc_context *rpc, rpc_cb callback, void *args, void *callback_data);
/* Copies what is wanted out of an answer, which is gone when it returns. */
typedef void nfs_receive(const void *answer, void *result);

/*
 * One RPC and its answer.  Fails with UNAVAILABLE where the connection breaks (ECONNRESET) or no answer comes in time
 * (ETIMEDOUT), as the cancel has it, or with nfs_rpc_errno() where the server rejects the RPC as such.
 */
int nfs_connection_call(struct nfs_connection *c, nfs_send *send, void *args, nfs_receive *receive, void *result,
			struct cancel *cancel, struct status *st);

/* One of the RPCs of a batch that can be on their way at once, again and again with another request. */
struct nfs_call {
	nfs_send *send;
	void *args;
	nfs_receive *receive;
	void *result;
	int errnum;     /* 0 where the RPC was carried out, nfs_rpc_errno() where the server rejected it, EMSGSIZE */
	char words[64]; /* the server's, where it rejected it */
	struct nfs_batch *batch;
	struct nfs_call *next; /* that is free */
};

/* Any number of RPCs, as many of them on their way as the batch has calls.  Begins zeroed but for the two hooks. */
struct nfs_batch {
	/* Makes a free call the next request; false where there is none now.  Asked again when another was answered. */
	bool (*fill)(struct nfs_batch *batch, struct nfs_call *call);
	/* A call was carried out or rejected (errnum) and is free again.  May be NULL. */
	void (*answered)(struct nfs_batch *batch, struct nfs_call *call);
	struct nfs_call *free;
	unsigned on_way;
	const struct nfs_call *broken_by; /* whose answer was none, so that the connection is of no use any more */
};
void nfs_batch_add(struct nfs_batch *batch, struct nfs_call *call);

/*
 * Runs the batch until nothing is on its way and there is nothing more to ask.  Fails as nfs_connection_call does, but for RPCs
 * that are rejected: these are the calls' own.  In time means that of all that is on its way something is answered.  Then
 * what has become of the calls on their way is unknown, and no hook is called for them.
 */
int nfs_connection_run(struct nfs_connection *c, struct nfs_batch *batch, struct cancel *cancel, struct status *st);

/* Sleeps before a request is repeated that the server put off (attempt 0, 1, ...).  -1 once the cancel is over, or with
 * UNAVAILABLE after NFS_PATIENCE_MS in all. */
#define NFS_PATIENCE_MS 120000
int nfs_connection_wait(struct nfs_connection *c, unsigned attempt, const char *reason, struct cancel *cancel,
			struct status *st);

#endif
