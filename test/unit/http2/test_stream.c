/* SPDX-License-Identifier: Apache-2.0 */
#include "http2/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "hand_made.h"

#define MESSAGE_BYTES ((4u << 20) + 5)

static uint8_t *upload; /* MESSAGE_BYTES + 1 of them */

static const struct http2_header TRAILERS[] = {{"grpc-status", "8"}};
static const struct http2_response REFUSAL = {.http_status = 200, .headers = TRAILERS, .header_count = 1};

static int make_upload(void **state)
{
	upload = memory_alloc(MESSAGE_BYTES + 1);
	for (size_t i = 0; i <= MESSAGE_BYTES; i++)
		upload[i] = (uint8_t)(i * 7 >> 3);
	return 0;
}

static int free_upload(void **state)
{
	free(upload);
	return 0;
}

static void restart_with(struct http2_limits limits)
{
	http2_harness_stop(&h);
	http2_harness_start(&h, &limits);
}

static void put_post_with_length(int32_t stream_id, uint8_t flags, const char *length)
{
	const struct wire_field fields[] = {
		{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {"content-length", length}, {NULL, NULL}};
	wire_put_headers(&wire, flags, stream_id, fields);
}

static void largest_message_arrives_whole(void **state)
{
	http2_harness_connect(&h, true);
	http2_harness_post(&h, "/a.B/C", upload, MESSAGE_BYTES);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(h.request_count, 1);
	assert_false(h.requests[0].request->is_body_too_large);
	assert_int_equal(h.requests[0].request->body.length, MESSAGE_BYTES);
	assert_memory_equal(h.requests[0].request->body.data, upload, MESSAGE_BYTES);
}

static void body_over_the_cap_is_delivered_before_its_end(void **state)
{
	struct http2_limits limits = HTTP2_LIMITS_DEFAULT;
	limits.body_bytes = 10;
	restart_with(limits);
	wire_put_post(&wire, 1, "/a.B/C");
	wire_put_frame(&wire, WIRE_DATA, 0, 1, "0123456789", 10);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.request_count, 0);
	wire_put_frame(&wire, WIRE_DATA, 0, 1, "abc", 3);
	wire_put_frame(&wire, WIRE_DATA, 0, 1, "def", 3);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.request_count, 1);
	assert_true(h.requests[0].request->is_body_too_large);
	assert_string_equal(strbuf_text(&h.requests[0].request->body), "0123456789");
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 1, "ghi", 3);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.request_count, 1);
	assert_int_equal(h.requests[0].request->body.length, 10);
}

static void body_of_exactly_the_cap_is_not_too_large(void **state)
{
	struct http2_limits limits = HTTP2_LIMITS_DEFAULT;
	limits.body_bytes = 10;
	restart_with(limits);
	wire_put_post(&wire, 1, "/a.B/C");
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 1, "0123456789", 10);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.request_count, 1);
	assert_false(h.requests[0].request->is_body_too_large);
}

static void early_answer_is_followed_by_reset_without_error(void **state)
{
	h.answer = &REFUSAL;
	http2_harness_connect(&h, true);
	int32_t id = http2_harness_post(&h, "/a.B/C", upload, MESSAGE_BYTES + 1);
	struct harness_reply *reply = http2_harness_reply(&h, id);
	static uint8_t endless[32u << 20];
	reply->upload = endless;
	reply->upload_bytes = sizeof(endless);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_string_equal(reply->grpc_status, "8");
	assert_true(reply->is_closed);
	assert_int_equal(reply->error_code, NGHTTP2_NO_ERROR);
	assert_true(reply->uploaded_bytes < sizeof(endless));
	assert_int_equal(h.requests[0].closed_count, 1);
	assert_int_equal(h.requests[0].error_code, NGHTTP2_NO_ERROR);
}

static void body_over_the_cap_is_credited_to_its_end(void **state)
{
	static uint8_t endless[16u << 20];
	http2_harness_connect(&h, true);
	int32_t id = http2_harness_post(&h, "/a.B/C", endless, sizeof(endless));
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(http2_harness_reply(&h, id)->uploaded_bytes, sizeof(endless));
	assert_true(h.requests[0].request->is_body_too_large);
	assert_true(http2_session_respond(h.session, id, &REFUSAL));
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_string_equal(http2_harness_reply(&h, id)->grpc_status, "8");
	assert_int_equal(h.requests[0].error_code, NGHTTP2_NO_ERROR);
}

