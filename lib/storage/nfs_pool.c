/* SPDX-License-Identifier: Apache-2.0 */
/* Turns are counted under a lock; the event descriptor only wakes those who found none, so a free turn costs no system call. */
#include "storage/nfs_pool.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"

#define NS_PER_MS 1000000
/* Where no descriptor could be had to wake waiters, they look this often. */
#define LOOK_AGAIN_MS 20

struct nfs_pool {
	pthread_mutex_t lock;
	unsigned turn_max, turns_taken, waiters;
	int turn_fd; /* a semaphore: one count for each turn given back while somebody waited; -1 where none could be had */
	struct nfs_connection **idle; /* the one used last is last */
	unsigned idle_count;
};

struct nfs_pool *nfs_pool_new(unsigned connection_max)
{
	struct nfs_pool *pool = memory_calloc(1, sizeof(*pool));

	(void)pthread_mutex_init(&pool->lock, NULL); /* cannot fail for a normal mutex */
	pool->turn_max = connection_max ? connection_max : 1;
	pool->turn_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	pool->idle = memory_calloc(pool->turn_max, sizeof(struct nfs_connection *));
	return pool;
}

void nfs_pool_free(struct nfs_pool *pool)
{
	if (!pool)
		return;
	for (unsigned i = 0; i < pool->idle_count; i++)
		nfs_connection_close(pool->idle[i]);
	if (pool->turn_fd >= 0)
		(void)close(pool->turn_fd); /* an event counter */
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool->idle);
	free(pool);
}

/* True with a turn; else the caller is counted as a waiter and must call stop_waiting(). */
static bool try_turn(struct nfs_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	bool is_free = pool->turns_taken < pool->turn_max;

	if (is_free)
		pool->turns_taken++;
	else
		pool->waiters++;
	(void)pthread_mutex_unlock(&pool->lock);
	return is_free;
}

static void stop_waiting(struct nfs_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->waiters--;
	(void)pthread_mutex_unlock(&pool->lock);
}

static int wait_for_turn(struct nfs_pool *pool, struct cancel *cancel, struct status *st)
{
	struct pollfd wait = {.fd = pool->turn_fd, .events = POLLIN};
	int ready = cancel_poll(cancel, &wait, pool->turn_fd >= 0, pool->turn_fd >= 0 ? -1 : LOOK_AGAIN_MS, st);
	eventfd_t count;

	if (ready > 0)
		(void)eventfd_read(pool->turn_fd, &count); /* another waiter may have been faster: both look again */
	return ready < 0 ? -1 : 0;
}

static int take_turn(struct nfs_pool *pool, struct cancel *cancel, struct status *st)
{
	if (cancel_check(cancel, st) < 0)
		return -1;
	while (!try_turn(pool)) {
		int result = wait_for_turn(pool, cancel, st);

		stop_waiting(pool);
		if (result < 0)
			return status_prefix(st, "all connections to the server are in use");
	}
	return 0;
}

static void give_turn_back(struct nfs_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->turns_taken--;
	bool must_wake = pool->waiters > 0;

	(void)pthread_mutex_unlock(&pool->lock);
	if (must_wake && pool->turn_fd >= 0)
		(void)eventfd_write(pool->turn_fd, 1); /* a full counter wakes as well */
}

/* Takes out of the idle ones the first, where it has been idle for too long: it is the longest so, because connections are kept
 * and taken at the end. */
static struct nfs_connection *take_expired(struct nfs_pool *pool)
{
	int64_t oldest_ns = cancel_now_ns() - (int64_t)NFS_IDLE_MAX_MS * NS_PER_MS;
	struct nfs_connection *c = NULL;

	(void)pthread_mutex_lock(&pool->lock);
	if (pool->idle_count && pool->idle[0]->idle_since_ns < oldest_ns) {
		c = pool->idle[0];
		pool->idle_count--;
		memmove(pool->idle, pool->idle + 1, pool->idle_count * sizeof(struct nfs_connection *));
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return c;
}

static struct nfs_connection *take_last(struct nfs_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	struct nfs_connection *c = pool->idle_count ? pool->idle[--pool->idle_count] : NULL;

	(void)pthread_mutex_unlock(&pool->lock);
	return c;
}

int nfs_pool_take(struct nfs_pool *pool, enum nfs_version version, struct cancel *cancel,
		  struct nfs_connection **ret_connection, struct status *st)
{
	if (take_turn(pool, cancel, st) < 0)
		return -1;
	struct nfs_connection *c;

	while ((c = take_expired(pool)) != NULL)
		nfs_connection_close(c);
	c = take_last(pool);

	while (c && (c->version != version || !nfs_connection_is_alive(c))) {
		nfs_connection_close(c);
		c = take_last(pool);
	}
	*ret_connection = c;
	return 0;
}

void nfs_pool_put(struct nfs_pool *pool, struct nfs_connection *connection)
{
	bool is_kept = connection && !connection->is_broken;

	if (is_kept) {
		connection->idle_since_ns = cancel_now_ns();
		(void)pthread_mutex_lock(&pool->lock);
		/* Never full: each idle connection had a turn of its own when it was put here. */
		pool->idle[pool->idle_count++] = connection;
		(void)pthread_mutex_unlock(&pool->lock);
	} else {
		nfs_connection_close(connection);
	}
	give_turn_back(pool);
}
