/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping. */
#include "grpc/server.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "support/cmocka.h"
#include "support/grpc_client.h"
#include "support/raw_client.h"
#include "support/server_thread.h"

#define BLOCK "/test.Service/Block"

static void start(struct server_thread *s)
{
	server_thread_init(s);
	server_thread_start(s);
}

static struct grpc_client *open_client(const struct server_thread *s)
{
	struct status st;
	struct grpc_client *client = grpc_client_open(s->endpoint, 20000, &st);

	assert_non_null(client);
	return client;
}

static void an_endpoint_is_not_taken_twice(void **state)
{
	struct server_thread s;
	struct status st;

	start(&s);
	assert_null(grpc_server_new(&s.config, &st));
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	server_thread_release(&s);
}

static void a_bad_endpoint_is_invalid(void **state)
{
	const struct grpc_server_config config = {.endpoint = "http://x", .worker_max = 1};
	struct status st;

	assert_null(grpc_server_new(&config, &st));
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

static void a_server_that_never_ran_can_be_freed(void **state)
{
	struct server_thread s;

	server_thread_init(&s);
	s.server = grpc_server_new(&s.config, &s.st);
	assert_non_null(s.server);
	grpc_server_stop(s.server);
	server_thread_release(&s);
}

static void a_stop_lets_calls_in_flight_finish(void **state)
{
	struct server_thread s;
	struct stat info;

	start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *stream = raw_client_call(client, BLOCK, NULL);

	raw_client_flush(client);
	server_thread_wait(&s.entered);
	grpc_server_stop(s.server);
	raw_client_wait_for_goaway(client, INT32_MAX);
	assert_int_equal(stat(s.endpoint, &info), -1);
	raw_client_wait_for_goaway(client, stream->id);
	server_thread_open_gate(&s);
	raw_client_wait(client, stream);
	assert_int_equal(raw_stream_status(stream), STATUS_OK);
	raw_client_wait_for_end(client);
	server_thread_join(&s);
	assert_int_equal(s.rc, 0);
	raw_client_close(client);
	server_thread_release(&s);
}

static void a_drain_that_takes_too_long_cancels_the_calls(void **state)
{
	struct server_thread s;

	server_thread_init(&s);
	s.config.drain_timeout_ms = 150;
	s.config.worker_max = 1;
	server_thread_start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *running = raw_client_call(client, BLOCK, NULL);
	struct raw_stream *waiting = raw_client_call(client, BLOCK, NULL);

	raw_client_flush(client);
	server_thread_wait(&s.entered);
	grpc_server_stop(s.server);
	raw_client_wait(client, running);
	raw_client_wait(client, waiting);
	assert_int_equal(raw_stream_status(running), STATUS_CANCELLED);
	assert_int_equal(raw_stream_status(waiting), STATUS_CANCELLED);
	server_thread_join(&s);
	assert_int_equal(s.rc, 0);
	raw_client_close(client);
	server_thread_release(&s);
}

static void a_second_stop_cancels_at_once(void **state)
{
	struct server_thread s;

	start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *stream = raw_client_call(client, BLOCK, NULL);

	raw_client_flush(client);
	server_thread_wait(&s.entered);
	grpc_server_stop(s.server);
	raw_client_wait_for_goaway(client, INT32_MAX);
	grpc_server_stop(s.server);
	raw_client_wait(client, stream);
	assert_int_equal(raw_stream_status(stream), STATUS_CANCELLED);
	server_thread_join(&s);
	assert_int_equal(s.rc, 0);
	raw_client_close(client);
	server_thread_release(&s);
}

static void a_signal_stops_the_server(void **state)
{
	struct server_thread s;

	start(&s);
	struct grpc_client *client = open_client(&s); /* answered by the loop, so the handler is in place */

	assert_int_equal(kill(getpid(), SIGTERM), 0);
	server_thread_join(&s);
	assert_int_equal(s.rc, 0);
	grpc_client_close(client);
	server_thread_release(&s);
}

static void a_socket_that_another_server_put_in_its_place_stays(void **state)
{
	struct server_thread s;

	start(&s);
	struct grpc_client *client = open_client(&s);

	assert_int_equal(unlink(s.endpoint), 0);
	struct grpc_server *other = grpc_server_new(&s.config, &s.st);

	assert_non_null(other);
	grpc_client_close(client);
	grpc_server_stop(s.server);
	server_thread_join(&s);
	assert_int_equal(access(s.endpoint, F_OK), 0);
	grpc_server_free(other);
	assert_int_equal(access(s.endpoint, F_OK), -1);
	server_thread_release(&s);
}

static void a_call_that_will_not_end_is_abandoned(void **state)
{
	/* Its worker outlives the test, so all it uses must. */
	static struct server_thread s;

	server_thread_init(&s);
	s.config.drain_timeout_ms = 0;
	server_thread_start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);

	(void)raw_client_call(client, "/test.Service/Stubborn", NULL);
	raw_client_flush(client);
	server_thread_wait(&s.entered);
	grpc_server_stop(s.server);
	server_thread_join(&s);
	assert_int_equal(s.rc, -1);
	assert_int_equal(s.st.code, STATUS_DEADLINE_EXCEEDED);
	raw_client_close(client);
	server_thread_open_gate(&s);
	server_thread_wait(&s.left);
	assert_int_equal(rmdir(s.directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_endpoint_is_not_taken_twice),
		cmocka_unit_test(a_bad_endpoint_is_invalid),
		cmocka_unit_test(a_server_that_never_ran_can_be_freed),
		cmocka_unit_test(a_stop_lets_calls_in_flight_finish),
		cmocka_unit_test(a_drain_that_takes_too_long_cancels_the_calls),
		cmocka_unit_test(a_second_stop_cancels_at_once),
		cmocka_unit_test(a_signal_stops_the_server),
		cmocka_unit_test(a_socket_that_another_server_put_in_its_place_stays),
		cmocka_unit_test(a_call_that_will_not_end_is_abandoned),
	};

	log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
