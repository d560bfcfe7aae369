/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gRPC server on a thread of the test, on a unix socket of its own, with a service test.Service:
 *
 *   Echo, EchoWorker   the request's bytes again, from the loop and from a worker
 *   Block              on a worker: waits until server_thread_open_gate(), or until the call is over
 *   Stubborn           the same, but does not care whether the call is over
 *   Fail               NOT_FOUND "nothing hé%re"
 *   Big                4 MiB
 */
#ifndef CSICORE_TEST_SERVER_THREAD_H
#define CSICORE_TEST_SERVER_THREAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/status.h"
#include "grpc/server.h"

struct server_thread {
	char directory[40], endpoint[64];
	struct grpc_server_config config; /* to be changed before the start */
	struct grpc_server *server;
	pthread_t thread;
	int gate_fd;
	sem_t entered;           /* posted by each Block and Stubborn that begins */
	sem_t left;              /* and ends */
	atomic_int last_outcome; /* status code of the last that left */
	int rc;                  /* of grpc_server_run */
	struct status st;
};

/* Sets everything to usable values: 4 workers, a queue of 4, no bound on calls, a drain of 10 s. */
void server_thread_init(struct server_thread *s);
void server_thread_start(struct server_thread *s);
void server_thread_open_gate(struct server_thread *s);
/* Waits for the end of the thread; the caller has stopped the server. */
void server_thread_join(struct server_thread *s);
/* Stops it where it still runs, frees it. */
void server_thread_release(struct server_thread *s);
/* sem_wait that fails the test after 20 s. */
void server_thread_wait(sem_t *semaphore);

#endif
