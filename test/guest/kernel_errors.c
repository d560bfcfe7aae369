/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong at the server or the kernel reaches the caller: the right code, and words that say what it was. */
#include <string.h>

#include "base/memory.h"
#include "guest/kernel_test.h"

#define VERSION_4 "vers=4.2"

/* A volume that was never created: server, share and mount flags as the test wants them. */
static void assert_publish_fails(const char *server, const char *share, const char *mount_flags,
				 enum status_code expected_code, const char *expected_words)
{
	struct string_pair context[] = {{"server", server}, {"share", share}};
	char *flags[] = {(char *)mount_flags};
	const struct csi_volume volume = {(char *)"bad-volume", context, 2, flags, 1};
	const char *target = target_path("bad");
	struct status st = {0};
	assert_fails(csi_client_publish_volume(fixture_get()->node_client, &volume, target, false, &st), &st,
		     expected_code);
	assert_message(&st, expected_words);
	assert_false(path_exists(target));
	assert_int_equal(mounts_seen_below(fixture_get()->directory), 0);
}

static void missing_directory_is_not_found(void **state)
{
	AUTO_FREE char *share = memory_printf("%s/no-such-directory", fixture_get()->export);
	assert_publish_fails(fixture_get()->server, share, VERSION_4, STATUS_NOT_FOUND, "Couldn't follow remote path");
	assert_publish_fails(fixture_get()->server, share, "vers=3", STATUS_NOT_FOUND, "no-such-directory");
}

static void directory_that_is_no_export_is_refused(void **state)
{
	assert_publish_fails(fixture_get()->server, "/no-such-export", VERSION_4, STATUS_NOT_FOUND, "/no-such-export");
	assert_publish_fails(fixture_get()->server, "/no-such-export", "vers=3", STATUS_PERMISSION_DENIED,
			     "/no-such-export");
}

static void refused_connection_is_unavailable(void **state)
{
	assert_publish_fails(fixture_get()->server, fixture_get()->export, VERSION_4 ",port=9", STATUS_UNAVAILABLE,
			     "Connection refused");
	assert_publish_fails(fixture_get()->server, fixture_get()->export, "vers=3,port=9", STATUS_UNAVAILABLE,
			     "Connection refused");
}

static void unknown_option_is_named(void **state)
{
	assert_publish_fails(fixture_get()->server, fixture_get()->export, VERSION_4 ",nosuchoption",
			     STATUS_INVALID_ARGUMENT, "nosuchoption");
	assert_publish_fails(fixture_get()->server, fixture_get()->export, VERSION_4 ",nosuchoption",
			     STATUS_INVALID_ARGUMENT, "Unknown parameter");
}

static void bad_option_value_is_named(void **state)
{
	assert_publish_fails(fixture_get()->server, fixture_get()->export, VERSION_4 ",nconnect=99",
			     STATUS_INVALID_ARGUMENT, "nconnect");
	assert_publish_fails(fixture_get()->server, fixture_get()->export, "vers=5", STATUS_INVALID_ARGUMENT,
			     "Unsupported NFS version");
}

/* A name may come up with its Service or its DNS, so it is no failure for good. */
static void unknown_host_is_unavailable_and_named(void **state)
{
	assert_publish_fails("no-such-host.invalid", fixture_get()->export, VERSION_4, STATUS_UNAVAILABLE,
			     "no-such-host.invalid");
}

static void kerberos_without_its_daemon_says_so(void **state)
{
	assert_publish_fails(fixture_get()->server, fixture_get()->export, VERSION_4 ",sec=krb5",
			     STATUS_FAILED_PRECONDITION, "rpc.gssd");
}

int run_error_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_directory_is_not_found),
		cmocka_unit_test(directory_that_is_no_export_is_refused),
		cmocka_unit_test(refused_connection_is_unavailable),
		cmocka_unit_test(unknown_option_is_named),
		cmocka_unit_test(bad_option_value_is_named),
		cmocka_unit_test(unknown_host_is_unavailable_and_named),
		cmocka_unit_test(kerberos_without_its_daemon_says_so),
	};
	return cmocka_run_group_tests_name("errors", tests, fixture_setup, fixture_teardown);
}
