/* SPDX-License-Identifier: Apache-2.0 */
/* Servers and networks that are slow, silent, cut off, or go away. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "nfs/nfs_test.h"
#include "support/fault_proxy.h"

#define FILES 400

static void *open_root_in_thread(void *world)
{
	return (void *)(intptr_t)world_open_root(world);
}

static void a_silent_server_delays_nobody_who_asks_another(void **state)
{
	struct fs_libnfs_config config = server_config(NFS_VERSION_4);
	struct fault_proxy *proxy = fault_proxy_new(config.nfs_port);
	struct world silent, other;
	pthread_t thread;
	void *result;

	config.nfs_port = fault_proxy_port(proxy);
	config.connect_timeout_ms = config.reply_timeout_ms = SHORT_MS;
	fault_proxy_set_mode(proxy, FAULT_PROXY_SILENT);
	world_init(&silent, &config);
	assert_int_equal(pthread_create(&thread, NULL, open_root_in_thread, &silent), 0);
	world_open(&other, NFS_VERSION_4);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_int_equal((intptr_t)result, -1);
	assert_int_equal(silent.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(silent.st.errnum, ETIMEDOUT);
	world_release(&other);
	world_release(&silent);
	fault_proxy_free(proxy);
}

static void a_server_that_was_away_is_used_again(void **state)
{
	static const enum fault_proxy_mode faults[] = {FAULT_PROXY_SILENT, FAULT_PROXY_REFUSE,
						       FAULT_PROXY_LOSE_ANSWERS};
	struct fs_libnfs_config config = server_config(NFS_VERSION_4);
	struct fault_proxy *proxy = fault_proxy_new(config.nfs_port);
	struct world w;
	struct fs_attr attr;

	config.nfs_port = fault_proxy_port(proxy);
	config.connect_timeout_ms = config.reply_timeout_ms = 2000;
	world_init(&w, &config);
	assert_int_equal(world_open_root(&w), 0);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct cancel hasty;

		cancel_init(&hasty, SHORT_MS);
		fault_proxy_set_mode(proxy, faults[i]);
		assert_int_equal(fs_get_attr(w.fs, w.root, &hasty, &attr, &w.st), -1);
		assert_true(w.st.code == STATUS_UNAVAILABLE || w.st.code == STATUS_DEADLINE_EXCEEDED);
		fault_proxy_set_mode(proxy, FAULT_PROXY_PASS);
		assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), 0);
		cancel_release(&hasty);
	}
	world_release(&w);
	fault_proxy_free(proxy);
}

static void a_connection_cut_while_idle_is_replaced(void **state)
{
	struct fs_libnfs_config config = server_config(NFS_VERSION_4);
	struct fault_proxy *proxy = fault_proxy_new(config.nfs_port);
	struct world w;
	struct fs_attr attr;

	config.nfs_port = fault_proxy_port(proxy);
	world_init(&w, &config);
	assert_int_equal(world_open_root(&w), 0);
	fault_proxy_cut(proxy);
	/* The reset may still be on its way: then the call loses the connection, and the next has another. */
	if (fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st) < 0) {
		assert_int_equal(w.st.errnum, ECONNRESET);
		assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), 0);
	}
	assert_int_equal(fault_proxy_accepted_count(proxy), 2);
	world_release(&w);
	fault_proxy_free(proxy);
}

/* Wherever the connection is cut in the answers to a create_file, a repeat finds its way. */
static void a_file_cut_off_anywhere_is_created_by_repeating(void **state)
{
	struct fs_libnfs_config config = server_config(NFS_VERSION_4);
	struct fault_proxy *proxy = fault_proxy_new(config.nfs_port);
	struct world w;

	config.nfs_port = fault_proxy_port(proxy);
	world_init(&w, &config);
	assert_int_equal(world_open_root(&w), 0);
	for (uint64_t byte = 1; byte < 400; byte += 37) {
		fault_proxy_cut_before_answer_byte(proxy, byte);
		int result = fs_create_file(w.fs, w.root, "f", 0600, "content", 7, &w.cancel, &w.st);

		if (result < 0)
			assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
		fault_proxy_cut_before_answer_byte(proxy, 0);
		result = fs_remove_file(w.fs, w.root, "f", &w.cancel, &w.st);
		assert_true(result == 0 || w.st.errnum == ENOENT);
	}
	world_release(&w);
	fault_proxy_free(proxy);
}

/* ---- many calls on their way */

/* Behind a proxy, through which a server of the version is used. */
static struct fault_proxy *open_behind_proxy(struct world *w, enum nfs_version version, int reply_timeout_ms)
{
	struct fs_libnfs_config config = server_config(version);
	struct fault_proxy *proxy = fault_proxy_new(config.nfs_port);

	config.nfs_port = fault_proxy_port(proxy);
	config.reply_timeout_ms = reply_timeout_ms;
	world_init(w, &config);
	assert_int_equal(world_open_root(w), 0);
	return proxy;
}

