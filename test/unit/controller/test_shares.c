/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/memory.h"
#include "controller/shares.h"
#include "support/cmocka.h"

static struct export_key key_of(const char *server, const char *share)
{
	return (struct export_key){.server = server, .share = share};
}

static void a_share_is_new_once(void **state)
{
	struct shares *shares = shares_new();
	struct export_key a = key_of("s", "/a"), b = key_of("s", "/b");
	assert_true(shares_add(shares, &a, SHARE_OF_CALL));
	assert_true(shares_add(shares, &b, SHARE_OF_CALL));
	assert_false(shares_add(shares, &a, SHARE_OF_CALL));
	shares_free(shares);
}

static void shares_come_in_the_order_of_server_and_share(void **state)
{
	struct shares *shares = shares_new();
	const struct export_key keys[] = {key_of("t", "/"), key_of("s", "/b"), key_of("s", "/a")};
	static const char *const wanted[][2] = {{"s", "/a"}, {"s", "/b"}, {"t", "/"}};
	AUTO(arena_release) struct arena arena;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < 3; i++)
		assert_true(shares_add(shares, &keys[i], SHARE_OF_CALL));
	struct export_key at;
	bool is_there = shares_next(shares, &arena, NULL, &at);
	for (size_t i = 0; i < 3; i++) {
		assert_true(is_there);
		assert_string_equal(at.server, wanted[i][0]);
		assert_string_equal(at.share, wanted[i][1]);
		is_there = shares_next(shares, &arena, &at, &at);
	}
	assert_false(is_there);
	shares_free(shares);
}

static void the_next_of_an_unknown_share_is_the_one_after_its_place(void **state)
{
	struct shares *shares = shares_new();
	struct export_key known = key_of("s", "/c"), before = key_of("s", "/b"), behind = key_of("s", "/d"), next;
	AUTO(arena_release) struct arena arena;
	arena_init(&arena, 4096);
	(void)shares_add(shares, &known, SHARE_OF_CALL);
	assert_true(shares_next(shares, &arena, &before, &next));
	assert_string_equal(next.share, "/c");
	assert_false(shares_next(shares, &arena, &behind, &next));
	shares_free(shares);
}

static void shares_below_a_directory_are_those_of_its_server_in_it(void **state)
{
	struct shares *shares = shares_new();
	const struct export_key keys[] = {key_of("s", "/a"),   key_of("s", "/a/b"), key_of("s", "/a/c/d"),
					  key_of("s", "/a-b"), key_of("t", "/a/e"), key_of("r", "/a/f")};
	AUTO(arena_release) struct arena arena;
	size_t count;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		(void)shares_add(shares, &keys[i], SHARE_OF_CALL);
	const char **below = shares_below(shares, &arena, "s", "/a", &count);
	assert_int_equal(count, 2);
	assert_string_equal(below[0], "/a/b");
	assert_string_equal(below[1], "/a/c/d");
	(void)shares_below(shares, &arena, "s", "/a/c/d", &count);
	assert_int_equal(count, 0);
	shares_free(shares);
}

static void options_are_taken_over_and_not_forgotten(void **state)
{
	struct shares *shares = shares_new();
	struct export_key plain = key_of("s", "/a"), with_options = key_of("s", "/a"), found;
	AUTO(arena_release) struct arena arena;
	arena_init(&arena, 4096);
	with_options.version = NFS_VERSION_3;
	with_options.options = "vers=3";
	(void)shares_add(shares, &plain, SHARE_OF_CALL);
	assert_false(shares_add(shares, &with_options, SHARE_OF_CALL));
	assert_false(shares_add(shares, &plain, SHARE_OF_CALL));
	assert_true(shares_next(shares, &arena, NULL, &found));
	assert_int_equal(found.version, NFS_VERSION_3);
	assert_string_equal(found.options, "vers=3");
	shares_free(shares);
}

static void what_an_option_says_of_a_share_outlasts_what_calls_say(void **state)
{
	struct shares *shares = shares_new();
	struct export_key of_option = key_of("s", "/a"), of_call = key_of("s", "/a");
	AUTO(arena_release) struct arena arena;
	size_t count;
	arena_init(&arena, 4096);
	of_option.version = NFS_VERSION_4;
	of_call.version = NFS_VERSION_3;
	(void)shares_add(shares, &of_option, SHARE_OF_OPTION);
	(void)shares_add(shares, &of_call, SHARE_OF_CALL);
	const struct export_key *ways = shares_find(shares, &arena, "s", "/a", SHARE_OF_OPTION, &count);
	assert_int_equal(count, 1);
	assert_int_equal(ways[0].version, NFS_VERSION_4);
	ways = shares_find(shares, &arena, "s", "/a", SHARE_OF_CALL, &count);
	assert_int_equal(count, 1);
	assert_int_equal(ways[0].version, NFS_VERSION_3);
	shares_free(shares);
}

static void each_port_is_a_way_to_a_share_that_is_listed_once(void **state)
{
	struct shares *shares = shares_new();
	struct export_key plain = key_of("s", "/a"), other_port = key_of("s", "/a"), neighbour = key_of("s", "/b"), at;
	AUTO(arena_release) struct arena arena;
	size_t count;
	arena_init(&arena, 4096);
	other_port.nfs_port = 12049;
	assert_true(shares_add(shares, &other_port, SHARE_OF_CALL));
	assert_true(shares_add(shares, &plain, SHARE_OF_OPTION));
	assert_true(shares_add(shares, &neighbour, SHARE_OF_CALL));

	const struct export_key *ways = shares_find(shares, &arena, "s", "/a", SHARE_OF_CALL, &count);
	assert_int_equal(count, 2);
	assert_int_equal(ways[0].nfs_port, 0);
	assert_int_equal(ways[1].nfs_port, 12049);
	ways = shares_find(shares, &arena, "s", "/a", SHARE_OF_OPTION, &count);
	assert_int_equal(count, 1);
	assert_int_equal(ways[0].nfs_port, 0);
	(void)shares_find(shares, &arena, "s", "/c", SHARE_OF_CALL, &count);
	assert_int_equal(count, 0);

	assert_true(shares_next(shares, &arena, NULL, &at));
	assert_string_equal(at.share, "/a");
	assert_true(shares_next(shares, &arena, &at, &at));
	assert_string_equal(at.share, "/b");
	assert_false(shares_next(shares, &arena, &at, &at));
	shares_free(shares);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_is_new_once),
		cmocka_unit_test(shares_come_in_the_order_of_server_and_share),
		cmocka_unit_test(the_next_of_an_unknown_share_is_the_one_after_its_place),
		cmocka_unit_test(shares_below_a_directory_are_those_of_its_server_in_it),
		cmocka_unit_test(options_are_taken_over_and_not_forgotten),
		cmocka_unit_test(what_an_option_says_of_a_share_outlasts_what_calls_say),
		cmocka_unit_test(each_port_is_a_way_to_a_share_that_is_listed_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
