/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"

#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include "base/status.h"
#include "support/cmocka.h"

static void no_deadline_is_never_over_by_itself(void **state)
{
	struct cancel c;
	struct status st;

	cancel_init(&c, -1);
	assert_int_equal(cancel_check(&c, &st), 0);
	assert_int_equal(cancel_remaining_ms(&c), INT_MAX);
	cancel_release(&c);
}

static void a_passed_deadline_is_deadline_exceeded(void **state)
{
	struct cancel c;
	struct status st;

	cancel_init(&c, 0);
	assert_int_equal(cancel_check(&c, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(cancel_remaining_ms(&c), 0);
	cancel_release(&c);
}

static void a_trigger_is_cancelled_even_after_the_deadline(void **state)
{
	struct cancel c;
	struct status st;

	cancel_init(&c, 0);
	cancel_trigger(&c);
	assert_int_equal(cancel_check(&c, &st), -1);
	assert_int_equal(st.code, STATUS_CANCELLED);
	cancel_release(&c);
}

static void a_child_never_outlives_its_parents_deadline(void **state)
{
	struct cancel parent, child;

	cancel_init(&parent, 1000);
	cancel_init_child(&child, &parent, 5000);
	assert_true(child.deadline_ns == parent.deadline_ns);
	cancel_trigger(&parent);
	assert_true(cancel_is_over(&child));
	cancel_release(&child);
	cancel_release(&parent);
}

static void poll_returns_ready_descriptors(void **state)
{
	struct cancel c;
	struct status st;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	cancel_init(&c, -1);
	assert_int_equal(write(ends[1], "x", 1), 1);
	struct pollfd fd = {.fd = ends[0], .events = POLLIN};

	assert_int_equal(cancel_poll(&c, &fd, 1, -1, &st), 1);
	assert_int_equal(fd.revents, POLLIN);
	cancel_release(&c);
	close(ends[0]);
	close(ends[1]);
}

static void poll_returns_zero_at_its_own_timeout(void **state)
{
	struct cancel c;
	struct status st;

	cancel_init(&c, -1);
	assert_int_equal(cancel_poll(&c, NULL, 0, 1, &st), 0);
	cancel_release(&c);
}

static void poll_ends_at_the_deadline(void **state)
{
	struct cancel c;
	struct status st;

	cancel_init(&c, 5);
	assert_int_equal(cancel_poll(&c, NULL, 0, -1, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	cancel_release(&c);
}

static void *trigger_it(void *cancel)
{
	cancel_trigger(cancel);
	return NULL;
}

static void poll_ends_when_another_thread_triggers_the_parent(void **state)
{
	for (int round = 0; round < 200; round++) {
		struct cancel parent, child;
		struct status st;
		pthread_t thread;

		cancel_init(&parent, -1);
		cancel_init_child(&child, &parent, -1);
		assert_int_equal(pthread_create(&thread, NULL, trigger_it, &parent), 0);
		assert_int_equal(cancel_poll(&child, NULL, 0, -1, &st), -1);
		assert_int_equal(st.code, STATUS_CANCELLED);
		pthread_join(thread, NULL);
		cancel_release(&child);
		cancel_release(&parent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_deadline_is_never_over_by_itself),
		cmocka_unit_test(a_passed_deadline_is_deadline_exceeded),
		cmocka_unit_test(a_trigger_is_cancelled_even_after_the_deadline),
		cmocka_unit_test(a_child_never_outlives_its_parents_deadline),
		cmocka_unit_test(poll_returns_ready_descriptors),
		cmocka_unit_test(poll_returns_zero_at_its_own_timeout),
		cmocka_unit_test(poll_ends_at_the_deadline),
		cmocka_unit_test(poll_ends_when_another_thread_triggers_the_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
