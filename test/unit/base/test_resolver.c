/* SPDX-License-Identifier: Apache-2.0 */
#include "base/resolver.h"

#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/status.h"
#include "support/cmocka.h"

static atomic_bool must_hang;
static atomic_uint hanging;

static int finds(const char *name, int family, struct resolver_addresses *ret)
{
	static const char *const found[] = {"10.0.0.9", "fd00::9"};

	(void)name;
	ret->count = 0;
	for (size_t i = family == AF_INET6; i < 2; i++) {
		memcpy(ret->text[ret->count], found[i], strlen(found[i]) + 1);
		ret->count++;
	}
	return 0;
}

static int finds_nothing(const char *name, int family, struct resolver_addresses *ret)
{
	(void)family;
	(void)ret;
	return strcmp(name, "again") == 0 ? EAI_AGAIN : EAI_NONAME;
}

static int hangs(const char *name, int family, struct resolver_addresses *ret)
{
	(void)name;
	(void)family;
	(void)ret;
	atomic_fetch_add(&hanging, 1);
	while (atomic_load(&must_hang))
		(void)usleep(1000);
	atomic_fetch_sub(&hanging, 1);
	return EAI_AGAIN;
}

static int ask(resolver_lookup *lookup, const char *server, int family, int timeout_ms, struct resolver_addresses *ret,
	       struct status *st)
{
	struct cancel cancel;

	cancel_init(&cancel, timeout_ms);
	int result = resolver_ask(lookup, server, family, &cancel, ret, st);

	cancel_release(&cancel);
	return result;
}

static enum status_code code_of(resolver_lookup *lookup, const char *server, int timeout_ms)
{
	struct resolver_addresses addresses;
	struct status st = {0};
	int result = ask(lookup, server, AF_UNSPEC, timeout_ms, &addresses, &st);

	assert_int_equal(result, st.code == STATUS_OK ? 0 : -1);
	return st.code;
}

static void expect_first(resolver_lookup *lookup, const char *server, int family, const char *expected)
{
	struct resolver_addresses addresses;
	struct status st = {0};

	if (ask(lookup, server, family, 10000, &addresses, &st) < 0)
		fail_msg("%s: %s", server, st.message);
	assert_in_range(addresses.count, 1, RESOLVER_ADDRESS_MAX);
	assert_string_equal(addresses.text[0], expected);
}

static void numbers_need_no_lookup(void **state)
{
	(void)state;
	expect_first(finds_nothing, "10.1.2.3", AF_UNSPEC, "10.1.2.3");
	expect_first(finds_nothing, "10.1.2.3", AF_INET6, "10.1.2.3");
	expect_first(finds_nothing, "::1", AF_UNSPEC, "::1");
	expect_first(finds_nothing, "fd00:0::0001", AF_UNSPEC, "fd00::1");
	expect_first(finds_nothing, "fe80::1%lo", AF_UNSPEC, "fe80::1%lo");
}

static void names_are_looked_up_in_the_family_asked_for(void **state)
{
	(void)state;
	expect_first(finds, "srv", AF_UNSPEC, "10.0.0.9");
	expect_first(finds, "srv", AF_INET6, "fd00::9");
}

static void all_addresses_of_a_name_are_given(void **state)
{
	struct resolver_addresses addresses;
	struct status st;

	(void)state;
	assert_int_equal(ask(finds, "srv", AF_UNSPEC, 10000, &addresses, &st), 0);
	assert_int_equal(addresses.count, 2);
	assert_string_equal(addresses.text[1], "fd00::9");
}

static void the_system_knows_localhost(void **state)
{
	(void)state;
	expect_first(NULL, "localhost", AF_INET, "127.0.0.1");
}

static void unknown_host_may_be_known_later(void **state)
{
	struct resolver_addresses addresses;
	struct status st;

	(void)state;
	assert_int_equal(ask(finds_nothing, "srv", AF_UNSPEC, 10000, &addresses, &st), -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_non_null(strstr(st.message, "\"srv\""));
}

static void the_system_fails_for_what_is_no_name(void **state)
{
	struct resolver_addresses addresses;
	struct status st;

	(void)state;
	/* A name with a space is none that a name service could be asked for. */
	assert_int_equal(ask(NULL, "no such host", AF_UNSPEC, 10000, &addresses, &st), -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_non_null(strstr(st.message, "no such host"));
}

static void silent_name_servers_are_unavailable(void **state)
{
	(void)state;
	assert_int_equal(code_of(finds_nothing, "again", 10000), STATUS_UNAVAILABLE);
}

static void overlong_names_are_refused(void **state)
{
	char server[300];

	(void)state;
	memset(server, 'h', sizeof(server) - 1);
	server[sizeof(server) - 1] = '\0';
	assert_int_equal(code_of(finds, server, 10000), STATUS_INVALID_ARGUMENT);
}

static void wait_until_hanging(unsigned count)
{
	while (atomic_load(&hanging) != count)
		(void)usleep(1000);
}

static void a_name_is_looked_up_once_at_a_time(void **state)
{
	(void)state;
	atomic_store(&must_hang, true);
	for (int i = 0; i < 3; i++)
		assert_int_equal(code_of(hangs, "srv", 5), STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(code_of(hangs, "other", 5), STATUS_DEADLINE_EXCEEDED);
	wait_until_hanging(2);
	atomic_store(&must_hang, false);
	wait_until_hanging(0);
}

static void hanging_lookups_end_at_the_deadline_and_are_bounded(void **state)
{
	char server[16];

	(void)state;
	atomic_store(&must_hang, true);
	for (int i = 0; i < RESOLVER_LOOKUP_MAX; i++) {
		(void)snprintf(server, sizeof(server), "srv%d", i);
		while (code_of(hangs, server, 5) == STATUS_UNAVAILABLE)
			(void)usleep(1000); /* look-ups of an earlier test are about to end */
	}
	assert_int_equal(code_of(hangs, "srv", 5), STATUS_UNAVAILABLE);
	wait_until_hanging(RESOLVER_LOOKUP_MAX);
	atomic_store(&must_hang, false);
	/* The threads end by themselves, and then there is room again. */
	while (code_of(finds, "srv", 10000) == STATUS_UNAVAILABLE)
		(void)usleep(1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_need_no_lookup),
		cmocka_unit_test(names_are_looked_up_in_the_family_asked_for),
		cmocka_unit_test(all_addresses_of_a_name_are_given),
		cmocka_unit_test(the_system_knows_localhost),
		cmocka_unit_test(unknown_host_may_be_known_later),
		cmocka_unit_test(the_system_fails_for_what_is_no_name),
		cmocka_unit_test(silent_name_servers_are_unavailable),
		cmocka_unit_test(overlong_names_are_refused),
		cmocka_unit_test(a_name_is_looked_up_once_at_a_time),
		cmocka_unit_test(hanging_lookups_end_at_the_deadline_and_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
