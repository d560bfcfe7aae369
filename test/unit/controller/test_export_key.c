/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/export_key.h"

#include "support/cmocka.h"

static struct export_key read_options(const char *options)
{
	struct export_key key = {.server = "srv", .share = "/share"};
	export_key_read_options(&key, options);
	return key;
}

static void version_is_read_under_both_names(void **state)
{
	assert_int_equal(read_options("nfsvers=3").version, NFS_VERSION_3);
	assert_int_equal(read_options("vers=4").version, NFS_VERSION_4);
	assert_int_equal(read_options("hard,vers=4.2,nconnect=4").version, NFS_VERSION_4);
	assert_int_equal(read_options("nfsvers=3,nfsvers=4.1").version, NFS_VERSION_4);
}

static void ports_are_read(void **state)
{
	struct export_key key = read_options("port=2050,mountport=65535");
	assert_int_equal(key.nfs_port, 2050);
	assert_int_equal(key.mount_port, 65535);
}

static void everything_else_is_ignored(void **state)
{
	static const char *const options[] = {
		"",
		",,,",
		"hard",
		"vers",
		"vers=",
		"vers=2",
		"vers=44",
		"version=3",
		"xnfsvers=3",
		"port=65536",
		"port=-1",
		"port=1x",
		"port=",
		"mountport=99999",
		"vers=4444444444444444444444",
		"sec=sys,proto=tcp",
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct export_key key = read_options(options[i]);
		assert_true(export_key_is_plain(&key));
	}
}

static void keys_differ_in_every_part(void **state)
{
	const struct export_key key = {"srv", "/a", NFS_VERSION_3, 1, 2};
	const char same_options[] = "sec=krb5";
	struct export_key other = key;
	assert_true(export_key_equals(&key, &other));
	other.version = NFS_VERSION_4;
	assert_false(export_key_equals(&key, &other));
	other = (struct export_key){"srv", "/a", NFS_VERSION_3, 9, 2};
	assert_false(export_key_equals(&key, &other));
	other = (struct export_key){"srv", "/a", NFS_VERSION_3, 1, 9};
	assert_false(export_key_equals(&key, &other));
	other = (struct export_key){"srv", "/b", NFS_VERSION_3, 1, 2};
	assert_false(export_key_equals(&key, &other));
	other = (struct export_key){"srw", "/a", NFS_VERSION_3, 1, 2};
	assert_false(export_key_equals(&key, &other));
	other = (struct export_key){"srv", "/a", NFS_VERSION_3, 1, 2, "sec=krb5"};
	assert_false(export_key_equals(&key, &other));
	assert_false(export_key_equals(&other, &key));
	const struct export_key another = {"srv", "/a", NFS_VERSION_3, 1, 2, same_options};
	assert_true(export_key_equals(&another, &other));
}

static void copy_lives_by_itself(void **state)
{
	char server[] = "srv", options[] = "port=1";
	const struct export_key key = {server, "/a", NFS_VERSION_4, 1, 2, options};
	const struct export_key expected = {"srv", "/a", NFS_VERSION_4, 1, 2, "port=1"};
	struct export_key copy = export_key_copy(&key);
	server[0] = options[0] = 'x';
	assert_true(export_key_equals(&copy, &expected));
	export_key_release(&copy);
}

static void port_is_that_of_nfs_where_none_is_given(void **state)
{
	const struct export_key plain = {"srv", "/a"}, other = {"srv", "/a", .nfs_port = 12049};
	assert_int_equal(export_key_port(&plain), 2049);
	assert_int_equal(export_key_port(&other), 12049);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_is_read_under_both_names),
		cmocka_unit_test(ports_are_read),
		cmocka_unit_test(everything_else_is_ignored),
		cmocka_unit_test(keys_differ_in_every_part),
		cmocka_unit_test(copy_lives_by_itself),
		cmocka_unit_test(port_is_that_of_nfs_where_none_is_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
