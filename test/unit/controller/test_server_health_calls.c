/* SPDX-License-Identifier: Apache-2.0 */
/* Several calls at a time. */
#include <pthread.h>
#include <semaphore.h>

#include "controller/server_health.h"
#include "pinged_server.h"

static void calls_in_flight_are_cut_off_when_their_server_is_down(void **state)
{
	const struct export_key other = {.server = "alive", .share = "/a"};
	struct server_call waiting, elsewhere;
	struct status failure, none;
	assert_int_equal(begin(&waiting, &dead), 0);
	assert_int_equal(begin(&elsewhere, &other), 0);
	bring_down(&dead);
	assert_true(cancel_is_over(&waiting.cancel));
	assert_false(cancel_is_over(&elsewhere.cancel));
	assert_false(cancel_is_over(&cancel));
	assert_int_equal(cancel_check(&waiting.cancel, &failure), -1);
	server_call_end(&waiting, &failure);
	assert_int_equal(failure.code, STATUS_UNAVAILABLE);
	assert_string_equal(failure.message, "NFS server dead does not answer, tried again in 2 s: connection refused");
	server_call_end(&elsewhere, NULL);
	assert_int_equal(cancel_check(&cancel, &none), 0);
}

static void calls_in_flight_go_on_where_only_the_name_is_not_found(void **state)
{
	struct server_call waiting;
	assert_int_equal(begin(&waiting, &dead), 0);
	(void)status_set(&ping_failure, STATUS_UNAVAILABLE, "find the address of server");
	fail_with(&dead, STATUS_UNAVAILABLE, 0);
	assert_refused(&dead);
	assert_false(cancel_is_over(&waiting.cancel));
	let_server_be_silent(); /* found, it turns out to be down */
	clock_ns += 2 * NS_PER_S;
	assert_refused(&dead);
	assert_true(cancel_is_over(&waiting.cancel));
	server_call_end(&waiting, NULL);
}

static void call_cut_off_that_ends_after_the_recovery_is_unavailable(void **state)
{
	struct server_call waiting;
	struct status failure;
	assert_int_equal(begin(&waiting, &dead), 0);
	bring_down(&dead);
	clock_ns += 2 * NS_PER_S;
	let_server_answer();
	succeed(&dead);
	(void)cancel_check(&waiting.cancel, &failure);
	server_call_end(&waiting, &failure);
	assert_int_equal(failure.code, STATUS_UNAVAILABLE);
	assert_string_equal(failure.message, "NFS server dead did not answer for a while");
}

static void call_that_its_client_gave_up_stays_cancelled(void **state)
{
	struct server_call waiting;
	struct status failure;
	assert_int_equal(begin(&waiting, &dead), 0);
	bring_down(&dead);
	cancel_trigger(&cancel);
	(void)cancel_check(&waiting.cancel, &failure);
	server_call_end(&waiting, &failure);
	assert_int_equal(failure.code, STATUS_CANCELLED);
}

static void call_that_waits_for_long_makes_the_next_one_ping(void **state)
{
	struct server_call waiting;
	struct status failure;
	assert_int_equal(begin(&waiting, &dead), 0);
	clock_ns += 5 * NS_PER_S;
	succeed(&dead);
	assert_int_equal(ping_count, 0);
	clock_ns += 1;
	let_server_be_silent();
	assert_refused(&dead);
	assert_int_equal(ping_count, 1);
	assert_true(cancel_is_over(&waiting.cancel));
	(void)cancel_check(&waiting.cancel, &failure);
	server_call_end(&waiting, &failure);
	assert_int_equal(failure.code, STATUS_UNAVAILABLE);
}

static void answer_vouches_for_long_calls_for_a_while(void **state)
{
	const struct export_key other = {.server = "alive", .share = "/a"};
	struct server_call waiting, elsewhere;
	assert_int_equal(begin(&waiting, &dead), 0);
	assert_int_equal(begin(&elsewhere, &other), 0);
	clock_ns += 6 * NS_PER_S;
	succeed(&dead);
	succeed(&dead);
	assert_int_equal(ping_count, 1);
	succeed(&other);
	assert_int_equal(ping_count, 2);
	clock_ns += 6 * NS_PER_S;
	succeed(&dead);
	assert_int_equal(ping_count, 3);
	server_call_end(&waiting, NULL);
	server_call_end(&elsewhere, NULL);
}

static sem_t ping_is_there, ping_may_end;

static void wait_in_ping(struct cancel *ignored)
{
	(void)sem_post(&ping_is_there);
	(void)sem_wait(&ping_may_end);
}

static void *call_in_thread(void *data)
{
	struct server_call call;
	struct status *failure = data;
	struct cancel own;
	cancel_init(&own, -1);
	if (server_call_begin(&call, health, &dead, &fs, &own, failure) == 0)
		server_call_end(&call, failure->code ? failure : NULL);
	cancel_release(&own);
	return NULL;
}

static pthread_t start_call(struct status *failure)
{
	pthread_t thread;
	during_ping = wait_in_ping;
	assert_int_equal(sem_init(&ping_is_there, 0, 0), 0);
	assert_int_equal(sem_init(&ping_may_end, 0, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, call_in_thread, failure), 0);
	(void)sem_wait(&ping_is_there);
	return thread;
}

static void end_call(pthread_t thread)
{
	(void)sem_post(&ping_may_end);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void one_call_pings_while_the_others_fail(void **state)
{
	struct status success = {0};
	bring_down(&dead);
	clock_ns += 2 * NS_PER_S;
	let_server_answer();
	pthread_t thread = start_call(&success);
	assert_refused(&dead);
	assert_string_equal(st.message, "NFS server dead does not answer, tried again in 0 s: connection refused");
	end_call(thread);
	assert_int_equal(ping_count, 2);
	succeed(&dead);
}

static void calls_go_on_while_a_server_is_merely_suspect(void **state)
{
	struct status failure;
	(void)status_set_cause(&failure, STATUS_UNAVAILABLE, ETIMEDOUT, "no answer");
	pthread_t thread = start_call(&failure);
	succeed(&dead);
	fail_with(&dead, STATUS_UNAVAILABLE, ETIMEDOUT);
	assert_int_equal(ping_count, 1);
	end_call(thread);
	assert_false(is_down(&dead));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_in_flight_are_cut_off_when_their_server_is_down),
		TEST(calls_in_flight_go_on_where_only_the_name_is_not_found),
		TEST(call_cut_off_that_ends_after_the_recovery_is_unavailable),
		TEST(call_that_its_client_gave_up_stays_cancelled),
		TEST(call_that_waits_for_long_makes_the_next_one_ping),
		TEST(answer_vouches_for_long_calls_for_a_while),
		TEST(one_call_pings_while_the_others_fail),
		TEST(calls_go_on_while_a_server_is_merely_suspect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
