/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out for a response.  response.c has no header of its own: http2_session_respond() is its verb. */
#include "http2/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "support/http2_harness.h"
#include "support/http2_wire.h"

#define MESSAGE_BYTES ((4u << 20) + 5)

static struct http2_harness h;
static struct strbuf wire;

static const struct http2_header FIELDS[] = {{"grpc-status", "0"}};

static int start(void **state)
{
	http2_harness_start(&h, NULL);
	strbuf_init(&wire, 1u << 20);
	wire_put_preface(&wire);
	return 0;
}

static int stop(void **state)
{
	http2_harness_stop(&h);
	strbuf_release(&wire);
	return 0;
}

/* A request on stream 1 without a body, answered. */
static void answer_one(const struct http2_response *response)
{
	h.answer = response;
	wire_put_post(&wire, 1, "/a.B/C");
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 1, "", 0);
	assert_int_equal(http2_harness_feed(&h, wire.data, wire.length), 0);
	assert_int_equal(h.requests[0].closed_count, 1);
	assert_int_equal(h.requests[0].error_code, 0);
}

static void headers_alone_end_the_stream(void **state)
{
	struct wire_frame frame;
	const struct http2_response response = {.http_status = 415, .headers = FIELDS, .header_count = 1};
	answer_one(&response);
	assert_true(wire_find(&h.output, WIRE_HEADERS, 1, 0, &frame));
	assert_int_equal(frame.flags, WIRE_END_HEADERS | WIRE_END_STREAM);
	assert_false(wire_find(&h.output, WIRE_DATA, 1, 0, &frame));
}

static void body_without_trailers_ends_the_stream(void **state)
{
	struct wire_frame frame;
	const struct http2_response response = {.http_status = 200, .body = (const uint8_t *)"abc", .body_bytes = 3};
	answer_one(&response);
	assert_true(wire_find(&h.output, WIRE_DATA, 1, 0, &frame));
	assert_int_equal(frame.flags, WIRE_END_STREAM);
	assert_memory_equal(frame.payload, "abc", 3);
}

static void trailers_without_a_body_end_the_stream(void **state)
{
	struct wire_frame frame;
	const struct http2_response response = {.http_status = 200, .trailers = FIELDS, .trailer_count = 1};
	answer_one(&response);
	assert_true(wire_find(&h.output, WIRE_HEADERS, 1, 0, &frame));
	assert_int_equal(frame.flags, WIRE_END_HEADERS);
	assert_true(wire_find(&h.output, WIRE_HEADERS, 1, 1, &frame));
	assert_int_equal(frame.flags, WIRE_END_HEADERS | WIRE_END_STREAM);
}

static void largest_reply_arrives_whole(void **state)
{
	AUTO_FREE uint8_t *body = memory_calloc(1, MESSAGE_BYTES);
	body[MESSAGE_BYTES - 1] = 42;
	const struct http2_response response = {
		.http_status = 200, .body = body, .body_bytes = MESSAGE_BYTES, .trailers = FIELDS, .trailer_count = 1};
	h.answer = &response;
	http2_harness_connect(&h, true);
	struct harness_reply *reply = http2_harness_reply(&h, http2_harness_post(&h, "/a.B/C", NULL, 0));
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(reply->http_status, 200);
	assert_int_equal(reply->body_bytes, MESSAGE_BYTES);
	assert_int_equal(reply->body_last, 42);
	assert_string_equal(reply->grpc_status, "0");
	assert_int_equal(h.requests[0].closed_count, 1);
}

static void reply_waits_for_the_peers_window(void **state)
{
	static const uint8_t body[200000];
	const struct http2_response response = {
		.http_status = 200, .body = body, .body_bytes = sizeof(body), .trailers = FIELDS, .trailer_count = 1};
	h.answer = &response;
	http2_harness_connect(&h, false);
	int32_t id = http2_harness_post(&h, "/a.B/C", NULL, 0);
	struct harness_reply *reply = http2_harness_reply(&h, id);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(reply->body_bytes, 65535);
	assert_int_equal(h.requests[0].closed_count, 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(nghttp2_session_consume(h.client, id, 65535), 0);
		assert_int_equal(http2_harness_exchange(&h), 0);
	}
	assert_int_equal(reply->body_bytes, sizeof(body));
	assert_string_equal(reply->grpc_status, "0");
	assert_int_equal(h.requests[0].closed_count, 1);
}

