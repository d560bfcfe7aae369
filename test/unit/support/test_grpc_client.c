/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' own gRPC client, against a server that is an http2_session behind a unix socket. */
#include "support/grpc_client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/status.h"
#include "http2/session.h"

#define WAIT_MS 20000

/* What the server does with the path; "/echo" sends the request's body back. */
struct script {
	const char *path;
	struct http2_response response; /* http_status 0: see the other members */
	uint32_t reset_code;            /* 0: none */
	bool hangs_up;                  /* neither: never answers */
};

#define FIELDS(...) \
	(const struct http2_header[]) \
	{ \
		__VA_ARGS__ \
	}

static const struct script SCRIPTS[] = {
	{"/fail",
	 {.http_status = 200,
	  .headers = FIELDS({"grpc-status", "5"}, {"grpc-message", "no%20such %C3%A4 100%25 %zz"}),
	  .header_count = 2}},
	{"/unsupported", {.http_status = 415, .headers = FIELDS({"content-type", "text/plain"}), .header_count = 1}},
	{"/empty", {.http_status = 200, .headers = FIELDS({"grpc-status", "0"}), .header_count = 1}},
	{"/two",
	 {.http_status = 200,
	  .body = (const uint8_t *)"\0\0\0\0\1x\0\0\0\0\1y",
	  .body_bytes = 12,
	  .trailers = FIELDS({"grpc-status", "0"}),
	  .trailer_count = 1}},
	{"/compressed",
	 {.http_status = 200,
	  .body = (const uint8_t *)"\1\0\0\0\1x",
	  .body_bytes = 6,
	  .trailers = FIELDS({"grpc-status", "0"}),
	  .trailer_count = 1}},
	{"/refuse", .reset_code = 7},
	{"/hang-up", .hangs_up = true},
	{"/never"},
};

struct server {
	pthread_t thread;
	char directory[32];
	char path[64];
	int listener;
	struct http2_session *session; /* of the connection that is served */
	bool hangs_up;
	char timeout[32]; /* the grpc-timeout that came last */
};

static struct server server;

static void *on_request(void *user, int32_t stream_id, struct http2_request *request)
{
	static const struct http2_header trailers[] = {{"grpc-status", "0"}};
	const char *timeout = http2_request_header(request, "grpc-timeout");
	(void)snprintf(server.timeout, sizeof(server.timeout), "%s", timeout ? timeout : "none");
	const struct http2_response echo = {.http_status = 200,
					    .body = (const uint8_t *)request->body.data,
					    .body_bytes = request->body.length,
					    .trailers = trailers,
					    .trailer_count = 1};
	if (strcmp(request->path, "/echo") == 0)
		(void)http2_session_respond(server.session, stream_id, &echo);
	for (size_t i = 0; i < sizeof(SCRIPTS) / sizeof(SCRIPTS[0]); i++) {
		if (strcmp(request->path, SCRIPTS[i].path) != 0)
			continue;
		if (SCRIPTS[i].response.http_status != 0)
			(void)http2_session_respond(server.session, stream_id, &SCRIPTS[i].response);
		if (SCRIPTS[i].reset_code != 0)
			http2_session_reset(server.session, stream_id, SCRIPTS[i].reset_code);
		server.hangs_up = SCRIPTS[i].hangs_up;
	}
	return request;
}

static void on_stream_closed(void *user, int32_t stream_id, void *context, uint32_t error_code)
{
	http2_request_free(context);
}

static bool write_all(int fd)
{
	const uint8_t *bytes = NULL;
	struct status st;
	int64_t count;
	while ((count = http2_session_drain(server.session, &bytes, &st)) > 0)
		for (int64_t sent = 0; sent < count;) {
			ssize_t n = send(fd, bytes + sent, (size_t)(count - sent), MSG_NOSIGNAL);
			if (n <= 0)
				return false;
			sent += n;
		}
	return count == 0 && !server.hangs_up && !http2_session_is_done(server.session);
}

static void serve_connection(int fd)
{
	static const struct http2_callbacks callbacks = {.on_request = on_request,
							 .on_stream_closed = on_stream_closed};
	static uint8_t bytes[65536];
	struct status st;
	server.hangs_up = false;
	server.session = http2_session_new(&callbacks, &HTTP2_LIMITS_DEFAULT, NULL);
	while (write_all(fd)) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
		if (n <= 0 || http2_session_feed(server.session, bytes, (size_t)n, &st) < 0)
			break;
	}
	http2_session_free(server.session);
	(void)close(fd); /* a test's socket */
}

static void *serve(void *argument)
{
	int fd;
	while ((fd = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		serve_connection(fd);
	return NULL;
}

static int start_server(void **state)
{
	(void)snprintf(server.directory, sizeof(server.directory), "/tmp/grpc-client.XXXXXX");
	assert_non_null(mkdtemp(server.directory));
	(void)snprintf(server.path, sizeof(server.path), "%s/s", server.directory);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, server.path, strlen(server.path) + 1);
	server.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server.listener, 8), 0);
	return pthread_create(&server.thread, NULL, serve, NULL);
}