static void content_length_must_be_true(void **state)
{
	put_post_with_length(1, WIRE_END_STREAM, "1");
	put_post_with_length(3, 0, "2");
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 3, "x", 1);
	put_post_with_length(5, 0, "2");
	wire_put_frame(&wire, WIRE_DATA, 0, 5, "xyz", 3);
	put_post_with_length(7, 0, "3");
	wire_put_frame(&wire, WIRE_DATA, WIRE_PADDED, 7, "\x02xy\0\0", 5);
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 7, "z", 1);
	put_post_with_length(9, WIRE_END_STREAM, "0");
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(http2_harness_reset_code(&h, 1), NGHTTP2_PROTOCOL_ERROR);
	assert_int_equal(http2_harness_reset_code(&h, 3), NGHTTP2_PROTOCOL_ERROR);
	assert_int_equal(http2_harness_reset_code(&h, 5), NGHTTP2_PROTOCOL_ERROR);
	assert_int_equal(h.request_count, 2);
	assert_string_equal(strbuf_text(&http2_harness_request(&h, 7)->request->body), "xyz");
	assert_non_null(http2_harness_request(&h, 9));
}

static void delivered_request_with_a_lying_content_length_is_closed(void **state)
{
	struct http2_limits limits = HTTP2_LIMITS_DEFAULT;
	limits.body_bytes = 2;
	restart_with(limits);
	put_post_with_length(1, 0, "9");
	wire_put_frame(&wire, WIRE_DATA, 0, 1, "abc", 3);
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 1, "d", 1);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.request_count, 1);
	assert_int_equal(h.requests[0].closed_count, 1);
	assert_int_equal(h.requests[0].error_code, NGHTTP2_PROTOCOL_ERROR);
}

/* All streams at once, one connection: the budget is a quarter of what they would need. */
static void all_streams_uploading_the_largest_message_make_progress(void **state)
{
	enum { STREAMS = 128 };
	h.drops_requests = true;
	h.answer = &REFUSAL;
	http2_harness_connect(&h, true);
	assert_int_equal(http2_harness_exchange(&h), 0); /* the client learns the limit */
	for (int i = 0; i < STREAMS; i++)
		http2_harness_post(&h, "/a.B/C", upload, MESSAGE_BYTES);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(h.request_count, STREAMS);
	for (unsigned i = 0; i < STREAMS; i++)
		assert_int_equal(h.requests[i].error_code, NGHTTP2_NO_ERROR);
	assert_int_equal(h.session->reserved_bytes, 0);
	assert_true(TAILQ_EMPTY(&h.session->waiting));
}

/* Requests that are not answered keep what they hold; the others wait within their windows until they are. */
static void unanswered_bodies_withhold_credit_from_others(void **state)
{
	enum { STREAMS = 12, FITTING = 7 }; /* 7 bodies of 4 MiB + 5 into 32 MiB */
	int32_t ids[STREAMS];
	http2_harness_connect(&h, true);
	assert_int_equal(http2_harness_exchange(&h), 0);
	for (int i = 0; i < STREAMS; i++)
		ids[i] = http2_harness_post(&h, "/a.B/C", upload, MESSAGE_BYTES);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(h.request_count, FITTING);
	for (int i = FITTING; i < STREAMS; i++)
		assert_int_equal(http2_harness_reply(&h, ids[i])->uploaded_bytes,
				 HTTP2_LIMITS_DEFAULT.stream_window_bytes);
	assert_true(http2_session_respond(h.session, h.requests[0].stream_id, &REFUSAL));
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(h.request_count, FITTING + 1);
}

