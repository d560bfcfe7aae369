/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/wire_text.h"

#include <string.h>

#include "base/status.h"
#include "csi.pb-c.h"
#include "support/cmocka.h"

/* CreateVolumeRequest: name is field 1, capacity_range message 2, parameters map 4. */
#define TYPE (&csi__v1__create_volume_request__descriptor)

#define CHECK(literal, st) wire_text_check(TYPE, (const uint8_t *)(literal), sizeof(literal) - 1, (st))

static void assert_refused(int rc, const struct status *st, enum status_code code, const char *words)
{
	assert_int_equal(rc, -1);
	assert_int_equal(st->code, code);
	if (!strstr(st->message, words))
		fail_msg("\"%s\" is not in \"%s\"", words, st->message);
}

static void a_good_message_passes(void **state)
{
	struct status st;

	assert_int_equal(wire_text_check(TYPE, NULL, 0, &st), 0);
	assert_int_equal(CHECK("\x0a\x05n\xC3\xA9w1\x12\x02\x08\x7F", &st), 0);
}

static void a_string_that_is_not_utf8_is_invalid(void **state)
{
	struct status st;

	assert_refused(CHECK("\x0a\x02\xC3(", &st), &st, STATUS_INVALID_ARGUMENT, "field name is not UTF-8");
}

static void a_string_with_a_nul_is_invalid(void **state)
{
	struct status st;

	assert_refused(CHECK("\x0a\x03"
			     "a\0b",
			     &st),
		       &st, STATUS_INVALID_ARGUMENT, "field name holds a NUL");
}

static void strings_in_maps_are_judged_too(void **state)
{
	struct status st;

	assert_int_equal(CHECK("\x22\x06\x0a\x01k\x12\x01v", &st), 0);
	assert_refused(CHECK("\x22\x06\x0a\x01k\x12\x01\xFF", &st), &st, STATUS_INVALID_ARGUMENT, "field value");
}

static void unknown_fields_hold_what_they_like(void **state)
{
	struct status st;

	assert_int_equal(CHECK("\xFA\x06\x02\xFF\xFF", &st), 0); /* field 111 */
	assert_int_equal(CHECK("\xF8\x06\x01\xF9\x06"
			       "12345678\xFD\x06"
			       "1234",
			       &st),
			 0);
}

static void bytes_that_are_no_message_are_internal(void **state)
{
	struct status st;

	assert_refused(CHECK("\x0a", &st), &st, STATUS_INTERNAL, "are no csi.v1.CreateVolumeRequest");
	assert_refused(CHECK("\x0a\x05"
			     "abc",
			     &st),
		       &st, STATUS_INTERNAL, "are no");
	assert_refused(CHECK("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", &st), &st, STATUS_INTERNAL, "are no");
	assert_refused(CHECK("\x02\x01x", &st), &st, STATUS_INTERNAL, "are no"); /* field 0 */
	assert_refused(CHECK("\x0b", &st), &st, STATUS_INTERNAL, "are no");      /* a group */
	assert_refused(CHECK("\x0a\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x", &st), &st, STATUS_INTERNAL, "are no");
	assert_refused(CHECK("\x12\x02\x09\x01", &st), &st, STATUS_INTERNAL, "CapacityRange");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_message_passes),
		cmocka_unit_test(a_string_that_is_not_utf8_is_invalid),
		cmocka_unit_test(a_string_with_a_nul_is_invalid),
		cmocka_unit_test(strings_in_maps_are_judged_too),
		cmocka_unit_test(unknown_fields_hold_what_they_like),
		cmocka_unit_test(bytes_that_are_no_message_are_internal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