static void remove_directory(struct world *w, struct fs_dir *dir, const char *name)
{
	fs_close(w->fs, dir);
	assert_int_equal(fs_remove_dir(w->fs, w->root, name, &w->cancel, &w->st), 0);
}

/* One after the other would take longer than there is time. */
static void a_slow_server_is_given_many_removals_at_once(void **state)
{
	const unsigned round_trip_ms = LONG_MS / FILES * 2;

	for (size_t i = 0; i < 2; i++) {
		struct world w;
		struct fault_proxy *proxy = open_behind_proxy(&w, nfs_versions[i], LONG_MS);
		struct fs_dir *dir = world_make_files(&w, "slow", FILES);

		fault_proxy_set_delay_us(proxy, round_trip_ms * 1000 / 2);
		assert_int_equal(world_remove_files(&w, dir, FILES), 0);
		fault_proxy_set_delay_us(proxy, 0);
		remove_directory(&w, dir, "slow");
		world_release(&w);
		fault_proxy_free(proxy);
	}
}

static void a_server_that_stalls_in_an_answer_is_given_up_and_used_again(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		struct fault_proxy *proxy = open_behind_proxy(&w, nfs_versions[i], SHORT_MS);
		struct fs_dir *dir = world_make_files(&w, "stalls", FILES);

		fault_proxy_stall_before_answer_byte(proxy, 500);
		assert_int_equal(world_remove_files(&w, dir, FILES), -1);
		assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
		assert_int_equal(w.st.errnum, ETIMEDOUT);
		fault_proxy_set_mode(proxy, FAULT_PROXY_PASS);
		assert_int_equal(world_remove_files(&w, dir, FILES), 0);
		assert_int_equal(fault_proxy_accepted_count(proxy), 2);
		remove_directory(&w, dir, "stalls");
		world_release(&w);
		fault_proxy_free(proxy);
	}
}

static void a_removal_cut_off_anywhere_is_finished_by_repeating(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		struct fault_proxy *proxy = open_behind_proxy(&w, nfs_versions[i], LONG_MS);
		struct fs_dir *dir = world_make_files(&w, "cut", FILES);

		for (uint64_t byte = 1; byte < 20000; byte = byte * 3 + 1) {
			fault_proxy_cut_before_answer_byte(proxy, byte);
			if (world_remove_files(&w, dir, FILES) < 0)
				assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
		}
		fault_proxy_cut_before_answer_byte(proxy, 0);
		assert_int_equal(world_remove_files(&w, dir, FILES), 0);
		remove_directory(&w, dir, "cut");
		world_release(&w);
		fault_proxy_free(proxy);
	}
}

static void a_ping_tells_a_server_that_is_there_from_one_that_is_not(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct fs_libnfs_config config = server_config(nfs_versions[i]);
		struct fault_proxy *proxy = fault_proxy_new(config.nfs_port);
		struct world w;

		config.nfs_port = fault_proxy_port(proxy);
		config.connect_timeout_ms = SHORT_MS;
		world_init(&w, &config);
		fault_proxy_set_mode(proxy, FAULT_PROXY_SILENT);
		assert_int_equal(fs_ping(w.fs, &w.cancel, &w.st), -1);
		assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
		assert_int_equal(w.st.errnum, ETIMEDOUT);
		fault_proxy_set_mode(proxy, FAULT_PROXY_REFUSE);
		assert_int_equal(fs_ping(w.fs, &w.cancel, &w.st), -1);
		assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
		fault_proxy_set_mode(proxy, FAULT_PROXY_PASS);
		assert_int_equal(fs_ping(w.fs, &w.cancel, &w.st), 0);
		world_release(&w);
		fault_proxy_free(proxy);
	}
}

/* The last of its group: the server is gone afterwards. */
static void a_killed_server_is_unavailable_at_once(void **state)
{
	struct world w;
	struct fs_attr attr;

	world_open(&w, NFS_VERSION_4);
	assert_int_equal(kill((pid_t)nfs_test_number("CSICORE_TEST_NFS_PID"), SIGKILL), 0);
	/* Its sockets go one by one: there may be answers and resets before there is nobody to connect to. */
	for (bool is_gone = false; !is_gone; is_gone = w.st.errnum == ECONNREFUSED) {
		if (fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st) < 0)
			assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
		(void)usleep(1000);
	}
	world_release(&w);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_silent_server_delays_nobody_who_asks_another),
	cmocka_unit_test(a_server_that_was_away_is_used_again),
	cmocka_unit_test(a_connection_cut_while_idle_is_replaced),
	cmocka_unit_test(a_file_cut_off_anywhere_is_created_by_repeating),
	cmocka_unit_test(a_slow_server_is_given_many_removals_at_once),
	cmocka_unit_test(a_server_that_stalls_in_an_answer_is_given_up_and_used_again),
	cmocka_unit_test(a_removal_cut_off_anywhere_is_finished_by_repeating),
	cmocka_unit_test(a_ping_tells_a_server_that_is_there_from_one_that_is_not),
	cmocka_unit_test(a_killed_server_is_unavailable_at_once),
};
const struct nfs_group nfs_faults = NFS_GROUP("faults", tests);
