/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <stddef.h>

#include "support/cmocka.h"

static void numbers_in_go_base_zero(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} cases[] = {{"0", 0},     {"777", 777}, {"0777", 0777}, {"0o777", 0777},
		     {"0x1F", 31}, {"0b101", 5}, {"00", 0},      {"18446744073709551615", UINT64_MAX}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 1234;

		assert_int_equal(parse_u64(cases[i].text, 0, UINT64_MAX, &value), 0);
		assert_int_equal(value, cases[i].value);
	}
}

static void what_is_no_number_changes_nothing(void **state)
{
	static const char *const texts[] = {"",  " 1", "1 ", "-1", "+1", "0x", "08", "1_000", "18446744073709551616",
					    "9a"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t value = 1234;

		assert_int_equal(parse_u64(texts[i], 0, UINT64_MAX, &value), -1);
		assert_int_equal(value, 1234);
	}
}

static void octal_and_bounds(void **state)
{
	uint32_t mode = 0;

	assert_int_equal(parse_u32("2775", 8, 07777, &mode), 0);
	assert_int_equal(mode, 02775);
	assert_int_equal(parse_u32("789", 8, 07777, &mode), -1);
	assert_int_equal(parse_u32("17777", 8, 07777, &mode), -1);
}

static void signed_numbers_reach_both_ends(void **state)
{
	int64_t value = 0;

	assert_int_equal(parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &value), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &value), 0);
	assert_true(value == INT64_MAX);
	assert_int_equal(parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &value), -1);
	assert_int_equal(parse_i64("-", INT64_MIN, INT64_MAX, &value), -1);
	assert_int_equal(parse_i64("0", 1, 5, &value), -1);
}

static void booleans_as_go_spells_them(void **state)
{
	bool value = false;

	assert_int_equal(parse_bool("T", &value), 0);
	assert_true(value);
	assert_int_equal(parse_bool("False", &value), 0);
	assert_false(value);
	assert_int_equal(parse_bool("yes", &value), -1);
	assert_int_equal(parse_bool("", &value), -1);
}

static void durations_with_and_without_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"90", 90000}, {"90s", 90000}, {"1m30s", 90000}, {"250ms", 250}, {"2h", 7200000}, {"0", 0}};
	static const char *const bad[] = {"", "s", "1x", "-1s", "1s2", "9223372036854775807h", "99999999999999999999s"};
	int64_t ms;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse_duration_ms(good[i].text, &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_duration_ms(bad[i], &ms), -1);
}

static void quantities_as_kubernetes_writes_them(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {{"0", 0},
		    {"4096", 4096},
		    {"1Ki", 1024},
		    {"10Gi", 10737418240},
		    {"500M", 500000000},
		    {"3k", 3000},
		    {"7Ei", 8070450532247928832},
		    {"9E", 9000000000000000000}};
	static const char *const bad[] = {"",
					  "Gi",
					  "-1",
					  "1K",
					  "1ki",
					  "1 Gi",
					  "1GiB",
					  "1Gib",
					  "1.5Gi",
					  "8Ei",
					  "10E",
					  "1i",
					  "99999999999999999999"};
	int64_t bytes;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse_quantity(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_quantity(bad[i], &bytes), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_in_go_base_zero),
		cmocka_unit_test(what_is_no_number_changes_nothing),
		cmocka_unit_test(octal_and_bounds),
		cmocka_unit_test(signed_numbers_reach_both_ends),
		cmocka_unit_test(booleans_as_go_spells_them),
		cmocka_unit_test(durations_with_and_without_units),
		cmocka_unit_test(quantities_as_kubernetes_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