static void a_reply_that_waits_does_not_hold_others(void **state)
{
	static const uint8_t body[200000];
	const struct http2_response large = {.http_status = 200, .body = body, .body_bytes = sizeof(body)};
	const struct http2_response small = {.http_status = 200, .body = body, .body_bytes = 5};
	h.answer = &large;
	http2_harness_connect(&h, false);
	int32_t waiting = http2_harness_post(&h, "/a.B/C", NULL, 0);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(nghttp2_session_consume_connection(h.client, 65535),
			 0); /* the stream's own window stays shut */
	h.answer = &small;
	int32_t other = http2_harness_post(&h, "/a.B/C", NULL, 0);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_false(http2_harness_reply(&h, waiting)->is_closed);
	assert_true(http2_harness_reply(&h, other)->is_closed);
	assert_int_equal(http2_harness_reply(&h, other)->body_bytes, 5);
}

static void reset_in_the_middle_of_a_reply_closes_once(void **state)
{
	static const uint8_t body[200000];
	const struct http2_response response = {
		.http_status = 200, .body = body, .body_bytes = sizeof(body), .trailers = FIELDS, .trailer_count = 1};
	h.answer = &response;
	http2_harness_connect(&h, false);
	int32_t id = http2_harness_post(&h, "/a.B/C", NULL, 0);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(nghttp2_submit_rst_stream(h.client, 0, id, NGHTTP2_CANCEL), 0);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(h.requests[0].closed_count, 1);
	assert_int_equal(h.requests[0].error_code, NGHTTP2_CANCEL);
}

static void reset_between_drains_leaves_frames_whole(void **state)
{
	static const uint8_t body[60000];
	const struct http2_response response = {.http_status = 200, .body = body, .body_bytes = sizeof(body)};
	h.answer = &response;
	const uint8_t *bytes = NULL;
	wire_put_post(&wire, 1, "/a.B/C");
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 1, "", 0);
	assert_int_equal(http2_session_feed(h.session, (const uint8_t *)wire.data, wire.length, &h.st), 0);
	int64_t count = http2_session_drain(h.session, &bytes, &h.st); /* the small frames; a large one is pending */
	assert_true(count > 0 && count <= 4096);
	assert_int_equal(strbuf_append(&h.output, bytes, (size_t)count), 0);
	strbuf_clear(&wire);
	wire_put_number(&wire, WIRE_RST_STREAM, 1, NGHTTP2_CANCEL);
	wire_put_frame(&wire, WIRE_PING, 0, 0, "12345678", 8);
	assert_int_equal(http2_harness_feed(&h, wire.data, wire.length), 0);
	assert_int_equal(h.requests[0].closed_count, 1);
	struct wire_frame frame;
	size_t offset = 0;
	while (wire_next(&h.output, &offset, &frame))
		assert_true(frame.type <= WIRE_WINDOW_UPDATE);
	assert_int_equal(offset, h.output.length);
	assert_true(wire_find(&h.output, WIRE_PING, 0, 0, &frame));
}

static void many_small_replies_interleave(void **state)
{
	const struct http2_response response = {.http_status = 200,
						.body = (const uint8_t *)"\0\0\0\0\0",
						.body_bytes = 5,
						.trailers = FIELDS,
						.trailer_count = 1};
	h.answer = &response;
	http2_harness_connect(&h, true);
	for (int i = 0; i < 100; i++)
		http2_harness_post(&h, "/a.B/C", NULL, 0);
	assert_int_equal(http2_harness_exchange(&h), 0);
	for (int i = 0; i < 100; i++)
		assert_string_equal(h.replies[i].grpc_status, "0");
	assert_int_equal(http2_session_open_requests(h.session), 0);
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(headers_alone_end_the_stream),
		TEST(body_without_trailers_ends_the_stream),
		TEST(trailers_without_a_body_end_the_stream),
		TEST(largest_reply_arrives_whole),
		TEST(reply_waits_for_the_peers_window),
		TEST(a_reply_that_waits_does_not_hold_others),
		TEST(reset_in_the_middle_of_a_reply_closes_once),
		TEST(reset_between_drains_leaves_frames_whole),
		TEST(many_small_replies_interleave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
