/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines and cancellation: of calls that run, that wait, and that care for neither. */
#include "base/log.h"
#include "support/cmocka.h"
#include "support/raw_client.h"
#include "support/server_thread.h"

#define BLOCK "/test.Service/Block"

static void start(struct server_thread *s)
{
	server_thread_init(s);
	server_thread_start(s);
}

static void the_clients_deadline_is_kept_by_the_server(void **state)
{
	struct server_thread s;

	start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *stream = raw_client_call(client, BLOCK, "30m");

	raw_client_wait(client, stream);
	assert_int_equal(raw_stream_status(stream), STATUS_DEADLINE_EXCEEDED);
	server_thread_wait(&s.left);
	assert_int_equal(s.last_outcome, STATUS_DEADLINE_EXCEEDED);
	raw_client_close(client);
	server_thread_release(&s);
}

static void a_deadline_does_not_wait_for_a_stubborn_worker(void **state)
{
	struct server_thread s;

	start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *stream = raw_client_call(client, "/test.Service/Stubborn", "30m");

	raw_client_wait(client, stream);
	assert_int_equal(raw_stream_status(stream), STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(sem_trywait(&s.left), -1);
	server_thread_open_gate(&s);
	server_thread_wait(&s.left);
	raw_client_close(client);
	server_thread_release(&s);
}

static void the_servers_bound_holds_where_the_client_has_none(void **state)
{
	struct server_thread s;

	server_thread_init(&s);
	s.config.call_timeout_ms = 30;
	server_thread_start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *bare = raw_client_call(client, BLOCK, NULL);
	struct raw_stream *patient = raw_client_call(client, BLOCK, "1H");

	raw_client_wait(client, bare);
	raw_client_wait(client, patient);
	assert_int_equal(raw_stream_status(bare), STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(raw_stream_status(patient), STATUS_DEADLINE_EXCEEDED);
	raw_client_close(client);
	server_thread_release(&s);
}

static void no_time_left_is_answered_without_a_run(void **state)
{
	struct server_thread s;

	start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *stream = raw_client_call(client, BLOCK, "0n");

	raw_client_wait(client, stream);
	assert_int_equal(raw_stream_status(stream), STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(sem_trywait(&s.entered), -1);
	raw_client_close(client);
	server_thread_release(&s);
}

static void a_call_whose_deadline_passes_in_the_queue_never_runs(void **state)
{
	struct server_thread s;

	server_thread_init(&s);
	s.config.worker_max = 1;
	server_thread_start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *first = raw_client_call(client, BLOCK, NULL);
	struct raw_stream *second = raw_client_call(client, BLOCK, "30m");

	raw_client_wait(client, second);
	assert_int_equal(raw_stream_status(second), STATUS_DEADLINE_EXCEEDED);
	server_thread_open_gate(&s);
	raw_client_wait(client, first);
	assert_int_equal(raw_stream_status(first), STATUS_OK);
	server_thread_wait(&s.entered);
	assert_int_equal(sem_trywait(&s.entered), -1);
	raw_client_close(client);
	server_thread_release(&s);
}

static void a_reset_cancels_the_running_call(void **state)
{
	struct server_thread s;

	start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *stream = raw_client_call(client, BLOCK, "1H");

	raw_client_flush(client);
	server_thread_wait(&s.entered);
	raw_client_cancel(client, stream);
	server_thread_wait(&s.left);
	assert_int_equal(s.last_outcome, STATUS_CANCELLED);
	raw_client_close(client);
	server_thread_release(&s);
}

static void a_lost_connection_cancels_its_calls(void **state)
{
	struct server_thread s;

	start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);

	(void)raw_client_call(client, BLOCK, NULL);
	(void)raw_client_call(client, BLOCK, "1H");
	raw_client_flush(client);
	server_thread_wait(&s.entered);
	server_thread_wait(&s.entered);
	raw_client_close(client);
	server_thread_wait(&s.left);
	server_thread_wait(&s.left);
	assert_int_equal(s.last_outcome, STATUS_CANCELLED);
	server_thread_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clients_deadline_is_kept_by_the_server),
		cmocka_unit_test(a_deadline_does_not_wait_for_a_stubborn_worker),
		cmocka_unit_test(the_servers_bound_holds_where_the_client_has_none),
		cmocka_unit_test(no_time_left_is_answered_without_a_run),
		cmocka_unit_test(a_call_whose_deadline_passes_in_the_queue_never_runs),
		cmocka_unit_test(a_reset_cancels_the_running_call),
		cmocka_unit_test(a_lost_connection_cancels_its_calls),
	};

	log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
