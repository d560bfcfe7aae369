/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nfs GROUP: the libnfs back end beside a real server (test/ganesha/run), in the situations that the contract of struct fs
 * does not cover: what a server refuses, what a verb costs, and what happens when the server or the network goes away.
 * GROUP names how the server is set up: plain, nfs3, squash, privileged.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"
#include "storage/fs_libnfs.h"
#include "support/cmocka.h"
#include "support/fault_proxy.h"

#define SHORT_MS 200
#define LONG_MS 20000

static uint32_t number_of(const char *variable)
{
	const char *text = getenv(variable);
	uint32_t number = 0;

	if (!text || parse_u32(text, 10, UINT32_MAX, &number) < 0)
		fail_msg("%s is not set: run this through test/ganesha/run", variable);
	return number;
}

static struct fs_libnfs_config server_config(enum nfs_version version)
{
	return (struct fs_libnfs_config){
		.server = getenv("CSICORE_TEST_NFS_SERVER"),
		.share = getenv("CSICORE_TEST_NFS_SHARE"),
		.version = version,
		.nfs_port = (uint16_t)number_of("CSICORE_TEST_NFS_PORT"),
		.mount_port = (uint16_t)number_of("CSICORE_TEST_MOUNT_PORT"),
		.connect_timeout_ms = LONG_MS,
		.reply_timeout_ms = LONG_MS,
		.connection_max = 4,
	};
}

struct world {
	struct fs *fs;
	struct fs_dir *root;
	struct cancel cancel;
	struct status st;
};

static void init(struct world *w, const struct fs_libnfs_config *config)
{
	*w = (struct world){.fs = fs_libnfs_new(config)};
	cancel_init(&w->cancel, LONG_MS);
}

static int open_root(struct world *w)
{
	return fs_open_root(w->fs, &w->cancel, &w->root, &w->st);
}

static void open_world(struct world *w, enum nfs_version version)
{
	const struct fs_libnfs_config config = server_config(version);

	init(w, &config);
	if (open_root(w) < 0)
		fail_msg("%s", w->st.message);
}

static void release(struct world *w)
{
	fs_close(w->fs, w->root);
	fs_free(w->fs);
	cancel_release(&w->cancel);
}

/* ---- what a verb costs */

static void volume_costs_three_round_trips(enum nfs_version version)
{
	const struct fs_owner owner = {.mode = 0770, .uid = 1000, .gid = 1001};
	struct world w;

	open_world(&w, version);
	/* The first file makes the client known to an NFSv4 server. */
	assert_int_equal(fs_create_file(w.fs, w.root, "first", 0600, "x", 1, &w.cancel, &w.st), 0);
	uint64_t before = fs_libnfs_round_trips(w.fs);

	assert_int_equal(fs_create_file(w.fs, w.root, "record", 0600, "record", 6, &w.cancel, &w.st), 0);
	assert_int_equal(fs_make_dir(w.fs, w.root, "volume", &owner, &w.cancel, &w.st), 0);
	assert_int_equal(fs_libnfs_round_trips(w.fs) - before, 3);
	assert_int_equal(fs_remove_file(w.fs, w.root, "first", &w.cancel, &w.st), 0);
	assert_int_equal(fs_remove_file(w.fs, w.root, "record", &w.cancel, &w.st), 0);
	assert_int_equal(fs_remove_dir(w.fs, w.root, "volume", &w.cancel, &w.st), 0);
	release(&w);
}

static void a_volume_and_its_record_cost_three_round_trips_over_nfs3(void **state)
{
	volume_costs_three_round_trips(NFS_VERSION_3);
}

static void a_volume_and_its_record_cost_three_round_trips_over_nfs4(void **state)
{
	volume_costs_three_round_trips(NFS_VERSION_4);
}

/* ---- the share */

static void a_directory_below_the_export_can_be_the_share(void **state)
{
	static const enum nfs_version versions[] = {NFS_VERSION_3, NFS_VERSION_4};
	AUTO_FREE char *below = memory_printf("%s/below", getenv("CSICORE_TEST_NFS_DIR"));
	AUTO_FREE char *deeper = memory_printf("%s/deeper", below);
	AUTO_FREE char *share = memory_printf("%s/below/deeper", getenv("CSICORE_TEST_NFS_SHARE"));

	assert_int_equal(mkdir(below, 0755), 0);
	assert_int_equal(mkdir(deeper, 0700), 0);
	for (size_t i = 0; i < 2; i++) {
		struct fs_libnfs_config config = server_config(versions[i]);
		struct world w;
		struct fs_attr attr;

		config.share = share;
		init(&w, &config);
		assert_int_equal(open_root(&w), 0);
		assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), 0);
		assert_int_equal(attr.mode, 0700);
		release(&w);
	}
	assert_int_equal(rmdir(deeper), 0);
	assert_int_equal(rmdir(below), 0);
}

