/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs_connection.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/cmocka.h"
#include "support/nfs_world.h"

#define SHORT_MS 100

/* A world whose server has SHORT_MS to answer. */
static void init_hasty(struct nfs_world *w, enum nfs_fake_kind kind)
{
	struct nfs_fake *fake = nfs_fake_start(kind);
	struct fs_libnfs_config config = nfs_world_config(fake, NFS_VERSION_4);

	config.connect_timeout_ms = config.reply_timeout_ms = SHORT_MS;
	nfs_world_init_with(w, fake, &config);
}

static void a_silent_server_is_unavailable_after_the_timeout(void **state)
{
	struct nfs_world w;

	init_hasty(&w, NFS_FAKE_SILENT);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(w.st.errnum, ETIMEDOUT);
	assert_string_equal(w.st.message, "NFS server 127.0.0.1 did not answer within 100 ms");
	nfs_world_release(&w);
}

static void a_silent_server_does_not_outlast_the_callers_deadline(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_SILENT, NFS_VERSION_4);
	cancel_release(&w.cancel);
	cancel_init(&w.cancel, SHORT_MS);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_DEADLINE_EXCEEDED);
	nfs_world_release(&w);
}

static void *trigger_soon(void *cancel)
{
	(void)usleep(20000); /* the call waits by then, or finds itself cancelled: both are what is tested */
	cancel_trigger(cancel);
	return NULL;
}

static void a_cancelled_call_returns_cancelled(void **state)
{
	struct nfs_world w;
	pthread_t thread;

	nfs_world_init(&w, NFS_FAKE_SILENT, NFS_VERSION_4);
	assert_int_equal(pthread_create(&thread, NULL, trigger_soon, &w.cancel), 0);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_CANCELLED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	nfs_world_release(&w);
}

static void a_connection_with_an_unanswered_call_is_not_used_again(void **state)
{
	struct nfs_world w;

	init_hasty(&w, NFS_FAKE_SILENT);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(nfs_fake_connections(w.fake), 2);
	nfs_world_release(&w);
}

static void a_server_that_hangs_up_is_unavailable_at_once(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_CLOSING, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(w.st.errnum, ECONNRESET);
	nfs_world_release(&w);
}

static void bytes_that_are_no_rpc_are_no_answer(void **state)
{
	struct nfs_world w;

	init_hasty(&w, NFS_FAKE_GARBAGE);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
	nfs_world_release(&w);
}

static void a_refused_connection_is_unavailable_and_says_where(void **state)
{
	struct nfs_world w;
	struct nfs_fake *gone = nfs_fake_start(NFS_FAKE_V4);
	struct fs_libnfs_config config = nfs_world_config(gone, NFS_VERSION_4);
	char expected[128];

	nfs_fake_stop(gone);
	nfs_world_init_with(&w, nfs_fake_start(NFS_FAKE_V4), &config);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(w.st.errnum, ECONNREFUSED);
	(void)snprintf(expected, sizeof(expected),
		       "NFS server 127.0.0.1: connect to 127.0.0.1 port %u: Connection refused", config.nfs_port);
	assert_string_equal(w.st.message, expected);
	nfs_world_release(&w);
}

static void a_program_the_server_does_not_have_is_told_from_a_failure(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V3, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.errnum, EPROTONOSUPPORT);
	nfs_world_release(&w);
}

static void a_connection_the_server_closed_while_idle_is_replaced(void **state)
{
	struct nfs_world w;
	struct fs_attr attr;

	nfs_world_init(&w, NFS_FAKE_V4, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(&w), 0);
	nfs_fake_drop_connections(w.fake);
	/* The fake drops on its own thread, so that a call may still find the old connection, and lose it. */
	for (int i = 0; i < 100 && nfs_fake_connections(w.fake) < 2; i++) {
		if (fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st) < 0)
			assert_int_equal(w.st.errnum, ECONNRESET);
		(void)usleep(1000);
	}
	assert_int_equal(nfs_fake_connections(w.fake), 2);
	assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), 0);
	nfs_world_release(&w);
}

static void calls_one_after_the_other_share_a_connection(void **state)
{
	struct nfs_world w;
	struct fs_attr attr;

	nfs_world_init(&w, NFS_FAKE_V4, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(&w), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), 0);
	assert_int_equal(nfs_fake_connections(w.fake), 1);
	nfs_world_release(&w);
}

static int64_t process_cpu_us(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

static void an_idle_connection_costs_no_processor(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V4, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(&w), 0);
	int64_t before_us = process_cpu_us();

	(void)usleep(300000); /* a loop that spins or polls often shows in less */
	assert_in_range(process_cpu_us() - before_us, 0, 20000);
	nfs_world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_server_is_unavailable_after_the_timeout),
		cmocka_unit_test(a_silent_server_does_not_outlast_the_callers_deadline),
		cmocka_unit_test(a_cancelled_call_returns_cancelled),
		cmocka_unit_test(a_connection_with_an_unanswered_call_is_not_used_again),
		cmocka_unit_test(a_server_that_hangs_up_is_unavailable_at_once),
		cmocka_unit_test(bytes_that_are_no_rpc_are_no_answer),
		cmocka_unit_test(a_refused_connection_is_unavailable_and_says_where),
		cmocka_unit_test(a_program_the_server_does_not_have_is_told_from_a_failure),
		cmocka_unit_test(a_connection_the_server_closed_while_idle_is_replaced),
		cmocka_unit_test(calls_one_after_the_other_share_a_connection),
		cmocka_unit_test(an_idle_connection_costs_no_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
