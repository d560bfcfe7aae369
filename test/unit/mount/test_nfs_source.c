/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/nfs_source.h"

#include "base/arena.h"
#include "support/cmocka.h"

static int with_arena(void **state)
{
	static struct arena a;

	arena_init(&a, 1 << 20);
	*state = &a;
	return 0;
}

static int without_arena(void **state)
{
	arena_release(*state);
	return 0;
}

static void ipv6_literals_get_brackets(void **state)
{
	assert_string_equal(nfs_source_format(*state, "fd00::1", "/a"), "[fd00::1]:/a");
	assert_string_equal(nfs_source_format(*state, "[fd00::1]", "/a"), "[fd00::1]:/a");
	assert_string_equal(nfs_source_format(*state, "nfs.example", "/"), "nfs.example:/");
}

static void same_directory_in_other_spellings(void **state)
{
	assert_true(nfs_source_is_same(*state, "srv:/share/a", "SRV:/share//a/"));
	assert_true(nfs_source_is_same(*state, "[fd00::1]:/a", "fd00::1:/a"));
	assert_true(nfs_source_is_same(*state, "srv:/", "srv://"));
}

static void other_directories_differ(void **state)
{
	assert_false(nfs_source_is_same(*state, "srv:/share/a", "srv:/share/A"));
	assert_false(nfs_source_is_same(*state, "srv:/share/a", "srv:/share"));
	assert_false(nfs_source_is_same(*state, "srv:/share", "srv2:/share"));
	assert_false(nfs_source_is_same(*state, "/dev/sda1", "/dev/sda1"));
	assert_false(nfs_source_is_same(*state, "]:/a", "[]:/a"));
}

static void the_server_is_what_stands_before_the_path(void **state)
{
	assert_string_equal(nfs_source_server(*state, "srv:/a:/b"), "srv");
	assert_string_equal(nfs_source_server(*state, "[fd00::1]:/a"), "fd00::1");
	assert_null(nfs_source_server(*state, "/dev/sda1"));
	assert_null(nfs_source_server(*state, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ipv6_literals_get_brackets, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(same_directory_in_other_spellings, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(other_directories_differ, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(the_server_is_what_stands_before_the_path, with_arena, without_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
