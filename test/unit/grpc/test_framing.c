/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/framing.h"

#include <string.h>

#include "base/status.h"
#include "support/cmocka.h"

#define BODY(literal) ((struct grpc_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

static void assert_refused(struct grpc_bytes body, bool is_cut, const char *encoding, enum status_code code,
			   const char *words)
{
	struct grpc_bytes message = {0};
	struct status st;

	assert_int_equal(grpc_framing_parse(body, is_cut, encoding, &message, &st), -1);
	assert_int_equal(st.code, code);
	assert_non_null(strstr(st.message, words));
}

static void one_message_is_found_in_place(void **state)
{
	struct grpc_bytes body = BODY("\0\0\0\0\3abc");
	struct grpc_bytes message = {0};
	struct status st;

	assert_int_equal(grpc_framing_parse(body, false, NULL, &message, &st), 0);
	assert_ptr_equal(message.data, body.data + GRPC_PREFIX_BYTES);
	assert_int_equal(message.length, 3);
}

static void an_empty_message_is_a_message(void **state)
{
	struct grpc_bytes message = {NULL, 9};
	struct status st;

	assert_int_equal(grpc_framing_parse(BODY("\0\0\0\0\0"), false, NULL, &message, &st), 0);
	assert_int_equal(message.length, 0);
}

static void an_uncompressed_message_may_come_with_an_encoding(void **state)
{
	struct grpc_bytes message;
	struct status st;

	assert_int_equal(grpc_framing_parse(BODY("\0\0\0\0\0"), false, "gzip", &message, &st), 0);
}

static void no_message_and_two_messages_are_internal(void **state)
{
	assert_refused(BODY(""), false, NULL, STATUS_INTERNAL, "no request message");
	assert_refused(BODY("\0\0\0\0\0\0\0\0\0\0"), false, NULL, STATUS_INTERNAL, "more than one");
	assert_refused(BODY("\0\0\0\0\1ab"), false, NULL, STATUS_INTERNAL, "more than one");
	assert_refused(BODY("\0\0\0\0\1a"), true, NULL, STATUS_INTERNAL, "more than one");
}

static void a_cut_prefix_or_message_is_internal(void **state)
{
	assert_refused(BODY("\0\0\0\0"), false, NULL, STATUS_INTERNAL, "prefix");
	assert_refused(BODY("\0\0\0\0\2a"), false, NULL, STATUS_INTERNAL, "middle of a message");
}

static void an_unknown_flag_is_internal(void **state)
{
	assert_refused(BODY("\2\0\0\0\0"), false, NULL, STATUS_INTERNAL, "payload format 2");
}

static void a_large_message_is_refused_by_its_prefix(void **state)
{
	assert_refused(BODY("\0\0\x40\0\1"), false, NULL, STATUS_RESOURCE_EXHAUSTED,
		       "received message larger than max (4194305 vs. 4194304)");
	assert_refused(BODY("\0\xFF\xFF\xFF\xFF"), true, NULL, STATUS_RESOURCE_EXHAUSTED, "4294967295");
}

static void compression_is_internal_without_and_unimplemented_with_an_encoding(void **state)
{
	assert_refused(BODY("\1\0\0\0\0"), false, NULL, STATUS_INTERNAL, "compressed flag");
	assert_refused(BODY("\1\0\0\0\0"), false, "identity", STATUS_INTERNAL, "compressed flag");
	assert_refused(BODY("\1\0\0\0\0"), false, "gzip", STATUS_UNIMPLEMENTED, "gzip");
}

static void the_prefix_is_read_back(void **state)
{
	uint8_t prefix[GRPC_PREFIX_BYTES];

	grpc_framing_put_prefix(prefix, 0x01020304);
	assert_memory_equal(prefix, "\0\1\2\3\4", GRPC_PREFIX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_message_is_found_in_place),
		cmocka_unit_test(an_empty_message_is_a_message),
		cmocka_unit_test(an_uncompressed_message_may_come_with_an_encoding),
		cmocka_unit_test(no_message_and_two_messages_are_internal),
		cmocka_unit_test(a_cut_prefix_or_message_is_internal),
		cmocka_unit_test(an_unknown_flag_is_internal),
		cmocka_unit_test(a_large_message_is_refused_by_its_prefix),
		cmocka_unit_test(compression_is_internal_without_and_unimplemented_with_an_encoding),
		cmocka_unit_test(the_prefix_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
