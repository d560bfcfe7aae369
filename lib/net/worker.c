/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mutex guards two queues: jobs that wait for a worker, and jobs that wait for the loop.  A job's content passes from
 * thread to thread under it, so the jobs need no locks of their own.
 */
#include "net/worker.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "net/loop.h"

TAILQ_HEAD(job_queue, worker_job);

struct worker_pool {
	struct loop_wakeup *wakeup;
	unsigned worker_max, queue_max;

	pthread_mutex_t mutex;      /* guards all below */
	pthread_cond_t has_work;    /* a job waits, or the pool is closing */
	pthread_cond_t has_no_more; /* the last thread is gone */
	struct job_queue waiting, done;
	unsigned waiting_count;
	unsigned running_count;
	unsigned thread_count, idle_count;
	bool is_closing;
};

static void lock(struct worker_pool *pool)
{
	(void)pthread_mutex_lock(&pool->mutex); /* cannot fail: a normal mutex that this thread does not hold */
}

static void unlock(struct worker_pool *pool)
{
	(void)pthread_mutex_unlock(&pool->mutex);
}

static void run_done_callbacks(void *user)
{
	struct worker_pool *pool = user;
	struct job_queue done = TAILQ_HEAD_INITIALIZER(done);

	lock(pool);
	TAILQ_CONCAT(&done, &pool->done, link);
	unlock(pool);
	while (!TAILQ_EMPTY(&done)) {
		struct worker_job *job = TAILQ_FIRST(&done);

		TAILQ_REMOVE(&done, job, link);
		job->done(job);
	}
}

/* With the mutex held.  False after WORKER_IDLE_MS without a job, or at the end of the pool. */
static bool wait_for_work(struct worker_pool *pool)
{
	struct timespec end;
	int rc = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &end); /* cannot fail for this clock */
	end.tv_sec += WORKER_IDLE_MS / 1000;
	pool->idle_count++;
	while (TAILQ_EMPTY(&pool->waiting) && !pool->is_closing && rc == 0)
		rc = pthread_cond_timedwait(&pool->has_work, &pool->mutex, &end);
	pool->idle_count--;
	return !TAILQ_EMPTY(&pool->waiting);
}

/* With the mutex held. */
static void remove_waiting(struct worker_pool *pool, struct worker_job *job)
{
	TAILQ_REMOVE(&pool->waiting, job, link);
	job->is_waiting = false;
	pool->waiting_count--;
}

/* With the mutex held, which is let go while the job runs. */
static void run_first_job(struct worker_pool *pool)
{
	struct worker_job *job = TAILQ_FIRST(&pool->waiting);

	remove_waiting(pool, job);
	pool->running_count++;
	unlock(pool);
	job->run(job);
	lock(pool);
	pool->running_count--;
	bool is_first = TAILQ_EMPTY(&pool->done);

	TAILQ_INSERT_TAIL(&pool->done, job, link);
	if (is_first)
		loop_wakeup_send(pool->wakeup);
}

static void *work(void *user)
{
	struct worker_pool *pool = user;

	lock(pool);
	while (!TAILQ_EMPTY(&pool->waiting) || wait_for_work(pool))
		run_first_job(pool);
	bool is_last = --pool->thread_count == 0;

	if (is_last)
		(void)pthread_cond_signal(&pool->has_no_more); /* cannot fail */
	unlock(pool);
	/* The pool may be gone by now; the process falls quiet. */
	if (is_last)
		(void)malloc_trim(0); /* tells whether there was memory to give back */
	return NULL;
}

/* With the mutex held.  Signals are the loop's business: a handler's system calls are not to be interrupted by them. */
static bool start_thread(struct worker_pool *pool)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	(void)pthread_attr_setstacksize(&attributes, WORKER_STACK_BYTES);        /* a valid size */
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED); /* a valid state */
	(void)sigfillset(&all);                                                  /* cannot fail */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);                       /* cannot fail */
	bool is_started = pthread_create(&thread, &attributes, work, pool) == 0;

	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes); /* cannot fail */
	pool->thread_count += is_started;
	return is_started;
}

/*
 * With the mutex held: sees to it that somebody takes the job just queued.  Idle threads that were signalled but have not
 * run yet still count as idle, and their jobs as waiting, so comparing the two tells whether one more is needed.
 */
static bool provide_worker(struct worker_pool *pool)
{
	if (pool->idle_count > 0)
		(void)pthread_cond_signal(&pool->has_work); /* cannot fail */
	if (pool->waiting_count > pool->idle_count && pool->thread_count < pool->worker_max && start_thread(pool))
		return true;
	return pool->thread_count > 0; /* one that is idle, or busy and takes it later */
}

bool worker_pool_submit(struct worker_pool *pool, struct worker_job *job)
{
	lock(pool);
	bool has_room = pool->waiting_count + pool->running_count < pool->worker_max + pool->queue_max;

	if (has_room) {
		TAILQ_INSERT_TAIL(&pool->waiting, job, link);
		job->is_waiting = true;
		pool->waiting_count++;
		has_room = provide_worker(pool);
		if (!has_room)
			remove_waiting(pool, job);
	}
	unlock(pool);
	return has_room;
}

bool worker_pool_withdraw(struct worker_pool *pool, struct worker_job *job)
{
	lock(pool);
	bool is_withdrawn = job->is_waiting;

	if (is_withdrawn)
		remove_waiting(pool, job);
	unlock(pool);
	return is_withdrawn;
}

struct worker_pool *worker_pool_new(struct loop *loop, unsigned worker_max, unsigned queue_max, struct status *st)
{
	struct worker_pool *pool = memory_calloc(1, sizeof(*pool));
	pthread_condattr_t attributes;

	pool->wakeup = loop_wakeup_new(loop, run_done_callbacks, pool, st);
	if (!pool->wakeup) {
		free(pool);
		return NULL;
	}
	/* glibc's heap for each thread keeps what a burst of calls needed; with one for all, the next burst reuses it. */
	(void)mallopt(M_ARENA_MAX, 1); /* fails for bad values alone */
	pool->worker_max = worker_max;
	pool->queue_max = queue_max;
	TAILQ_INIT(&pool->waiting);
	TAILQ_INIT(&pool->done);
	/* Of these, glibc's fail for bad arguments alone. */
	(void)pthread_mutex_init(&pool->mutex, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&pool->has_work, &attributes);
	(void)pthread_cond_init(&pool->has_no_more, NULL);
	(void)pthread_condattr_destroy(&attributes);
	return pool;
}

void worker_pool_free(struct worker_pool *pool)
{
	if (!pool)
		return;
	lock(pool);
	pool->is_closing = true;
	(void)pthread_cond_broadcast(&pool->has_work); /* cannot fail */
	while (pool->thread_count > 0)
		(void)pthread_cond_wait(&pool->has_no_more, &pool->mutex); /* cannot fail */
	unlock(pool);
	loop_wakeup_free(pool->wakeup);
	(void)pthread_cond_destroy(&pool->has_work); /* nobody is left to use them */
	(void)pthread_cond_destroy(&pool->has_no_more);
	(void)pthread_mutex_destroy(&pool->mutex);
	free(pool);
}
