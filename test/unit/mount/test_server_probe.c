/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/server_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/status.h"
#include "mount/nfs_options.h"
#include "support/cmocka.h"

#define SILENCE_MS 50

/* A listening socket of 127.0.0.1; connections are taken by the kernel, who does not answer. */
struct listener {
	int fd;
	uint16_t port;
};

static struct listener listener_open(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct listener listener = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

	assert_int_equal(bind(listener.fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(listener.fd, 4), 0);
	assert_int_equal(getsockname(listener.fd, (struct sockaddr *)&address, &length), 0);
	listener.port = ntohs(address.sin_port);
	return listener;
}

typedef int probe_verb(const struct server_probe *probe, const char *address, struct cancel *cancel, struct status *st);

static int probe_by(probe_verb *verb, uint16_t port, int timeout_ms, struct status *st)
{
	const struct server_probe probe = {port, 100003, 4};
	struct cancel cancel;

	cancel_init(&cancel, timeout_ms);
	int outcome = verb(&probe, "127.0.0.1", &cancel, st);

	cancel_release(&cancel);
	return outcome;
}

static int run_probe(uint16_t port, int timeout_ms, struct status *st)
{
	return probe_by(server_probe_run, port, timeout_ms, st);
}

/* Takes one call, keeps it and answers a single byte. */
struct answerer {
	int listener_fd;
	uint32_t call[11];
	ssize_t call_bytes;
};

static void *answer_once(void *argument)
{
	struct answerer *answerer = argument;
	int fd = accept(answerer->listener_fd, NULL, NULL);

	answerer->call_bytes = recv(fd, answerer->call, sizeof(answerer->call), MSG_WAITALL);
	(void)send(fd, "", 1, MSG_NOSIGNAL); /* the probe fails where it gets lost */
	(void)close(fd);
	return NULL;
}

static void server_that_answers_is_there(void **state)
{
	struct listener listener = listener_open();
	struct answerer answerer = {.listener_fd = listener.fd};
	pthread_t thread;
	struct status st = {0};

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, answer_once, &answerer), 0);
	int outcome = run_probe(listener.port, 10000, &st);

	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(listener.fd);
	assert_string_equal(st.message, "");
	assert_int_equal(outcome, 0);
	/* The NULL procedure of NFS version 4: RFC 5531, section 9. */
	const uint32_t expected[11] = {0x80000028, 1, 0, 2, 100003, 4, 0, 0, 0, 0, 0};

	assert_int_equal(answerer.call_bytes, sizeof(expected));
	for (size_t i = 0; i < 11; i++)
		assert_int_equal(ntohl(answerer.call[i]), expected[i]);
}

static void silent_server_ends_at_the_deadline(void **state)
{
	struct listener listener = listener_open();
	struct status st = {0};

	(void)state;
	int outcome = run_probe(listener.port, SILENCE_MS, &st);

	(void)close(listener.fd);
	assert_int_equal(outcome, -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	assert_non_null(strstr(st.message, "takes connections and does not answer"));
}

static void refused_connection_is_left_to_the_kernel(void **state)
{
	struct listener listener = listener_open();
	struct status st = {0};

	(void)state;
	(void)close(listener.fd);
	assert_int_equal(run_probe(listener.port, 10000, &st), 0);
}

static void who_asks_is_told_of_a_refused_connection(void **state)
{
	struct listener listener = listener_open();
	struct status st = {0};

	(void)state;
	(void)close(listener.fd);
	assert_int_equal(probe_by(server_probe_ask, listener.port, 10000, &st), -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
	assert_int_equal(st.errnum, ECONNREFUSED);
}

static void *cut_once(void *argument)
{
	const struct listener *listener = argument;

	(void)close(accept(listener->fd, NULL, NULL));
	return NULL;
}

static void who_asks_is_told_of_a_connection_that_is_cut(void **state)
{
	struct listener listener = listener_open();
	struct status st = {0};
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, cut_once, &listener), 0);
	assert_int_equal(probe_by(server_probe_ask, listener.port, 10000, &st), -1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(listener.fd);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
}

static void address_that_is_none_is_left_to_the_kernel(void **state)
{
	const struct server_probe probe = {2049, 100003, 4};
	struct cancel cancel;
	struct status st = {0};

	(void)state;
	cancel_init(&cancel, 10000);
	assert_int_equal(server_probe_run(&probe, "not an address", &cancel, &st), 0);
	cancel_release(&cancel);
}

/* port 0: no probe. */
static void expect_target(const char *options_text, const char *version, uint16_t port, uint32_t program)
{
	struct arena arena;
	struct nfs_options options;
	struct server_probe probe = {0};
	struct status st = {0};

	arena_init(&arena, 65536);
	assert_int_equal(nfs_options_parse(&arena, &options_text, 1, &options, &st), 0);
	bool is_wanted = server_probe_init(&probe, &options, version);

	arena_release(&arena);
	assert_int_equal(is_wanted, port != 0);
	assert_int_equal(probe.port, port);
	assert_int_equal(probe.program, program);
}

static void probe_goes_where_the_kernel_asks_first(void **state)
{
	(void)state;
	expect_target("", "4.2", 2049, 100003);
	expect_target("port=20490", "4.1", 20490, 100003);
	expect_target("port=1,port=2", "4.1", 2, 100003);
	expect_target("", "3", 111, 100000);
	expect_target("port=20490", "3", 20490, 100003);
	expect_target("proto=tcp6", "4.0", 2049, 100003);
	expect_target("port=none", "4.0", 2049, 100003);
}

static void other_transports_are_not_probed(void **state)
{
	(void)state;
	expect_target("proto=rdma", "4.2", 0, 0);
	expect_target("rdma", "4.2", 0, 0);
	expect_target("proto=udp", "3", 0, 0);
	expect_target("xprtsec=tls", "4.2", 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_that_answers_is_there),
		cmocka_unit_test(silent_server_ends_at_the_deadline),
		cmocka_unit_test(refused_connection_is_left_to_the_kernel),
		cmocka_unit_test(who_asks_is_told_of_a_refused_connection),
		cmocka_unit_test(who_asks_is_told_of_a_connection_that_is_cut),
		cmocka_unit_test(address_that_is_none_is_left_to_the_kernel),
		cmocka_unit_test(probe_goes_where_the_kernel_asks_first),
		cmocka_unit_test(other_transports_are_not_probed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