static int stop_server(void **state)
{
	(void)shutdown(server.listener, SHUT_RDWR); /* ends the accept */
	int rc = pthread_join(server.thread, NULL);
	(void)close(server.listener);
	(void)unlink(server.path);
	(void)rmdir(server.directory);
	return rc;
}

static struct grpc_client *open_client(void)
{
	struct status st = {0};
	struct grpc_client *client = grpc_client_open(server.path, WAIT_MS, &st);
	if (!client)
		fail_msg("%s", st.message);
	return client;
}

/* Calls a scripted path that fails, and returns the code; *st holds the message. */
static enum status_code failure(const char *path, int timeout_ms, struct status *st)
{
	uint8_t *reply = NULL;
	size_t reply_bytes = 0;
	struct grpc_client *client = open_client();
	assert_int_equal(grpc_client_call(client, path, NULL, 0, timeout_ms, &reply, &reply_bytes, st), -1);
	grpc_client_close(client);
	return st->code;
}

static void replies_of_every_size_arrive(void **state)
{
	static const size_t sizes[] = {0, 1, 16384, 70000, 4u << 20};
	static uint8_t request[4u << 20];
	request[69999] = 3;
	struct grpc_client *client = open_client();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct status st = {0};
		uint8_t *reply = NULL;
		size_t reply_bytes = 0;
		int rc = grpc_client_call(client, "/echo", request, sizes[i], WAIT_MS, &reply, &reply_bytes, &st);
		assert_string_equal(st.message, "");
		assert_int_equal(rc, 0);
		assert_int_equal(reply_bytes, sizes[i]);
		assert_memory_equal(reply, request, sizes[i]);
		free(reply);
	}
	grpc_client_close(client);
}

static void timeout_is_sent(void **state)
{
	static const struct {
		int timeout_ms;
		const char *sent;
	} cases[] = {{1500, "1500m"}, {99999999, "99999999m"}, {100000000, "100000S"}, {-1, "none"}};
	struct grpc_client *client = open_client();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct status st;
		uint8_t *reply = NULL;
		size_t reply_bytes = 0;
		assert_int_equal(
			grpc_client_call(client, "/echo", NULL, 0, cases[i].timeout_ms, &reply, &reply_bytes, &st), 0);
		assert_string_equal(server.timeout, cases[i].sent);
		free(reply);
	}
	grpc_client_close(client);
}

static void status_and_message_are_the_servers(void **state)
{
	struct status st;
	assert_int_equal(failure("/fail", WAIT_MS, &st), STATUS_NOT_FOUND);
	assert_string_equal(st.message, "no such \xc3\xa4 100% %zz");
}

static void answers_that_are_no_grpc_fail(void **state)
{
	struct status st;
	assert_int_equal(failure("/unsupported", WAIT_MS, &st), STATUS_UNKNOWN);
	assert_non_null(strstr(st.message, "415"));
	assert_int_equal(failure("/empty", WAIT_MS, &st), STATUS_INTERNAL);
	assert_int_equal(failure("/two", WAIT_MS, &st), STATUS_INTERNAL);
	assert_int_equal(failure("/compressed", WAIT_MS, &st), STATUS_INTERNAL);
}

static void refused_stream_is_unavailable(void **state)
{
	struct status st;
	assert_int_equal(failure("/refuse", WAIT_MS, &st), STATUS_UNAVAILABLE);
}

static void lost_connection_is_unavailable_for_good(void **state)
{
	struct status st;
	uint8_t *reply = NULL;
	size_t reply_bytes = 0;
	struct grpc_client *client = open_client();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(grpc_client_call(client, "/hang-up", NULL, 0, WAIT_MS, &reply, &reply_bytes, &st), -1);
		assert_int_equal(st.code, STATUS_UNAVAILABLE);
	}
	grpc_client_close(client);
}

static void deadline_ends_a_call_and_not_the_connection(void **state)
{
	struct status st;
	uint8_t *reply = NULL;
	size_t reply_bytes = 0;
	struct grpc_client *client = open_client();
	assert_int_equal(grpc_client_call(client, "/never", NULL, 0, 20, &reply, &reply_bytes, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(grpc_client_call(client, "/echo", NULL, 0, WAIT_MS, &reply, &reply_bytes, &st), 0);
	free(reply);
	grpc_client_close(client);
}

static void nobody_there_is_unavailable(void **state)
{
	struct status st;
	assert_null(grpc_client_open("/nonexistent/socket", 1000, &st));
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_null(grpc_client_open("tcp://127.0.0.1", 1000, &st));
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_of_every_size_arrive),
		cmocka_unit_test(timeout_is_sent),
		cmocka_unit_test(status_and_message_are_the_servers),
		cmocka_unit_test(answers_that_are_no_grpc_fail),
		cmocka_unit_test(refused_stream_is_unavailable),
		cmocka_unit_test(lost_connection_is_unavailable_for_good),
		cmocka_unit_test(deadline_ends_a_call_and_not_the_connection),
		cmocka_unit_test(nobody_there_is_unavailable),
	};
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
