/* SPDX-License-Identifier: Apache-2.0 */
/* From an HTTP/2 request to a gRPC call, or to the answer that refuses it.  Pure: no socket, no clock. */
#ifndef CSICORE_GRPC_REQUEST_H
#define CSICORE_GRPC_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grpc/service.h"
#include "http2/session.h"

struct status;

struct grpc_request {
	const struct grpc_method *method;
	struct grpc_bytes message; /* points into the HTTP/2 request's body */
	int64_t timeout_ms;        /* above 0; negative where the client set none */
};

struct grpc_refusal {
	int http_status; /* 200 for a gRPC status like any other; else also an HTTP client is to see that it failed */
	bool names_encodings; /* the answer says which grpc-encoding would be understood */
};

/*
 * Judges a request in this order: POST (HTTP 405), content type (415), grpc-timeout (400), path (UNIMPLEMENTED), a timeout of
 * zero (DEADLINE_EXCEEDED), message frame.  0 with *ret, or -1 with st and *ret_refusal.
 */
int grpc_request_judge(const struct http2_request *http, const struct grpc_service *const *services, size_t count,
		       struct grpc_request *ret, struct grpc_refusal *ret_refusal, struct status *st);

#endif
