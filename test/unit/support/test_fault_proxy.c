/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fault_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "support/cmocka.h"

/* A client and a server with the proxy between them; the test plays both. */
struct world {
	struct fault_proxy *proxy;
	int listener, client, server;
};

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int connect_to(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	struct sockaddr_in address = loopback(port);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	int errnum = errno;
	(void)close(fd);
	errno = errnum;
	return -1;
}

static int set_up(void **state)
{
	static struct world world;
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);
	world.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(world.listener, (struct sockaddr *)&address, size) < 0 || listen(world.listener, 8) < 0 ||
	    getsockname(world.listener, (struct sockaddr *)&address, &size) < 0)
		return -1;
	world.proxy = fault_proxy_new(ntohs(address.sin_port));
	world.client = connect_to(fault_proxy_port(world.proxy));
	world.server = accept(world.listener, NULL, NULL);
	*state = &world;
	return world.client >= 0 && world.server >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	fault_proxy_free(w->proxy);
	(void)close(w->client);
	(void)close(w->server);
	(void)close(w->listener);
	return 0;
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void assert_receives(int fd, const char *text)
{
	char bytes[64] = {0};
	assert_int_equal(recv(fd, bytes, strlen(text), MSG_WAITALL), strlen(text));
	assert_string_equal(bytes, text);
}

static void assert_reset(int fd)
{
	char byte;
	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void passes_bytes_both_ways_and_the_end(void **state)
{
	struct world *w = *state;
	send_text(w->client, "question");
	assert_receives(w->server, "question");
	send_text(w->server, "answer");
	assert_receives(w->client, "answer");
	(void)shutdown(w->client, SHUT_WR);
	char byte;
	assert_int_equal(recv(w->server, &byte, 1, 0), 0);
	send_text(w->server, "late");
	assert_receives(w->client, "late");
	assert_int_equal(fault_proxy_accepted_count(w->proxy), 1);
	assert_int_equal(fault_proxy_open_count(w->proxy), 1);
}

static void silence_holds_bytes_back_until_it_ends(void **state)
{
	struct world *w = *state;
	fault_proxy_set_mode(w->proxy, FAULT_PROXY_SILENT);
	send_text(w->client, "question");
	struct pollfd poll_server = {.fd = w->server, .events = POLLIN};
	assert_int_equal(poll(&poll_server, 1, 50), 0);
	fault_proxy_set_mode(w->proxy, FAULT_PROXY_PASS);
	assert_receives(w->server, "question");
}

static void delay_is_the_least_that_a_byte_takes(void **state)
{
	struct world *w = *state;
	fault_proxy_set_delay_us(w->proxy, 20000);
	int64_t began_ns = cancel_now_ns();
	send_text(w->client, "question");
	assert_receives(w->server, "question");
	send_text(w->server, "answer");
	assert_receives(w->client, "answer");
	assert_true(cancel_now_ns() - began_ns >= INT64_C(40000000));
}

static void cut_resets_what_is_open_and_lets_new_ones_in(void **state)
{
	struct world *w = *state;
	fault_proxy_cut(w->proxy);
	assert_reset(w->client);
	assert_int_equal(fault_proxy_open_count(w->proxy), 0);
	(void)close(w->client);
	(void)close(w->server);
	w->client = connect_to(fault_proxy_port(w->proxy));
	w->server = accept(w->listener, NULL, NULL);
	send_text(w->client, "again");
	assert_receives(w->server, "again");
}

static void refusal_ends_with_the_mode_on_the_same_port(void **state)
{
	struct world *w = *state;
	fault_proxy_set_mode(w->proxy, FAULT_PROXY_REFUSE);
	assert_reset(w->client);
	assert_int_equal(connect_to(fault_proxy_port(w->proxy)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	fault_proxy_set_mode(w->proxy, FAULT_PROXY_PASS);
	(void)close(w->client);
	w->client = connect_to(fault_proxy_port(w->proxy));
	assert_true(w->client >= 0);
}

static void lost_answers_never_arrive_but_requests_do(void **state)
{
	struct world *w = *state;
	fault_proxy_set_mode(w->proxy, FAULT_PROXY_LOSE_ANSWERS);
	send_text(w->server, "lost");
	send_text(w->client, "question");
	assert_receives(w->server, "question");
	struct pollfd poll_client = {.fd = w->client, .events = POLLIN};
	assert_int_equal(poll(&poll_client, 1, 50), 0);
	fault_proxy_set_mode(w->proxy, FAULT_PROXY_PASS);
	send_text(w->server, "kept");
	assert_receives(w->client, "kept");
}

static void cut_comes_before_the_planned_byte_of_the_answers(void **state)
{
	struct world *w = *state;
	fault_proxy_cut_before_answer_byte(w->proxy, 4);
	send_text(w->client, "a long question");
	assert_receives(w->server, "a long question");
	send_text(w->server, "abcdef");
	char bytes[8];
	ssize_t got = 0, more;
	while ((more = recv(w->client, bytes, sizeof(bytes), 0)) > 0)
		got += more;
	/* A reset may overtake bytes that were not read yet; never do more than three arrive. */
	assert_in_range(got, 0, 3);
	assert_int_equal(errno, ECONNRESET);
}

static void stall_comes_before_the_planned_byte_and_ends_with_the_mode(void **state)
{
	struct world *w = *state;
	fault_proxy_stall_before_answer_byte(w->proxy, 4);
	send_text(w->server, "abcdef");
	assert_receives(w->client, "abc");
	char byte;
	assert_int_equal(recv(w->client, &byte, 1, MSG_DONTWAIT), -1);
	fault_proxy_set_mode(w->proxy, FAULT_PROXY_PASS);
	assert_receives(w->client, "def");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(passes_bytes_both_ways_and_the_end),
		TEST(silence_holds_bytes_back_until_it_ends),
		TEST(delay_is_the_least_that_a_byte_takes),
		TEST(cut_resets_what_is_open_and_lets_new_ones_in),
		TEST(refusal_ends_with_the_mode_on_the_same_port),
		TEST(lost_answers_never_arrive_but_requests_do),
		TEST(cut_comes_before_the_planned_byte_of_the_answers),
		TEST(stall_comes_before_the_planned_byte_and_ends_with_the_mode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
