/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts loop, listener, connections and workers together.  All of it runs on the loop's thread, but for run_on_worker(), which
 * touches nothing but the call it was lent.
 */
#include "grpc/server.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "grpc/call_private.h"
#include "net/connection.h"
#include "net/endpoint.h"
#include "net/listener.h"
#include "net/loop.h"

/* Between the GOAWAY that announces the stop and the one that means it: requests already on their way still arrive. */
#define ANNOUNCE_MS 100
#define TROUBLE_LOG_INTERVAL_NS ((int64_t)10 * 1000000000)
/* Of all messages that wait for their clients to take them; a small one always has room. */
#define UNSENT_BYTES_MAX ((size_t)64 << 20)
#define SMALL_MESSAGE_BYTES ((size_t)64 << 10)

enum phase {
	SERVING,
	ANNOUNCED,  /* no listener any more; clients were told to go */
	DRAINING,   /* no new requests; those in flight run on */
	UNWINDING,  /* those in flight are cancelled */
	ABANDONING, /* and would not end */
};

struct grpc_server {
	struct grpc_server_config config;
	struct loop *loop;
	struct connection_set *connections;
	struct listener *listener; /* NULL once the stop began */
	struct worker_pool *workers;
	struct loop_wakeup *stop_wakeup;
	struct loop_signal *sigterm, *sigint; /* while it runs */
	struct loop_timer *phase_timer;
	struct grpc_deadlines deadlines;
	LIST_HEAD(, grpc_call) lent; /* calls with a worker, or waiting for one */
	size_t unsent_bytes;         /* bodies of the answers whose streams are open */
	enum phase phase;
	int64_t trouble_logged_ns; /* 0: never */
};

/* ---- calls */

static void end_if_drained(struct grpc_server *server)
{
	if (server->phase != SERVING && LIST_EMPTY(&server->lent) && connection_set_count(server->connections) == 0)
		loop_stop(server->loop);
}

static void send_reply(struct grpc_call *call, enum status_code code)
{
	call->is_answered = true;
	call->answered = code;
	call->server->unsent_bytes += call->reply.response.body_bytes;
	connection_respond(call->connection, call->stream_id, &call->reply.response);
}

static void check_unsent(struct grpc_call *call)
{
	size_t length = call->st.code == STATUS_OK ? call->response.length : 0;
	size_t unsent_bytes = call->server->unsent_bytes;

	if (length > SMALL_MESSAGE_BYTES &&
	    (unsent_bytes > UNSENT_BYTES_MAX || length > UNSENT_BYTES_MAX - unsent_bytes))
		(void)status_set(&call->st, STATUS_RESOURCE_EXHAUSTED,
				 "%zu bytes of answers wait for clients to take them", unsent_bytes); /* always -1 */
}

/* A client may be slow to take the answer, so from here on the call holds nothing else. */
static void answer(struct grpc_call *call, const struct grpc_refusal *refusal)
{
	struct arena used = call->arena;

	arena_init(&call->arena, GRPC_CALL_ARENA_BYTES);
	if (call->st.code == STATUS_OK)
		grpc_reply_message(&call->reply, &call->arena, call->response);
	else
		grpc_reply_status(&call->reply, &call->arena, &call->st, refusal);
	arena_release(&used);
	strbuf_release(&call->request->body);
	send_reply(call, call->st.code);
}

/* The method has ended: answers its client, if that still waits. */
static void end_call(struct grpc_call *call, const struct grpc_refusal *refusal)
{
	bool is_awaited = call->connection && !call->is_answered;

	if (is_awaited) {
		check_unsent(call);
		call->answered = call->st.code;
	}
	grpc_call_log_end(call); /* some of its fields are in the arena */
	if (is_awaited)
		answer(call, refusal);
	if (!call->connection)
		grpc_call_free(call);
}

static void take_back(struct grpc_call *call)
{
	struct grpc_server *server = call->server;

	call->is_lent = false;
	LIST_REMOVE(call, lent_link);
	grpc_deadlines_remove(&server->deadlines, &call->deadline);
	end_call(call, NULL);
	end_if_drained(server);
}

static struct grpc_call *call_of_job(struct worker_job *job)
{
	return (struct grpc_call *)((char *)job - offsetof(struct grpc_call, job));
}

static void run_on_worker(struct worker_job *job)
{
	grpc_call_run(call_of_job(job));
}

static void on_job_done(struct worker_job *job)
{
	take_back(call_of_job(job));
}

