/* SPDX-License-Identifier: Apache-2.0 */
#include "http2/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hand_made.h"

static const struct http2_header TRAILERS[] = {{"grpc-status", "0"}};
static const struct http2_header HEADERS[] = {{"content-type", "application/grpc"}};
static const struct http2_response ANSWER = {
	.http_status = 200,
	.headers = HEADERS,
	.header_count = 1,
	.body = (const uint8_t *)"\0\0\0\0\0",
	.body_bytes = 5,
	.trailers = TRAILERS,
	.trailer_count = 1,
};

static void put_request(int32_t stream_id)
{
	wire_put_post(&wire, stream_id, "/a.B/C");
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, stream_id, "\0\0\0\0\0", 5);
}

static void settings_go_out_first_and_unasked(void **state)
{
	struct wire_frame frame;
	size_t offset = 0;
	assert_int_equal(http2_harness_drain(&h), 0);
	assert_true(wire_next(&h.output, &offset, &frame));
	assert_int_equal(frame.type, WIRE_SETTINGS);
	assert_int_equal(frame.stream_id, 0);
}

static void request_is_delivered_and_answered(void **state)
{
	struct wire_frame frame;
	put_request(1);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.request_count, 1);
	struct http2_request *request = h.requests[0].request;
	assert_string_equal(request->path, "/a.B/C");
	assert_string_equal(http2_request_header(request, "content-type"), "application/grpc");
	assert_int_equal(request->body.length, 5);
	assert_int_equal(http2_session_open_requests(h.session), 1);
	assert_true(http2_session_respond(h.session, 1, &ANSWER));
	assert_false(http2_session_respond(h.session, 1, &ANSWER));
	assert_int_equal(http2_harness_drain(&h), 0);
	assert_true(wire_find(&h.output, WIRE_HEADERS, 1, 0, &frame));
	assert_int_equal(frame.flags, WIRE_END_HEADERS);
	assert_true(wire_find(&h.output, WIRE_DATA, 1, 0, &frame));
	assert_int_equal(frame.length, 5);
	assert_int_equal(frame.flags, 0);
	assert_true(wire_find(&h.output, WIRE_HEADERS, 1, 1, &frame));
	assert_int_equal(frame.flags, WIRE_END_HEADERS | WIRE_END_STREAM);
	assert_int_equal(h.requests[0].closed_count, 1);
	assert_int_equal(h.requests[0].error_code, 0);
	assert_int_equal(http2_session_open_requests(h.session), 0);
	assert_false(http2_session_respond(h.session, 1, &ANSWER));
}

static void feeding_byte_by_byte_equals_feeding_at_once(void **state)
{
	static struct http2_harness slow;
	http2_harness_start(&slow, NULL);
	h.answer = slow.answer = &ANSWER;
	for (int32_t id = 1; id < 10; id += 2)
		put_request(id);
	for (size_t i = 0; i < wire.length; i++)
		assert_int_equal(http2_session_feed(slow.session, (const uint8_t *)wire.data + i, 1, &slow.st), 0);
	assert_int_equal(http2_harness_drain(&slow), 0);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(slow.request_count, 5);
	assert_int_equal(slow.output.length, h.output.length);
	assert_memory_equal(slow.output.data, h.output.data, h.output.length);
	http2_harness_stop(&slow);
}

static void small_frames_share_one_drain(void **state)
{
	const uint8_t *bytes = NULL;
	h.answer = &ANSWER;
	put_request(1);
	put_request(3);
	assert_int_equal(http2_session_feed(h.session, (const uint8_t *)wire.data, wire.length, &h.st), 0);
	assert_true(http2_session_drain(h.session, &bytes, &h.st) > 100);
	assert_int_equal(http2_session_drain(h.session, &bytes, &h.st), 0);
	assert_false(http2_session_wants_write(h.session));
	assert_int_equal(h.requests[1].closed_count, 1);
}

