/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that break HTTP/2 or send too much of something: the connection ends, and memory does not. */
#include "http2/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hand_made.h"

/* Feeds in pieces of a socket's size; does the peer read (drain) in between? */
static int feed_pieces(bool is_reading)
{
	int rc = 0;
	for (size_t at = 0; at < wire.length && rc == 0;) {
		size_t length = wire.length - at < 65536 ? wire.length - at : 65536;
		const uint8_t *bytes = (const uint8_t *)wire.data + at;
		rc = is_reading ? http2_harness_feed(&h, bytes, length)
				: http2_session_feed(h.session, bytes, length, &h.st);
		at += length;
	}
	return rc;
}

static void assert_cut_off(int64_t code)
{
	assert_int_equal(http2_harness_drain(&h), -1);
	assert_int_equal(http2_harness_goaway_code(&h), code);
	assert_true(http2_session_is_done(h.session));
	assert_false(http2_session_wants_write(h.session));
	assert_int_equal(http2_session_feed(h.session, (const uint8_t *)"x", 1, &h.st), -1);
	assert_int_equal(http2_session_feed(h.session, NULL, 0, &h.st), -1);
	assert_int_equal(http2_harness_drain(&h), -1);
	http2_session_shutdown(h.session);
	http2_session_announce_shutdown(h.session);
	http2_session_reset(h.session, 1, NGHTTP2_CANCEL);
}

static void bad_preface_is_cut_off(void **state)
{
	static const char http1[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	assert_int_equal(http2_session_feed(h.session, (const uint8_t *)http1, sizeof(http1) - 1, &h.st), -1);
	assert_int_equal(h.st.code, STATUS_UNAVAILABLE);
	assert_cut_off(NGHTTP2_PROTOCOL_ERROR);
}

static void connection_errors_are_told_and_end_it(void **state)
{
	wire_put_frame(&wire, WIRE_DATA, 0, 0, "x", 1); /* DATA on stream 0 */
	(void)feed_pieces(false);
	assert_int_equal(http2_harness_drain(&h), -1);
	assert_non_null(strstr(h.st.message, "PROTOCOL_ERROR"));
	assert_cut_off(NGHTTP2_PROTOCOL_ERROR);
}

static void bad_header_compression_ends_it(void **state)
{
	wire_put_frame(&wire, WIRE_HEADERS, WIRE_END_HEADERS, 1, "\xff\xff\xff\xff\xff\xff\xff", 7);
	(void)feed_pieces(false);
	assert_cut_off(NGHTTP2_COMPRESSION_ERROR);
}

static void open_requests_of_a_broken_session_close_at_free(void **state)
{
	wire_put_post(&wire, 1, "/a.B/C");
	wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 1, "", 0);
	for (int i = 0; i < 20; i++)
		wire_put_frame(&wire, i == 0 ? WIRE_HEADERS : WIRE_CONTINUATION, 0, 3, "", 0);
	assert_int_equal(feed_pieces(true), -1);
	assert_int_equal(h.request_count, 1);
	assert_int_equal(h.requests[0].closed_count, 0);
	const struct http2_response response = {.http_status = 200};
	assert_false(http2_session_respond(h.session, 1, &response));
	http2_harness_stop(&h);
	assert_int_equal(h.requests[0].closed_count, 1);
}

static void continuation_flood_is_cut_off(void **state)
{
	wire_put_frame(&wire, WIRE_HEADERS, 0, 1, "", 0);
	for (int i = 0; i < 9; i++)
		wire_put_frame(&wire, WIRE_CONTINUATION, 0, 1, "", 0);
	assert_int_equal(feed_pieces(true), -1);
	assert_cut_off(NGHTTP2_ENHANCE_YOUR_CALM);
}

static void empty_data_flood_is_cut_off(void **state)
{
	wire_put_post(&wire, 1, "/a.B/C");
	for (int i = 0; i < 1001; i++)
		wire_put_frame(&wire, WIRE_DATA, WIRE_PADDED, 1, "\x03\0\0\0", i % 2 ? 4 : 1 + 3);
	assert_int_equal(feed_pieces(true), -1);
	assert_cut_off(NGHTTP2_ENHANCE_YOUR_CALM);
}

static void malformed_request_flood_is_cut_off(void **state)
{
	static const struct wire_field no_path[] = {{":method", "POST"}, {":scheme", "http"}, {NULL, NULL}};
	int rc = 0;
	for (int32_t i = 0; i < 1001; i++) {
		assert_int_equal(rc, 0);
		wire_put_headers(&wire, WIRE_END_STREAM, 2 * i + 1, no_path);
		rc = feed_wire();
	}
	assert_int_equal(rc, -1);
	assert_int_equal(h.request_count, 0);
	assert_cut_off(NGHTTP2_ENHANCE_YOUR_CALM);
}