static void a_stream_that_waits_for_memory_may_leave(void **state)
{
	struct http2_limits limits = HTTP2_LIMITS_DEFAULT;
	limits.buffered_body_bytes = 1; /* one reservation at a time */
	restart_with(limits);
	http2_harness_connect(&h, true);
	assert_int_equal(http2_harness_exchange(&h), 0);
	int32_t first = http2_harness_post(&h, "/a.B/C", upload, MESSAGE_BYTES);
	int32_t second = http2_harness_post(&h, "/a.B/C", upload, MESSAGE_BYTES);
	int32_t third = http2_harness_post(&h, "/a.B/C", upload, MESSAGE_BYTES);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(h.request_count, 1);
	int32_t served = h.requests[0].stream_id;
	int32_t leaver = served == second ? third : second;
	assert_int_equal(nghttp2_submit_rst_stream(h.client, 0, leaver, NGHTTP2_CANCEL), 0);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_true(http2_session_respond(h.session, served, &REFUSAL));
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(h.request_count, 2);
	assert_int_equal(h.requests[1].stream_id, first + second + third - served - leaver);
}

static void a_delivered_body_holds_no_more_than_its_size(void **state)
{
	enum { STREAMS = 30, BODY_BYTES = 300000 }; /* more than a window each */
	http2_harness_connect(&h, true);
	assert_int_equal(http2_harness_exchange(&h), 0);
	for (int i = 0; i < STREAMS; i++)
		http2_harness_post(&h, "/a.B/C", upload, BODY_BYTES);
	assert_int_equal(http2_harness_exchange(&h), 0);
	assert_int_equal(h.request_count, STREAMS);
	assert_int_equal(h.session->reserved_bytes, STREAMS * BODY_BYTES);
}

static void small_bodies_take_no_reservation_from_large_ones(void **state)
{
	for (int32_t id = 1; id < 40; id += 2) {
		wire_put_post(&wire, id, "/a.B/C");
		wire_put_frame(&wire, WIRE_DATA, 0, id, upload, 1000); /* and no more for now */
	}
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.session->reserved_bytes, 0);
	assert_true(TAILQ_EMPTY(&h.session->waiting));
}

static void small_requests_cost_no_window_update(void **state)
{
	struct wire_frame frame;
	wire_put_post(&wire, 1, "/a.B/C");
	wire_put_frame(&wire, WIRE_DATA, 0, 1, upload, 1000);
	wire_put_frame(&wire, WIRE_DATA, 0, 1, upload, 1000);
	assert_int_equal(feed_wire(), 0);
	assert_false(wire_find(&h.output, WIRE_WINDOW_UPDATE, 1, 0, &frame));
}

/* The callee's time is not the peer's. */
static void ticks_count_while_the_peer_is_waited_for(void **state)
{
	static const uint8_t body[] = "late";
	struct strbuf bytes;
	strbuf_init(&bytes, 4096);
	wire_put_preface(&bytes);
	wire_put_post(&bytes, 1, "/a.B/C");
	assert_int_equal(http2_harness_feed(&h, bytes.data, bytes.length), 0);
	assert_int_equal(http2_session_tick(h.session), 1);
	assert_int_equal(http2_session_tick(h.session), 2);
	strbuf_clear(&bytes);
	wire_put_frame(&bytes, WIRE_DATA, WIRE_END_STREAM, 1, body, sizeof(body));
	assert_int_equal(http2_harness_feed(&h, bytes.data, bytes.length), 0);
	assert_int_equal(http2_session_tick(h.session), 0);
	assert_true(http2_session_respond(h.session, 1, &REFUSAL));
	assert_int_equal(http2_session_tick(h.session), 1);
	assert_int_equal(http2_harness_drain(&h), 0);
	assert_int_equal(http2_session_tick(h.session), 0);
	assert_true(http2_session_is_idle(h.session));
	strbuf_release(&bytes);
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(largest_message_arrives_whole),
		TEST(body_over_the_cap_is_delivered_before_its_end),
		TEST(body_of_exactly_the_cap_is_not_too_large),
		TEST(early_answer_is_followed_by_reset_without_error),
		TEST(body_over_the_cap_is_credited_to_its_end),
		TEST(content_length_must_be_true),
		TEST(delivered_request_with_a_lying_content_length_is_closed),
		TEST(all_streams_uploading_the_largest_message_make_progress),
		TEST(unanswered_bodies_withhold_credit_from_others),
		TEST(a_stream_that_waits_for_memory_may_leave),
		TEST(a_delivered_body_holds_no_more_than_its_size),
		TEST(small_bodies_take_no_reservation_from_large_ones),
		TEST(small_requests_cost_no_window_update),
		TEST(ticks_count_while_the_peer_is_waited_for),
	};
	return cmocka_run_group_tests(tests, make_upload, free_upload);
}
