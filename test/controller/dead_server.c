/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi-controller beside two NFS servers, one of which stops answering: its calls, the calls for the other, and what
 * happens when it comes back.  Both are one nfs-ganesha (test/ganesha/run), reached by two names, the dead one through a
 * proxy that can fall silent.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"
#include "support/cmocka.h"
#include "support/csi_client.h"
#include "support/fault_proxy.h"
#include "support/program.h"

#define CLIENT_TIMEOUT_MS 60000 /* never met: the controller's own bounds are what counts */
#define RECOVERY_MS 10000
#define WAITING_CALLS 150 /* more than may wait for one server */
#define GOOD_CALLS 20
#define DEAD_SERVER "127.1" /* the same address by another name */

static const char *executable, *scratch, *good_server, *share;
static char good_flags[64], dead_flags[64];
static struct fault_proxy *proxy;
static struct program controller;
static struct csi_client *client;
static struct status st;

static int start(void **state)
{
	static const char *const arguments[] = {"--connect-timeout=2s", "--reply-timeout=2s", NULL};
	uint32_t port;
	assert_int_equal(parse_u32(getenv("CSICORE_TEST_NFS_PORT"), 10, UINT16_MAX, &port), 0);
	proxy = fault_proxy_new((uint16_t)port);
	(void)snprintf(dead_flags, sizeof(dead_flags), "nfsvers=4,port=%u", fault_proxy_port(proxy));
	(void)snprintf(good_flags, sizeof(good_flags), "nfsvers=4,port=%u", port);
	if (program_start(&controller, executable, scratch, "controller", PROGRAM_AS_NOBODY, arguments, &st) < 0)
		fail_msg("%s", st.message);
	client = csi_client_open(controller.endpoint, CSI_CLIENT_KEEPS_CONNECTION, CLIENT_TIMEOUT_MS, &st);
	if (!client)
		fail_msg("%s", st.message);
	return 0;
}

static int stop(void **state)
{
	csi_client_close(client);
	assert_int_equal(program_stop(&controller), EXIT_SUCCESS);
	fault_proxy_free(proxy);
	return 0;
}

static int create_by(struct csi_client *by, const char *server, const char *name, struct status *ret)
{
	const struct string_pair parameters[] = {{"server", server}, {"share", share}};
	const char *flags = strcmp(server, DEAD_SERVER) == 0 ? dead_flags : good_flags;
	const struct csi_volume_spec spec = {.name = name,
					     .parameters = parameters,
					     .parameter_count = 2,
					     .mount_flags = &flags,
					     .mount_flag_count = 1};
	struct csi_volume volume = {0};
	int result = csi_client_create_volume(by, &spec, &volume, ret);
	csi_volume_release(&volume);
	return result;
}

static int create(const char *server, const char *name)
{
	return create_by(client, server, name, &st);
}

struct waiting_call {
	pthread_t thread;
	unsigned number;
	int result;
	struct status st;
};

static void *wait_for_dead_server(void *data)
{
	struct waiting_call *call = data;
	char name[32];
	(void)snprintf(name, sizeof(name), "dead-%u", call->number);
	struct csi_client *own =
		csi_client_open(controller.endpoint, CSI_CLIENT_KEEPS_CONNECTION, CLIENT_TIMEOUT_MS, &call->st);
	call->result = own ? create_by(own, DEAD_SERVER, name, &call->st) : -1;
	csi_client_close(own);
	return NULL;
}

static void start_waiting_calls(struct waiting_call *calls)
{
	for (unsigned i = 0; i < WAITING_CALLS; i++) {
		calls[i] = (struct waiting_call){.number = i};
		assert_int_equal(pthread_create(&calls[i].thread, NULL, wait_for_dead_server, &calls[i]), 0);
	}
}

/* Of those that waited for the server; the others were refused for their number. */
static unsigned join_waiting_calls(struct waiting_call *calls)
{
	unsigned waited = 0;
	for (unsigned i = 0; i < WAITING_CALLS; i++) {
		assert_int_equal(pthread_join(calls[i].thread, NULL), 0);
		assert_int_equal(calls[i].result, -1);
		if (calls[i].st.code != STATUS_UNAVAILABLE)
			fail_msg("call %u: %s: %s", i, status_code_name(calls[i].st.code), calls[i].st.message);
		waited += strstr(calls[i].st.message, "calls are waiting for it") == NULL;
	}
	return waited;
}

static void calls_that_wait_for_a_dead_server_harm_no_other(void **state)
{
	struct waiting_call calls[WAITING_CALLS];
	assert_int_equal(create(DEAD_SERVER, "before"), 0);
	fault_proxy_set_mode(proxy, FAULT_PROXY_SILENT);
	start_waiting_calls(calls);
	for (unsigned i = 0; i < GOOD_CALLS; i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "good-%u", i);
		if (create(good_server, name) < 0)
			fail_msg("%s: %s", name, st.message);
	}
	assert_true(join_waiting_calls(calls) > 0);
}

static void server_that_came_back_is_served_again(void **state)
{
	assert_int_equal(create(DEAD_SERVER, "before"), 0);
	for (unsigned i = 0; i < 2; i++) {
		fault_proxy_set_mode(proxy, i == 0 ? FAULT_PROXY_SILENT : FAULT_PROXY_REFUSE);
		assert_int_equal(create(DEAD_SERVER, "during"), -1);
		assert_int_equal(create(DEAD_SERVER, "during"), -1);
		assert_int_equal(st.code, STATUS_UNAVAILABLE);
		if (!strstr(st.message, "NFS server " DEAD_SERVER " does not answer, tried again in"))
			fail_msg("%s", st.message);
		fault_proxy_set_mode(proxy, FAULT_PROXY_PASS);
		csi_client_set_patience(client, RECOVERY_MS);
		if (create(DEAD_SERVER, "during") < 0)
			fail_msg("%s", st.message);
		csi_client_set_patience(client, 0);
	}
}

static void slow_server_is_not_taken_for_dead(void **state)
{
	fault_proxy_set_delay_us(proxy, 150 * 1000);
	for (unsigned i = 0; i < 3; i++)
		if (create(DEAD_SERVER, i == 0 ? "slow-0" : i == 1 ? "slow-1" : "slow-2") < 0)
			fail_msg("%s", st.message);
}

int main(int argc, char *argv[])
{
	if (argc != 3 || !getenv("CSICORE_TEST_NFS_SERVER")) {
		(void)fprintf(stderr, "usage, by test/controller/run: dead_server CSI-CONTROLLER SCRATCH-DIRECTORY\n");
		return EXIT_FAILURE;
	}
	executable = argv[1];
	scratch = argv[2];
	good_server = getenv("CSICORE_TEST_NFS_SERVER");
	share = getenv("CSICORE_TEST_NFS_SHARE");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(calls_that_wait_for_a_dead_server_harm_no_other, start, stop),
		cmocka_unit_test_setup_teardown(server_that_came_back_is_served_again, start, stop),
		cmocka_unit_test_setup_teardown(slow_server_is_not_taken_for_dead, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
