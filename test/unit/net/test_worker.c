/* SPDX-License-Identifier: Apache-2.0 */
#include "net/worker.h"

#include <dirent.h>
#include <semaphore.h>
#include <stddef.h>

#include "base/status.h"
#include "net/loop.h"
#include "support/cmocka.h"

#define JOBS 16

struct world;

struct item {
	struct worker_job job;
	struct world *world;
	int runs, dones;
};

struct world {
	struct loop *loop;
	struct worker_pool *pool;
	struct item items[JOBS];
	int done_count, stop_after;
	sem_t gate;    /* a blocked job waits for it */
	sem_t entered; /* posted by a blocked job */
};

static void on_done(struct worker_job *job)
{
	struct item *item = (struct item *)job;

	item->dones++;
	if (++item->world->done_count == item->world->stop_after)
		loop_stop(item->world->loop);
}

static void run_quick(struct worker_job *job)
{
	((struct item *)job)->runs++;
}

static void run_blocked(struct worker_job *job)
{
	struct item *item = (struct item *)job;

	(void)sem_post(&item->world->entered);
	(void)sem_wait(&item->world->gate);
	item->runs++;
}

static void world_init(struct world *world, unsigned worker_max, unsigned queue_max, int stop_after)
{
	struct status st;

	*world = (struct world){.loop = loop_new(&st), .stop_after = stop_after};
	assert_non_null(world->loop);
	world->pool = worker_pool_new(world->loop, worker_max, queue_max, &st);
	assert_non_null(world->pool);
	assert_int_equal(sem_init(&world->gate, 0, 0) | sem_init(&world->entered, 0, 0), 0);
}

static void world_release(struct world *world)
{
	worker_pool_free(world->pool);
	loop_free(world->loop);
	assert_int_equal(sem_destroy(&world->gate) | sem_destroy(&world->entered), 0);
}

static bool submit(struct world *world, int i, void (*run)(struct worker_job *))
{
	world->items[i].world = world;
	world->items[i].job.run = run;
	world->items[i].job.done = on_done;
	return worker_pool_submit(world->pool, &world->items[i].job);
}

static int count_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int count = 0;

	assert_non_null(tasks);
	for (const struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks))
		count += entry->d_name[0] != '.';
	assert_int_equal(closedir(tasks), 0);
	return count;
}

static void every_job_runs_once_and_comes_back_once(void **state)
{
	struct world world;

	world_init(&world, 3, JOBS, JOBS);
	for (int i = 0; i < JOBS; i++)
		assert_true(submit(&world, i, run_quick));
	loop_run(world.loop);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(world.items[i].runs, 1);
		assert_int_equal(world.items[i].dones, 1);
	}
	world_release(&world);
}

static void a_pool_without_work_has_no_threads(void **state)
{
	struct world world;
	int before = count_threads();

	world_init(&world, 3, JOBS, 1);
	assert_true(count_threads() <= before); /* one of an earlier test may end meanwhile */
	world_release(&world);
}

static void blocked_jobs_get_a_thread_each_up_to_the_bound(void **state)
{
	struct world world;

	world_init(&world, 3, JOBS, 5);
	for (int i = 0; i < 5; i++)
		assert_true(submit(&world, i, run_blocked));
	for (int i = 0; i < 3; i++)
		assert_int_equal(sem_wait(&world.entered), 0);
	assert_int_equal(sem_trywait(&world.entered), -1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(sem_post(&world.gate), 0);
	loop_run(world.loop);
	assert_int_equal(world.done_count, 5);
	world_release(&world);
}

static void a_full_queue_refuses(void **state)
{
	struct world world;

	world_init(&world, 2, 1, 3);
	for (int i = 0; i < 3; i++)
		assert_true(submit(&world, i, run_blocked));
	assert_false(submit(&world, 3, run_quick));
	for (int i = 0; i < 3; i++)
		assert_int_equal(sem_post(&world.gate), 0);
	loop_run(world.loop);
	assert_int_equal(world.items[3].runs, 0);
	world_release(&world);
}

static void a_waiting_job_can_be_withdrawn_a_running_one_cannot(void **state)
{
	struct world world;

	world_init(&world, 1, 1, 2);
	assert_true(submit(&world, 0, run_blocked));
	assert_true(submit(&world, 1, run_quick));
	assert_int_equal(sem_wait(&world.entered), 0);
	assert_false(worker_pool_withdraw(world.pool, &world.items[0].job));
	assert_true(worker_pool_withdraw(world.pool, &world.items[1].job));
	assert_false(worker_pool_withdraw(world.pool, &world.items[1].job));
	assert_true(submit(&world, 2, run_quick)); /* in the place that became free */
	assert_int_equal(sem_post(&world.gate), 0);
	loop_run(world.loop);
	assert_int_equal(world.items[0].dones, 1);
	assert_int_equal(world.items[1].runs + world.items[1].dones, 0);
	assert_int_equal(world.items[2].dones, 1);
	world_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_job_runs_once_and_comes_back_once),
		cmocka_unit_test(a_pool_without_work_has_no_threads),
		cmocka_unit_test(blocked_jobs_get_a_thread_each_up_to_the_bound),
		cmocka_unit_test(a_full_queue_refuses),
		cmocka_unit_test(a_waiting_job_can_be_withdrawn_a_running_one_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
