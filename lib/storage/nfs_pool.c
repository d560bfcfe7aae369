/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn that is given back goes to whoever has waited longest, and wakes nobody else: where a hundred calls wait, one descriptor
 * for all of them would wake all for each turn.  A free turn costs no system call.
 */
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
/* A waiter that no descriptor could be had for looks this often. */
#define LOOK_AGAIN_MS 20

/* Somebody without a turn, on its own stack. */
struct waiter {
	struct waiter *next;
	int fd; /* an event counter; -1 where none could be had */
	bool has_turn;
};

struct nfs_pool {
	pthread_mutex_t lock;
	unsigned turn_max, turns_taken;
	struct waiter *first, **end;  /* in the order of their coming; none while a turn is free */
	struct nfs_connection **idle; /* the one used last is last */
	unsigned idle_count;
};

struct nfs_pool *nfs_pool_new(unsigned connection_max)
{
	struct nfs_pool *pool = memory_calloc(1, sizeof(*pool));

	(void)pthread_mutex_init(&pool->lock, NULL); /* cannot fail for a normal mutex */
	pool->turn_max = connection_max ? connection_max : 1;
	pool->end = &pool->first;
	pool->idle = memory_calloc(pool->turn_max, sizeof(struct nfs_connection *));
	return pool;
}

void nfs_pool_free(struct nfs_pool *pool)
{
	if (!pool)
		return;
	for (unsigned i = 0; i < pool->idle_count; i++)
		nfs_connection_close(pool->idle[i]);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool->idle);
	free(pool);
}

/* True with a turn; else the waiter stands in the queue. */
static bool try_turn(struct nfs_pool *pool, struct waiter *waiter)
{
	(void)pthread_mutex_lock(&pool->lock);
	bool is_free = pool->turns_taken < pool->turn_max;

	if (is_free) {
		pool->turns_taken++;
	} else {
		waiter->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		*pool->end = waiter;
		pool->end = &waiter->next;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return is_free;
}

/* lock held */
static void leave_queue(struct nfs_pool *pool, struct waiter *waiter)
{
	struct waiter **at = &pool->first;

	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
	if (pool->end == &waiter->next)
		pool->end = at;
}

/* lock held */
static void pass_turn_on(struct nfs_pool *pool)
{
	struct waiter *waiter = pool->first;

	if (!waiter) {
		pool->turns_taken--;
		return;
	}
	leave_queue(pool, waiter);
	waiter->has_turn = true;
	if (waiter->fd >= 0)
		(void)eventfd_write(waiter->fd, 1); /* an empty counter takes it */
}

static bool has_turn(struct nfs_pool *pool, const struct waiter *waiter)
{
	(void)pthread_mutex_lock(&pool->lock);
	bool result = waiter->has_turn;

	(void)pthread_mutex_unlock(&pool->lock);
	return result;
}

/* The waiter gives up; a turn that it was given meanwhile is the next one's. */
static void stop_waiting(struct nfs_pool *pool, struct waiter *waiter)
{
	(void)pthread_mutex_lock(&pool->lock);
	if (waiter->has_turn)
		pass_turn_on(pool);
	else
		leave_queue(pool, waiter);
	(void)pthread_mutex_unlock(&pool->lock);
}

static int wait_for_turn(struct nfs_pool *pool, struct waiter *waiter, struct cancel *cancel, struct status *st)
{
	struct pollfd wait = {.fd = waiter->fd, .events = POLLIN};

	while (!has_turn(pool, waiter))
		if (cancel_poll(cancel, &wait, waiter->fd >= 0, waiter->fd >= 0 ? -1 : LOOK_AGAIN_MS, st) < 0) {
			stop_waiting(pool, waiter);
			return status_prefix(st, "all connections to the server are in use");
		}
	return 0;
}

static int take_turn(struct nfs_pool *pool, struct cancel *cancel, struct status *st)
{
	struct waiter waiter = {.fd = -1};

	if (cancel_check(cancel, st) < 0)
		return -1;
	if (try_turn(pool, &waiter))
		return 0;
	int result = wait_for_turn(pool, &waiter, cancel, st);

	if (waiter.fd >= 0)
		(void)close(waiter.fd); /* an event counter */
	return result;
}

static void give_turn_back(struct nfs_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	pass_turn_on(pool);
	(void)pthread_mutex_unlock(&pool->lock);
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
