/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/nfs_versions.h"

#include <stdio.h>

#include "support/cmocka.h"

static int with_versions(void **state)
{
	*state = nfs_versions_new();
	return 0;
}

static int without_versions(void **state)
{
	nfs_versions_free(*state);
	return 0;
}

static void what_was_put_is_got(void **state)
{
	char version[NFS_VERSION_BYTES];

	assert_false(nfs_versions_get(*state, "srv", version));
	nfs_versions_put(*state, "srv", "4.2");
	nfs_versions_put(*state, "srv", "3");
	assert_true(nfs_versions_get(*state, "srv", version));
	assert_string_equal(version, "3");
	assert_false(nfs_versions_get(*state, "other", version));
}

static void the_oldest_is_forgotten(void **state)
{
	char version[NFS_VERSION_BYTES];
	char server[16];

	for (int i = 0; i <= NFS_VERSIONS_SERVERS_MAX; i++) {
		(void)snprintf(server, sizeof(server), "srv%d", i);
		nfs_versions_put(*state, server, "4.1");
	}
	assert_false(nfs_versions_get(*state, "srv0", version));
	assert_true(nfs_versions_get(*state, "srv1", version));
	assert_true(nfs_versions_get(*state, server, version));
}

static void long_versions_are_not_remembered(void **state)
{
	char version[NFS_VERSION_BYTES];

	nfs_versions_put(*state, "srv", "4.123456");
	assert_false(nfs_versions_get(*state, "srv", version));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_put_is_got, with_versions, without_versions),
		cmocka_unit_test_setup_teardown(the_oldest_is_forgotten, with_versions, without_versions),
		cmocka_unit_test_setup_teardown(long_versions_are_not_remembered, with_versions, without_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