static void flood_of_requests_made_to_fail_is_cut_off(void **state)
{
	int rc = 0;
	for (int32_t i = 0; i < 1001; i++) {
		int32_t id = 2 * i + 1;
		assert_int_equal(rc, 0);
		wire_put_post(&wire, id, "/a.B/C");
		wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, id, "", 0);
		wire_put_number(&wire, WIRE_WINDOW_UPDATE, id, 0x7fffffff); /* overflows: the session must reset it */
		rc = feed_wire();
	}
	assert_int_equal(rc, -1);
	assert_cut_off(NGHTTP2_ENHANCE_YOUR_CALM);
}

static void glitches_between_answered_requests_are_forgiven(void **state)
{
	static const struct wire_field no_path[] = {{":method", "POST"}, {":scheme", "http"}, {NULL, NULL}};
	static const struct http2_response response = {.http_status = 200};
	h.answer = &response;
	h.drops_requests = true;
	for (int32_t i = 0; i < 1500; i++) {
		wire_put_headers(&wire, WIRE_END_STREAM, 4 * i + 1, no_path);
		wire_put_post(&wire, 4 * i + 3, "/a.B/C");
		wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 4 * i + 3, "", 0);
		assert_int_equal(feed_wire(), 0);
	}
	assert_int_equal(h.request_count, 1500);
}

static void cancelled_calls_are_no_glitches(void **state)
{
	static const struct wire_field no_path[] = {{":method", "POST"}, {":scheme", "http"}, {NULL, NULL}};
	h.drops_requests = true;
	for (int32_t i = 0; i < 600; i++) {
		wire_put_post(&wire, 4 * i + 1, "/a.B/C");
		wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 4 * i + 1, "", 0);
		wire_put_number(&wire, WIRE_RST_STREAM, 4 * i + 1, NGHTTP2_CANCEL);
		wire_put_headers(&wire, WIRE_END_STREAM, 4 * i + 3, no_path); /* one glitch: 600 are still fine */
		assert_int_equal(feed_wire(), 0);
	}
	assert_int_equal(h.request_count, 600);
}

static void rapid_reset_is_cut_off(void **state)
{
	h.drops_requests = true;
	for (int32_t i = 0; i < 3000; i++) {
		wire_put_post(&wire, 2 * i + 1, "/a.B/C");
		wire_put_frame(&wire, WIRE_DATA, WIRE_END_STREAM, 2 * i + 1, "", 0);
		wire_put_number(&wire, WIRE_RST_STREAM, 2 * i + 1, NGHTTP2_CANCEL);
	}
	assert_int_equal(feed_pieces(true), -1);
	assert_true(h.request_count < 2500);
	for (unsigned i = 0; i < h.request_count; i++)
		assert_true(h.requests[i].closed_count <= 1);
}

static void ping_flood_of_a_peer_that_does_not_read_is_cut_off(void **state)
{
	for (int i = 0; i < 20000; i++)
		wire_put_frame(&wire, WIRE_PING, 0, 0, "12345678", 8);
	assert_int_equal(feed_pieces(false), -1);
	assert_cut_off(NGHTTP2_ENHANCE_YOUR_CALM);
}

static void pings_of_a_peer_that_reads_are_answered(void **state)
{
	for (int i = 0; i < 500; i++)
		wire_put_frame(&wire, WIRE_PING, 0, 0, "12345678", 8);
	assert_int_equal(feed_pieces(true), 0);
	struct wire_frame frame;
	assert_true(wire_find(&h.output, WIRE_PING, 0, 499, &frame));
	assert_int_equal(frame.flags, WIRE_ACK);
}

static void settings_flood_is_cut_off(void **state)
{
	for (int i = 0; i < 20000; i++)
		wire_put_frame(&wire, WIRE_SETTINGS, 0, 0, NULL, 0);
	assert_int_equal(feed_pieces(false), -1);
	assert_cut_off(NGHTTP2_ENHANCE_YOUR_CALM);
}

static void refused_streams_of_a_peer_that_does_not_read_are_cut_off(void **state)
{
	for (int32_t i = 0; i < 10000; i++)
		wire_put_post(&wire, 2 * i + 1, "/a.B/C");
	assert_int_equal(feed_pieces(false), -1);
	assert_cut_off(NGHTTP2_ENHANCE_YOUR_CALM);
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(bad_preface_is_cut_off),
		TEST(connection_errors_are_told_and_end_it),
		TEST(bad_header_compression_ends_it),
		TEST(open_requests_of_a_broken_session_close_at_free),
		TEST(continuation_flood_is_cut_off),
		TEST(empty_data_flood_is_cut_off),
		TEST(malformed_request_flood_is_cut_off),
		TEST(flood_of_requests_made_to_fail_is_cut_off),
		TEST(glitches_between_answered_requests_are_forgiven),
		TEST(cancelled_calls_are_no_glitches),
		TEST(rapid_reset_is_cut_off),
		TEST(ping_flood_of_a_peer_that_does_not_read_is_cut_off),
		TEST(pings_of_a_peer_that_reads_are_answered),
		TEST(settings_flood_is_cut_off),
		TEST(refused_streams_of_a_peer_that_does_not_read_are_cut_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
