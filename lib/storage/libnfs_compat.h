/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnfs's raw layer under one set of names.  Version 6 (LIBNFS_API_V2) renamed rpc_x_async to rpc_x_task, returns the
 * queued PDU instead of 0, and reads into a buffer of the caller.  Everything that differs is here and nowhere else.
 */
#ifndef CSICORE_STORAGE_LIBNFS_COMPAT_H
#define CSICORE_STORAGE_LIBNFS_COMPAT_H

#include <stdint.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/time.h>

#include <nfsc/libnfs.h>

#include <nfsc/libnfs-raw.h>

#include <nfsc/libnfs-raw-nfs.h>
#include <nfsc/libnfs-raw-nfs4.h>

#ifdef LIBNFS_API_V2
#define LIBNFS_QUEUE(verb, ...) (verb##_task(__VA_ARGS__) ? 0 : -1)
#else
#define LIBNFS_QUEUE(verb, ...) (verb##_async(__VA_ARGS__) < 0 ? -1 : 0)
#endif

/* NFSv3 READ.  The bytes of an answer are found by libnfs_read3_bytes(); buffer has room for args->count. */
static inline int libnfs_read3(struct rpc_context *rpc, rpc_cb callback, void *buffer, READ3args *args, void *data)
{
#ifdef LIBNFS_API_V2
	return rpc_nfs3_read_task(rpc, callback, buffer, args->count, args, data) ? 0 : -1;
#else
	(void)buffer; /* the answer brings its own */
	return rpc_nfs3_read_async(rpc, callback, args, data) < 0 ? -1 : 0;
#endif
}

static inline const char *libnfs_read3_bytes(const READ3resok *answer, const void *buffer, uint32_t *ret_count)
{
#ifdef LIBNFS_API_V2
	*ret_count = answer->count;
	return buffer;
#else
	(void)buffer;
	*ret_count = answer->data.data_len;
	return answer->data.data_val;
#endif
}

/* 4.0.0 allocates what lists and arrays of an answer point to at multiples of 4, too little for their own types: an element
 * is copied out before it is looked at.  What is in the answer itself is aligned. */
#define LIBNFS_ELEMENT(type, at) \
	({ \
		type element_; \
		memcpy(&element_, (const void *)(at), sizeof(element_)); \
		element_; \
	})

/* RFC 7530's name; the headers of 4.0.0 spell it in their own way. */
#define NFS4ERR_BADXDR 10036

/* RFC 5661's; some servers say it in NFSv4.0 too. */
#define NFS4ERR_TOO_MANY_OPS 10070

/* What an RPC that the server rejected is told by: the raw layer gives these words and no number (lib/pdu.c of 4.0.0 to 6.0). */
#define LIBNFS_PROGRAM_UNAVAILABLE "Server responded: Program not available"
#define LIBNFS_PROGRAM_MISMATCH "Server responded: Program version mismatch"
#define LIBNFS_PROCEDURE_UNAVAILABLE "Server responded: Procedure not available"
#define LIBNFS_GARBAGE_ARGUMENTS "Server responded: Garbage arguments"
#define LIBNFS_SYSTEM_ERROR "Server responded: System Error"
#define LIBNFS_DENIED "RPC Packet not accepted by the server"
#define LIBNFS_UNDECODABLE "Message rejected by server"

/* A COMPOUND must fit into this with its RPC header: 4.0.0 encodes it into a buffer of 4096 bytes. */
#define LIBNFS_COMPOUND_BYTES 3800

#endif