static void a_symlink_in_the_share_is_not_followed(void **state)
{
	static const enum nfs_version versions[] = {NFS_VERSION_3, NFS_VERSION_4};
	AUTO_FREE char *link = memory_printf("%s/link", getenv("CSICORE_TEST_NFS_DIR"));
	AUTO_FREE char *share = memory_printf("%s/link", getenv("CSICORE_TEST_NFS_SHARE"));

	assert_int_equal(symlink(".", link), 0);
	for (size_t i = 0; i < 2; i++) {
		struct fs_libnfs_config config = server_config(versions[i]);
		struct world w;

		config.share = share;
		init(&w, &config);
		assert_int_equal(open_root(&w), -1);
		assert_int_equal(w.st.errnum, ELOOP);
		release(&w);
	}
	assert_int_equal(unlink(link), 0);
}

static void a_share_that_nobody_exports_is_not_found(void **state)
{
	struct fs_libnfs_config config = server_config(NFS_VERSION_ANY);
	struct world w;

	config.share = "/nobody/exports/this";
	init(&w, &config);
	assert_int_equal(open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_NOT_FOUND);
	assert_int_equal(w.st.errnum, ENOENT);
	release(&w);
}

static void a_directory_removed_behind_our_back_is_stale_and_the_root_is_not(void **state)
{
	const struct fs_owner owner = {.mode = 0755, .uid = FS_KEEP, .gid = FS_KEEP};
	AUTO_FREE char *gone = memory_printf("%s/gone", getenv("CSICORE_TEST_NFS_DIR"));
	struct world w;
	struct fs_dir *dir;
	struct fs_attr attr;

	open_world(&w, NFS_VERSION_4);
	assert_int_equal(fs_make_dir(w.fs, w.root, "gone", &owner, &w.cancel, &w.st), 0);
	assert_int_equal(fs_open_dir(w.fs, w.root, "gone", &w.cancel, &dir, &w.st), 0);
	assert_int_equal(rmdir(gone), 0);
	assert_int_equal(fs_make_dir(w.fs, dir, "below", &owner, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, ESTALE);
	assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), 0);
	fs_close(w.fs, dir);
	release(&w);
}

static void nfs3_is_found_where_there_is_no_nfs4(void **state)
{
	struct world w;

	open_world(&w, NFS_VERSION_ANY);
	release(&w);
}

/* ---- what a server refuses */

static void a_squashed_root_leaves_no_directory_whose_mode_it_cannot_set(void **state)
{
	static const enum nfs_version versions[] = {NFS_VERSION_3, NFS_VERSION_4};
	/* setgid is set after creation, when the directory is user 1000's already. */
	const struct fs_owner owner = {.mode = 02755, .uid = 1000, .gid = FS_KEEP};

	assert_int_equal(chmod(getenv("CSICORE_TEST_NFS_DIR"), 0777), 0);
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		struct fs_attr attr;

		open_world(&w, versions[i]);
		assert_int_equal(fs_make_dir(w.fs, w.root, "d", &owner, &w.cancel, &w.st), -1);
		assert_int_equal(w.st.code, STATUS_PERMISSION_DENIED);
		assert_int_equal(w.st.errnum, EPERM);
		assert_int_equal(fs_lookup(w.fs, w.root, "d", &w.cancel, &attr, &w.st), -1);
		assert_int_equal(w.st.errnum, ENOENT);
		release(&w);
	}
	assert_int_equal(chmod(getenv("CSICORE_TEST_NFS_DIR"), 0755), 0);
}

static void a_squashed_root_cannot_write_into_roots_directory(void **state)
{
	const struct fs_owner owner = {.mode = 0755, .uid = FS_KEEP, .gid = FS_KEEP};
	struct world w;

	open_world(&w, NFS_VERSION_4);
	assert_int_equal(fs_make_dir(w.fs, w.root, "d", &owner, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.code, STATUS_PERMISSION_DENIED);
	assert_int_equal(w.st.errnum, EACCES);
	release(&w);
}

/* Its only test in a process of its own: without root, ports below 1024 are out of reach. */
static void a_server_that_wants_a_privileged_port_says_so(void **state)
{
	const struct fs_libnfs_config config = server_config(NFS_VERSION_3);
	struct world w;

	assert_int_equal(setuid(65534), 0);
	init(&w, &config);
	assert_int_equal(open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_PERMISSION_DENIED);
	assert_non_null(strstr(w.st.message, "\"insecure\""));
	assert_non_null(strstr(w.st.message, "CAP_NET_BIND_SERVICE"));
	release(&w);
}

/* ---- servers and networks that go away */

static void *open_root_in_thread(void *world)
{
	return (void *)(intptr_t)open_root(world);
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
	init(&silent, &config);
	assert_int_equal(pthread_create(&thread, NULL, open_root_in_thread, &silent), 0);
	open_world(&other, NFS_VERSION_4);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_int_equal((intptr_t)result, -1);
	assert_int_equal(silent.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(silent.st.errnum, ETIMEDOUT);
	release(&other);
	release(&silent);
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
	init(&w, &config);
	assert_int_equal(open_root(&w), 0);
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
	release(&w);
	fault_proxy_free(proxy);
}

static void a_connection_cut_while_idle_is_replaced(void **state)
{
	struct fs_libnfs_config config = server_config(NFS_VERSION_4);
	struct fault_proxy *proxy = fault_proxy_new(config.nfs_port);
	struct world w;
	struct fs_attr attr;

	config.nfs_port = fault_proxy_port(proxy);
	init(&w, &config);
	assert_int_equal(open_root(&w), 0);
	fault_proxy_cut(proxy);
	/* The reset may still be on its way: then the call loses the connection, and the next has another. */
	if (fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st) < 0) {
		assert_int_equal(w.st.errnum, ECONNRESET);
		assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), 0);
	}
	assert_int_equal(fault_proxy_accepted_count(proxy), 2);
	release(&w);
	fault_proxy_free(proxy);
}

