/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads for work that may block.  They start when there is work and nobody idle, up to a bound, and end after WORKER_IDLE_MS
 * without work, so a quiet process has none.  The pool belongs to the loop's thread, which alone calls these functions.
 *
 * A job is embedded in what it works for.  From worker_pool_submit() until its done callback (or a successful
 * worker_pool_withdraw()) it belongs to the pool.
 */
#ifndef CSICORE_NET_WORKER_H
#define CSICORE_NET_WORKER_H

#include <stdbool.h>
#include <sys/queue.h>

struct loop;
struct status;
struct worker_pool;

#define WORKER_IDLE_MS 10000
/* What handlers need is small, and getaddrinfo is the hungriest of what they call. */
#define WORKER_STACK_BYTES (256 * 1024)

struct worker_job {
	void (*run)(struct worker_job *job);  /* on a worker */
	void (*done)(struct worker_job *job); /* afterwards, on the loop's thread */
	TAILQ_ENTRY(worker_job) link;         /* the pool's */
	bool is_waiting;                      /* the pool's */
};

/* worker_max is at least 1; queue_max counts jobs that wait for a worker.  From here on all threads of the process share one
 * heap, whose unused memory goes back to the system when the last worker ends. */
struct worker_pool *worker_pool_new(struct loop *loop, unsigned worker_max, unsigned queue_max, struct status *st);
/* No job is left.  Waits for the threads, which are idle, to end.  NULL is fine. */
void worker_pool_free(struct worker_pool *pool);

/* False where queue_max jobs wait already, or no thread could be had. */
bool worker_pool_submit(struct worker_pool *pool, struct worker_job *job);
/* Takes back a job that no worker has begun; false where one has (its done callback will come). */
bool worker_pool_withdraw(struct worker_pool *pool, struct worker_job *job);

#endif
