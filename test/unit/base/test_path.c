/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
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

static void names_are_single_entries(void **state)
{
	char long_name[PATH_NAME_MAX + 2];

	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_true(path_is_name("pvc-1"));
	assert_true(path_is_name("..."));
	assert_true(path_is_name(long_name + 1));
	assert_false(path_is_name(long_name));
	assert_false(path_is_name(""));
	assert_false(path_is_name("."));
	assert_false(path_is_name(".."));
	assert_false(path_is_name("a/b"));
}

static void split_drops_slashes_and_dots(void **state)
{
	struct path path;
	struct status st;

	assert_int_equal(path_split(*state, "subDir", "/a//./b/", &path, &st), 0);
	assert_int_equal(path.count, 2);
	assert_string_equal(path_join(*state, &path), "a/b");
}

static void split_of_nothing_is_no_name(void **state)
{
	static const char *const texts[] = {"", "/", ".", "./", "///."};
	struct path path;
	struct status st;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(path_split(*state, "subDir", texts[i], &path, &st), 0);
		assert_int_equal(path.count, 0);
		assert_string_equal(path_join(*state, &path), "");
	}
}

static void split_refuses_traversal_in_every_spelling(void **state)
{
	static const char *const texts[] = {"..", "a/../b", "/..", "a/..", "..\\b", "a\\..", "a/b\\..\\c"};
	struct path path;
	struct status st;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(path_split(*state, "subDir", texts[i], &path, &st), -1);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
		assert_non_null(strstr(st.message, "path contains directory traversal sequence"));
	}
}

static void dots_inside_a_name_are_no_traversal(void **state)
{
	struct path path;
	struct status st;

	assert_int_equal(path_split(*state, "subDir", "..a/b../...", &path, &st), 0);
	assert_int_equal(path.count, 3);
}

static void split_refuses_what_is_too_deep(void **state)
{
	char text[2 * (PATH_DEPTH_MAX + 1) + 1] = "";
	struct path path;
	struct status st;

	for (int i = 0; i < PATH_DEPTH_MAX; i++)
		memcpy(text + 2 * i, "a/", 2);
	assert_int_equal(path_split(*state, "subDir", text, &path, &st), 0);
	memcpy(text + 2 * PATH_DEPTH_MAX, "a/", 2);
	assert_int_equal(path_split(*state, "subDir", text, &path, &st), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

static void normalize_makes_one_spelling(void **state)
{
	assert_string_equal(path_normalize(*state, ""), "/");
	assert_string_equal(path_normalize(*state, "/"), "/");
	assert_string_equal(path_normalize(*state, "srv//nfs/./x/"), "/srv/nfs/x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_single_entries),
		cmocka_unit_test(split_drops_slashes_and_dots),
		cmocka_unit_test(split_of_nothing_is_no_name),
		cmocka_unit_test(split_refuses_traversal_in_every_spelling),
		cmocka_unit_test(dots_inside_a_name_are_no_traversal),
		cmocka_unit_test(split_refuses_what_is_too_deep),
		cmocka_unit_test(normalize_makes_one_spelling),
	};

	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