/* Nobody waits for this call any more: its method is told, or, where it has not begun, never runs. */
static void give_up(struct grpc_call *call)
{
	struct grpc_server *server = call->server;

	if (worker_pool_withdraw(server->workers, &call->job)) {
		(void)cancel_check(&call->cancel, &call->st); /* over, so it fills the status */
		take_back(call);
	}
}

static void on_deadline(void *user, struct grpc_deadline *deadline)
{
	struct grpc_call *call = (struct grpc_call *)((char *)deadline - offsetof(struct grpc_call, deadline));

	if (call->connection) {
		grpc_reply_deadline_exceeded(&call->reply);
		send_reply(call, STATUS_DEADLINE_EXCEEDED);
	}
	give_up(call);
}

static void lend(struct grpc_server *server, struct grpc_call *call)
{
	call->job.run = run_on_worker;
	call->job.done = on_job_done;
	if (!worker_pool_submit(server->workers, &call->job)) {
		(void)status_set(&call->st, STATUS_UNAVAILABLE, "the server is busy: %u calls run and %u wait",
				 server->config.worker_max, server->config.queue_max); /* always -1 */
		end_call(call, NULL);
		return;
	}
	call->is_lent = true;
	LIST_INSERT_HEAD(&server->lent, call, lent_link);
	grpc_deadlines_add(&server->deadlines, &call->deadline, call->cancel.deadline_ns);
}

/* The client's timeout or the server's, whichever is shorter; negative for none. */
static int64_t bound_timeout(int64_t client_ms, int64_t server_ms)
{
	if (client_ms < 0 || (server_ms >= 0 && server_ms < client_ms))
		return server_ms;
	return client_ms;
}

static void *on_request(void *user, struct connection *connection, int32_t stream_id, struct http2_request *http)
{
	struct grpc_server *server = user;
	const struct grpc_server_config *config = &server->config;
	struct grpc_call *call = grpc_call_new(server, config->user, connection, stream_id, http);
	struct grpc_request request;
	struct grpc_refusal refusal;

	if (grpc_request_judge(http, config->services, config->service_count, &request, &refusal, &call->st) < 0) {
		end_call(call, &refusal);
		return call;
	}
	grpc_call_start(call, &request, bound_timeout(request.timeout_ms, config->call_timeout_ms));
	if (call->method->dispatch == GRPC_ON_LOOP) {
		grpc_call_run(call);
		end_call(call, NULL);
	} else {
		lend(server, call);
	}
	return call;
}

static void on_stream_closed(void *user, void *context, uint32_t error_code)
{
	struct grpc_server *server = user;
	struct grpc_call *call = context;

	call->connection = NULL;
	if (call->is_answered)
		server->unsent_bytes -= call->reply.response.body_bytes;
	if (!call->is_lent) {
		grpc_call_free(call);
		return;
	}
	if (call->is_answered)
		return; /* at its deadline, which its method observes anyway */
	call->answered = STATUS_CANCELLED;
	cancel_trigger(&call->cancel);
	give_up(call);
}

/* ---- connections */

static void on_connection_closed(void *user)
{
	struct grpc_server *server = user;

	if (server->listener)
		listener_resume(server->listener);
	end_if_drained(server);
}

static void on_listener_trouble(void *user, const struct status *st)
{
	struct grpc_server *server = user;
	int64_t now_ns = cancel_now_ns();

	if (server->trouble_logged_ns != 0 && now_ns - server->trouble_logged_ns < TROUBLE_LOG_INTERVAL_NS)
		return;
	server->trouble_logged_ns = now_ns;
	log_event(LOG_WARNING, "connections", LOG_TEXT("message", st->message));
}

/* ---- the stop */

static void cancel_all(struct grpc_server *server)
{
	struct grpc_call *call, *next;

	for (call = LIST_FIRST(&server->lent); call; call = next) {
		next = LIST_NEXT(call, lent_link);
		cancel_trigger(&call->cancel);
		give_up(call);
	}
}

static void enter(struct grpc_server *server, enum phase phase, int64_t timeout_ms)
{
	server->phase = phase;
	loop_timer_start(server->phase_timer, timeout_ms);
}

