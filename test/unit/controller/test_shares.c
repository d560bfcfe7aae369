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
	assert_true(shares_add(shares, &a));
	assert_true(shares_add(shares, &b));
	assert_false(shares_add(shares, &a));
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
		assert_true(shares_add(shares, &keys[i]));
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
	(void)shares_add(shares, &known);
	assert_true(shares_next(shares, &arena, &before, &next));
	assert_string_equal(next.share, "/c");
	assert_false(shares_next(shares, &arena, &behind, &next));
	shares_free(shares);
}

static void options_are_taken_over_and_not_forgotten(void **state)
{
	struct shares *shares = shares_new();
	struct export_key plain = key_of("s", "/a"), with_port = key_of("s", "/a"), found;
	AUTO(arena_release) struct arena arena;
	arena_init(&arena, 4096);
	with_port.nfs_port = 12049;
	(void)shares_add(shares, &plain);
	(void)shares_add(shares, &with_port);
	(void)shares_add(shares, &plain);
	assert_true(shares_next(shares, &arena, NULL, &found));
	assert_int_equal(found.nfs_port, 12049);
	shares_free(shares);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_is_new_once),
		cmocka_unit_test(shares_come_in_the_order_of_server_and_share),
		cmocka_unit_test(the_next_of_an_unknown_share_is_the_one_after_its_place),
		cmocka_unit_test(options_are_taken_over_and_not_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
