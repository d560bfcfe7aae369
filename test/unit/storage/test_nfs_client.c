/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs_client.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "support/cmocka.h"
#include "support/nfs_world.h"

static void nfs4_is_tried_first_and_remembered(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V4, NFS_VERSION_ANY);
	assert_int_equal(nfs_world_open_root(&w), 0);
	assert_int_equal(fs_libnfs_round_trips(w.fs), 1);
	nfs_world_release(&w);
}

static void nfs3_is_used_where_the_server_has_no_nfs4_and_is_remembered(void **state)
{
	struct nfs_world w;
	struct fs_dir *again;

	nfs_world_init(&w, NFS_FAKE_V3, NFS_VERSION_ANY);
	assert_int_equal(nfs_world_open_root(&w), 0);
	uint64_t before = fs_libnfs_round_trips(w.fs);

	assert_int_equal(fs_open_root(w.fs, &w.cancel, &again, &w.st), 0);
	assert_int_equal(fs_libnfs_round_trips(w.fs) - before, 1); /* no NFSv4 and no mountd again */
	fs_close(w.fs, again);
	nfs_world_release(&w);
}

static void a_root_that_went_stale_is_mounted_again(void **state)
{
	struct nfs_world w;
	struct fs_dir *again;

	nfs_world_init(&w, NFS_FAKE_V3, NFS_VERSION_3);
	nfs_fake_fail(w.fake, NFS3_GETATTR, 1, 1, NFS3ERR_STALE);
	assert_int_equal(nfs_world_open_root(&w), 0);
	assert_int_equal(fs_open_root(w.fs, &w.cancel, &again, &w.st), 0);
	assert_int_equal(nfs_fake_count(w.fake, NFS3_GETATTR), 3);
	fs_close(w.fs, again);
	nfs_world_release(&w);
}

static void a_request_put_off_by_nfs3_is_repeated(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V3, NFS_VERSION_3);
	nfs_fake_fail(w.fake, NFS3_RMDIR, 0, 2, NFS3ERR_JUKEBOX);
	assert_int_equal(nfs_world_open_root(&w), 0);
	assert_int_equal(fs_remove_dir(w.fs, w.root, "d", &w.cancel, &w.st), 0);
	assert_int_equal(nfs_fake_count(w.fake, NFS3_RMDIR), 3);
	nfs_world_release(&w);
}

static void nfs3_says_enotempty_never_eexist(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V3, NFS_VERSION_3);
	nfs_fake_fail(w.fake, NFS3_RMDIR, 0, 1, NFS3ERR_EXIST);
	assert_int_equal(nfs_world_open_root(&w), 0);
	assert_int_equal(fs_remove_dir(w.fs, w.root, "d", &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, ENOTEMPTY);
	nfs_world_release(&w);
}

static void a_share_that_is_not_there_is_enoent(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V4, NFS_VERSION_4);
	nfs_fake_fail(w.fake, OP_LOOKUP, 1, 1, NFS4ERR_NOENT);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_NOT_FOUND);
	assert_int_equal(w.st.errnum, ENOENT);
	nfs_world_release(&w);
}

static void a_refused_share_says_what_an_administrator_can_do(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V4, NFS_VERSION_4);
	nfs_fake_fail(w.fake, OP_LOOKUP, 0, 1, NFS4ERR_PERM);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_PERMISSION_DENIED);
	assert_non_null(strstr(w.st.message, "\"insecure\""));
	assert_non_null(strstr(w.st.message, "CAP_NET_BIND_SERVICE"));
	nfs_world_release(&w);
}

static void a_share_with_dot_dot_in_it_never_reaches_the_server(void **state)
{
	struct nfs_world w;
	struct nfs_fake *fake = nfs_fake_start(NFS_FAKE_V4);
	struct fs_libnfs_config config = nfs_world_config(fake, NFS_VERSION_4);

	config.share = "/srv/../etc";
	nfs_world_init_with(&w, fake, &config);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_INVALID_ARGUMENT);
	assert_int_equal(nfs_fake_connections(fake), 0);
	nfs_world_release(&w);
}

static void a_deep_share_is_walked_in_several_compounds(void **state)
{
	struct nfs_world w;
	struct nfs_fake *fake = nfs_fake_start(NFS_FAKE_V4);
	struct fs_libnfs_config config = nfs_world_config(fake, NFS_VERSION_4);

	config.share = "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t";
	nfs_world_init_with(&w, fake, &config);
	assert_int_equal(nfs_world_open_root(&w), 0);
	assert_int_equal(nfs_fake_count(fake, OP_LOOKUP), 20);
	nfs_world_release(&w);
}

static void a_name_unknown_to_the_name_service_is_not_retried_as_a_server(void **state)
{
	struct nfs_world w;
	struct nfs_fake *fake = nfs_fake_start(NFS_FAKE_V4);
	struct fs_libnfs_config config = nfs_world_config(fake, NFS_VERSION_ANY);

	config.server = "no such host";
	nfs_world_init_with(&w, fake, &config);
	assert_int_equal(nfs_world_open_root(&w), -1);
	assert_true(w.st.code == STATUS_INVALID_ARGUMENT || w.st.code == STATUS_UNAVAILABLE);
	assert_int_equal(nfs_fake_connections(fake), 0);
	nfs_world_release(&w);
}

struct worker {
	struct nfs_world *world;
	int failures;
};

static void *work(void *data)
{
	struct worker *worker = data;
	struct fs_attr attr;
	struct status st;

	for (int i = 0; i < 50; i++) {
		if (fs_lookup(worker->world->fs, worker->world->root, "d", &worker->world->cancel, &attr, &st) < 0 ||
		    fs_create_file(worker->world->fs, worker->world->root, "file", 0600, "x", 1, &worker->world->cancel,
				   &st) < 0)
			worker->failures++;
	}
	return NULL;
}

