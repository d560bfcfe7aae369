/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of nfs_fake share: its state, and how an operation is counted and judged. */
#ifndef CSICORE_TEST_SUPPORT_NFS_FAKE_PRIVATE_H
#define CSICORE_TEST_SUPPORT_NFS_FAKE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <nfsc/libnfs-raw-mount.h>

#include "storage/libnfs_compat.h"
#include "support/nfs_fake.h"

#define NFS_FAKE_CONNECTION_MAX 16
#define NFS_FAKE_OPERATION_MAX 64
#define NFS_FAKE_RULE_MAX 8
#define NFS_FAKE_HANDLE "handle"

struct nfs_fake_rule {
	unsigned operation, first, times;
	uint32_t status;
};

struct nfs_fake {
	enum nfs_fake_kind kind;
	int listen_fd, wake_fd;
	uint16_t port;
	pthread_t thread;
	atomic_bool must_stop, must_drop;
	atomic_uint counts[NFS_FAKE_OPERATION_MAX], connections, written_anonymously, written_opened;
	struct nfs_fake_rule rules[NFS_FAKE_RULE_MAX];
	unsigned rule_count;
	unsigned operations_max, listed; /* 0: any number; one file */
	bool asks_to_confirm, mixes_results_up, lists_bad_name, lists_for_ever;
	struct rpc_context *contexts[NFS_FAKE_CONNECTION_MAX]; /* the thread's */
};

/* libnfs gives a service function no data of its caller's. */
extern _Thread_local struct nfs_fake *nfs_fake_serving;

/* Counts an operation and says how it ends. */
uint32_t nfs_fake_next_status(unsigned operation);
/* An answer, or what the status says instead of one. */
int nfs_fake_reply(struct rpc_context *rpc, struct rpc_msg *call, uint32_t status, void *result, zdrproc_t encode);

#ifdef LIBNFS_API_V2
#define SERVICE_ARGUMENTS struct rpc_context *rpc, struct rpc_msg *call, void *opaque
#else
#define SERVICE_ARGUMENTS struct rpc_context *rpc, struct rpc_msg *call
#endif

/* libnfs decodes requests into memory that it does not clear, and takes what is there for pointers. */
#define DEFINE_DECODE(type) \
	static uint32_t decode_##type(ZDR *zdr, void *args, ...) \
	{ \
		memset(args, 0, sizeof(type)); \
		return zdr_##type(zdr, args); \
	}

int nfs_fake_serve_null(SERVICE_ARGUMENTS);
uint32_t nfs_fake_decode_nothing(ZDR *zdr, void *args, ...);

/* Tell libnfs what is served on a connection. */
void nfs_fake_register_v3(struct rpc_context *rpc);
void nfs_fake_register_v4(struct rpc_context *rpc);

#endif
