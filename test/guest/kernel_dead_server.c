/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that takes connections and answers nothing: the kernel's own behind a proxy.  The server that lives is used with
 * another version of the protocol: the kernel's client notices that two addresses are one server and would send the
 * requests for both to one.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "guest/kernel_test.h"
#include "support/fault_proxy.h"

#define DOOMED_SERVER "localhost" /* not the name of the living one, by which csi-node tells servers apart */
#define NFS_PORT 2049
#define DEADLINE_MS 10000

static struct fault_proxy *proxy;

static int setup(void **state)
{
	proxy = fault_proxy_new(NFS_PORT);
	return fixture_setup(state);
}

/* After each test, also one that failed. */
static int wake_server(void **state)
{
	fault_proxy_set_mode(proxy, FAULT_PROXY_PASS);
	return 0;
}

static int teardown(void **state)
{
	fault_proxy_free(proxy);
	return fixture_teardown(state);
}

/* A volume of the server as it is reached through the proxy, and one of the server that stays alive. */
struct pair {
	struct csi_volume doomed, living;
};

static void pair_create(const char *doomed_version, struct pair *ret)
{
	const char *living_version = strcmp(doomed_version, "3") == 0 ? "vers=4.2" : "vers=3";
	AUTO_FREE char *flags = memory_printf("vers=%s,port=%u", doomed_version, fault_proxy_port(proxy));
	create_volume("living", living_version, NULL, 0, &ret->living);
	create_volume("doomed", living_version, NULL, 0, &ret->doomed);
	for (size_t i = 0; i < ret->doomed.context_count; i++)
		if (strcasecmp(ret->doomed.context[i].key, "server") == 0) {
			free((char *)ret->doomed.context[i].value);
			ret->doomed.context[i].value = memory_strdup(DOOMED_SERVER);
		}
	free(ret->doomed.mount_flags[0]);
	ret->doomed.mount_flags[0] = TAKE_POINTER(flags);
}

static void pair_delete(struct pair *pair)
{
	delete_volume(&pair->doomed);
	delete_volume(&pair->living);
}

/* A call that waits for the dead server, in a thread of its own. */
struct doomed_call {
	const struct csi_volume *volume;
	char target[2 * PATH_BYTES];
	struct status st;
	int rc;
	bool has_ended; /* atomic */
	pthread_t thread;
};

static void *run_doomed_publish(void *argument)
{
	struct doomed_call *call = argument;
	struct csi_client *node =
		csi_client_open(fixture_get()->node.endpoint, CSI_CLIENT_CONNECTS_ANEW, DEADLINE_MS, &call->st);
	call->rc = node ? csi_client_publish_volume(node, call->volume, call->target, false, &call->st) : -1;
	csi_client_close(node);
	__atomic_store_n(&call->has_ended, true, __ATOMIC_RELEASE);
	return NULL;
}

static void doomed_call_start(struct doomed_call *call, const struct csi_volume *volume)
{
	*call = (struct doomed_call){.volume = volume};
	(void)snprintf(call->target, sizeof(call->target), "%s", target_path("doomed-pod"));
	assert_int_equal(pthread_create(&call->thread, NULL, run_doomed_publish, call), 0);
}

static void wait_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); /* cut short: asked again */
}

/* Until the call waits for the server. */
static void wait_for_connection(unsigned accepted_before)
{
	for (int tries = 0; tries < 500 && fault_proxy_accepted_count(proxy) == accepted_before; tries++)
		wait_ms(10);
	assert_int_not_equal(fault_proxy_accepted_count(proxy), accepted_before);
}

/* The client gives up at the deadline by itself: csi-node may still be about to clean up. */
static void assert_nothing_stays(const char *target)
{
	const struct program *node = &fixture_get()->node;
	for (int tries = 0; tries < 1000 && (program_count_children(node) > 0 || path_exists(target)); tries++)
		wait_ms(10);
	assert_int_equal(program_count_children(node), 0);
	assert_false(path_exists(target));
	assert_int_equal(mounts_seen_below(fixture_get()->directory), 0);
}

static void publish_and_unpublish(const struct csi_volume *volume)
{
	struct csi_client *node = fixture_get()->node_client;
	AUTO_FREE char *target = memory_strdup(target_path("living-pod"));
	struct status st = {0};
	assert_ok(csi_client_publish_volume(node, volume, target, false, &st), &st);
	assert_ok(csi_client_unpublish_volume(node, volume->id, target, &st), &st);
}

/* State of the tests: the version that is spoken with the dead server. */

static void publish_ends_at_its_deadline_and_holds_up_nobody(void **state)
{
	struct pair pair;
	pair_create(*state, &pair);
	fault_proxy_set_mode(proxy, FAULT_PROXY_SILENT);
	unsigned accepted = fault_proxy_accepted_count(proxy);
	struct doomed_call call;
	doomed_call_start(&call, &pair.doomed);
	wait_for_connection(accepted);
	publish_and_unpublish(&pair.living);
	assert_false(__atomic_load_n(&call.has_ended, __ATOMIC_ACQUIRE));
	assert_int_equal(pthread_join(call.thread, NULL), 0);
	assert_fails(call.rc, &call.st, STATUS_DEADLINE_EXCEEDED);
	assert_nothing_stays(call.target);

	fault_proxy_set_mode(proxy, FAULT_PROXY_PASS);
	publish_and_unpublish(&pair.doomed);
	pair_delete(&pair);
}

static void volume_of_a_dead_server_is_unpublished(void **state)
{
	struct pair pair;
	pair_create(*state, &pair);
	struct csi_client *node = fixture_get()->node_client;
	AUTO_FREE char *target = memory_strdup(target_path("doomed-pod"));
	struct status st = {0};
	assert_ok(csi_client_publish_volume(node, &pair.doomed, target, false, &st), &st);
	assert_int_equal(write_file(target, "file", "before"), 0);
	fault_proxy_set_mode(proxy, FAULT_PROXY_SILENT);

	struct csi_volume_stats stats;
	csi_client_set_timeout(node, DEADLINE_MS);
	int rc = csi_client_get_volume_stats(node, pair.doomed.id, target, &stats, &st);
	csi_client_set_timeout(node, CALL_TIMEOUT_MS);
	assert_int_equal(rc, -1);
	assert_true(st.code == STATUS_DEADLINE_EXCEEDED || st.code == STATUS_UNAVAILABLE);
	publish_and_unpublish(&pair.living);

	assert_ok(csi_client_unpublish_volume(node, pair.doomed.id, target, &st), &st);
	assert_nothing_stays(target);

	fault_proxy_set_mode(proxy, FAULT_PROXY_PASS);
	assert_file_holds(server_path("doomed"), "file", "before");
	pair_delete(&pair);
}

#define TEST(test, version) \
	{ \
#test "_with_nfs_" #version, test, NULL, wake_server, (char *)#version \
	}

int run_dead_server_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(publish_ends_at_its_deadline_and_holds_up_nobody, 3),
		TEST(publish_ends_at_its_deadline_and_holds_up_nobody, 4.2),
		TEST(volume_of_a_dead_server_is_unpublished, 3),
		TEST(volume_of_a_dead_server_is_unpublished, 4.2),
	};
	return cmocka_run_group_tests_name("dead server", tests, setup, teardown);
}
