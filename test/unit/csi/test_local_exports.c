/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/local_exports.h"

#include "base/arena.h"
#include "base/status.h"
#include "support/cmocka.h"

static struct arena arena;
static struct local_exports exports;
static struct status st;

static int with_arena(void **state)
{
	arena_init(&arena, 1 << 20);
	return 0;
}

static int without_arena(void **state)
{
	arena_release(&arena);
	return 0;
}

static int parse(const char *first, const char *second)
{
	struct option_list spellings = {{first, second}, second ? 2 : 1};
	return local_exports_parse(&arena, &spellings, &exports, &st);
}

static void assert_found(const char *server, const char *share, const char *directory, const char *below)
{
	const char *ret_below = NULL;
	const char *found = local_exports_find(&exports, &arena, server, share, &ret_below);
	assert_non_null(found);
	assert_string_equal(found, directory);
	assert_string_equal(ret_below, below);
}

static void assert_not_found(const char *server, const char *share)
{
	const char *below;
	assert_null(local_exports_find(&exports, &arena, server, share, &below));
}

static void export_is_found_by_any_spelling_of_its_share(void **state)
{
	assert_int_equal(parse("nas:/srv//a/=/data/a/", NULL), 0);
	assert_found("nas", "/srv/a", "/data/a", "");
	assert_found("nas", "srv/a/", "/data/a", "");
	assert_found("NAS", "/srv/./a", "/data/a", "");
	assert_not_found("other", "/srv/a");
	assert_not_found("nas", "/srv");
	assert_not_found("nas", "/srv/ab");
}

static void share_below_an_export_is_local_too(void **state)
{
	assert_int_equal(parse("nas:/srv=/data", "nas:/srv/deep=/fast"), 0);
	assert_found("nas", "/srv/x/y", "/data", "x/y");
	assert_found("nas", "/srv/deep/z", "/fast", "z");
	assert_found("nas", "/srv/deeper", "/data", "deeper");
}

static void root_of_a_server_holds_every_share(void **state)
{
	assert_int_equal(parse("nas:/=/data", NULL), 0);
	assert_found("nas", "/", "/data", "");
	assert_found("nas", "", "/data", "");
	assert_found("nas", "/a/b", "/data", "a/b");
}

static void ipv6_literal_loses_its_brackets(void **state)
{
	assert_int_equal(parse("[fd00::1]:/a=/b", NULL), 0);
	assert_string_equal(exports.items[0].server, "fd00::1");
	assert_found("fd00::1", "/a", "/b", "");
}

static void equals_sign_may_stand_in_a_share(void **state)
{
	assert_int_equal(parse("nas:/a=b=/data", NULL), 0);
	assert_found("nas", "/a=b", "/data", "");
}

static void other_spellings_are_refused(void **state)
{
	static const char *const spellings[] = {"",         "nas",        "nas:/a",   ":/a=/b",    "nas:a=/b",
						"nas:/a=b", "[::1]/a=/b", "[]:/a=/b", "[::1:/a=/b"};
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		assert_int_equal(parse(spellings[i], NULL), -1);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	}
	assert_int_equal(parse("nas:/a/../b=/c", NULL), -1);
	assert_int_equal(parse("nas:/a=/c/../d", NULL), -1);
}

static void one_share_with_two_directories_is_refused(void **state)
{
	assert_int_equal(parse("nas:/a=/b", "NAS:/a/=/c"), -1);
	assert_string_equal(st.message, "local export NAS:/a is given two directories");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(export_is_found_by_any_spelling_of_its_share),
		cmocka_unit_test(share_below_an_export_is_local_too),
		cmocka_unit_test(root_of_a_server_holds_every_share),
		cmocka_unit_test(ipv6_literal_loses_its_brackets),
		cmocka_unit_test(equals_sign_may_stand_in_a_share),
		cmocka_unit_test(other_spellings_are_refused),
		cmocka_unit_test(one_share_with_two_directories_is_refused),
	};
	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
