/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An http2_session with everything around it that a test wants: what it delivered and closed, what it wrote, and, where the
 * test wants a proper client, an nghttp2 client session at the other end.  All in memory.
 */
#ifndef CSICORE_TEST_HTTP2_HARNESS_H
#define CSICORE_TEST_HTTP2_HARNESS_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "http2/session.h"

#define HARNESS_STREAMS_MAX 4096

struct harness_request {
	int32_t stream_id;
	struct http2_request *request; /* owned; NULL where keep_requests is off */
	unsigned closed_count;         /* on_stream_closed calls: 1 at most if all is well */
	uint32_t error_code;
};

/* What the client saw of one stream. */
struct harness_reply {
	int http_status;
	char grpc_status[8]; /* "" until it came */
	size_t body_bytes;
	uint8_t body_last; /* the last byte of the body */
	bool is_closed;
	uint32_t error_code;
	const uint8_t *upload; /* what is to be sent */
	size_t upload_bytes;
	size_t uploaded_bytes;
};

struct http2_harness {
	struct http2_session *session;
	struct harness_request requests[HARNESS_STREAMS_MAX];
	unsigned request_count;
	const struct http2_response *answer; /* given in on_request; NULL: the test answers */
	bool drops_requests;                 /* frees a request at once instead of keeping it */
	struct strbuf output;                /* what drain gave, while there is no client */
	struct status st;                    /* of the last -1 */
	nghttp2_session *client;             /* NULL: bytes by hand */
	struct harness_reply replies[HARNESS_STREAMS_MAX];
};

/* limits: NULL for the default. */
void http2_harness_start(struct http2_harness *h, const struct http2_limits *limits);
void http2_harness_stop(struct http2_harness *h);

/* Feeds, then drains into output.  -1 where either failed. */
int http2_harness_feed(struct http2_harness *h, const void *bytes, size_t length);
int http2_harness_drain(struct http2_harness *h);
struct harness_request *http2_harness_request(struct http2_harness *h, int32_t stream_id);
/* The code of the RST_STREAM that the session wrote for the stream; -1: none. */
int64_t http2_harness_reset_code(const struct http2_harness *h, int32_t stream_id);
/* The code of the GOAWAY that the session wrote last; -1: none. */
int64_t http2_harness_goaway_code(const struct http2_harness *h);

/* A client at the other end. */
void http2_harness_connect(struct http2_harness *h, bool auto_window_update);
/* Submits a POST; the upload (borrowed) may be NULL for a request without a body.  Returns the stream id. */
int32_t http2_harness_post(struct http2_harness *h, const char *path, const uint8_t *upload, size_t upload_bytes);
/* Carries bytes both ways until neither side has any.  -1 where the session failed. */
int http2_harness_exchange(struct http2_harness *h);
static inline struct harness_reply *http2_harness_reply(struct http2_harness *h, int32_t stream_id)
{
	return &h->replies[stream_id / 2];
}

#endif
