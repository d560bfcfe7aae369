/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/metadata.h"

#include <string.h>

#include "base/status.h"
#include "support/cmocka.h"

static void only_grpc_content_types_are_valid(void **state)
{
	assert_true(grpc_content_type_is_valid("application/grpc"));
	assert_true(grpc_content_type_is_valid("application/grpc+proto"));
	assert_true(grpc_content_type_is_valid("Application/gRPC;charset=utf-8"));
	assert_false(grpc_content_type_is_valid(""));
	assert_false(grpc_content_type_is_valid("application/grpcx"));
	assert_false(grpc_content_type_is_valid("application/grpc-web"));
	assert_false(grpc_content_type_is_valid("application/json"));
}

static int64_t timeout_of(const char *text)
{
	int64_t ms = -7;

	return grpc_timeout_parse(text, &ms) < 0 ? -1 : ms;
}

static void timeouts_come_in_every_unit(void **state)
{
	assert_int_equal(timeout_of("2H"), 7200000);
	assert_int_equal(timeout_of("2M"), 120000);
	assert_int_equal(timeout_of("15S"), 15000);
	assert_int_equal(timeout_of("250m"), 250);
	assert_int_equal(timeout_of("9999873u"), 10000);
	assert_int_equal(timeout_of("99999999n"), 100);
}

static void only_zero_is_rounded_to_zero(void **state)
{
	assert_int_equal(timeout_of("0S"), 0);
	assert_int_equal(timeout_of("00000000n"), 0);
	assert_int_equal(timeout_of("1n"), 1);
	assert_int_equal(timeout_of("1001u"), 2);
}

static void an_endless_timeout_is_a_year(void **state)
{
	assert_int_equal(timeout_of("99999999H"), GRPC_TIMEOUT_MS_MAX);
}

static void malformed_timeouts_are_refused_and_change_nothing(void **state)
{
	const char *const bad[] = {"", "S", "5", "5s", "5 S", "-5S", "+5S", "123456789m", "5SS", "5x", "0x5S", "5S "};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t ms = -7;

		assert_int_equal(grpc_timeout_parse(bad[i], &ms), -1);
		assert_int_equal(ms, -7);
	}
}

static const struct grpc_method node_methods[] = {{"NodePublishVolume", GRPC_ON_WORKER, NULL},
						  {"NodeGetInfo", GRPC_ON_LOOP, NULL}};
static const struct grpc_method identity_methods[] = {{"Probe", GRPC_ON_LOOP, NULL}};
static const struct grpc_service node = {"csi.v1.Node", node_methods, 2};
static const struct grpc_service identity = {"csi.v1.Identity", identity_methods, 1};
static const struct grpc_service *const services[] = {&identity, &node};

static void a_method_is_found_by_its_path(void **state)
{
	const struct grpc_method *method = NULL;
	struct status st;

	assert_int_equal(grpc_method_find(services, 2, "/csi.v1.Node/NodeGetInfo", &method, &st), 0);
	assert_ptr_equal(method, &node_methods[1]);
}

static void a_path_that_names_no_method_is_unimplemented(void **state)
{
	static const struct {
		const char *path, *words;
	} rows[] = {
		{"csi.v1.Node/NodeGetInfo", "malformed"},
		{"", "malformed"},
		{"/", "malformed"},
		{"/csi.v1.Node", "malformed"},
		{"*", "malformed"},
		{"/csi.v1.Nod/NodeGetInfo", "unknown service csi.v1.Nod"},
		{"/csi.v1.NodeX/NodeGetInfo", "unknown service"},
		{"//csi.v1.Node/NodeGetInfo", "unknown service"},
		{"/csi.v1.Node/x/NodeGetInfo", "unknown service csi.v1.Node/x"},
		{"/csi.v1.Node/", "unknown method"},
		{"/csi.v1.Node/NodeGetInf", "unknown method NodeGetInf for service csi.v1.Node"},
		{"/csi.v1.Node/NodeGetInfo?x", "unknown method"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct grpc_method *method = NULL;
		struct status st;

		assert_int_equal(grpc_method_find(services, 2, rows[i].path, &method, &st), -1);
		assert_int_equal(st.code, STATUS_UNIMPLEMENTED);
		assert_non_null(strstr(st.message, rows[i].words));
		assert_null(method);
	}
}

static void assert_encoded(const char *message, size_t size, const char *expected)
{
	char out[256];

	assert_true(size <= sizeof(out));
	grpc_message_encode(message, out, size);
	assert_string_equal(out, expected);
}

static void messages_are_percent_encoded(void **state)
{
	assert_encoded("plain text, ~!", 256, "plain text, ~!");
	assert_encoded("100%\n\x7F", 256, "100%25%0A%7F");
	assert_encoded("d\xC3\xA9j\xC3\xA0", 256, "d%C3%A9j%C3%A0");
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	assert_encoded("a\xFF"
		       "b",
		       256, "a%EF%BF%BDb");
}

static void a_long_message_is_cut_between_characters(void **state)
{
	assert_encoded("abcdef", 4, "abc");
	assert_encoded("ab\xC3\xA9", 9, "ab%C3%A9");
	assert_encoded("ab\xC3\xA9", 8, "ab");
	assert_encoded("a%b", 4, "a");
}

static void every_status_code_has_a_text(void **state)
{
	assert_string_equal(grpc_status_text(0), "0");
	assert_string_equal(grpc_status_text(16), "16");
	assert_string_equal(grpc_status_text(17), "2");
	assert_string_equal(grpc_status_text(-1), "2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_grpc_content_types_are_valid),
		cmocka_unit_test(timeouts_come_in_every_unit),
		cmocka_unit_test(only_zero_is_rounded_to_zero),
		cmocka_unit_test(an_endless_timeout_is_a_year),
		cmocka_unit_test(malformed_timeouts_are_refused_and_change_nothing),
		cmocka_unit_test(a_method_is_found_by_its_path),
		cmocka_unit_test(a_path_that_names_no_method_is_unimplemented),
		cmocka_unit_test(messages_are_percent_encoded),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
		cmocka_unit_test(a_long_message_is_cut_between_characters),
		cmocka_unit_test(every_status_code_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
