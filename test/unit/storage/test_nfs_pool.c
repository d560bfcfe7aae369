/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/status.h"
#include "storage/nfs4_compound.h"
#include "support/cmocka.h"
#include "support/nfs_fake.h"

static struct nfs_connection *connect_to(struct nfs_fake *fake, struct nfs_target *target, struct cancel *cancel)
{
	struct status st;
	struct nfs_connection *c = nfs_connection_open(target, "127.0.0.1", nfs_fake_port(fake), cancel, &st);

	assert_non_null(c);
	c->version = NFS_VERSION_4;
	return c;
}

static void a_free_turn_is_had_at_once(void **state)
{
	struct nfs_pool *pool = nfs_pool_new(2);
	struct nfs_connection *c = (struct nfs_connection *)pool;
	struct cancel cancel;
	struct status st;

	cancel_init(&cancel, 1000);
	assert_int_equal(nfs_pool_take(pool, NFS_VERSION_4, &cancel, &c, &st), 0);
	assert_null(c);
	assert_int_equal(nfs_pool_take(pool, NFS_VERSION_4, &cancel, &c, &st), 0);
	nfs_pool_put(pool, NULL);
	nfs_pool_put(pool, NULL);
	nfs_pool_free(pool);
	cancel_release(&cancel);
}

