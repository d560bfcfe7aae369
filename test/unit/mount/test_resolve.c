/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/resolve.h"

#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/status.h"
#include "support/cmocka.h"

static atomic_bool must_hang;

static int finds(const char *host, int family, char *address, size_t size)
{
	const char *found = family == AF_INET6 ? "fd00::9" : "10.0.0.9";

	(void)host;
	assert_true(size > strlen(found));
	memcpy(address, found, strlen(found) + 1);
	return 0;
}

static int finds_nothing(const char *host, int family, char *address, size_t size)
{
	(void)family;
	(void)address;
	(void)size;
	return strcmp(host, "again") == 0 ? EAI_AGAIN : EAI_NONAME;
}

static int hangs(const char *host, int family, char *address, size_t size)
{
	(void)host;
	(void)family;
	(void)address;
	(void)size;
	while (atomic_load(&must_hang))
		(void)usleep(1000);
	return EAI_AGAIN;
}

static enum status_code code_of(resolve_lookup *lookup, const char *host, int timeout_ms)
{
	char address[RESOLVE_ADDRESS_BYTES] = "";
	struct cancel cancel;
	struct status st = {0};

	cancel_init(&cancel, timeout_ms);
	int outcome = resolve_address(lookup, host, AF_UNSPEC, address, &cancel, &st);

	cancel_release(&cancel);
	assert_int_equal(outcome, st.code == STATUS_OK ? 0 : -1);
	return st.code;
}

static void expect_address(resolve_lookup *lookup, const char *host, int family, const char *expected)
{
	char address[RESOLVE_ADDRESS_BYTES] = "";
	struct cancel cancel;
	struct status st = {0};

	cancel_init(&cancel, 10000);
	if (resolve_address(lookup, host, family, address, &cancel, &st) < 0)
		fail_msg("%s: %s", host, st.message);
	assert_string_equal(address, expected);
	cancel_release(&cancel);
}

static void numbers_need_no_lookup(void **state)
{
	(void)state;
	expect_address(finds_nothing, "10.1.2.3", AF_UNSPEC, "10.1.2.3");
	expect_address(finds_nothing, "::1", AF_UNSPEC, "::1");
	expect_address(finds_nothing, "fd00:0::0001", AF_UNSPEC, "fd00::1");
}

static void names_are_looked_up_in_the_family_asked_for(void **state)
{
	(void)state;
	expect_address(finds, "srv", AF_UNSPEC, "10.0.0.9");
	expect_address(finds, "srv", AF_INET6, "fd00::9");
}

static void the_system_knows_localhost(void **state)
{
	(void)state;
	expect_address(NULL, "localhost", AF_INET, "127.0.0.1");
}

static void unknown_host_is_the_users_mistake(void **state)
{
	(void)state;
	assert_int_equal(code_of(finds_nothing, "srv", 10000), STATUS_INVALID_ARGUMENT);
}

static void silent_name_servers_are_unavailable(void **state)
{
	(void)state;
	assert_int_equal(code_of(finds_nothing, "again", 10000), STATUS_UNAVAILABLE);
}

static void overlong_names_are_refused(void **state)
{
	char host[300];

	(void)state;
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	assert_int_equal(code_of(finds, host, 10000), STATUS_INVALID_ARGUMENT);
}

static void hanging_lookups_end_at_the_deadline_and_are_bounded(void **state)
{
	(void)state;
	atomic_store(&must_hang, true);
	for (int i = 0; i < RESOLVE_LOOKUPS_MAX; i++)
		assert_int_equal(code_of(hangs, "srv", 5), STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(code_of(hangs, "srv", 5), STATUS_UNAVAILABLE);
	atomic_store(&must_hang, false);
	/* The threads end by themselves, and then there is room again. */
	while (code_of(finds_nothing, "srv", 10000) == STATUS_UNAVAILABLE)
		(void)usleep(1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_need_no_lookup),
		cmocka_unit_test(names_are_looked_up_in_the_family_asked_for),
		cmocka_unit_test(the_system_knows_localhost),
		cmocka_unit_test(unknown_host_is_the_users_mistake),
		cmocka_unit_test(silent_name_servers_are_unavailable),
		cmocka_unit_test(overlong_names_are_refused),
		cmocka_unit_test(hanging_lookups_end_at_the_deadline_and_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
