/* SPDX-License-Identifier: Apache-2.0 */
#include "http2/header_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http2/session.h"

#define FIELDS_MAX 12

struct text_field {
	const char *name;
	const char *value;
};

static enum header_block_verdict add(struct header_block *block, const char *name, const char *value)
{
	return header_block_add(block, (const uint8_t *)name, strlen(name), (const uint8_t *)value, strlen(value));
}

/* The verdict of the first field that is not OK; MALFORMED where the block as a whole is. */
static enum header_block_verdict judge(const struct text_field *fields, bool is_trailers)
{
	struct header_block block;
	header_block_init(&block, 16384);
	header_block_begin(&block, is_trailers);
	enum header_block_verdict verdict = HEADER_BLOCK_OK;
	for (; fields->name && verdict == HEADER_BLOCK_OK; fields++)
		verdict = add(&block, fields->name, fields->value);
	if (verdict == HEADER_BLOCK_OK && !is_trailers) {
		struct http2_request *request = header_block_finish(&block, 100);
		verdict = request ? HEADER_BLOCK_OK : HEADER_BLOCK_MALFORMED;
		http2_request_free(request);
	}
	header_block_release(&block);
	return verdict;
}

struct block_case {
	const char *what;
	struct text_field fields[FIELDS_MAX];
};

static void check_all(const struct block_case *cases, size_t count, bool is_trailers, enum header_block_verdict want)
{
	for (size_t i = 0; i < count; i++) {
		enum header_block_verdict verdict = judge(cases[i].fields, is_trailers);
		if (verdict != want)
			fail_msg("%s: verdict %d, not %d", cases[i].what, verdict, want);
	}
}

#define M \
	{ \
		":method", "POST" \
	}
#define S \
	{ \
		":scheme", "http" \
	}
#define P \
	{ \
		":path", "/a.B/C" \
	}
#define A \
	{ \
		":authority", "localhost" \
	}
#define COUNT(cases) (sizeof(cases) / sizeof((cases)[0]))

static void malformed_requests_are_told(void **state)
{
	static const struct block_case cases[] = {
		{"no :method", {S, P, A}},
		{"no :scheme", {M, P, A}},
		{"no :path", {M, S, A}},
		{"nothing at all", {{NULL, NULL}}},
		{"empty :method", {{":method", ""}, S, P}},
		{"empty :scheme", {M, {":scheme", ""}, P}},
		{"empty :path", {M, S, {":path", ""}}},
		{":method no token", {{":method", "PO ST"}, S, P}},
		{":scheme begins with a digit", {M, {":scheme", "1http"}, P}},
		{":scheme with a slash", {M, {":scheme", "http/"}, P}},
		{":path with a space", {M, S, {":path", "/a b"}}},
		{":path with a control character", {M, S, {":path", "/a\x01"}}},
		{":path with DEL", {M, S, {":path", "/a\x7f"}}},
		{":authority with a control character", {M, S, P, {":authority", "a\tb"}}},
		{"two :method", {M, M, S, P}},
		{"two :scheme", {M, S, S, P}},
		{"two :path", {M, S, P, P}},
		{"two :authority", {M, S, P, A, A}},
		{"unknown pseudo-header", {M, S, P, {":version", "2"}}},
		{":protocol without extended CONNECT", {M, S, P, {":protocol", "websocket"}}},
		{"response pseudo-header", {M, S, P, {":status", "200"}}},
		{"a colon alone", {M, S, P, {":", "x"}}},
		{"pseudo-header after a regular field", {M, S, {"te", "trailers"}, P}},
		{"upper case in a name", {M, S, P, {"Content-Type", "application/grpc"}}},
		{"upper case in a pseudo-header", {{":Method", "POST"}, S, P}},
		{"empty name", {M, S, P, {"", "x"}}},
		{"space in a name", {M, S, P, {"a b", "x"}}},
		{"colon in a name", {M, S, P, {"a:b", "x"}}},
		{"control character in a name", {M, S, P, {"a\x01", "x"}}},
		{"byte above ASCII in a name", {M, S, P, {"\xc3\xa4", "x"}}},
		{"CR in a value", {M, S, P, {"a", "x\ry"}}},
		{"LF in a value", {M, S, P, {"a", "x\ny"}}},
		{"value begins with a space", {M, S, P, {"a", " x"}}},
		{"value ends with a tab", {M, S, P, {"a", "x\t"}}},
		{"connection", {M, S, P, {"connection", "close"}}},
		{"proxy-connection", {M, S, P, {"proxy-connection", "close"}}},
		{"keep-alive", {M, S, P, {"keep-alive", "1"}}},
		{"transfer-encoding", {M, S, P, {"transfer-encoding", "chunked"}}},
		{"upgrade", {M, S, P, {"upgrade", "h2c"}}},
		{"te other than trailers", {M, S, P, {"te", "gzip"}}},
		{"te more than trailers", {M, S, P, {"te", "trailers, gzip"}}},
		{"two host", {M, S, P, {"host", "a"}, {"host", "a"}}},
		{"two content-length", {M, S, P, {"content-length", "1"}, {"content-length", "1"}}},
		{"content-length no number", {M, S, P, {"content-length", "1a"}}},
		{"content-length signed", {M, S, P, {"content-length", "+1"}}},
		{"content-length empty", {M, S, P, {"content-length", ""}}},
		{"content-length beyond 63 bits", {M, S, P, {"content-length", "9223372036854775808"}}},
		{"content-length of 30 digits", {M, S, P, {"content-length", "000000000000000000000000000001"}}},
	};
	check_all(cases, COUNT(cases), false, HEADER_BLOCK_MALFORMED);
}

