/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

#include "support/cmocka.h"

static size_t character(const char *text)
{
	return utf8_character(text, strlen(text));
}

static void characters_of_every_length_are_known(void **state)
{
	assert_int_equal(character("a"), 1);
	assert_int_equal(character("\xC3\xA9"), 2);
	assert_int_equal(character("\xE2\x82\xAC"), 3);
	assert_int_equal(character("\xF0\x9F\x92\xBE"), 4);
	assert_int_equal(character("\xF4\x8F\xBF\xBF"), 4);
}

static void malformed_sequences_are_no_characters(void **state)
{
	assert_int_equal(character(""), 0);
	assert_int_equal(character("\x80"), 0);
	assert_int_equal(character("\xC0\xAF"), 0);         /* overlong '/' */
	assert_int_equal(character("\xE0\x80\xAF"), 0);     /* overlong in three */
	assert_int_equal(character("\xED\xA0\x80"), 0);     /* a surrogate */
	assert_int_equal(character("\xF4\x90\x80\x80"), 0); /* above U+10FFFF */
	assert_int_equal(character("\xF5\x80\x80\x80"), 0);
	assert_int_equal(character("\xE2\x82"), 0); /* cut */
	assert_int_equal(character("\xE2\x82z"), 0);
}

static void validity_is_of_the_whole_text(void **state)
{
	assert_true(utf8_is_valid("", 0));
	assert_true(utf8_is_valid("na\xC3\xAFve", 6));
	assert_false(utf8_is_valid("na\xC3", 3));
}

static void repair_replaces_each_stray_byte_and_keeps_the_rest(void **state)
{
	char out[64];
	size_t length = utf8_repair("a\xFF\xC3\xA9\xE2\x82", 6, out);

	assert_int_equal(length, 1 + 3 + 2 + 3 + 3);
	assert_memory_equal(out, "a" UTF8_REPLACEMENT "\xC3\xA9" UTF8_REPLACEMENT UTF8_REPLACEMENT, length);
}

static void characters_have_their_numbers(void **state)
{
	static const struct {
		const char *text;
		uint32_t code_point;
	} cases[] = {
		{"a", 'a'},
		{"\xC2\x80", 0x80},
		{"\xC3\xA9", 0xE9},
		{"\xE2\x82\xAC", 0x20AC},
		{"\xEF\xBF\xBD", 0xFFFD},
		{"\xF0\x9F\x98\x80", 0x1F600},
		{"\xF4\x8F\xBF\xBF", 0x10FFFF},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(utf8_code_point(cases[i].text, strlen(cases[i].text)), cases[i].code_point);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_of_every_length_are_known),
		cmocka_unit_test(malformed_sequences_are_no_characters),
		cmocka_unit_test(validity_is_of_the_whole_text),
		cmocka_unit_test(repair_replaces_each_stray_byte_and_keeps_the_rest),
		cmocka_unit_test(characters_have_their_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
