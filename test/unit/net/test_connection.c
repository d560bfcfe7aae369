/* SPDX-License-Identifier: Apache-2.0 */
/* Connections as a peer sees them, by the bytes; what goes over them is tested in test/unit/grpc/test_server*.c. */
#include "net/connection.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "net/endpoint.h"
#include "support/cmocka.h"
#include "support/grpc_client.h"
#include "support/server_thread.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define EMPTY_SETTINGS "\0\0\0\4\0\0\0\0\0"
#define FRAME_HEADER_BYTES 9
#define PEER_TIMEOUT_MS 300

enum { FRAME_SETTINGS = 4, FRAME_GOAWAY = 7 };

static int connect_to(const struct server_thread *s)
{
	struct endpoint endpoint;
	struct status st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(endpoint_parse(s->endpoint, &endpoint, &st), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&endpoint.address, endpoint.address_bytes), 0);
	return fd;
}

/* The type of the next frame, -1 at the end of the connection. */
static int read_frame(int fd, uint8_t *ret_flags)
{
	uint8_t header[FRAME_HEADER_BYTES], payload[512];
	ssize_t length = recv(fd, header, sizeof(header), MSG_WAITALL);

	if (length <= 0)
		return -1;
	assert_int_equal(length, sizeof(header));
	size_t payload_bytes = (size_t)header[0] << 16 | (size_t)header[1] << 8 | header[2];

	assert_true(payload_bytes <= sizeof(payload));
	if (payload_bytes > 0)
		assert_int_equal(recv(fd, payload, payload_bytes, MSG_WAITALL), payload_bytes);
	*ret_flags = header[4];
	return header[3];
}

static void the_server_speaks_first(void **state)
{
	struct server_thread s;
	uint8_t flags = 0xFF;

	server_thread_init(&s);
	server_thread_start(&s);
	AUTO_CLOSE int fd = connect_to(&s);

	assert_int_equal(read_frame(fd, &flags), FRAME_SETTINGS);
	assert_int_equal(flags, 0);
	server_thread_release(&s);
}

static void what_is_no_http2_gets_a_goaway_and_the_end(void **state)
{
	static const char http1[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct server_thread s;
	uint8_t flags;
	int type, last = -1;

	server_thread_init(&s);
	server_thread_start(&s);
	AUTO_CLOSE int fd = connect_to(&s);

	assert_int_equal(send(fd, http1, sizeof(http1) - 1, MSG_NOSIGNAL), sizeof(http1) - 1);
	while ((type = read_frame(fd, &flags)) >= 0)
		last = type;
	assert_int_equal(last, FRAME_GOAWAY);
	server_thread_release(&s);
}

static void a_handshake_may_come_byte_by_byte(void **state)
{
	static const char hello[] = PREFACE EMPTY_SETTINGS;
	struct server_thread s;
	uint8_t flags = 0;

	server_thread_init(&s);
	server_thread_start(&s);
	AUTO_CLOSE int fd = connect_to(&s);

	for (size_t i = 0; i < sizeof(hello) - 1; i++)
		assert_int_equal(send(fd, hello + i, 1, MSG_NOSIGNAL), 1);
	int type = read_frame(fd, &flags);

	while (type >= 0 && !(type == FRAME_SETTINGS && flags == 1))
		type = read_frame(fd, &flags);
	assert_int_equal(type, FRAME_SETTINGS); /* the acknowledgement of ours */
	server_thread_release(&s);
}

static int count_descriptors(void)
{
	DIR *descriptors = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(descriptors);
	while (readdir(descriptors))
		count++;
	assert_int_equal(closedir(descriptors), 0);
	return count;
}

static void a_connection_for_each_call_leaves_nothing_behind(void **state)
{
	struct server_thread s;
	struct status st;
	int before = 0;

	server_thread_init(&s);
	server_thread_start(&s);
	for (int i = 0; i < 300; i++) {
		uint8_t *reply = NULL;
		size_t length;
		struct grpc_client *client = grpc_client_open(s.endpoint, 20000, &st);

		assert_non_null(client);
		if (i == 0)
			before = count_descriptors();
		assert_int_equal(grpc_client_call(client, "/test.Service/Echo", NULL, 0, 20000, &reply, &length, &st),
				 0);
		free(reply);
		grpc_client_close(client);
	}
	struct grpc_client *last = grpc_client_open(s.endpoint, 20000, &st);

	assert_non_null(last);
	/* The end of the one before may not have been seen yet. */
	assert_in_range(count_descriptors(), before, before + 1);
	grpc_client_close(last);
	server_thread_release(&s);
}

static uint16_t free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin_port);
}

