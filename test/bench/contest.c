/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/contest.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "bench/mounts.h"

#define TARGET_BYTES 256

/* What the threads share. */
struct race {
	struct contest *contest;
	pthread_barrier_t barrier;
	pthread_mutex_t lock;
	bool has_failed; /* read after a barrier that follows the write */
	struct status failure;
};

/* What one thread works with. */
struct worker {
	struct race *race;
	size_t index;
	size_t round;
	struct csi_client *controller[CONTEST_DRIVER_COUNT];
	struct csi_client *node[CONTEST_DRIVER_COUNT];
	struct csi_volume volume[CONTEST_DRIVER_COUNT];
	char target[CONTESTANT_COUNT][TARGET_BYTES];
};

static int64_t now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static bool is_driver(enum contestant contestant)
{
	return contestant < CONTEST_DRIVER_COUNT;
}

/* ---- one operation of one contestant ---- */

static int create_volume(struct worker *worker, enum contestant driver, struct status *st)
{
	struct csi_volume_spec spec = worker->race->contest->spec;
	AUTO_FREE char *name =
		memory_printf("bench-%d-%d-%zu-%zu", (int)getpid(), (int)driver, worker->index, worker->round);
	spec.name = name;
	return csi_client_create_volume(worker->controller[driver], &spec, &worker->volume[driver], st);
}

static int delete_volume(struct worker *worker, enum contestant driver, struct status *st)
{
	int rc = csi_client_delete_volume(worker->controller[driver], worker->volume[driver].id, st);
	csi_volume_release(&worker->volume[driver]);
	return rc;
}

static int publish_volume(struct worker *worker, enum contestant driver, struct status *st)
{
	return csi_client_publish_volume(worker->node[driver], &worker->volume[driver], worker->target[driver], false,
					 st);
}

static int unpublish_volume(struct worker *worker, enum contestant driver, struct status *st)
{
	return csi_client_unpublish_volume(worker->node[driver], worker->volume[driver].id, worker->target[driver], st);
}

/* The first driver's volume, mounted without a driver. */
static int mount_volume(struct worker *worker, enum contestant contestant, struct status *st)
{
	const struct csi_volume *volume = &worker->volume[CONTESTANT_DRIVER];
	const struct csi_volume_spec *spec = &worker->race->contest->spec;
	AUTO_FREE char *path =
		memory_printf("%s/%s", csi_volume_context(volume, "share"), csi_volume_context(volume, "subdir"));
	const struct nfs_mount mount = {csi_volume_context(volume, "server"), path, spec->mount_flags,
					spec->mount_flag_count};
	return contestant == CONTESTANT_CALLS ? mounts_mount_by_calls(&mount, worker->target[contestant], st)
					      : mounts_mount_by_command(&mount, worker->target[contestant], st);
}

static int unmount_volume(struct worker *worker, enum contestant contestant, struct status *st)
{
	return contestant == CONTESTANT_CALLS ? mounts_unmount_by_call(worker->target[contestant], st)
					      : mounts_unmount_by_command(worker->target[contestant], st);
}

static const char *parameter(const struct csi_volume_spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->parameter_count; i++)
		if (strcmp(spec->parameters[i].key, key) == 0)
			return spec->parameters[i].value;
	return "";
}

/* The share itself, mounted by mount(8) for one change in it: what a driver does that makes volumes through mounts. */
static int change_in_mount(struct worker *worker, enum contestant contestant, int (*change)(const char *path),
			   struct status *st)
{
	const struct csi_volume_spec *spec = &worker->race->contest->spec;
	const char *target = worker->target[contestant];
	const struct nfs_mount mount = {parameter(spec, "server"), parameter(spec, "share"), spec->mount_flags,
					spec->mount_flag_count};
	AUTO_FREE char *path =
		memory_printf("%s/bench-%d-mount-%zu-%zu", target, (int)getpid(), worker->index, worker->round);
	if (mounts_mount_by_command(&mount, target, st) < 0)
		return -1;
	int result = change(path) < 0 ? status_set_errno(st, errno, "%s", path) : 0;
	struct status unmount;
	if (mounts_unmount_by_command(target, &unmount) < 0 && result == 0) {
		*st = unmount;
		return -1;
	}
	return result;
}

static int make_directory(const char *path)
{
	return mkdir(path, 0777);
}

