/* SPDX-License-Identifier: Apache-2.0 */
/* What a server answers, and how it bears load; deadlines and stops are in files of their own beside this one. */
#include "grpc/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/connection.h"
#include "support/cmocka.h"
#include "support/grpc_client.h"
#include "support/raw_client.h"
#include "support/server_thread.h"

#define ECHO "/test.Service/Echo"
#define ECHO_WORKER "/test.Service/EchoWorker"
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

static void assert_echoes(struct grpc_client *client, const char *path)
{
	struct status st;
	uint8_t *reply = NULL;
	size_t length = 0;

	assert_int_equal(grpc_client_call(client, path, (const uint8_t *)"hello", 5, 20000, &reply, &length, &st), 0);
	assert_int_equal(length, 5);
	assert_memory_equal(reply, "hello", 5);
	free(reply);
}

static void assert_field(const struct raw_stream *stream, const char *name, const char *expected)
{
	char value[512];

	assert_non_null(raw_stream_field(stream, name, value, sizeof(value)));
	assert_string_equal(value, expected);
}

/* ---- answers */

static void calls_are_answered_by_loop_and_by_worker(void **state)
{
	struct server_thread s;

	start(&s);
	struct grpc_client *client = open_client(&s);

	for (int i = 0; i < 20; i++) {
		assert_echoes(client, ECHO);
		assert_echoes(client, ECHO_WORKER);
	}
	grpc_client_close(client);
	server_thread_release(&s);
}

static void a_status_arrives_with_its_message(void **state)
{
	struct server_thread s;
	struct status st;
	uint8_t *reply;
	size_t length;

	start(&s);
	struct grpc_client *client = open_client(&s);

	assert_int_equal(grpc_client_call(client, "/test.Service/Fail", NULL, 0, 20000, &reply, &length, &st), -1);
	assert_int_equal(st.code, STATUS_NOT_FOUND);
	assert_string_equal(st.message, "nothing h\xC3\xA9%re");
	assert_int_equal(grpc_client_call(client, "/test.Service/None", NULL, 0, 20000, &reply, &length, &st), -1);
	assert_int_equal(st.code, STATUS_UNIMPLEMENTED);
	grpc_client_close(client);
	server_thread_release(&s);
}

static void what_is_no_grpc_gets_an_http_error(void **state)
{
	static const char *const json[] = {":method", "POST",         ":scheme",          "http", ":path",
					   ECHO,      "content-type", "application/json", NULL};
	static const char *const put[] = {":method", "PUT",          ":scheme",          "http", ":path",
					  ECHO,      "content-type", "application/grpc", NULL};
	struct server_thread s;

	start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *stream = raw_client_request(client, json, "{}", 2);

	raw_client_wait(client, stream);
	assert_field(stream, ":status", "415");
	assert_field(stream, "grpc-status", "3");
	assert_field(stream, "content-type", "text/plain; charset=utf-8");
	assert_true(stream->received_bytes > 0);
	stream = raw_client_request(client, put, "\0\0\0\0\0", 5);
	raw_client_wait(client, stream);
	assert_field(stream, ":status", "405");
	assert_field(stream, "allow", "POST");
	stream = raw_client_call(client, ECHO, "5 seconds");
	raw_client_wait(client, stream);
	assert_field(stream, ":status", "400");
	assert_field(stream, "grpc-status", "13");
	raw_client_close(client);
	server_thread_release(&s);
}

static void large_answers_wait_for_a_slow_reader(void **state)
{
	struct server_thread s;
	struct raw_stream *streams[4];

	start(&s);
	struct raw_client *slow = raw_client_open(s.endpoint);
	struct grpc_client *other = open_client(&s);

	for (int i = 0; i < 4; i++)
		streams[i] = raw_client_call(slow, "/test.Service/Big", NULL);
	raw_client_flush(slow);
	assert_echoes(other, ECHO_WORKER);
	for (int i = 0; i < 4; i++) {
		raw_client_wait(slow, streams[i]);
		assert_int_equal(raw_stream_status(streams[i]), STATUS_OK);
		assert_int_equal(streams[i]->received_bytes, 5 + (4 << 20));
	}
	raw_client_close(slow);
	grpc_client_close(other);
	server_thread_release(&s);
}

/* ---- load */

static void a_full_queue_answers_unavailable(void **state)
{
	struct server_thread s;
	struct raw_stream *streams[4];

	server_thread_init(&s);
	s.config.worker_max = 1;
	s.config.queue_max = 2;
	server_thread_start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);

	for (int i = 0; i < 4; i++)
		streams[i] = raw_client_call(client, BLOCK, NULL);
	raw_client_wait(client, streams[3]);
	assert_int_equal(raw_stream_status(streams[3]), STATUS_UNAVAILABLE);
	server_thread_open_gate(&s);
	for (int i = 0; i < 3; i++) {
		raw_client_wait(client, streams[i]);
		assert_int_equal(raw_stream_status(streams[i]), STATUS_OK);
	}
	raw_client_close(client);
	server_thread_release(&s);
}