static void many_threads_share_a_bounded_number_of_connections(void **state)
{
	enum { THREADS = 8, CONNECTIONS = 4 };
	struct nfs_world w;
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	nfs_world_init(&w, NFS_FAKE_V4, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(&w), 0);
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.world = &w};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(workers[i].failures, 0);
	}
	assert_in_range(nfs_fake_connections(w.fake), 1, CONNECTIONS);
	nfs_world_release(&w);
}

/* ---- ping */

static void a_ping_is_one_call_of_the_configured_version_and_touches_no_export(void **state)
{
	static const struct {
		enum nfs_fake_kind kind;
		enum nfs_version version;
	} rows[] = {{NFS_FAKE_V4, NFS_VERSION_4}, {NFS_FAKE_V3, NFS_VERSION_3}, {NFS_FAKE_V4, NFS_VERSION_ANY}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nfs_world w;

		nfs_world_init(&w, rows[i].kind, rows[i].version);
		assert_int_equal(fs_ping(w.fs, &w.cancel, &w.st), 0);
		assert_int_equal(fs_libnfs_round_trips(w.fs), 1);
		assert_int_equal(nfs_fake_count(w.fake, 0), 1);
		nfs_world_release(&w);
	}
}

static void a_server_that_rejects_a_ping_is_there(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V3, NFS_VERSION_4);
	assert_int_equal(fs_ping(w.fs, &w.cancel, &w.st), 0);
	nfs_world_release(&w);
}

static void a_ping_goes_by_what_was_asked_for_whatever_version_works(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V3, NFS_VERSION_ANY);
	assert_int_equal(nfs_world_open_root(&w), 0);
	unsigned nulls = nfs_fake_count(w.fake, 0);

	assert_int_equal(fs_ping(w.fs, &w.cancel, &w.st), 0);
	assert_int_equal(nfs_fake_count(w.fake, 0), nulls); /* NFSv4's, which was rejected */
	nfs_world_release(&w);
}

static void a_silent_server_is_pinged_no_longer_than_connecting_may_take(void **state)
{
	struct nfs_fake *fake = nfs_fake_start(NFS_FAKE_SILENT);
	struct fs_libnfs_config config = nfs_world_config(fake, NFS_VERSION_ANY);
	struct nfs_world w;

	config.connect_timeout_ms = 100;
	nfs_world_init_with(&w, fake, &config);
	assert_int_equal(fs_ping(w.fs, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(w.st.errnum, ETIMEDOUT);
	nfs_world_release(&w);
}

static void a_ping_ends_when_its_caller_has_no_more_time(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_SILENT, NFS_VERSION_4);
	cancel_release(&w.cancel);
	cancel_init(&w.cancel, 100);
	assert_int_equal(fs_ping(w.fs, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.code, STATUS_DEADLINE_EXCEEDED);
	nfs_world_release(&w);
}

static void a_server_that_refuses_connections_is_unavailable_to_a_ping(void **state)
{
	struct nfs_fake *gone = nfs_fake_start(NFS_FAKE_V4);
	struct fs_libnfs_config config = nfs_world_config(gone, NFS_VERSION_ANY);
	struct nfs_world w;

	nfs_fake_stop(gone);
	nfs_world_init_with(&w, nfs_fake_start(NFS_FAKE_V4), &config);
	assert_int_equal(fs_ping(w.fs, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(w.st.errnum, ECONNREFUSED);
	nfs_world_release(&w);
}

static void a_ping_waits_for_no_turn(void **state)
{
	struct nfs_fake *fake = nfs_fake_start(NFS_FAKE_V4);
	struct fs_libnfs_config config = nfs_world_config(fake, NFS_VERSION_4);
	struct nfs_world w;

	config.connection_max = 1;
	nfs_world_init_with(&w, fake, &config);
	struct nfs_client *client = nfs_client_new(&config);
	struct nfs_connection *taken = nfs_client_borrow(client, NFS_VERSION_4, &w.cancel, &w.st);

	assert_non_null(taken);
	assert_int_equal(nfs_client_ping(client, &w.cancel, &w.st), 0);
	nfs_client_return(&taken);
	nfs_client_free(client);
	nfs_world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nfs4_is_tried_first_and_remembered),
		cmocka_unit_test(nfs3_is_used_where_the_server_has_no_nfs4_and_is_remembered),
		cmocka_unit_test(a_root_that_went_stale_is_mounted_again),
		cmocka_unit_test(a_request_put_off_by_nfs3_is_repeated),
		cmocka_unit_test(nfs3_says_enotempty_never_eexist),
		cmocka_unit_test(a_share_that_is_not_there_is_enoent),
		cmocka_unit_test(a_refused_share_says_what_an_administrator_can_do),
		cmocka_unit_test(a_share_with_dot_dot_in_it_never_reaches_the_server),
		cmocka_unit_test(a_deep_share_is_walked_in_several_compounds),
		cmocka_unit_test(a_name_unknown_to_the_name_service_is_not_retried_as_a_server),
		cmocka_unit_test(many_threads_share_a_bounded_number_of_connections),
		cmocka_unit_test(a_ping_is_one_call_of_the_configured_version_and_touches_no_export),
		cmocka_unit_test(a_server_that_rejects_a_ping_is_there),
		cmocka_unit_test(a_ping_goes_by_what_was_asked_for_whatever_version_works),
		cmocka_unit_test(a_silent_server_is_pinged_no_longer_than_connecting_may_take),
		cmocka_unit_test(a_ping_ends_when_its_caller_has_no_more_time),
		cmocka_unit_test(a_server_that_refuses_connections_is_unavailable_to_a_ping),
		cmocka_unit_test(a_ping_waits_for_no_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
