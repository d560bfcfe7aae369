/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a gRPC service is to the server: a name and a table of unary methods.  Bytes in, bytes out; which codec makes
 * them is the business of the layer above.
 */
#ifndef CSICORE_GRPC_SERVICE_H
#define CSICORE_GRPC_SERVICE_H

#include <stddef.h>
#include <stdint.h>

struct grpc_call;
struct status;

/* A run of bytes that somebody else owns. */
struct grpc_bytes {
	const uint8_t *data;
	size_t length;
};

enum grpc_dispatch {
	GRPC_ON_LOOP,   /* never blocks: answered from memory by the loop thread */
	GRPC_ON_WORKER, /* may wait: runs on a worker thread */
	/* The same, for a method that is asked time and again: a success is logged at debug only, as it is with GRPC_ON_LOOP. */
	GRPC_ON_WORKER_POLLED,
};

/*
 * Runs one call.  request is valid until it returns; ret_response points into the call's arena.  -1 with the status that
 * the client is to see.
 */
typedef int grpc_method_run(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response,
			    struct status *st);

struct grpc_method {
	const char *name; /* "CreateVolume" */
	enum grpc_dispatch dispatch;
	grpc_method_run *run;
};

struct grpc_service {
	const char *name; /* "csi.v1.Controller" */
	const struct grpc_method *methods;
	size_t method_count;
};

#endif
