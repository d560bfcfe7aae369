/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/request.h"

#include <string.h>

#include "base/status.h"
#include "grpc/framing.h"
#include "grpc/metadata.h"

/* What is wrong with it as an HTTP request: the HTTP status that says so, or 200. */
static int judge_http(const struct http2_request *http, struct status *st)
{
	const char *content_type = http2_request_header(http, "content-type");

	if (strcmp(http->method, "POST") != 0) {
		(void)status_set(st, STATUS_INTERNAL, "the method is \"%.32s\" and must be POST", http->method);
		return 405;
	}
	if (!content_type || !grpc_content_type_is_valid(content_type)) {
		(void)status_set(st, STATUS_INVALID_ARGUMENT, "invalid gRPC request content-type \"%.128s\"",
				 content_type ? content_type : "");
		return 415;
	}
	return 200;
}

/* -1 where it is malformed; negative *ret_ms where there is none. */
static int read_timeout(const struct http2_request *http, int64_t *ret_ms, struct status *st)
{
	const char *timeout = http2_request_header(http, "grpc-timeout");

	*ret_ms = -1;
	if (timeout && grpc_timeout_parse(timeout, ret_ms) < 0)
		return status_set(st, STATUS_INTERNAL, "malformed grpc-timeout \"%.32s\"", timeout);
	return 0;
}

int grpc_request_judge(const struct http2_request *http, const struct grpc_service *const *services, size_t count,
		       struct grpc_request *ret, struct grpc_refusal *ret_refusal, struct status *st)
{
	struct grpc_bytes body = {(const uint8_t *)http->body.data, http->body.length};
	struct grpc_request request;

	*ret_refusal = (struct grpc_refusal){.http_status = judge_http(http, st)};
	if (ret_refusal->http_status != 200)
		return -1;
	if (read_timeout(http, &request.timeout_ms, st) < 0) {
		ret_refusal->http_status = 400;
		return -1;
	}
	if (grpc_method_find(services, count, http->path, &request.method, st) < 0)
		return -1;
	if (request.timeout_ms == 0)
		return status_set(st, STATUS_DEADLINE_EXCEEDED, "the call's deadline had passed when it arrived");
	if (grpc_framing_parse(body, http->is_body_too_large, http2_request_header(http, "grpc-encoding"),
			       &request.message, st) < 0) {
		ret_refusal->names_encodings = st->code == STATUS_UNIMPLEMENTED;
		return -1;
	}
	*ret = request;
	return 0;
}
