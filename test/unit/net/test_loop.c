/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/status.h"
#include "support/cmocka.h"

struct world {
	struct loop *loop;
	int runs;
};

static void count_and_stop(void *user)
{
	struct world *world = user;

	world->runs++;
	loop_stop(world->loop);
}

static struct world make_world(void)
{
	struct status st;
	struct world world = {.loop = loop_new(&st)};

	assert_non_null(world.loop);
	return world;
}

static void a_timer_runs_once_and_not_early(void **state)
{
	struct world world = make_world();
	struct loop_timer *timer = loop_timer_new(world.loop, count_and_stop, &world);
	int64_t begun_ns = cancel_now_ns();

	loop_timer_start(timer, 3600000);
	loop_timer_start(timer, 5);
	loop_run(world.loop);
	assert_int_equal(world.runs, 1);
	assert_true(cancel_now_ns() - begun_ns >= 4000000); /* the loop counts whole milliseconds */
	loop_timer_free(timer);
	loop_free(world.loop);
}

static void *send_wakeup(void *wakeup)
{
	loop_wakeup_send(wakeup);
	return NULL;
}

static void another_thread_can_wake_the_loop(void **state)
{
	struct world world = make_world();
	struct status st;
	struct loop_wakeup *wakeup = loop_wakeup_new(world.loop, count_and_stop, &world, &st);
	pthread_t thread;

	assert_non_null(wakeup);
	assert_int_equal(pthread_create(&thread, NULL, send_wakeup, wakeup), 0);
	loop_run(world.loop);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(world.runs, 1);
	loop_wakeup_free(wakeup);
	loop_free(world.loop);
}

static void a_signal_is_a_callback(void **state)
{
	struct world world = make_world();
	struct status st;
	struct loop_signal *signal = loop_signal_new(world.loop, SIGUSR1, count_and_stop, &world, &st);

	assert_non_null(signal);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	loop_run(world.loop);
	assert_int_equal(world.runs, 1);
	loop_signal_free(signal);
	loop_free(world.loop);
}

static void a_signal_that_cannot_be_handled_is_an_error(void **state)
{
	struct world world = make_world();
	struct status st;

	assert_null(loop_signal_new(world.loop, SIGKILL, count_and_stop, &world, &st));
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	loop_free(world.loop);
}

static void a_loop_with_a_late_stop_can_be_freed(void **state)
{
	struct world world = make_world();
	struct loop_timer *timer = loop_timer_new(world.loop, count_and_stop, &world);

	loop_stop(world.loop);
	loop_timer_free(timer);
	loop_free(world.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_runs_once_and_not_early),
		cmocka_unit_test(another_thread_can_wake_the_loop),
		cmocka_unit_test(a_signal_is_a_callback),
		cmocka_unit_test(a_signal_that_cannot_be_handled_is_an_error),
		cmocka_unit_test(a_loop_with_a_late_stop_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
