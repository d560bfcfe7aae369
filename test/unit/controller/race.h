/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two calls on one export whose operations come in an order of the test's choosing: each of the two threads does one
 * operation when it is its turn, and nothing else runs meanwhile.  So every order can be tried, and tried again.
 */
#ifndef CSICORE_TEST_CONTROLLER_RACE_H
#define CSICORE_TEST_CONTROLLER_RACE_H

#include <pthread.h>

#include "world.h"

#define RACERS 2

struct race {
	pthread_mutex_t mutex; /* guards the rest */
	pthread_cond_t moved;
	uint32_t schedule; /* whose turn the nth operation is: bit n; past its end, whoever is first */
	unsigned turns, taken;
	int running; /* -1: nobody is in an operation */
	bool is_done[RACERS];
	/* The operations that have turns; the others change nothing that matters, and run when they come. */
	bool (*has_turn)(const struct fs_memory_operation *operation);
};

struct racer {
	struct race *race;
	int number;
	int (*run)(void *context, int number, struct status *st);
	void *context;
	int result;
	struct status st;
};

static __thread int race_self = -1; /* which racer this thread is */

static inline bool race_may_run(const struct race *race)
{
	if (race->running >= 0)
		return false;
	int turn = race->taken < race->turns ? (int)(race->schedule >> race->taken & 1) : race_self;
	return turn == race_self || race->is_done[turn];
}

static inline void race_leave(struct race *race)
{
	if (race->running == race_self)
		race->running = -1;
	(void)pthread_cond_broadcast(&race->moved);
}

static inline int race_hook(void *data, const struct fs_memory_operation *operation)
{
	struct race *race = data;
	if (race_self < 0 || !race->has_turn(operation))
		return 0;
	(void)pthread_mutex_lock(&race->mutex);
	race_leave(race);
	while (!race_may_run(race))
		(void)pthread_cond_wait(&race->moved, &race->mutex);
	race->running = race_self;
	race->taken++;
	(void)pthread_mutex_unlock(&race->mutex);
	return 0;
}

static inline void *race_thread(void *argument)
{
	struct racer *racer = argument;
	race_self = racer->number;
	racer->result = racer->run(racer->context, racer->number, &racer->st);
	(void)pthread_mutex_lock(&racer->race->mutex);
	racer->race->is_done[racer->number] = true;
	race_leave(racer->race);
	(void)pthread_mutex_unlock(&racer->race->mutex);
	return NULL;
}

/* Runs both to their end, the first turns operations that have one in the order of schedule. */
static inline void race_run(struct fs *fs, struct racer racers[RACERS],
			    bool (*has_turn)(const struct fs_memory_operation *operation), uint32_t schedule,
			    unsigned turns)
{
	struct race race = {
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, schedule, turns, 0, -1, {false}, has_turn};
	pthread_t threads[RACERS];
	fs_memory_set_hook(fs, race_hook, &race);
	for (int i = 0; i < RACERS; i++) {
		racers[i].race = &race;
		racers[i].number = i;
		assert_int_equal(pthread_create(&threads[i], NULL, race_thread, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	fs_memory_set_hook(fs, NULL, NULL);
}

#endif