static void waiting_for_a_turn_ends_with_the_deadline(void **state)
{
	struct nfs_pool *pool = nfs_pool_new(1);
	struct nfs_connection *c;
	struct cancel cancel, hasty;
	struct status st;

	cancel_init(&cancel, -1);
	cancel_init(&hasty, 30);
	assert_int_equal(nfs_pool_take(pool, NFS_VERSION_4, &cancel, &c, &st), 0);
	assert_int_equal(nfs_pool_take(pool, NFS_VERSION_4, &hasty, &c, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	nfs_pool_put(pool, NULL);
	assert_int_equal(nfs_pool_take(pool, NFS_VERSION_4, &cancel, &c, &st), 0);
	nfs_pool_put(pool, NULL);
	nfs_pool_free(pool);
	cancel_release(&cancel);
	cancel_release(&hasty);
}

struct crowd {
	struct nfs_pool *pool;
	atomic_uint inside, most_inside, turns;
};

static void *take_turns(void *data)
{
	struct crowd *crowd = data;
	struct cancel cancel;
	struct status st;

	cancel_init(&cancel, 20000);
	for (int i = 0; i < 200; i++) {
		struct nfs_connection *c;

		if (nfs_pool_take(crowd->pool, NFS_VERSION_4, &cancel, &c, &st) < 0)
			break;
		unsigned inside = atomic_fetch_add(&crowd->inside, 1) + 1, most = atomic_load(&crowd->most_inside);

		while (inside > most && !atomic_compare_exchange_weak(&crowd->most_inside, &most, inside))
			continue;
		atomic_fetch_add(&crowd->turns, 1);
		atomic_fetch_sub(&crowd->inside, 1);
		nfs_pool_put(crowd->pool, NULL);
	}
	cancel_release(&cancel);
	return NULL;
}

static void no_more_than_the_maximum_have_a_turn_and_everybody_gets_one(void **state)
{
	enum { THREADS = 8, MAXIMUM = 2 };
	struct crowd crowd = {.pool = nfs_pool_new(MAXIMUM)};
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &crowd), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(crowd.turns, THREADS * 200);
	assert_in_range(crowd.most_inside, 1, MAXIMUM);
	nfs_pool_free(crowd.pool);
}

struct pool_world {
	struct nfs_fake *fake;
	struct nfs_target target;
	struct nfs_pool *pool;
	struct cancel cancel;
	struct status st;
};

static void init_world(struct pool_world *w)
{
	static char server[] = "127.0.0.1";

	*w = (struct pool_world){.fake = nfs_fake_start(NFS_FAKE_V4),
				 .target = {.server = server, .connect_timeout_ms = 10000, .reply_timeout_ms = 10000},
				 .pool = nfs_pool_new(2)};
	cancel_init(&w->cancel, 20000);
}

static void release_world(struct pool_world *w)
{
	nfs_pool_free(w->pool);
	nfs_fake_stop(w->fake);
	cancel_release(&w->cancel);
}

/* Puts a connection in and takes whatever then comes out; true where it is the same. */
static bool is_kept(struct pool_world *w, struct nfs_connection *c, enum nfs_version version, int64_t older_by_ns)
{
	struct nfs_connection *taken;

	assert_int_equal(nfs_pool_take(w->pool, NFS_VERSION_4, &w->cancel, &taken, &w->st), 0);
	assert_null(taken);
	nfs_pool_put(w->pool, c);
	if (older_by_ns)
		c->idle_since_ns -= older_by_ns;
	assert_int_equal(nfs_pool_take(w->pool, version, &w->cancel, &taken, &w->st), 0);
	bool is_same = taken == c;

	nfs_pool_put(w->pool, taken);
	return is_same;
}

static void a_connection_is_kept_for_the_next_turn(void **state)
{
	struct pool_world w;

	init_world(&w);
	assert_true(is_kept(&w, connect_to(w.fake, &w.target, &w.cancel), NFS_VERSION_4, 0));
	release_world(&w);
}

static void a_connection_kept_before_its_first_answer_is_good_after_the_time_to_connect(void **state)
{
	struct nfs4_answer answer = {.status = NFS4_OK};
	struct nfs4_compound q;
	struct pool_world w;

	init_world(&w);
	w.target.connect_timeout_ms = 400;
	struct nfs_connection *c = connect_to(w.fake, &w.target, &w.cancel);

	(void)usleep(450 * 1000);
	assert_true(is_kept(&w, c, NFS_VERSION_4, 0));
	nfs4_compound_init(&q);
	nfs4_add(&q, OP_PUTROOTFH);
	if (nfs4_run(c, &q, &answer, &w.cancel, &w.st) < 0)
		fail_msg("%s", w.st.message);
	release_world(&w);
}

static void a_connection_idle_for_too_long_is_not_used(void **state)
{
	struct pool_world w;

	init_world(&w);
	assert_false(is_kept(&w, connect_to(w.fake, &w.target, &w.cancel), NFS_VERSION_4,
			     (int64_t)(NFS_IDLE_MAX_MS + 1) * 1000000));
	release_world(&w);
}

static void a_connection_of_another_version_is_not_used(void **state)
{
	struct pool_world w;

	init_world(&w);
	assert_false(is_kept(&w, connect_to(w.fake, &w.target, &w.cancel), NFS_VERSION_3, 0));
	release_world(&w);
}

static void a_connection_the_server_closed_is_not_used(void **state)
{
	struct pool_world w;

	init_world(&w);
	struct nfs_connection *c = connect_to(w.fake, &w.target, &w.cancel);

	while (nfs_connection_is_alive(c)) {
		nfs_fake_drop_connections(w.fake); /* again, because it may not have accepted this one yet */
		(void)usleep(1000);
	}
	assert_false(is_kept(&w, c, NFS_VERSION_4, 0));
	release_world(&w);
}

static void a_broken_connection_is_not_kept(void **state)
{
	struct pool_world w;
	struct nfs_connection *taken;

	init_world(&w);
	struct nfs_connection *c = connect_to(w.fake, &w.target, &w.cancel);

	assert_int_equal(nfs_pool_take(w.pool, NFS_VERSION_4, &w.cancel, &taken, &w.st), 0);
	c->is_broken = true;
	nfs_pool_put(w.pool, c);
	assert_int_equal(nfs_pool_take(w.pool, NFS_VERSION_4, &w.cancel, &taken, &w.st), 0);
	assert_null(taken);
	nfs_pool_put(w.pool, NULL);
	release_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_free_turn_is_had_at_once),
		cmocka_unit_test(waiting_for_a_turn_ends_with_the_deadline),
		cmocka_unit_test(no_more_than_the_maximum_have_a_turn_and_everybody_gets_one),
		cmocka_unit_test(a_connection_is_kept_for_the_next_turn),
		cmocka_unit_test(a_connection_kept_before_its_first_answer_is_good_after_the_time_to_connect),
		cmocka_unit_test(a_connection_idle_for_too_long_is_not_used),
		cmocka_unit_test(a_connection_of_another_version_is_not_used),
		cmocka_unit_test(a_connection_the_server_closed_is_not_used),
		cmocka_unit_test(a_broken_connection_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
