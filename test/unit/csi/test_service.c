/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/service.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "grpc/call_private.h"
#include "support/cmocka.h"

static int setup(void **state)
{
	struct http2_request *request = memory_calloc(1, sizeof(*request));

	*state = grpc_call_new(NULL, NULL, NULL, 1, request);
	return 0;
}

static int teardown(void **state)
{
	grpc_call_free(*state);
	return 0;
}

static void what_was_encoded_is_decoded(void **state)
{
	Csi__V1__GetPluginInfoResponse message = CSI__V1__GET_PLUGIN_INFO_RESPONSE__INIT;
	struct grpc_bytes bytes;
	struct status st;

	message.name = (char *)"a name";
	assert_int_equal(csi_encode(*state, &message.base, &bytes, &st), 0);
	const ProtobufCMessage *decoded =
		csi_decode(*state, &csi__v1__get_plugin_info_response__descriptor, bytes, &st);

	assert_non_null(decoded);
	assert_string_equal(((const Csi__V1__GetPluginInfoResponse *)decoded)->name, "a name");
}

static void bytes_that_are_no_message_are_internal(void **state)
{
	const struct grpc_bytes bytes = {(const uint8_t *)"\x0a\x09x", 3};
	struct status st;

	assert_null(csi_decode(*state, &csi__v1__create_volume_request__descriptor, bytes, &st));
	assert_int_equal(st.code, STATUS_INTERNAL);
}

static void a_string_that_is_not_utf8_is_invalid(void **state)
{
	const struct grpc_bytes bytes = {(const uint8_t *)"\x0a\x01\xFF", 3};
	struct status st;

	assert_null(csi_decode(*state, &csi__v1__create_volume_request__descriptor, bytes, &st));
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

/* Two bytes on the wire (an empty entry of volume_capabilities) are some 40 in memory. */
static void a_message_that_grows_beyond_the_arena_is_resource_exhausted(void **state)
{
	size_t length = (size_t)2 << 20;
	AUTO_FREE uint8_t *data = memory_alloc(length);
	struct status st;

	for (size_t i = 0; i < length; i += 2) {
		data[i] = 3 << 3 | 2;
		data[i + 1] = 0;
	}
	assert_null(csi_decode(*state, &csi__v1__create_volume_request__descriptor, (struct grpc_bytes){data, length},
			       &st));
	assert_int_equal(st.code, STATUS_RESOURCE_EXHAUSTED);
}

static void a_bad_string_of_ours_is_repaired(void **state)
{
	Csi__V1__GetPluginInfoResponse message = CSI__V1__GET_PLUGIN_INFO_RESPONSE__INIT;
	struct grpc_bytes bytes;
	struct status st;

	message.name = (char *)"\xFF";
	assert_int_equal(csi_encode(*state, &message.base, &bytes, &st), 0);
	assert_int_equal(bytes.length, 5);
	assert_memory_equal(bytes.data, "\x0a\x03\xEF\xBF\xBD", 5);
}

static void a_reply_over_4_mib_is_internal(void **state)
{
	Csi__V1__GetPluginInfoResponse message = CSI__V1__GET_PLUGIN_INFO_RESPONSE__INIT;
	struct grpc_bytes bytes;
	struct status st;

	message.name = arena_alloc(grpc_call_arena(*state), ((size_t)4 << 20) + 1);
	memset(message.name, 'x', (size_t)4 << 20);
	message.name[(size_t)4 << 20] = '\0';
	assert_int_equal(csi_encode(*state, &message.base, &bytes, &st), -1);
	assert_int_equal(st.code, STATUS_INTERNAL);
	message.name[((size_t)4 << 20) - 5] = '\0'; /* a tag and four bytes of length go before it */
	assert_int_equal(csi_encode(*state, &message.base, &bytes, &st), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_encoded_is_decoded, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_message_are_internal, setup, teardown),
		cmocka_unit_test_setup_teardown(a_string_that_is_not_utf8_is_invalid, setup, teardown),
		cmocka_unit_test_setup_teardown(a_message_that_grows_beyond_the_arena_is_resource_exhausted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_bad_string_of_ours_is_repaired, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reply_over_4_mib_is_internal, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
