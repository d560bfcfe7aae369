/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's and a stream's state, shared by the files of this folder only.
 *
 * A stream lives from its complete header block until nghttp2 closes it.  It gathers the body, hands the request up, and
 * from then on holds the response.  Flow-control credit is what bounds memory: the connection's window is always
 * replenished at once, a stream's window only while the stream holds a reservation of body memory (see struct
 * http2_limits).  A reservation is made for a whole body, in the order of asking, so whoever holds one can always complete.
 */
#ifndef CSICORE_HTTP2_STREAM_H
#define CSICORE_HTTP2_STREAM_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "http2/header_block.h"
#include "http2/session.h"

/* Frames collected into one drain; a larger frame goes out by itself, uncopied. */
#define HTTP2_OUT_BYTES 4096

struct http2_stream {
	TAILQ_ENTRY(http2_stream) streams;
	TAILQ_ENTRY(http2_stream) waiting; /* while is_waiting */
	int32_t id;
	struct http2_request *request; /* owned until it is delivered */
	void *context;                 /* what on_request returned */
	int64_t content_length;        /* -1: none was sent */
	int64_t received_bytes;
	size_t withheld_bytes; /* received, and not yet given back as credit */
	size_t reserved_bytes; /* part of the session's reserved_bytes */
	struct http2_response response;
	size_t sent_bytes;     /* of the response's body */
	unsigned waited_ticks; /* for the peer, see http2_session_tick() */
	char status_text[4];
	bool is_waiting; /* for a reservation */
	bool is_delivered;
	bool is_ended; /* the peer sent END_STREAM */
	bool is_answered;
	bool is_reset;  /* our RST_STREAM is queued: nothing else will be sent */
	bool is_blamed; /* its end is no glitch, or was counted as one already */
};

TAILQ_HEAD(http2_stream_list, http2_stream);

struct http2_session {
	struct http2_callbacks callbacks;
	struct http2_limits limits;
	void *user;
	nghttp2_session *nghttp2; /* NULL while the session is being freed */
	struct header_block block;
	struct http2_stream_list streams;
	struct http2_stream_list waiting; /* for a reservation, first come first served */
	size_t reserved_bytes;
	unsigned open_requests;
	unsigned glitches;         /* since the last request that was answered in full */
	unsigned continuations;    /* of the header block that is arriving */
	int32_t last_delivered_id; /* for a GOAWAY of our own */
	bool is_shut_down;         /* our last GOAWAY is queued */
	bool is_broken;            /* nghttp2 must not be used any more: goaway_bytes is all there is to send */
	const char *flood;         /* what the peer has too much of; NULL: none */
	char failure[128];         /* why the connection has to end; "" while all is well */
	const uint8_t *pending;    /* a frame of nghttp2 that did not fit into out */
	size_t pending_bytes;
	size_t goaway_bytes; /* in out, once is_broken */
	uint8_t out[HTTP2_OUT_BYTES];
};

/* The stream, NULL where it is gone. */
struct http2_stream *http2_stream_find(const struct http2_session *s, int32_t stream_id);
/* A stream for the request, which it takes over; nghttp2 knows it by its id from now on. */
struct http2_stream *http2_stream_new(struct http2_session *s, int32_t stream_id, struct http2_request *request,
				      int64_t content_length);
/* Tells the callee where the request was delivered, and frees the stream. */
void http2_stream_close(struct http2_session *s, struct http2_stream *stream, uint32_t error_code);

/* Body bytes that arrived; is_last: END_STREAM follows with them.  0 or an nghttp2 error for the callback to return. */
int http2_stream_take_body(struct http2_session *s, struct http2_stream *stream, const uint8_t *data, size_t length,
			   bool is_last);
/* END_STREAM arrived: delivers the request, unless that was done before. */
int http2_stream_end(struct http2_session *s, struct http2_stream *stream);
/* Sends RST_STREAM for a stream (NULL: it has no state yet) whose peer broke a rule, and counts a glitch. */
int http2_stream_reject(struct http2_session *s, int32_t stream_id, struct http2_stream *stream, uint32_t error_code);
/* Sends RST_STREAM, once. */
void http2_stream_reset(struct http2_session *s, struct http2_stream *stream, uint32_t error_code);

/* Counts something that only a broken or hostile peer does often.  0, or NGHTTP2_ERR_CALLBACK_FAILURE at the limit. */
int http2_session_glitch(struct http2_session *s);

#endif