static void malformed_requests_are_reset_and_others_go_on(void **state)
{
	static const struct wire_field no_path[] = {{":method", "POST"}, {":scheme", "http"}, {NULL, NULL}};
	static const struct wire_field bad_name[] = {{":method", "POST"}, {"A", ""}, {":scheme", "http"}, {NULL, NULL}};
	wire_put_headers(&wire, WIRE_END_STREAM, 1, no_path);
	wire_put_headers(&wire, 0, 3, bad_name);
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 3, "x", 1);
	put_request(5);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(http2_harness_reset_code(&h, 1), NGHTTP2_PROTOCOL_ERROR);
	assert_int_equal(http2_harness_reset_code(&h, 3), NGHTTP2_PROTOCOL_ERROR);
	assert_int_equal(h.request_count, 1);
	assert_int_equal(h.requests[0].stream_id, 5);
}

static void header_list_over_the_cap_is_reset(void **state)
{
	static char long_value[9000];
	memset(long_value, 'x', sizeof(long_value) - 1);
	const struct wire_field fields[] = {{":method", "POST"}, {":scheme", "http"}, {":path", "/a"},
					    {"a", long_value},   {"b", long_value},   {NULL, NULL}};
	struct strbuf block;
	strbuf_init(&block, 1 << 20);
	for (const struct wire_field *f = fields; f->name; f++)
		wire_put_field(&block, f->name, strlen(f->name), f->value, strlen(f->value));
	wire_put_frame(&wire, WIRE_HEADERS, 0, 1, block.data, 16000);
	wire_put_frame(&wire, WIRE_CONTINUATION, WIRE_END_HEADERS, 1, block.data + 16000, block.length - 16000);
	strbuf_release(&block);
	put_request(3);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(http2_harness_reset_code(&h, 1), NGHTTP2_FRAME_SIZE_ERROR);
	assert_int_equal(h.request_count, 1);
}

static void trailers_end_a_request(void **state)
{
	static const struct wire_field trailers[] = {{"a", "b"}, {NULL, NULL}};
	wire_put_post(&wire, 1, "/a.B/C");
	wire_put_frame(&wire, WIRE_DATA, 0, 1, "xy", 2);
	wire_put_headers(&wire, WIRE_END_STREAM, 1, trailers);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.request_count, 1);
	assert_int_equal(h.requests[0].request->body.length, 2);
	assert_null(http2_request_header(h.requests[0].request, "a"));
}

static void malformed_trailers_are_reset(void **state)
{
	static const struct wire_field pseudo[] = {{":path", "/"}, {NULL, NULL}};
	static const struct wire_field plain[] = {{"a", "b"}, {NULL, NULL}};
	wire_put_post(&wire, 1, "/a.B/C");
	wire_put_headers(&wire, WIRE_END_STREAM, 1, pseudo);
	wire_put_post(&wire, 3, "/a.B/C");
	wire_put_headers(&wire, 0, 3, plain);
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 3, "", 0);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(http2_harness_reset_code(&h, 1), NGHTTP2_PROTOCOL_ERROR);
	assert_int_equal(http2_harness_reset_code(&h, 3), NGHTTP2_PROTOCOL_ERROR);
	assert_int_equal(h.request_count, 0);
}

static void streams_beyond_the_limit_are_refused(void **state)
{
	for (int32_t id = 1; id < 2 * 129; id += 2)
		put_request(id);
	put_request(2 * 129 + 1);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.request_count, 128);
	assert_int_equal(http2_harness_reset_code(&h, 257), NGHTTP2_REFUSED_STREAM);
	assert_int_equal(http2_session_open_requests(h.session), 128);
}

static void reset_by_the_peer_closes_once(void **state)
{
	put_request(1);
	wire_put_number(&wire, WIRE_RST_STREAM, 1, NGHTTP2_CANCEL);
	wire_put_number(&wire, WIRE_RST_STREAM, 1, NGHTTP2_CANCEL);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.requests[0].closed_count, 1);
	assert_int_equal(h.requests[0].error_code, NGHTTP2_CANCEL);
	assert_false(http2_session_respond(h.session, 1, &ANSWER));
	http2_session_reset(h.session, 1, NGHTTP2_CANCEL);
	http2_harness_stop(&h);
	assert_int_equal(h.requests[0].closed_count, 1);
}

static void reset_by_us_closes_once(void **state)
{
	put_request(1);
	assert_int_equal(feed_wire(), 0);
	http2_session_reset(h.session, 1, NGHTTP2_CANCEL);
	http2_session_reset(h.session, 1, NGHTTP2_INTERNAL_ERROR);
	assert_false(http2_session_respond(h.session, 1, &ANSWER));
	assert_int_equal(http2_harness_drain(&h), 0);
	assert_int_equal(http2_harness_reset_code(&h, 1), NGHTTP2_CANCEL);
	assert_int_equal(h.requests[0].closed_count, 1);
	assert_int_equal(h.requests[0].error_code, NGHTTP2_CANCEL);
}

