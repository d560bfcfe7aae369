/* SPDX-License-Identifier: Apache-2.0 */
/* A session whose peer is a run of bytes that the test makes by hand.  One test program, one copy. */
#ifndef CSICORE_TEST_HTTP2_HAND_MADE_H
#define CSICORE_TEST_HTTP2_HAND_MADE_H

#include "support/http2_harness.h"
#include "support/http2_wire.h"

#define WIRE_BYTES_MAX (64u << 20)

static struct http2_harness h;
static struct strbuf wire; /* what the peer sends next */

static inline int start(void **state)
{
	http2_harness_start(&h, NULL);
	strbuf_init(&wire, WIRE_BYTES_MAX);
	wire_put_preface(&wire);
	return 0;
}

static inline int stop(void **state)
{
	http2_harness_stop(&h);
	strbuf_release(&wire);
	return 0;
}

static inline int feed_wire(void)
{
	int rc = http2_harness_feed(&h, wire.data, wire.length);
	strbuf_clear(&wire);
	return rc;
}

#endif