static void well_formed_requests_pass(void **state)
{
	static const struct block_case cases[] = {
		{"grpc-go", {M, S, P, A, {"content-type", "application/grpc"}, {"te", "trailers"}}},
		{"grpc-core's order", {P, A, M, S, {"te", "trailers"}, {"grpc-timeout", "5S"}}},
		{"TE in upper case", {M, S, P, {"te", "Trailers"}}},
		{"an odd scheme", {M, {":scheme", "dummy"}, P}},
		{"a path without a slash", {M, S, {":path", "a.B/C"}}},
		{"a path beyond ASCII", {M, S, {":path", "/\xc3\xa4"}}},
		{"empty value", {M, S, P, {"a", ""}}},
		{"any byte in a value", {M, S, P, {"a", "\x01 \x7f\xff\ty"}}},
		{"cookie crumbs", {M, S, P, {"cookie", "a=1"}, {"cookie", "b=2"}}},
		{"content-length 0", {M, S, P, {"content-length", "0"}}},
	};
	check_all(cases, COUNT(cases), false, HEADER_BLOCK_OK);
}

static void malformed_trailers_are_told(void **state)
{
	static const struct block_case cases[] = {
		{":status", {{":status", "200"}}},
		{":path", {{"a", "b"}, P}},
		{"upper case", {{"A", "b"}}},
		{"connection", {{"connection", "close"}}},
		{"content-length", {{"content-length", "1"}}},
	};
	check_all(cases, COUNT(cases), true, HEADER_BLOCK_MALFORMED);
}

static void nul_in_name_or_value_is_malformed(void **state)
{
	struct header_block block;
	header_block_init(&block, 16384);
	header_block_begin(&block, false);
	assert_int_equal(header_block_add(&block, (const uint8_t *)"a\0b", 3, (const uint8_t *)"x", 1),
			 HEADER_BLOCK_MALFORMED);
	header_block_begin(&block, false);
	assert_int_equal(header_block_add(&block, (const uint8_t *)"a", 1, (const uint8_t *)"x\0y", 3),
			 HEADER_BLOCK_MALFORMED);
	header_block_release(&block);
}

static struct http2_request *make_request(const struct text_field *fields)
{
	struct header_block block;
	header_block_init(&block, 16384);
	header_block_begin(&block, false);
	for (; fields->name; fields++)
		assert_int_equal(add(&block, fields->name, fields->value), HEADER_BLOCK_OK);
	struct http2_request *request = header_block_finish(&block, 100);
	header_block_release(&block);
	assert_non_null(request);
	return request;
}