static void a_cancelled_call_gives_its_place_in_the_queue_back(void **state)
{
	struct server_thread s;

	server_thread_init(&s);
	s.config.worker_max = 1;
	s.config.queue_max = 1;
	server_thread_start(&s);
	struct raw_client *client = raw_client_open(s.endpoint);
	struct raw_stream *running = raw_client_call(client, BLOCK, NULL);
	struct raw_stream *waiting = raw_client_call(client, BLOCK, NULL);

	raw_client_flush(client);
	server_thread_wait(&s.entered);
	raw_client_cancel(client, waiting);
	struct raw_stream *next = raw_client_call(client, BLOCK, NULL);
	struct raw_stream *barrier = raw_client_call(client, ECHO, NULL);

	raw_client_wait(client, barrier);
	server_thread_open_gate(&s);
	raw_client_wait(client, running);
	raw_client_wait(client, next);
	assert_int_equal(raw_stream_status(next), STATUS_OK);
	server_thread_wait(&s.entered);
	assert_int_equal(sem_trywait(&s.entered), -1);
	raw_client_close(client);
	server_thread_release(&s);
}

static void the_loop_answers_while_every_worker_is_busy(void **state)
{
	struct server_thread s;

	start(&s);
	struct raw_client *busy = raw_client_open(s.endpoint);
	struct grpc_client *client = open_client(&s);

	for (int i = 0; i < 8; i++)
		(void)raw_client_call(busy, "/test.Service/Stubborn", NULL);
	raw_client_flush(busy);
	for (int i = 0; i < 4; i++)
		server_thread_wait(&s.entered);
	assert_echoes(client, ECHO);
	server_thread_open_gate(&s);
	grpc_client_close(client);
	raw_client_close(busy);
	server_thread_release(&s);
}

/* The last of 20 answers of 4 MiB that nobody reads find no room; a small one does. */
static void answers_that_nobody_takes_have_a_bound(void **state)
{
	enum { CLIENTS = 20, FITTING = 15 };
	struct raw_client *clients[CLIENTS];
	struct raw_stream *streams[CLIENTS];
	struct server_thread s;
	int counts[STATUS_RESOURCE_EXHAUSTED + 1] = {0};

	server_thread_init(&s);
	s.config.worker_max = 1; /* so that calls end in the order of their coming */
	s.config.queue_max = CLIENTS;
	server_thread_start(&s);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = raw_client_open(s.endpoint);
		streams[i] = raw_client_call(clients[i], "/test.Service/Big", NULL);
		raw_client_flush(clients[i]);
	}
	struct grpc_client *client = open_client(&s);

	assert_echoes(client, "/test.Service/EchoWorker");
	for (int i = 0; i < CLIENTS; i++) {
		raw_client_wait(clients[i], streams[i]);
		counts[raw_stream_status(streams[i])]++;
		raw_client_close(clients[i]);
	}
	assert_int_equal(counts[STATUS_OK], FITTING);
	assert_int_equal(counts[STATUS_RESOURCE_EXHAUSTED], CLIENTS - FITTING);
	grpc_client_close(client);
	server_thread_release(&s);
}

static void a_full_house_has_its_least_used_idle_connection_go(void **state)
{
	struct server_thread s;
	struct grpc_client *clients[CONNECTION_MAX];

	server_thread_init(&s);
	s.config.peer_timeout_ms = 600; /* half of it is long enough to be idle */
	server_thread_start(&s);
	for (int i = 0; i < CONNECTION_MAX; i++)
		clients[i] = open_client(&s);
	assert_echoes(clients[0], ECHO);
	struct grpc_client *one_more = open_client(&s);

	assert_echoes(one_more, ECHO);
	assert_echoes(clients[0], ECHO);
	assert_echoes(clients[2], ECHO);
	grpc_client_close(one_more);
	for (int i = 0; i < CONNECTION_MAX; i++)
		grpc_client_close(clients[i]);
	server_thread_release(&s);
}

static void connections_beyond_the_cap_wait_for_room(void **state)
{
	struct server_thread s;
	struct raw_client *clients[CONNECTION_MAX];

	server_thread_init(&s);
	s.config.queue_max = CONNECTION_MAX;
	server_thread_start(&s);
	for (int i = 0; i < CONNECTION_MAX; i++) {
		clients[i] = raw_client_open(s.endpoint);
		(void)raw_client_call(clients[i], "/test.Service/Block", NULL);
		raw_client_flush(clients[i]);
	}
	for (int i = 0; i < 4; i++)
		server_thread_wait(&s.entered);
	struct raw_client *waiting[3];

	for (int i = 0; i < 3; i++)
		waiting[i] = raw_client_open(s.endpoint);
	for (int i = 0; i < 3; i++) {
		struct raw_stream *stream = raw_client_call(waiting[i], ECHO, NULL);

		assert_string_equal(stream->fields, "");
		raw_client_close(clients[i]);
		raw_client_wait(waiting[i], stream);
		assert_int_equal(raw_stream_status(stream), STATUS_OK);
	}
	for (int i = 3; i < CONNECTION_MAX; i++)
		raw_client_close(clients[i]);
	for (int i = 0; i < 3; i++)
		raw_client_close(waiting[i]);
	server_thread_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_answered_by_loop_and_by_worker),
		cmocka_unit_test(a_status_arrives_with_its_message),
		cmocka_unit_test(what_is_no_grpc_gets_an_http_error),
		cmocka_unit_test(large_answers_wait_for_a_slow_reader),
		cmocka_unit_test(a_full_queue_answers_unavailable),
		cmocka_unit_test(a_cancelled_call_gives_its_place_in_the_queue_back),
		cmocka_unit_test(the_loop_answers_while_every_worker_is_busy),
		cmocka_unit_test(answers_that_nobody_takes_have_a_bound),
		cmocka_unit_test(a_full_house_has_its_least_used_idle_connection_go),
		cmocka_unit_test(connections_beyond_the_cap_wait_for_room),
	};

	log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