static void tcp_is_served_too(void **state)
{
	struct server_thread s;
	struct status st;
	uint8_t *reply = NULL;
	size_t length = 0;

	server_thread_init(&s);
	(void)snprintf(s.endpoint, sizeof(s.endpoint), "tcp://127.0.0.1:%u", free_port()); /* fits */
	server_thread_start(&s);
	struct grpc_client *client = grpc_client_open(s.endpoint, 20000, &st);

	assert_non_null(client);
	assert_int_equal(grpc_client_call(client, "/test.Service/EchoWorker", (const uint8_t *)"x", 1, 20000, &reply,
					  &length, &st),
			 0);
	assert_int_equal(length, 1);
	free(reply);
	grpc_client_close(client);
	server_thread_release(&s);
}

/* The connection ends though its peer never read; what a client of good will had in flight goes on. */
static void expect_the_end_of(const char *hello, size_t length)
{
	struct server_thread s;
	struct status st;
	uint8_t flags, *reply = NULL;
	size_t reply_bytes;

	server_thread_init(&s);
	s.config.peer_timeout_ms = PEER_TIMEOUT_MS;
	server_thread_start(&s);
	AUTO_CLOSE int fd = connect_to(&s);

	const struct timeval patience = {.tv_sec = 20};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(send(fd, hello, length, MSG_NOSIGNAL), length);
	errno = 0;
	while (read_frame(fd, &flags) >= 0)
		continue;
	assert_int_not_equal(errno, EAGAIN);
	struct grpc_client *client = grpc_client_open(s.endpoint, 20000, &st);

	assert_non_null(client);
	assert_int_equal(grpc_client_call(client, "/test.Service/Echo", NULL, 0, 20000, &reply, &reply_bytes, &st), 0);
	free(reply);
	grpc_client_close(client);
	server_thread_release(&s);
}

static void a_silent_peer_is_closed(void **state)
{
	expect_the_end_of("PRI", 3);
}

#define HEADERS_OF(path_length, path) \
	"\x83\x86\x44" path_length path "\x5f\x10" \
	"application/grpc"

static void a_request_that_never_ends_is_closed(void **state)
{
	/* HEADERS of 40 bytes on stream 1, without END_STREAM */
	static const char hello[] =
		PREFACE EMPTY_SETTINGS "\0\0\x28\1\4\0\0\0\1" HEADERS_OF("\x12", "/test.Service/Echo");

	expect_the_end_of(hello, sizeof(hello) - 1);
}

static void an_answer_that_is_never_taken_is_closed(void **state)
{
	/* SETTINGS_INITIAL_WINDOW_SIZE 0, a request for 4 MiB on stream 1 */
	static const char hello[] =
		PREFACE "\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0"
			"\0\0\x27\1\4\0\0\0\1" HEADERS_OF("\x11", "/test.Service/Big") "\0\0\5\0\1\0\0\0\1\0\0\0\0\0";

	expect_the_end_of(hello, sizeof(hello) - 1);
}

static void a_call_that_takes_its_time_is_not_closed(void **state)
{
	struct server_thread s;
	struct status st;
	uint8_t *reply = NULL;
	size_t length;

	server_thread_init(&s);
	s.config.peer_timeout_ms = PEER_TIMEOUT_MS;
	server_thread_start(&s);
	struct grpc_client *client = grpc_client_open(s.endpoint, 20000, &st);

	assert_non_null(client);
	assert_int_equal(
		grpc_client_call(client, "/test.Service/Block", NULL, 0, 4 * PEER_TIMEOUT_MS, &reply, &length, &st),
		-1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(grpc_client_call(client, "/test.Service/Echo", NULL, 0, 20000, &reply, &length, &st), 0);
	free(reply);
	grpc_client_close(client);
	server_thread_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_speaks_first),
		cmocka_unit_test(what_is_no_http2_gets_a_goaway_and_the_end),
		cmocka_unit_test(a_handshake_may_come_byte_by_byte),
		cmocka_unit_test(a_connection_for_each_call_leaves_nothing_behind),
		cmocka_unit_test(tcp_is_served_too),
		cmocka_unit_test(a_silent_peer_is_closed),
		cmocka_unit_test(a_request_that_never_ends_is_closed),
		cmocka_unit_test(an_answer_that_is_never_taken_is_closed),
		cmocka_unit_test(a_call_that_takes_its_time_is_not_closed),
	};

	log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