static int create_by_mount(struct worker *worker, enum contestant contestant, struct status *st)
{
	return change_in_mount(worker, contestant, make_directory, st);
}

static int delete_by_mount(struct worker *worker, enum contestant contestant, struct status *st)
{
	return change_in_mount(worker, contestant, rmdir, st);
}

typedef int operation_fn(struct worker *worker, enum contestant contestant, struct status *st);

static operation_fn *operation_of(enum contestant contestant, enum contest_operation operation)
{
	static operation_fn *const by_driver[] = {create_volume, publish_volume, unpublish_volume, delete_volume};
	static operation_fn *const by_calls[] = {NULL, mount_volume, unmount_volume, NULL};
	static operation_fn *const by_command[] = {create_by_mount, mount_volume, unmount_volume, delete_by_mount};
	if (is_driver(contestant))
		return by_driver[operation];
	return contestant == CONTESTANT_CALLS ? by_calls[operation] : by_command[operation];
}

/* ---- phases and rounds ---- */

static void note_failure(struct race *race, const struct status *st)
{
	(void)pthread_mutex_lock(&race->lock); /* a plain mutex that this thread does not hold cannot fail */
	if (!race->has_failed)
		race->failure = *st;
	race->has_failed = true;
	(void)pthread_mutex_unlock(&race->lock);
}

/* Every thread does the operation at the same time.  False once any of them has failed. */
static bool phase(struct worker *worker, enum contestant contestant, enum contest_operation operation)
{
	struct race *race = worker->race;
	struct samples *samples = &race->contest->samples[contestant][operation];
	(void)pthread_barrier_wait(&race->barrier); /* cannot fail once it is initialised */
	int64_t start = now_ns();
	struct status st = {0};
	if (operation_of(contestant, operation)(worker, contestant, &st) < 0)
		note_failure(race, &st);
	samples->values_ns[worker->round * race->contest->concurrency + worker->index] = now_ns() - start;
	(void)pthread_barrier_wait(&race->barrier);
	if (worker->index == 0)
		samples->wall_ns += now_ns() - start;
	return !race->has_failed;
}

/* Each in turn that has such an operation. */
static bool phase_of_all(struct worker *worker, enum contest_operation operation)
{
	for (unsigned contestant = 0; contestant < CONTESTANT_COUNT; contestant++)
		if (worker->race->contest->takes_part[contestant] && operation_of(contestant, operation) &&
		    !phase(worker, contestant, operation))
			return false;
	return true;
}

static bool play_round(struct worker *worker)
{
	if (!phase_of_all(worker, CONTEST_CREATE))
		return false;
	for (unsigned i = 0; i < CONTESTANT_COUNT; i++) {
		enum contestant contestant = (worker->round + i) % CONTESTANT_COUNT;
		if (!worker->race->contest->takes_part[contestant])
			continue;
		if (!phase(worker, contestant, CONTEST_PUBLISH) || !phase(worker, contestant, CONTEST_UNPUBLISH))
			return false;
	}
	return phase_of_all(worker, CONTEST_DELETE);
}

static void *run_worker(void *argument)
{
	struct worker *worker = argument;
	for (worker->round = 0; worker->round < worker->race->contest->rounds; worker->round++)
		if (!play_round(worker))
			break;
	return NULL;
}

static void run_threads(struct worker *workers, size_t count)
{
	AUTO_FREE pthread_t *threads = memory_calloc(count, sizeof(*threads));
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, run_worker, &workers[i]) != 0)
			abort(); /* the others would wait for it at the barrier for ever */
	for (size_t i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL); /* cannot fail for a thread that was created */
}

/* ---- set-up ---- */

/* A driver makes its target itself, as the CSI specification has it; mount wants a directory. */
static int make_targets(struct worker *worker, struct status *st)
{
	static const char *const names[CONTESTANT_COUNT] = {"driver", "other", "calls", "command"};
	for (unsigned i = 0; i < CONTESTANT_COUNT; i++) {
		(void)snprintf(worker->target[i], TARGET_BYTES, "%s/%zu-%s", worker->race->contest->target_directory,
			       worker->index, names[i]);
		if (!is_driver(i) && mkdir(worker->target[i], 0755) < 0 && errno != EEXIST)
			return status_set_errno(st, errno, "mkdir %s", worker->target[i]);
	}
	return 0;
}

