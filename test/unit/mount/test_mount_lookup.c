/* SPDX-License-Identifier: Apache-2.0 */
/* Without privilege, on what is mounted anyway; mounts of its own are in test_mounter_kernel.c. */
#include "mount/mount_lookup.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "support/cmocka.h"

static struct mount_found look(struct arena *arena, const char *path)
{
	struct mount_found found;
	struct status st = {0};

	if (mount_lookup(arena, path, &found, &st) < 0)
		fail_msg("%s: %s", path, st.message);
	return found;
}

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

static void mount_point_is_found_with_its_line(void **state)
{
	struct mount_found found = look(*state, "/proc");

	assert_true(found.exists);
	assert_true(found.is_mounted);
	assert_string_equal(found.line.type, "proc");
	assert_string_equal(found.line.target, "/proc");
}

static void directory_below_a_mount_point_is_none(void **state)
{
	struct mount_found found = look(*state, "/proc/self");

	assert_true(found.exists);
	assert_false(found.is_mounted);
}

static void missing_paths_do_not_exist(void **state)
{
	static const char *const paths[] = {"/nowhere", "/nowhere/at/all", "/proc/version/x", "/proc/no-such-entry"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct mount_found found = look(*state, paths[i]);

		assert_false(found.exists);
		assert_false(found.is_mounted);
	}
}

static void is_local_compares_directories(void **state)
{
	struct local_mount proc = {.directory = "/proc", .below = ""};
	bool is_local = false;
	struct status st;

	(void)state;
	assert_int_equal(mount_lookup_is_local(&proc, "/proc", &is_local, &st), 0);
	assert_true(is_local);
	assert_int_equal(mount_lookup_is_local(&proc, "/", &is_local, &st), 0);
	assert_false(is_local);
	assert_int_equal(mount_lookup_is_local(&proc, "/nowhere", &is_local, &st), -1);
	assert_int_equal(st.code, STATUS_NOT_FOUND);
}

static void is_local_follows_no_link(void **state)
{
	struct local_mount self = {.directory = "/proc", .below = "self"};
	bool is_local = false;
	struct status st;

	(void)state;
	assert_int_equal(mount_lookup_is_local(&self, "/proc", &is_local, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
}

#define WITH_ARENA(name) cmocka_unit_test_setup_teardown(name, with_arena, without_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(mount_point_is_found_with_its_line), WITH_ARENA(directory_below_a_mount_point_is_none),
		WITH_ARENA(missing_paths_do_not_exist),         WITH_ARENA(is_local_compares_directories),
		WITH_ARENA(is_local_follows_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
