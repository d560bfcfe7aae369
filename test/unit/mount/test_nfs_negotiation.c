/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/nfs_negotiation.h"

#include <errno.h>

#include "support/cmocka.h"

static void expect_attempt(const struct nfs_negotiation *n, const char *version, bool is_sec_sys)
{
	struct nfs_attempt attempt = nfs_negotiation_attempt(n);

	assert_string_equal(attempt.version, version);
	assert_int_equal(attempt.is_sec_sys, is_sec_sys);
}

static void versions_go_from_high_to_low(void **state)
{
	struct nfs_negotiation n;

	(void)state;
	nfs_negotiation_init(&n, NULL, false, NULL);
	expect_attempt(&n, "4.2", true);
	assert_true(nfs_negotiation_failed(&n, EPROTONOSUPPORT));
	expect_attempt(&n, "4.1", true);
	assert_true(nfs_negotiation_failed(&n, EPROTONOSUPPORT));
	expect_attempt(&n, "4.0", true);
	assert_true(nfs_negotiation_failed(&n, EPROTONOSUPPORT));
	expect_attempt(&n, "3", false);
	assert_false(nfs_negotiation_failed(&n, EPROTONOSUPPORT));
}

static void version_4_stands_for_its_minor_versions(void **state)
{
	struct nfs_negotiation n;

	(void)state;
	nfs_negotiation_init(&n, "4", true, NULL);
	expect_attempt(&n, "4.2", false);
	assert_true(nfs_negotiation_failed(&n, EPROTONOSUPPORT));
	assert_true(nfs_negotiation_failed(&n, EPROTONOSUPPORT));
	expect_attempt(&n, "4.0", false);
	assert_false(nfs_negotiation_failed(&n, EPROTONOSUPPORT));
}

static void version_4_does_not_fall_back_to_3(void **state)
{
	struct nfs_negotiation n;

	(void)state;
	nfs_negotiation_init(&n, "4", true, NULL);
	assert_false(nfs_negotiation_failed(&n, ENOENT));
}

static void a_named_version_is_the_only_one(void **state)
{
	struct nfs_negotiation n;

	(void)state;
	nfs_negotiation_init(&n, "4.1", true, "3");
	expect_attempt(&n, "4.1", false);
	assert_false(nfs_negotiation_failed(&n, EPROTONOSUPPORT));
}

static void refused_sec_sys_is_tried_without(void **state)
{
	static const int refusals[] = {EPERM, EACCES, EINVAL};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct nfs_negotiation n;

		nfs_negotiation_init(&n, "4.2", false, NULL);
		expect_attempt(&n, "4.2", true);
		assert_true(nfs_negotiation_failed(&n, refusals[i]));
		expect_attempt(&n, "4.2", false);
		assert_false(nfs_negotiation_failed(&n, refusals[i]));
	}
}

static void sec_sys_is_not_added_to_a_named_flavour(void **state)
{
	struct nfs_negotiation n;

	(void)state;
	nfs_negotiation_init(&n, "4.2", true, NULL);
	expect_attempt(&n, "4.2", false);
}

static void a_missing_export_is_looked_for_in_version_3_briefly(void **state)
{
	struct nfs_negotiation n;

	(void)state;
	nfs_negotiation_init(&n, NULL, false, NULL);
	assert_false(nfs_negotiation_attempt(&n).is_long_shot);
	assert_true(nfs_negotiation_failed(&n, ENOENT));
	expect_attempt(&n, "3", false);
	assert_true(nfs_negotiation_attempt(&n).is_long_shot);
	assert_false(nfs_negotiation_failed(&n, EACCES));
}

static void a_dead_server_is_not_asked_again(void **state)
{
	struct nfs_negotiation n;

	(void)state;
	nfs_negotiation_init(&n, NULL, false, NULL);
	assert_false(nfs_negotiation_failed(&n, ETIMEDOUT));
}

static void the_remembered_version_goes_first(void **state)
{
	struct nfs_negotiation n;

	(void)state;
	nfs_negotiation_init(&n, NULL, false, "4.0");
	expect_attempt(&n, "4.0", true);
	nfs_negotiation_init(&n, "4", false, "3");
	expect_attempt(&n, "4.2", true);
}

static void a_remembered_version_that_is_gone_starts_anew(void **state)
{
	struct nfs_negotiation n;

	(void)state;
	nfs_negotiation_init(&n, NULL, false, "3");
	expect_attempt(&n, "3", false);
	assert_true(nfs_negotiation_failed(&n, ECONNREFUSED));
	expect_attempt(&n, "4.2", true);
	assert_true(nfs_negotiation_failed(&n, ECONNREFUSED));
	expect_attempt(&n, "3", false);
	assert_false(nfs_negotiation_failed(&n, ECONNREFUSED));
}

static void every_negotiation_ends(void **state)
{
	static const int errnums[] = {EPROTONOSUPPORT, EINVAL, EPERM, EACCES, ENOENT, ECONNREFUSED, EIO};
	static const char *const remembered[] = {NULL, "4.2", "4.0", "3"};

	(void)state;
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++) {
		for (size_t j = 0; j < sizeof(remembered) / sizeof(remembered[0]); j++) {
			struct nfs_negotiation n;
			int attempts = 1;

			nfs_negotiation_init(&n, NULL, false, remembered[j]);
			while (nfs_negotiation_failed(&n, errnums[i]))
				assert_true(++attempts < 20);
		}
	}
}

static void a_wrong_export_tells_more_than_a_missing_version(void **state)
{
	(void)state;
	assert_true(nfs_negotiation_rank(ENOENT) > nfs_negotiation_rank(EPROTONOSUPPORT));
	assert_true(nfs_negotiation_rank(EACCES) > nfs_negotiation_rank(ECONNREFUSED));
	assert_int_equal(nfs_negotiation_rank(ENOENT), nfs_negotiation_rank(EACCES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_go_from_high_to_low),
		cmocka_unit_test(version_4_stands_for_its_minor_versions),
		cmocka_unit_test(version_4_does_not_fall_back_to_3),
		cmocka_unit_test(a_named_version_is_the_only_one),
		cmocka_unit_test(refused_sec_sys_is_tried_without),
		cmocka_unit_test(sec_sys_is_not_added_to_a_named_flavour),
		cmocka_unit_test(a_missing_export_is_looked_for_in_version_3_briefly),
		cmocka_unit_test(a_dead_server_is_not_asked_again),
		cmocka_unit_test(the_remembered_version_goes_first),
		cmocka_unit_test(a_remembered_version_that_is_gone_starts_anew),
		cmocka_unit_test(every_negotiation_ends),
		cmocka_unit_test(a_wrong_export_tells_more_than_a_missing_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