static int open_clients(struct worker *worker, unsigned driver, struct status *st)
{
	const struct contest *contest = worker->race->contest;
	worker->controller[driver] =
		csi_client_open(contest->controller[driver], CSI_CLIENT_KEEPS_CONNECTION, contest->timeout_ms, st);
	if (!worker->controller[driver])
		return -1;
	worker->node[driver] =
		csi_client_open(contest->node[driver], contest->node_connection, contest->timeout_ms, st);
	return worker->node[driver] ? 0 : -1;
}

static int worker_init(struct worker *worker, struct race *race, size_t index, struct status *st)
{
	*worker = (struct worker){.race = race, .index = index};
	for (unsigned driver = 0; driver < CONTEST_DRIVER_COUNT; driver++)
		if (race->contest->takes_part[driver] && open_clients(worker, driver, st) < 0)
			return -1;
	return make_targets(worker, st);
}

static void worker_release(struct worker *worker)
{
	for (unsigned i = 0; i < CONTESTANT_COUNT; i++)
		if (!is_driver(i))
			(void)rmdir(worker->target[i]); /* stays where a failed run left a mount */
	for (unsigned driver = 0; driver < CONTEST_DRIVER_COUNT; driver++) {
		csi_client_close(worker->controller[driver]);
		csi_client_close(worker->node[driver]);
		csi_volume_release(&worker->volume[driver]);
	}
}

/* The pod that runs on the node all the time. */
static int neighbour_move_in(struct worker *neighbour, struct status *st)
{
	struct contest *contest = neighbour->race->contest;
	for (unsigned driver = 0; driver < CONTEST_DRIVER_COUNT; driver++) {
		if (!contest->takes_part[driver])
			continue;
		if (create_volume(neighbour, driver, st) < 0)
			return -1;
		int64_t start = now_ns();
		if (publish_volume(neighbour, driver, st) < 0)
			return -1;
		contest->first_publish_ms[driver] = (double)(now_ns() - start) / 1e6;
	}
	return 0;
}

static int neighbour_move_out(struct worker *neighbour, struct status *st)
{
	for (unsigned driver = 0; driver < CONTEST_DRIVER_COUNT; driver++)
		if (neighbour->race->contest->takes_part[driver] &&
		    (unpublish_volume(neighbour, driver, st) < 0 || delete_volume(neighbour, driver, st) < 0))
			return -1;
	return 0;
}

/* The neighbour is the last worker, after those that have a thread. */
static int run_workers(struct race *race, struct worker *workers, size_t thread_count, struct status *st)
{
	for (size_t i = 0; i <= thread_count; i++)
		if (worker_init(&workers[i], race, i, st) < 0)
			return -1;
	if (neighbour_move_in(&workers[thread_count], st) < 0)
		return -1;
	run_threads(workers, thread_count);
	if (race->has_failed) {
		*st = race->failure;
		return -1;
	}
	return neighbour_move_out(&workers[thread_count], st);
}

int contest_run(struct contest *contest, struct status *st)
{
	struct race race = {.contest = contest, .lock = PTHREAD_MUTEX_INITIALIZER};
	if (pthread_barrier_init(&race.barrier, NULL, (unsigned)contest->concurrency) != 0)
		return status_set(st, STATUS_INTERNAL, "no barrier for %zu threads", contest->concurrency);
	for (unsigned i = 0; i < CONTESTANT_COUNT; i++)
		for (unsigned j = 0; j < CONTEST_OPERATION_COUNT; j++)
			samples_init(&contest->samples[i][j], contest->rounds * contest->concurrency);
	struct worker *workers = memory_calloc(contest->concurrency + 1, sizeof(*workers));
	int rc = run_workers(&race, workers, contest->concurrency, st);
	for (size_t i = 0; i <= contest->concurrency; i++)
		worker_release(&workers[i]);
	free(workers);
	(void)pthread_barrier_destroy(&race.barrier); /* nobody waits at it */
	return rc;
}

void contest_release(struct contest *contest)
{
	for (unsigned i = 0; i < CONTESTANT_COUNT; i++)
		for (unsigned j = 0; j < CONTEST_OPERATION_COUNT; j++)
			samples_release(&contest->samples[i][j]);
}
