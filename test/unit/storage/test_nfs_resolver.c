/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs_resolver.h"

#include <string.h>

#include "base/cancel.h"
#include "base/status.h"
#include "support/cmocka.h"

static int ask(const char *name, int timeout_ms, struct nfs_addresses *ret, struct status *st)
{
	struct nfs_resolver *r = nfs_resolver_new(name);
	struct cancel cancel;

	cancel_init(&cancel, timeout_ms);
	int result = nfs_resolver_ask(r, &cancel, ret, st);

	cancel_release(&cancel);
	nfs_resolver_free(r);
	return result;
}

static void a_numeric_address_is_itself(void **state)
{
	static const char *const numeric[] = {"127.0.0.1", "::1", "2001:db8::7"};
	struct nfs_addresses addresses;
	struct status st;

	for (size_t i = 0; i < sizeof(numeric) / sizeof(numeric[0]); i++) {
		assert_int_equal(ask(numeric[i], 10000, &addresses, &st), 0);
		assert_int_equal(addresses.count, 1);
		assert_string_equal(addresses.text[0], numeric[i]);
	}
}

static void a_name_is_looked_up(void **state)
{
	struct nfs_addresses addresses;
	struct status st;

	assert_int_equal(ask("localhost", 10000, &addresses, &st), 0);
	assert_in_range(addresses.count, 1, NFS_ADDRESS_MAX);
	assert_true(strcmp(addresses.text[0], "127.0.0.1") == 0 || strcmp(addresses.text[0], "::1") == 0);
}

static void a_name_that_nobody_has_fails_without_a_number(void **state)
{
	struct nfs_addresses addresses;
	struct status st;

	/* A name with a space is none that a name service could be asked for. */
	assert_int_equal(ask("no such host", 10000, &addresses, &st), -1);
	assert_true(st.code == STATUS_INVALID_ARGUMENT || st.code == STATUS_UNAVAILABLE);
	assert_non_null(strstr(st.message, "no such host"));
}

static void a_look_up_ends_with_the_deadline_and_is_left_behind(void **state)
{
	struct nfs_addresses addresses;
	struct status st;

	assert_int_equal(ask("localhost", 0, &addresses, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_numeric_address_is_itself),
		cmocka_unit_test(a_name_is_looked_up),
		cmocka_unit_test(a_name_that_nobody_has_fails_without_a_number),
		cmocka_unit_test(a_look_up_ends_with_the_deadline_and_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
