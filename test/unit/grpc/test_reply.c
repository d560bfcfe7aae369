/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/reply.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "support/cmocka.h"

static const char *header(const struct grpc_reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->response.header_count; i++) {
		if (strcmp(reply->response.headers[i].name, name) == 0)
			return reply->response.headers[i].value;
	}
	return "absent";
}

static int setup(void **state)
{
	static struct arena arena;

	arena_init(&arena, 1 << 20);
	*state = &arena;
	return 0;
}

static int teardown(void **state)
{
	arena_release(*state);
	return 0;
}

static void a_message_is_framed_and_followed_by_its_status(void **state)
{
	struct grpc_reply reply;

	grpc_reply_message(&reply, *state, (struct grpc_bytes){(const uint8_t *)"abc", 3});
	assert_int_equal(reply.response.http_status, 200);
	assert_string_equal(header(&reply, "content-type"), "application/grpc");
	assert_int_equal(reply.response.body_bytes, 8);
	assert_memory_equal(reply.response.body, "\0\0\0\0\3abc", 8);
	assert_int_equal(reply.response.trailer_count, 1);
	assert_string_equal(reply.response.trailers[0].name, "grpc-status");
	assert_string_equal(reply.response.trailers[0].value, "0");
	assert_string_equal(header(&reply, "grpc-status"), "absent");
}

static void an_empty_message_has_a_frame_too(void **state)
{
	struct grpc_reply reply;

	grpc_reply_message(&reply, *state, (struct grpc_bytes){0});
	assert_int_equal(reply.response.body_bytes, 5);
	assert_memory_equal(reply.response.body, "\0\0\0\0\0", 5);
}

static void a_failure_is_headers_alone(void **state)
{
	struct grpc_reply reply;
	struct status st;

	(void)status_set(&st, STATUS_ABORTED, "50%% of it");
	grpc_reply_status(&reply, *state, &st, NULL);
	assert_int_equal(reply.response.http_status, 200);
	assert_string_equal(header(&reply, "grpc-status"), "10");
	assert_string_equal(header(&reply, "grpc-message"), "50%25 of it");
	assert_string_equal(header(&reply, "grpc-accept-encoding"), "absent");
	assert_int_equal(reply.response.body_bytes, 0);
	assert_int_equal(reply.response.trailer_count, 0);
}

static void an_http_refusal_has_words_and_a_status(void **state)
{
	const struct grpc_refusal refusal = {.http_status = 405};
	struct grpc_reply reply;
	struct status st;

	(void)status_set(&st, STATUS_INTERNAL, "must be POST");
	grpc_reply_status(&reply, *state, &st, &refusal);
	assert_int_equal(reply.response.http_status, 405);
	assert_string_equal(header(&reply, "allow"), "POST");
	assert_string_equal(header(&reply, "grpc-status"), "13");
	assert_int_equal(reply.response.body_bytes, 13);
	assert_memory_equal(reply.response.body, "must be POST\n", 13);
}

static void an_unsupported_encoding_is_told_what_would_do(void **state)
{
	const struct grpc_refusal refusal = {.http_status = 200, .names_encodings = true};
	struct grpc_reply reply;
	struct status st;

	(void)status_set(&st, STATUS_UNIMPLEMENTED, "no");
	grpc_reply_status(&reply, *state, &st, &refusal);
	assert_string_equal(header(&reply, "grpc-accept-encoding"), "identity");
}

static void a_message_of_any_bytes_fits_a_clients_header_list(void **state)
{
	struct grpc_reply reply;
	struct status st = {.code = STATUS_UNKNOWN};

	memset(st.message, 0xFF, sizeof(st.message) - 1);
	st.message[sizeof(st.message) - 1] = '\0';
	grpc_reply_status(&reply, *state, &st, NULL);
	assert_in_range(strlen(header(&reply, "grpc-message")), 4000, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_framed_and_followed_by_its_status),
		cmocka_unit_test(an_empty_message_has_a_frame_too),
		cmocka_unit_test(a_failure_is_headers_alone),
		cmocka_unit_test(an_http_refusal_has_words_and_a_status),
		cmocka_unit_test(an_unsupported_encoding_is_told_what_would_do),
		cmocka_unit_test(a_message_of_any_bytes_fits_a_clients_header_list),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