/* Wherever the connection is cut in the answers to a create_file, a repeat finds its way. */
static void a_file_cut_off_anywhere_is_created_by_repeating(void **state)
{
	struct fs_libnfs_config config = server_config(NFS_VERSION_4);
	struct fault_proxy *proxy = fault_proxy_new(config.nfs_port);
	struct world w;

	config.nfs_port = fault_proxy_port(proxy);
	init(&w, &config);
	assert_int_equal(open_root(&w), 0);
	for (uint64_t byte = 1; byte < 400; byte += 37) {
		fault_proxy_cut_before_answer_byte(proxy, byte);
		int result = fs_create_file(w.fs, w.root, "f", 0600, "content", 7, &w.cancel, &w.st);

		if (result < 0)
			assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
		fault_proxy_cut_before_answer_byte(proxy, 0);
		result = fs_remove_file(w.fs, w.root, "f", &w.cancel, &w.st);
		assert_true(result == 0 || w.st.errnum == ENOENT);
	}
	release(&w);
	fault_proxy_free(proxy);
}

/* The last of its group: the server is gone afterwards. */
static void a_killed_server_is_unavailable_at_once(void **state)
{
	struct world w;
	struct fs_attr attr;

	open_world(&w, NFS_VERSION_4);
	assert_int_equal(kill((pid_t)number_of("CSICORE_TEST_NFS_PID"), SIGKILL), 0);
	/* Its sockets go one by one: there may be answers and resets before there is nobody to connect to. */
	for (bool is_gone = false; !is_gone; is_gone = w.st.errnum == ECONNREFUSED) {
		if (fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st) < 0)
			assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
		(void)usleep(1000);
	}
	release(&w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test(a_volume_and_its_record_cost_three_round_trips_over_nfs3),
		cmocka_unit_test(a_volume_and_its_record_cost_three_round_trips_over_nfs4),
		cmocka_unit_test(a_directory_below_the_export_can_be_the_share),
		cmocka_unit_test(a_symlink_in_the_share_is_not_followed),
		cmocka_unit_test(a_share_that_nobody_exports_is_not_found),
		cmocka_unit_test(a_directory_removed_behind_our_back_is_stale_and_the_root_is_not),
		cmocka_unit_test(a_silent_server_delays_nobody_who_asks_another),
		cmocka_unit_test(a_server_that_was_away_is_used_again),
		cmocka_unit_test(a_connection_cut_while_idle_is_replaced),
		cmocka_unit_test(a_file_cut_off_anywhere_is_created_by_repeating),
		cmocka_unit_test(a_killed_server_is_unavailable_at_once),
	};
	const struct CMUnitTest nfs3[] = {cmocka_unit_test(nfs3_is_found_where_there_is_no_nfs4)};
	const struct CMUnitTest squash[] = {
		/* In this order: the server remembers the root's mode from its first look. */
		cmocka_unit_test(a_squashed_root_leaves_no_directory_whose_mode_it_cannot_set),
		cmocka_unit_test(a_squashed_root_cannot_write_into_roots_directory),
	};
	const struct CMUnitTest privileged[] = {cmocka_unit_test(a_server_that_wants_a_privileged_port_says_so)};
	const char *group = argc == 2 ? argv[1] : "";

	if (strcmp(group, "plain") == 0)
		return cmocka_run_group_tests(plain, NULL, NULL);
	if (strcmp(group, "nfs3") == 0)
		return cmocka_run_group_tests(nfs3, NULL, NULL);
	if (strcmp(group, "squash") == 0)
		return cmocka_run_group_tests(squash, NULL, NULL);
	if (strcmp(group, "privileged") == 0)
		return cmocka_run_group_tests(privileged, NULL, NULL);
	(void)fprintf(stderr, "usage: nfs plain|nfs3|squash|privileged\n"); /* nobody to tell where it fails */
	return 2;
}
