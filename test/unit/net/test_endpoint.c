/* SPDX-License-Identifier: Apache-2.0 */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "support/cmocka.h"

static void every_spelling_of_a_unix_socket_is_one_path(void **state)
{
	const char *const spellings[] = {"unix:///csi/csi.sock", "unix://csi/csi.sock",  "unix:/csi/csi.sock",
					 "/csi/csi.sock",        "UNIX:///csi/csi.sock", "Unix:/csi/csi.sock"};

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct endpoint endpoint;
		struct status st;

		assert_int_equal(endpoint_parse(spellings[i], &endpoint, &st), 0);
		assert_string_equal(endpoint.path, "/csi/csi.sock");
		assert_string_equal(((struct sockaddr_un *)&endpoint.address)->sun_path, "/csi/csi.sock");
	}
}

static void tcp_addresses_are_numeric(void **state)
{
	struct endpoint endpoint;
	struct status st;

	assert_int_equal(endpoint_parse("tcp://127.0.0.1:10000", &endpoint, &st), 0);
	assert_int_equal(endpoint.address.ss_family, AF_INET);
	assert_int_equal(ntohs(((struct sockaddr_in *)&endpoint.address)->sin_port), 10000);
	assert_string_equal(endpoint.path, "");
	assert_int_equal(endpoint_parse("TCP://[::1]:1", &endpoint, &st), 0);
	assert_int_equal(endpoint.address.ss_family, AF_INET6);
	assert_int_equal(ntohs(((struct sockaddr_in6 *)&endpoint.address)->sin6_port), 1);
}

static void anything_else_is_invalid_in_one_line(void **state)
{
	const char *const bad[] = {"",
				   "csi.sock",
				   "unix:",
				   "unix://",
				   "unix:csi.sock",
				   "unix:///",
				   "unix:///csi/",
				   "/",
				   "http://x",
				   "tcp://",
				   "tcp://:1",
				   "tcp://127.0.0.1",
				   "tcp://127.0.0.1:0",
				   "tcp://127.0.0.1:65536",
				   "tcp://localhost:1",
				   "tcp://::1:1",
				   "tcp://[127.0.0.1:1",
				   "tcp://[]:1",
				   "tcp://127.0.0.1:1x",
				   "tcp://:",
				   "tcp://]:1"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct endpoint endpoint;
		struct status st;

		assert_int_equal(endpoint_parse(bad[i], &endpoint, &st), -1);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
		assert_null(strchr(st.message, '\n'));
	}
}

static void a_path_too_long_for_a_socket_names_the_limit(void **state)
{
	char text[128] = "unix://";
	struct endpoint endpoint;
	struct status st;

	memset(text + 7, 'x', 107);
	assert_int_equal(endpoint_parse(text, &endpoint, &st), -1); /* "/" and 107 bytes */
	assert_non_null(strstr(st.message, "at most 107 bytes"));
	text[7] = '/';
	assert_int_equal(endpoint_parse(text, &endpoint, &st), 0); /* exactly 107 */
	assert_int_equal(strlen(endpoint.path), 107);
}

/* ---- listening */

static char directory[] = "/tmp/test_endpoint.XXXXXX";

static struct endpoint endpoint_in(const char *name)
{
	struct endpoint endpoint = {0};
	struct status st;
	char path[100];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(endpoint_parse(path, &endpoint, &st), 0);
	return endpoint;
}

static bool answers(const struct endpoint *endpoint)
{
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_bytes) == 0;
}

static void a_socket_is_for_owner_and_group_whatever_the_umask(void **state)
{
	struct endpoint endpoint = endpoint_in("mode.sock");
	struct status st;
	struct stat info;
	mode_t before = umask(0);
	AUTO_CLOSE int fd = -1;

	assert_int_equal(endpoint_listen(&endpoint, &fd, &st), 0);
	assert_int_equal(umask(before), 0);
	assert_int_equal(stat(endpoint.path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0660);
	assert_true(answers(&endpoint));
	assert_int_equal(unlink(endpoint.path), 0);
}

static void a_dead_socket_is_replaced(void **state)
{
	struct endpoint endpoint = endpoint_in("dead.sock");
	struct status st;
	int dead = -1;

	assert_int_equal(endpoint_listen(&endpoint, &dead, &st), 0);
	assert_int_equal(close(dead), 0);
	AUTO_CLOSE int fd = -1;

	assert_int_equal(endpoint_listen(&endpoint, &fd, &st), 0);
	assert_true(answers(&endpoint));
	assert_int_equal(unlink(endpoint.path), 0);
}

static void a_living_socket_is_left_alone(void **state)
{
	struct endpoint endpoint = endpoint_in("live.sock");
	struct status st;
	AUTO_CLOSE int fd = -1;
	int second = -1;

	assert_int_equal(endpoint_listen(&endpoint, &fd, &st), 0);
	assert_int_equal(endpoint_listen(&endpoint, &second, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_non_null(strstr(st.message, "in use"));
	assert_int_equal(second, -1);
	assert_true(answers(&endpoint));
	assert_int_equal(unlink(endpoint.path), 0);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct endpoint endpoint = endpoint_in("file");
	struct status st;
	int fd = open(endpoint.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(endpoint_listen(&endpoint, &fd, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_non_null(strstr(st.message, "no socket"));
	assert_int_equal(unlink(endpoint.path), 0);
}

static void a_missing_directory_is_said(void **state)
{
	struct endpoint endpoint = endpoint_in("missing/csi.sock");
	struct status st;
	int fd = -1;

	assert_int_equal(endpoint_listen(&endpoint, &fd, &st), -1);
	assert_int_equal(st.code, STATUS_NOT_FOUND);
	assert_non_null(strstr(st.message, "missing/csi.sock"));
}

static int make_directory(void **state)
{
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_of_a_unix_socket_is_one_path),
		cmocka_unit_test(tcp_addresses_are_numeric),
		cmocka_unit_test(anything_else_is_invalid_in_one_line),
		cmocka_unit_test(a_path_too_long_for_a_socket_names_the_limit),
		cmocka_unit_test(a_socket_is_for_owner_and_group_whatever_the_umask),
		cmocka_unit_test(a_dead_socket_is_replaced),
		cmocka_unit_test(a_living_socket_is_left_alone),
		cmocka_unit_test(a_file_that_is_no_socket_is_left_alone),
		cmocka_unit_test(a_missing_directory_is_said),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
