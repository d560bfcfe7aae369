/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <errno.h>
#include <string.h>

#include "support/cmocka.h"

static void set_returns_minus_one_and_fills(void **state)
{
	struct status st = {0};

	assert_int_equal(status_set(&st, STATUS_NOT_FOUND, "volume %s", "a"), -1);
	assert_int_equal(st.code, STATUS_NOT_FOUND);
	assert_int_equal(st.errnum, 0);
	assert_string_equal(st.message, "volume a");
}

static void set_errno_takes_code_and_words_from_errno(void **state)
{
	struct status st = {0};

	assert_int_equal(status_set_errno(&st, ENOSPC, "write %s", "x"), -1);
	assert_int_equal(st.code, STATUS_RESOURCE_EXHAUSTED);
	assert_int_equal(st.errnum, ENOSPC);
	assert_string_equal(st.message, "write x: No space left on device");
}

/* RESOURCE_EXHAUSTED is final: the provisioner would forget a volume that an earlier attempt may have made. */
static void shortages_of_this_program_pass(void **state)
{
	assert_int_equal(status_code_of_errno(EMFILE), STATUS_UNAVAILABLE);
	assert_int_equal(status_code_of_errno(ENFILE), STATUS_UNAVAILABLE);
	assert_int_equal(status_code_of_errno(ENOMEM), STATUS_UNAVAILABLE);
}

static void set_cause_keeps_the_errno_out_of_the_words(void **state)
{
	struct status st;

	assert_int_equal(status_set_cause(&st, STATUS_UNAVAILABLE, ETIMEDOUT, "server %s is away", "a"), -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_int_equal(st.errnum, ETIMEDOUT);
	assert_string_equal(st.message, "server a is away");
}

static void unknown_errno_is_internal_and_numbered(void **state)
{
	struct status st = {0};

	(void)status_set_errno(&st, 99999, "call");
	assert_int_equal(st.code, STATUS_INTERNAL);
	assert_string_equal(st.message, "call: error 99999");
}

static void prefix_keeps_code_and_errno(void **state)
{
	struct status st = {0};

	(void)status_set_errno(&st, ESTALE, "lookup");
	assert_int_equal(status_prefix(&st, "share %d", 7), -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_int_equal(st.errnum, ESTALE);
	assert_string_equal(st.message, "share 7: lookup: Stale file handle");
}

static void long_message_is_cut_between_characters(void **state)
{
	/* Three-byte characters: 1023 bytes hold 341 of them, one byte before them makes the last one not fit. */
	char text[STATUS_MESSAGE_BYTES + 8] = "x";
	struct status st = {0};

	for (size_t i = 1; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xe3\x81\x82", 3);
	(void)status_set(&st, STATUS_INTERNAL, "%s", text);
	size_t length = strlen(st.message);

	assert_true(length < STATUS_MESSAGE_BYTES);
	assert_int_equal((length - 1) % 3, 0);
}

static void code_names_are_those_of_grpc(void **state)
{
	assert_string_equal(status_code_name(STATUS_OK), "OK");
	assert_string_equal(status_code_name(STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
	assert_string_equal(status_code_name((enum status_code)99), "UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_returns_minus_one_and_fills),
		cmocka_unit_test(set_errno_takes_code_and_words_from_errno),
		cmocka_unit_test(shortages_of_this_program_pass),
		cmocka_unit_test(set_cause_keeps_the_errno_out_of_the_words),
		cmocka_unit_test(unknown_errno_is_internal_and_numbered),
		cmocka_unit_test(prefix_keeps_code_and_errno),
		cmocka_unit_test(long_message_is_cut_between_characters),
		cmocka_unit_test(code_names_are_those_of_grpc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
