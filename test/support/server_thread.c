/* SPDX-License-Identifier: Apache-2.0 */
#include "support/server_thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "grpc/call.h"
#include "grpc/service.h"

#define BIG_BYTES ((size_t)4 << 20)

static void require(int is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "server_thread: %s\n", what);
	abort();
}

static int echo(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response, struct status *st)
{
	*ret_response = request;
	return 0;
}

static int wait_for_gate(struct grpc_call *call, struct cancel *cancel, struct grpc_bytes *ret_response,
			 struct status *st)
{
	struct server_thread *s = grpc_call_user(call);
	struct pollfd gate = {.fd = s->gate_fd, .events = POLLIN};

	require(sem_post(&s->entered) == 0, "sem_post");
	int rc = cancel_poll(cancel, &gate, 1, -1, st);

	s->last_outcome = rc < 0 ? (int)st->code : STATUS_OK;
	grpc_call_log(call, "gate", rc < 0 ? "closed" : "open");
	require(sem_post(&s->left) == 0, "sem_post");
	*ret_response = (struct grpc_bytes){0};
	return rc < 0 ? -1 : 0;
}

static int block(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response, struct status *st)
{
	return wait_for_gate(call, grpc_call_cancel(call), ret_response, st);
}

static int stubborn(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response,
		    struct status *st)
{
	struct cancel never;

	cancel_init(&never, -1);
	int rc = wait_for_gate(call, &never, ret_response, st);

	cancel_release(&never);
	return rc;
}

static int fail(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response, struct status *st)
{
	return status_set(st, STATUS_NOT_FOUND, "nothing h\xC3\xA9%%re");
}

static int big(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response, struct status *st)
{
	ret_response->data = memset(arena_alloc(grpc_call_arena(call), BIG_BYTES), 'b', BIG_BYTES);
	ret_response->length = BIG_BYTES;
	return 0;
}

static const struct grpc_method methods[] = {
	{"Echo", GRPC_ON_LOOP, echo}, {"EchoWorker", GRPC_ON_WORKER, echo},   {"Block", GRPC_ON_WORKER, block},
	{"Fail", GRPC_ON_LOOP, fail}, {"Stubborn", GRPC_ON_WORKER, stubborn}, {"Big", GRPC_ON_WORKER_POLLED, big},
};
static const struct grpc_service service = {"test.Service", methods, sizeof(methods) / sizeof(methods[0])};
static const struct grpc_service *const services[] = {&service};

void server_thread_init(struct server_thread *s)
{
	memset(s, 0, sizeof(*s));
	(void)snprintf(s->directory, sizeof(s->directory), "/tmp/csicore-test.XXXXXX"); /* fits */
	require(mkdtemp(s->directory) != NULL, "mkdtemp");
	(void)snprintf(s->endpoint, sizeof(s->endpoint), "%s/csi.sock", s->directory); /* fits */
	s->gate_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	require(s->gate_fd >= 0, "eventfd");
	require(sem_init(&s->entered, 0, 0) == 0 && sem_init(&s->left, 0, 0) == 0, "sem_init");
	s->config = (struct grpc_server_config){
		.endpoint = s->endpoint,
		.services = services,
		.service_count = 1,
		.user = s,
		.worker_max = 4,
		.queue_max = 4,
		.call_timeout_ms = -1,
		.drain_timeout_ms = 10000,
	};
}

static void *run(void *user)
{
	struct server_thread *s = user;

	s->rc = grpc_server_run(s->server, &s->st);
	return NULL;
}

void server_thread_start(struct server_thread *s)
{
	s->server = grpc_server_new(&s->config, &s->st);
	require(s->server != NULL, s->st.message);
	require(pthread_create(&s->thread, NULL, run, s) == 0, "pthread_create");
}

void server_thread_open_gate(struct server_thread *s)
{
	require(eventfd_write(s->gate_fd, 1) == 0, "eventfd_write");
}

void server_thread_join(struct server_thread *s)
{
	require(pthread_join(s->thread, NULL) == 0, "pthread_join");
	s->thread = 0;
}

void server_thread_release(struct server_thread *s)
{
	server_thread_open_gate(s);
	if (s->thread) {
		grpc_server_stop(s->server);
		server_thread_join(s);
	}
	grpc_server_free(s->server);
	(void)close(s->gate_fd); /* nothing to lose in an event counter */
	require(sem_destroy(&s->entered) == 0 && sem_destroy(&s->left) == 0, "sem_destroy");
	require(rmdir(s->directory) == 0, "the socket was left behind");
}

void server_thread_wait(sem_t *semaphore)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_REALTIME, &end); /* cannot fail for this clock */
	end.tv_sec += 20;
	require(sem_timedwait(semaphore, &end) == 0, "nothing happened for 20 s");
}
