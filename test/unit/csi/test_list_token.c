/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/list_token.h"

#include <string.h>

#include "base/arena.h"
#include "support/cmocka.h"

static struct arena arena;
static struct list_token token;

static int set_up(void **state)
{
	arena_init(&arena, 1 << 16);
	token = (struct list_token){7, 7, 7};
	return 0;
}

static int tear_down(void **state)
{
	arena_release(&arena);
	return 0;
}

static void token_comes_back_as_it_was(void **state)
{
	static const struct list_token tokens[] = {
		{0, 0, 0},
		{1, 2, 3},
		{UINT64_MAX, UINT64_MAX, UINT64_MAX},
		{0x0123456789abcdefU, 1, UINT64_C(1) << 63},
	};
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		const char *text = list_token_format(&arena, &tokens[i]);
		assert_in_range(strlen(text), 1, 128); /* CSI's limit on a string */
		assert_int_equal(list_token_parse(text, &token), 0);
		assert_memory_equal(&token, &tokens[i], sizeof(token));
	}
}

static void any_changed_character_is_noticed(void **state)
{
	const struct list_token written = {list_token_share("srv", "/share", 2049), 42, 4711};
	char *text = arena_strdup(&arena, list_token_format(&arena, &written));
	for (size_t i = 0; text[i]; i++) {
		const char before = text[i];
		text[i] = before == '0' ? '1' : '0';
		assert_int_equal(list_token_parse(text, &token), -1);
		text[i] = before;
	}
	assert_int_equal(token.cookie, 7);
	assert_int_equal(list_token_parse(text, &token), 0);
}

static void other_texts_are_none(void **state)
{
	char *text = arena_strdup(&arena, list_token_format(&arena, &token));
	char *upper_case = arena_strdup(&arena, text);
	for (char *at = upper_case; *at; at++)
		if (*at >= 'a' && *at <= 'f')
			*at = (char)(*at - 'a' + 'A');
	assert_string_not_equal(upper_case, text);
	const char *const texts[] = {upper_case,
				     "",
				     "invalid-token",
				     "1",
				     text + 1,
				     arena_printf(&arena, "%s0", text),
				     arena_printf(&arena, "%.*s", (int)strlen(text) - 1, text),
				     arena_printf(&arena, "%.*s-", (int)strlen(text) - 1, text)};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(list_token_parse(texts[i], &token), -1);
}

static void share_has_a_number_of_its_own(void **state)
{
	const uint64_t number = list_token_share("srv", "/a", 2049);
	assert_int_equal(number, list_token_share("srv", "/a", 2049));
	assert_int_not_equal(number, list_token_share("srv", "/b", 2049));
	assert_int_not_equal(number, list_token_share("srv/", "a", 2049));
	assert_int_not_equal(number, list_token_share("srv", "/a", 12049));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(token_comes_back_as_it_was),
		TEST(any_changed_character_is_noticed),
		TEST(other_texts_are_none),
		TEST(share_has_a_number_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
