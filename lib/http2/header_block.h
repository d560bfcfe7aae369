/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One block of header fields as it arrives, held against RFC 9113 section 8.2 and 8.3, and the request it becomes.  The
 * blocks of a connection never overlap, so a session needs one of these, and a request costs one allocation.
 */
#ifndef CSICORE_HTTP2_HEADER_BLOCK_H
#define CSICORE_HTTP2_HEADER_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct http2_request;

enum header_block_verdict { HEADER_BLOCK_OK, HEADER_BLOCK_MALFORMED, HEADER_BLOCK_TOO_LARGE };

enum header_block_pseudo {
	HEADER_BLOCK_METHOD,
	HEADER_BLOCK_SCHEME,
	HEADER_BLOCK_PATH,
	HEADER_BLOCK_AUTHORITY,
	HEADER_BLOCK_PSEUDO_COUNT,
};

struct header_block {
	/* Values of the pseudo-header fields, then name and value of each regular field; a NUL after each. */
	struct strbuf text;
	size_t limit_bytes;                          /* of list_bytes */
	size_t list_bytes;                           /* name + value + 32 of each field (RFC 9113 6.5.2) */
	size_t pseudo_at[HEADER_BLOCK_PSEUDO_COUNT]; /* where in text the value begins, plus one; 0: absent */
	size_t regular_begin;                        /* where in text the regular fields begin */
	size_t regular_count;
	int64_t content_length; /* -1 where none was sent */
	bool has_host;
	bool is_trailers; /* fields are checked and forgotten */
};

void header_block_init(struct header_block *block, size_t limit_bytes);
void header_block_release(struct header_block *block);

/* Forgets the block before. */
void header_block_begin(struct header_block *block, bool is_trailers);
/* Checks one field and keeps it.  After another verdict than OK the block is not to be used before the next begin. */
enum header_block_verdict header_block_add(struct header_block *block, const uint8_t *name, size_t name_length,
					   const uint8_t *value, size_t value_length);
/*
 * The request of a complete block, with an empty body that may grow to body_limit_bytes; the caller owns it.  NULL where
 * the block is malformed as a whole: a pseudo-header field is missing.
 */
struct http2_request *header_block_finish(struct header_block *block, size_t body_limit_bytes);

#endif
