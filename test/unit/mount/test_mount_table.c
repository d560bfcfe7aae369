/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/mount_table.h"

#include <string.h>

#include "base/arena.h"
#include "support/cmocka.h"

static const char table[] = "22 28 0:20 / /sys rw,nosuid,nodev shared:7 - sysfs sysfs rw\n"
			    "28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"
			    "90 28 0:52 / /var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/pv\\0401/mount ro,relatime "
			    "shared:3 master:9 - nfs4 "
			    "srv:/share/a\\040b rw,vers=4.2,addr=10.0.0.1\n"
			    "91 28 0:52 / /mnt/other rw - nfs4 srv:/share/a\\040b rw,vers=4.2\n"
			    "92 91 0:60 / /mnt/other rw - tmpfs  ro,size=1k\n"
			    "garbage line\n"
			    "93 28 0:61 / /mnt/last rw - tmpfs last rw";

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

static void find_resolves_octal_escapes(void **state)
{
	struct mount_line line;

	assert_true(mount_table_find(*state, table, sizeof(table) - 1, 90, &line));
	assert_string_equal(line.target, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/pv 1/mount");
	assert_string_equal(line.source, "srv:/share/a b");
	assert_string_equal(line.type, "nfs4");
	assert_string_equal(line.device, "0:52");
}

/* A file system may turn read-only by itself, and is not what was asked for at a target. */
static void read_only_is_of_the_mount_alone(void **state)
{
	struct mount_line line;

	assert_true(mount_table_find(*state, table, sizeof(table) - 1, 90, &line));
	assert_true(line.is_read_only);
	assert_true(mount_table_find(*state, table, sizeof(table) - 1, 91, &line));
	assert_false(line.is_read_only);
	assert_true(mount_table_find(*state, table, sizeof(table) - 1, 92, &line));
	assert_false(line.is_read_only);
	/* "errors=remount-ro" is another word */
	assert_true(mount_table_find(*state, table, sizeof(table) - 1, 28, &line));
	assert_false(line.is_read_only);
}

static void empty_source_is_a_field(void **state)
{
	struct mount_line line;

	assert_true(mount_table_find(*state, table, sizeof(table) - 1, 92, &line));
	assert_string_equal(line.source, "");
	assert_string_equal(line.type, "tmpfs");
}

static void last_line_needs_no_newline(void **state)
{
	struct mount_line line;

	assert_true(mount_table_find(*state, table, sizeof(table) - 1, 93, &line));
	assert_string_equal(line.target, "/mnt/last");
}

static void unknown_id_is_not_found(void **state)
{
	struct mount_line line;

	assert_false(mount_table_find(*state, table, sizeof(table) - 1, 5, &line));
	assert_false(mount_table_find(*state, "", 0, 5, &line));
}

static void find_target_takes_the_mount_on_top(void **state)
{
	struct mount_line line;

	assert_true(mount_table_find_target(*state, table, sizeof(table) - 1, "/mnt/other", &line));
	assert_int_equal(line.id, 92);
}

static void find_target_compares_unescaped_and_whole(void **state)
{
	struct mount_line line;

	assert_true(mount_table_find_target(*state, table, sizeof(table) - 1,
					    "/var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/pv 1/mount", &line));
	assert_false(mount_table_find_target(*state, table, sizeof(table) - 1, "/mnt/othe", &line));
	assert_false(mount_table_find_target(*state, table, sizeof(table) - 1, "/mnt/other/", &line));
}

static void count_device_counts_all_its_mounts(void **state)
{
	(void)state;
	assert_int_equal(mount_table_count_device(table, sizeof(table) - 1, "0:52"), 2);
	assert_int_equal(mount_table_count_device(table, sizeof(table) - 1, "0:5"), 0);
	assert_int_equal(mount_table_count_device(table, sizeof(table) - 1, "0:60"), 1);
}

static void cut_lines_are_skipped(void **state)
{
	struct mount_line line;

	/* Every prefix ends somewhere in a line: none may be read past its end. */
	for (size_t length = 0; length < sizeof(table); length++) {
		char *copy = arena_memdup(*state, table, length);

		(void)mount_table_find(*state, copy, length, 93, &line);
		(void)mount_table_count_device(copy, length, "0:52");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(find_resolves_octal_escapes, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(read_only_is_of_the_mount_alone, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(empty_source_is_a_field, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(last_line_needs_no_newline, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(unknown_id_is_not_found, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(find_target_takes_the_mount_on_top, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(find_target_compares_unescaped_and_whole, with_arena, without_arena),
		cmocka_unit_test(count_device_counts_all_its_mounts),
		cmocka_unit_test_setup_teardown(cut_lines_are_skipped, with_arena, without_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
