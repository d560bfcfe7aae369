/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rate_limit.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/cancel.h"
#include "base/status.h"
#include "support/cmocka.h"

static int take_within(struct rate_limit *limit, unsigned count, int timeout_ms, struct status *st)
{
	struct cancel cancel;
	cancel_init(&cancel, timeout_ms);
	int result = rate_limit_take(limit, count, &cancel, st);
	cancel_release(&cancel);
	return result;
}

static void no_limit_takes_all_at_once(void **state)
{
	struct status st;
	assert_null(rate_limit_new(0));
	assert_int_equal(take_within(NULL, UINT_MAX, -1, &st), 0);
	rate_limit_free(NULL);
}

static void first_take_goes_through_and_the_next_waits_until_it_is_paid_for(void **state)
{
	struct status st;
	struct rate_limit *limit = rate_limit_new(1);
	assert_int_equal(take_within(limit, UINT_MAX, -1, &st), 0);
	assert_int_equal(take_within(limit, 1, 20, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	rate_limit_free(limit);
}

static void take_that_was_given_up_is_not_owed(void **state)
{
	struct status st;
	struct rate_limit *limit = rate_limit_new(10);
	assert_int_equal(take_within(limit, 1, -1, &st), 0);
	assert_int_equal(take_within(limit, UINT_MAX, 1, &st), -1);
	assert_int_equal(take_within(limit, 1, 60000, &st), 0);
	rate_limit_free(limit);
}

static void nothing_is_taken_for_a_cancel_that_is_over(void **state)
{
	struct status st;
	struct rate_limit *limit = rate_limit_new(1);
	assert_int_equal(take_within(limit, UINT_MAX, 0, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(take_within(limit, 1, 60000, &st), 0);
	rate_limit_free(limit);
}

/* The first take is owed for years. */
struct takers {
	struct rate_limit *limit;
	struct cancel cancel;
	atomic_uint taken;
};

static void *take_for_ever(void *data)
{
	struct takers *takers = data;
	struct status st;
	while (rate_limit_take(takers->limit, UINT_MAX, &takers->cancel, &st) == 0)
		atomic_fetch_add(&takers->taken, 1);
	return NULL;
}

static void threads_share_one_bucket_and_a_cancel_wakes_them_all(void **state)
{
	struct takers takers = {.limit = rate_limit_new(1)};
	cancel_init(&takers.cancel, -1);
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_for_ever, &takers), 0);
	while (atomic_load(&takers.taken) == 0)
		(void)sched_yield(); /* cannot fail on Linux */
	cancel_trigger(&takers.cancel);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&takers.taken), 1);
	cancel_release(&takers.cancel);
	rate_limit_free(takers.limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_limit_takes_all_at_once),
		cmocka_unit_test(first_take_goes_through_and_the_next_waits_until_it_is_paid_for),
		cmocka_unit_test(take_that_was_given_up_is_not_owed),
		cmocka_unit_test(nothing_is_taken_for_a_cancel_that_is_over),
		cmocka_unit_test(threads_share_one_bucket_and_a_cancel_wakes_them_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