static void next_phase(void *user)
{
	struct grpc_server *server = user;
	int64_t drain_ms = server->config.drain_timeout_ms;

	switch (server->phase) {
	case SERVING:
		log_event(LOG_INFO, "stopping", LOG_TEXT("endpoint", server->config.endpoint));
		listener_close(TAKE_POINTER(server->listener));
		connection_set_announce_shutdown(server->connections);
		enter(server, ANNOUNCED, drain_ms < ANNOUNCE_MS ? drain_ms : ANNOUNCE_MS);
		break;
	case ANNOUNCED:
		connection_set_shutdown(server->connections);
		enter(server, DRAINING, drain_ms - ANNOUNCE_MS);
		break;
	case DRAINING:
		enter(server, UNWINDING, GRPC_SERVER_UNWIND_MS);
		cancel_all(server);
		break;
	default:
		server->phase = ABANDONING;
		loop_stop(server->loop);
		return;
	}
	end_if_drained(server);
}

/* A second request to stop does not wait for calls in flight. */
static void on_stop(void *user)
{
	struct grpc_server *server = user;
	bool was_serving = server->phase == SERVING;

	do
		next_phase(server);
	while (!was_serving && server->phase < UNWINDING);
}

void grpc_server_stop(struct grpc_server *server)
{
	loop_wakeup_send(server->stop_wakeup);
}

/* ---- life */

static int start(struct grpc_server *server, struct status *st)
{
	static const struct connection_events events = {on_request, on_stream_closed, on_connection_closed};
	struct endpoint endpoint;

	if (endpoint_parse(server->config.endpoint, &endpoint, st) < 0)
		return -1;
	server->loop = loop_new(st);
	if (!server->loop)
		return -1;
	int64_t peer_timeout_ms = server->config.peer_timeout_ms;

	server->connections = connection_set_new(
		server->loop, peer_timeout_ms > 0 ? peer_timeout_ms : CONNECTION_PEER_TIMEOUT_MS, &events, server);
	server->phase_timer = loop_timer_new(server->loop, next_phase, server);
	grpc_deadlines_init(&server->deadlines, server->loop, on_deadline, server);
	server->stop_wakeup = loop_wakeup_new(server->loop, on_stop, server, st);
	if (!server->stop_wakeup)
		return -1;
	server->workers = worker_pool_new(server->loop, server->config.worker_max, server->config.queue_max, st);
	if (!server->workers)
		return -1;
	server->listener = listener_open(server->loop, &endpoint, server->connections, on_listener_trouble, server, st);
	return server->listener ? 0 : -1;
}

struct grpc_server *grpc_server_new(const struct grpc_server_config *config, struct status *st)
{
	struct grpc_server *server = memory_calloc(1, sizeof(*server));

	server->config = *config;
	server->config.endpoint = memory_strdup(config->endpoint);
	LIST_INIT(&server->lent);
	(void)signal(SIGPIPE, SIG_IGN); /* a write to a client that is gone fails with EPIPE; cannot fail itself */
	if (start(server, st) < 0) {
		grpc_server_free(server);
		return NULL;
	}
	return server;
}

void grpc_server_free(struct grpc_server *server)
{
	if (!server)
		return;
	listener_close(TAKE_POINTER(server->listener));
	if (server->loop) {
		connection_set_free(server->connections);
		worker_pool_free(server->workers);
		grpc_deadlines_release(&server->deadlines);
		loop_timer_free(server->phase_timer);
		loop_wakeup_free(server->stop_wakeup);
		loop_free(server->loop);
	}
	free((char *)server->config.endpoint);
	free(server);
}

static unsigned count_lent(const struct grpc_server *server)
{
	const struct grpc_call *call;
	unsigned count = 0;

	LIST_FOREACH(call, &server->lent, lent_link)
	count++;
	return count;
}

int grpc_server_run(struct grpc_server *server, struct status *st)
{
	server->sigterm = loop_signal_new(server->loop, SIGTERM, on_stop, server, st);
	if (!server->sigterm)
		return -1;
	server->sigint = loop_signal_new(server->loop, SIGINT, on_stop, server, st);
	if (!server->sigint) {
		loop_signal_free(TAKE_POINTER(server->sigterm));
		return -1;
	}
	log_event(LOG_INFO, "serving", LOG_TEXT("endpoint", server->config.endpoint));
	loop_run(server->loop);
	loop_signal_free(TAKE_POINTER(server->sigterm));
	loop_signal_free(TAKE_POINTER(server->sigint));
	unsigned abandoned = count_lent(server);

	if (abandoned > 0)
		return status_set(st, STATUS_DEADLINE_EXCEEDED, "%u calls did not end though they were cancelled",
				  abandoned);
	log_event(LOG_INFO, "stopped", LOG_TEXT("endpoint", server->config.endpoint));
	return 0;
}