static void request_keeps_fields_in_order(void **state)
{
	static const struct text_field fields[] = {M, S, P, A, {"b", "1"}, {"a", ""}, {"b", "2"}, {NULL, NULL}};
	struct http2_request *request = make_request(fields);
	assert_string_equal(request->method, "POST");
	assert_string_equal(request->path, "/a.B/C");
	assert_string_equal(request->authority, "localhost");
	assert_int_equal(request->header_count, 3);
	assert_string_equal(request->headers[1].name, "a");
	assert_string_equal(request->headers[1].value, "");
	assert_string_equal(request->headers[2].value, "2");
	assert_string_equal(http2_request_header(request, "b"), "1");
	assert_null(http2_request_header(request, "c"));
	assert_int_equal(request->body.length, 0);
	http2_request_free(request);
}

static void any_authority_is_taken(void **state)
{
	static const char *const authorities[] = {"localhost",
						  "/var/lib/kubelet/plugins/nfs.csi.k8s.io/csi.sock",
						  "run%2Fb.sock",
						  "",
						  "[::]:50051",
						  "a b@c",
						  "x"};
	for (size_t i = 0; i < COUNT(authorities); i++) {
		const struct text_field fields[] = {M, S, P, {":authority", authorities[i]}, {NULL, NULL}};
		struct http2_request *request = make_request(fields);
		assert_string_equal(request->authority, authorities[i]);
		http2_request_free(request);
	}
}

static void host_stands_in_for_an_absent_authority(void **state)
{
	static const struct text_field with_host[] = {M, S, P, {"host", "h"}, {NULL, NULL}};
	static const struct text_field with_both[] = {M, S, P, A, {"host", "h"}, {NULL, NULL}};
	static const struct text_field with_none[] = {M, S, P, {NULL, NULL}};
	struct http2_request *request = make_request(with_host);
	assert_string_equal(request->authority, "h");
	http2_request_free(request);
	request = make_request(with_both);
	assert_string_equal(request->authority, "localhost");
	http2_request_free(request);
	request = make_request(with_none);
	assert_null(request->authority);
	http2_request_free(request);
}

static void list_counts_32_bytes_for_each_field(void **state)
{
	struct header_block block;
	header_block_init(&block, 2 * (32 + 2));
	header_block_begin(&block, false);
	assert_int_equal(add(&block, "a", "b"), HEADER_BLOCK_OK);
	assert_int_equal(add(&block, "c", "de"), HEADER_BLOCK_TOO_LARGE);
	header_block_begin(&block, false);
	assert_int_equal(add(&block, "a", "b"), HEADER_BLOCK_OK);
	assert_int_equal(add(&block, "c", "d"), HEADER_BLOCK_OK);
	assert_int_equal(add(&block, "", ""), HEADER_BLOCK_TOO_LARGE);
	header_block_release(&block);
}

static void a_block_forgets_the_one_before(void **state)
{
	struct header_block block;
	header_block_init(&block, 16384);
	header_block_begin(&block, false);
	assert_int_equal(add(&block, ":method", "GET"), HEADER_BLOCK_OK);
	assert_int_equal(add(&block, "content-length", "5"), HEADER_BLOCK_OK);
	header_block_begin(&block, false);
	assert_int_equal(add(&block, ":method", "POST"), HEADER_BLOCK_OK);
	assert_int_equal(block.content_length, -1);
	assert_null(header_block_finish(&block, 100));
	header_block_release(&block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_requests_are_told),
		cmocka_unit_test(well_formed_requests_pass),
		cmocka_unit_test(malformed_trailers_are_told),
		cmocka_unit_test(nul_in_name_or_value_is_malformed),
		cmocka_unit_test(request_keeps_fields_in_order),
		cmocka_unit_test(any_authority_is_taken),
		cmocka_unit_test(host_stands_in_for_an_absent_authority),
		cmocka_unit_test(list_counts_32_bytes_for_each_field),
		cmocka_unit_test(a_block_forgets_the_one_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