static void unknown_streams_are_not_answered(void **state)
{
	wire_put_post(&wire, 1, "/a.B/C"); /* not complete, so not delivered */
	assert_int_equal(feed_wire(), 0);
	assert_false(http2_session_respond(h.session, 1, &ANSWER));
	assert_false(http2_session_respond(h.session, 7, &ANSWER));
	http2_session_reset(h.session, 7, NGHTTP2_CANCEL);
	h.output.length = 0;
	assert_int_equal(http2_harness_drain(&h), 0);
	assert_int_equal(h.output.length, 0);
}

static void free_closes_open_streams(void **state)
{
	put_request(1);
	wire_put_post(&wire, 3, "/a.B/C");
	wire_put_frame(&wire, WIRE_DATA, 0, 3, "abc", 3);
	put_request(5);
	assert_int_equal(feed_wire(), 0);
	assert_true(http2_session_respond(h.session, 5, &ANSWER));
	http2_harness_stop(&h);
	assert_int_equal(h.request_count, 2);
	assert_int_equal(h.requests[0].closed_count, 1);
	assert_int_equal(h.requests[0].error_code, NGHTTP2_CANCEL);
	assert_int_equal(h.requests[1].closed_count, 1);
}

static void goaway_comes_in_two_steps(void **state)
{
	struct wire_frame frame;
	h.answer = &ANSWER;
	put_request(1);
	assert_int_equal(feed_wire(), 0);
	http2_session_announce_shutdown(h.session);
	assert_int_equal(http2_harness_drain(&h), 0);
	assert_true(wire_find(&h.output, WIRE_GOAWAY, 0, 0, &frame));
	assert_int_equal(wire_number(&frame, 0), INT32_MAX);
	put_request(3); /* was on its way */
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.requests[1].error_code, 0);
	assert_false(http2_session_is_done(h.session));
	http2_session_shutdown(h.session);
	assert_int_equal(http2_harness_drain(&h), 0);
	assert_true(wire_find(&h.output, WIRE_GOAWAY, 0, 1, &frame));
	assert_int_equal(wire_number(&frame, 0), 3);
	assert_int_equal(wire_number(&frame, 4), NGHTTP2_NO_ERROR);
	assert_true(http2_session_is_done(h.session));
}

static void shutdown_lets_open_requests_finish(void **state)
{
	put_request(1);
	assert_int_equal(feed_wire(), 0);
	http2_session_shutdown(h.session);
	put_request(3); /* too late */
	assert_int_equal(feed_wire(), 0);
	assert_false(http2_session_is_done(h.session));
	assert_true(http2_session_respond(h.session, 1, &ANSWER));
	assert_int_equal(http2_harness_drain(&h), 0);
	assert_int_equal(h.request_count, 1);
	assert_int_equal(h.requests[0].error_code, 0);
	assert_true(http2_session_is_done(h.session));
}

static void goaway_of_the_peer_ends_the_session(void **state)
{
	h.answer = &ANSWER;
	put_request(1);
	wire_put_frame(&wire, WIRE_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(feed_wire(), 0);
	assert_int_equal(h.requests[0].error_code, 0);
	assert_true(http2_session_is_done(h.session));
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(settings_go_out_first_and_unasked),
		TEST(request_is_delivered_and_answered),
		TEST(feeding_byte_by_byte_equals_feeding_at_once),
		TEST(small_frames_share_one_drain),
		TEST(malformed_requests_are_reset_and_others_go_on),
		TEST(header_list_over_the_cap_is_reset),
		TEST(trailers_end_a_request),
		TEST(malformed_trailers_are_reset),
		TEST(streams_beyond_the_limit_are_refused),
		TEST(reset_by_the_peer_closes_once),
		TEST(reset_by_us_closes_once),
		TEST(unknown_streams_are_not_answered),
		TEST(free_closes_open_streams),
		TEST(goaway_comes_in_two_steps),
		TEST(shutdown_lets_open_requests_finish),
		TEST(goaway_of_the_peer_ends_the_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
