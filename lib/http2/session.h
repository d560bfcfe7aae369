/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sans-IO HTTP/2 server (RFC 9113) on nghttp2: bytes in, requests out; responses in, bytes out.  It knows no socket, no
 * clock and no gRPC, so a test drives it with arrays.
 *
 * nghttp2's own HTTP rules are off, because they refuse the :authority that older kubelets, grpc-java and others send
 * over a unix socket; the rules of RFC 9113 section 8 are checked here instead, all but the form of :authority.
 *
 * One thread at a time.  No function may be called from inside a callback except http2_session_respond() and
 * http2_session_reset().
 */
#ifndef CSICORE_HTTP2_SESSION_H
#define CSICORE_HTTP2_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct status;
struct http2_session;

struct http2_header {
	const char *name;  /* lower case */
	const char *value; /* any byte but NUL, CR, LF */
};

/* A whole request: headers and body up to END_STREAM (or up to the cap).  Owned by whom on_request gave it to. */
struct http2_request {
	char *method;
	char *path;
	char *authority;              /* NULL where neither :authority nor host was sent */
	struct http2_header *headers; /* regular fields in order of arrival; name and value owned by the request */
	size_t header_count;
	struct strbuf body;
	bool is_body_too_large; /* the body passed the cap: delivered then, and what comes after is thrown away */
};

void http2_request_free(struct http2_request *request);
/* The value of the first field of that (lower-case) name, NULL where there is none. */
const char *http2_request_header(const struct http2_request *request, const char *name);

#define HTTP2_RESPONSE_FIELDS_MAX 32 /* headers, and trailers, of a response */

/* Everything in it (not the struct itself) is borrowed until on_stream_closed. */
struct http2_response {
	int http_status; /* 200, 415 ... */
	const struct http2_header *headers;
	size_t header_count;
	const uint8_t *body;
	size_t body_bytes;
	const struct http2_header *trailers; /* none: END_STREAM is on the last DATA, or on HEADERS without a body */
	size_t trailer_count;
};

struct http2_callbacks {
	/* A request is complete, or its body too large.  The callee owns it; what it returns is the stream's context, given
	 * back below.  It may answer or reset the stream at once. */
	void *(*on_request)(void *user, int32_t stream_id, struct http2_request *request);
	/* The stream whose request was delivered is gone: answered in full (error_code 0), or reset by either side, or the
	 * session is being freed.  Nothing of its response is used any more.  Called exactly once per on_request. */
	void (*on_stream_closed)(void *user, int32_t stream_id, void *context, uint32_t error_code);
};

struct http2_limits {
	size_t body_bytes;           /* per request; beyond it is_body_too_large */
	size_t header_list_bytes;    /* name + value + 32 each (RFC 9113 6.5.2); beyond it the stream is reset */
	uint32_t concurrent_streams; /* advertised; more are refused */
	uint32_t stream_window_bytes;
	uint32_t connection_window_bytes;
	size_t buffered_body_bytes; /* of request bodies that outgrow their stream's window; see below */
};

/*
 * Memory for bodies.  Every stream may send stream_window_bytes.  For more it gets flow-control credit only once it holds a
 * reservation of body_bytes out of buffered_body_bytes: first come, first served, kept at the body's true size from its
 * delivery until the stream is closed.  The first reservation is always granted and a holder is always credited, so a
 * body of body_bytes always comes to its end, however many streams upload at once; a session never holds more than
 * concurrent_streams * stream_window_bytes + buffered_body_bytes (or + body_bytes where that is more).
 */

/* 4 MiB + 5 bodies (a gRPC message and its prefix), 16 KiB header lists, 128 streams, 256 KiB and 1 MiB windows, 32 MiB buffered. */
extern const struct http2_limits HTTP2_LIMITS_DEFAULT;

/* Queues our SETTINGS at once.  Never NULL.  limits is copied. */
struct http2_session *http2_session_new(const struct http2_callbacks *callbacks, const struct http2_limits *limits,
					void *user);
/* Closes every open stream (on_stream_closed) and frees the session.  NULL is fine. */
void http2_session_free(struct http2_session *s);

/*
 * Takes bytes from the peer, any number at a time.  A malformed request only resets its stream.  -1: the connection is
 * beyond repair (bad preface, a flood); what http2_session_drain() still gives should be sent, then the connection
 * closed.  A protocol error may show only in the drain that follows: it sends GOAWAY first and then returns -1.
 */
int http2_session_feed(struct http2_session *s, const uint8_t *bytes, size_t length, struct status *st);

/*
 * The next bytes for the peer: their number, 0 for none now, with *ret_bytes borrowed until the next call on the session.
 * -1 as for feed.
 */
int64_t http2_session_drain(struct http2_session *s, const uint8_t **ret_bytes, struct status *st);

/* True while a drain would give bytes. */
bool http2_session_wants_write(const struct http2_session *s);
/* True once nothing is left to read or write, after a GOAWAY in either direction and the end of all streams. */
bool http2_session_is_done(const struct http2_session *s);
/* Requests delivered and not yet closed. */
unsigned http2_session_open_requests(const struct http2_session *s);
/* True while there is no stream at all. */
bool http2_session_is_idle(const struct http2_session *s);
/*
 * Says that one unit of time has passed, which one is the caller's choice.  Returns how many of them the peer has let its
 * slowest stream wait: for the end of its request, or, once that is answered, for the answer to be taken.
 */
unsigned http2_session_tick(struct http2_session *s);

/*
 * Answers a stream, once.  A stream that is gone by now is not an error (false: nothing will be sent, its
 * on_stream_closed came already or, after a reset, comes with the next drain).  An answer that is complete before the
 * peer's END_STREAM is followed by RST_STREAM(NO_ERROR).
 */
bool http2_session_respond(struct http2_session *s, int32_t stream_id, const struct http2_response *response);
/* RST_STREAM with an RFC 9113 section 7 error code. */
void http2_session_reset(struct http2_session *s, int32_t stream_id, uint32_t error_code);

/* Graceful stop in two steps (RFC 9113 6.8): a GOAWAY that still lets streams in flight arrive, then one that names the last. */
void http2_session_announce_shutdown(struct http2_session *s);
void http2_session_shutdown(struct http2_session *s);

#endif
