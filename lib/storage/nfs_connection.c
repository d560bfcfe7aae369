/* SPDX-License-Identifier: Apache-2.0 */
/* The poll loop around one libnfs RPC context.  libnfs never waits here: it is given the socket's events and no timeouts. */
#include "storage/nfs_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "storage/nfs_errors.h"

#define NS_PER_MS 1000000
/* A peer that is gone without a word is noticed by the kernel at least this fast while bytes to it are on their way. */
#define UNACKNOWLEDGED_MAX_MS 60000

static void reject(struct nfs_call *call, int errnum, const char *words)
{
	call->errnum = errnum;
	(void)snprintf(call->words, sizeof(call->words), "%s", words ? words : ""); /* only for a message */
}

/* It is free for another request. */
static void finish(struct nfs_call *call)
{
	struct nfs_batch *batch = call->batch;

	call->next = batch->free;
	batch->free = call;
	if (batch->answered)
		batch->answered(batch, call);
}

static void on_answer(struct rpc_context *rpc, int rpc_status, void *data, void *callback_data)
{
	struct nfs_call *call = callback_data;

	if (rpc_status == RPC_STATUS_SUCCESS)
		call->receive(data, call->result);
	else
		reject(call, nfs_rpc_errno(data), data);
	/* Also what is on its way when the context is destroyed comes here. */
	if (call->errnum == ECONNRESET || call->errnum == EPROTO) {
		call->batch->broken_by = call;
		return;
	}
	call->batch->on_way--;
	finish(call);
}

static void on_connected(struct rpc_context *rpc, int rpc_status, void *data, void *callback_data)
{
	/* The socket itself says how it went, and with an errno. */
}

static struct rpc_context *new_context(const struct nfs_target *target, struct status *st)
{
	char host[65] = "";
	uint32_t xid = 0;
	struct rpc_context *rpc = rpc_init_context();

	if (!rpc) {
		(void)status_set_errno(st, ENOMEM, "NFS server %s: RPC context", target->server);
		return NULL;
	}
	(void)gethostname(host, sizeof(host) - 1); /* AUTH_SYS's machine name, which no server checks */
	rpc_set_auth(rpc, libnfs_authunix_create(host, target->uid, target->gid, 0, NULL));
	/* A server's cache of answers knows requests by their xid: a process that starts again must not repeat its last. */
	if (getrandom(&xid, sizeof(xid), 0) == sizeof(xid))
		rpc_set_next_xid(rpc, xid);
	return rpc;
}

/* Waits until the TCP connection stands; an errno, 0, or -1 with the cancel's status. */
static int wait_connected(int fd, struct cancel *cancel, struct status *st)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof(error);

	if (cancel_poll(cancel, &wait, 1, -1, st) < 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return errno;
	return error;
}

static void set_socket_options(int fd)
{
	int on = 1, unacknowledged_ms = UNACKNOWLEDGED_MAX_MS;

	/* Each of these only makes things faster or safer; a connection without it works. */
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof(unacknowledged_ms));
}

static int connect_failed(const struct nfs_target *target, const char *address, uint16_t port, int error,
			  struct status *st)
{
	const char *meaning = strerrordesc_np(error);

	return status_set_cause(st, STATUS_UNAVAILABLE, error, "NFS server %s: connect to %s port %u: %s",
				target->server, address, port, meaning ? meaning : "failed");
}

static int connect_to(struct nfs_connection *c, const char *address, uint16_t port, struct cancel *cancel,
		      struct status *st)
{
	errno = 0;
	if (rpc_connect_async(c->rpc, address, port, on_connected, NULL) < 0)
		return connect_failed(c->target, address, port, errno ? errno : EHOSTUNREACH, st);
	int fd = rpc_get_fd(c->rpc);

	set_socket_options(fd);
	int error = wait_connected(fd, cancel, st);

	if (error < 0)
		return -1;
	if (error > 0)
		return connect_failed(c->target, address, port, error, st);
	if (rpc_service(c->rpc, POLLOUT) < 0)
		return connect_failed(c->target, address, port, ECONNRESET, st);
	return 0;
}

struct nfs_connection *nfs_connection_open(struct nfs_target *target, const char *address, uint16_t port,
					   struct cancel *cancel, struct status *st)
{
	struct rpc_context *rpc = new_context(target, st);

	if (!rpc)
		return NULL;
	struct nfs_connection *c = memory_calloc(1, sizeof(*c));

	c->rpc = rpc;
	c->target = target;
	if (connect_to(c, address, port, cancel, st) < 0) {
		nfs_connection_close(c);
		return NULL;
	}
	return c;
}

static void destroy_context(struct nfs_connection *c)
{
	if (c->rpc)
		rpc_destroy_context(c->rpc);
	c->rpc = NULL;
	c->is_broken = true;
}

void nfs_connection_close(struct nfs_connection *c)
{
	if (!c)
		return;
	destroy_context(c);
	free(c);
}

bool nfs_connection_is_alive(const struct nfs_connection *c)
{
	if (c->is_broken)
		return false;
	struct pollfd look = {.fd = rpc_get_fd(c->rpc), .events = POLLIN | POLLRDHUP};

	return poll(&look, 1, 0) == 0;
}

/* A server that says nothing at all is given up as one that cannot be connected to. */
static int answer_timeout_ms(const struct nfs_connection *c)
{
	const struct nfs_target *target = c->target;
	bool is_connecting = !c->has_answered && target->connect_timeout_ms < target->reply_timeout_ms;

	return is_connecting ? target->connect_timeout_ms : target->reply_timeout_ms;
}

static int connection_broke(const struct nfs_connection *c, struct status *st)
{
	return status_set_cause(st, STATUS_UNAVAILABLE, ECONNRESET,
				"NFS server %s closed the connection before it answered", c->target->server);
}

static bool is_closed_by_peer(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Gives libnfs what poll saw; -1 once the connection is over. */
static int service(struct nfs_connection *c, short revents, const struct nfs_batch *batch)
{
	/* What the server sent before it closed is still to be read: libnfs drops it when it sees POLLHUP. */
	int events = revents & POLLIN ? revents & (POLLIN | POLLOUT) : revents & ~POLLRDHUP;

	if (events && rpc_service(c->rpc, events) < 0)
		return -1;
	return batch->on_way && (revents & POLLRDHUP) && is_closed_by_peer(rpc_get_fd(c->rpc)) ? -1 : 0;
}

static int rejected(const struct nfs_connection *c, const struct nfs_call *call, struct status *st)
{
	if (call->errnum == ECONNRESET)
		return connection_broke(c, st);
	if (call->errnum == EACCES)
		return status_set_cause(st, STATUS_PERMISSION_DENIED, call->errnum,
					"NFS server %s denies this client's calls: " NFS_REFUSED_HINT,
					c->target->server);
	return status_set_errno(st, call->errnum, "NFS server %s: %s", c->target->server, call->words);
}

/* Fills and sends calls until all are on their way or there is nothing to ask.  -1 once the connection is over. */
static int send_calls(struct nfs_connection *c, struct nfs_batch *batch)
{
	bool must_send = false;

	while (batch->free && batch->fill(batch, batch->free)) {
		struct nfs_call *call = batch->free;

		batch->free = call->next;
		call->errnum = 0;
		if (call->send(c->rpc, on_answer, call->args, call) < 0) {
			reject(call, EMSGSIZE, "a request cannot be encoded");
			finish(call);
			continue;
		}
		batch->on_way++;
		must_send = true;
		atomic_fetch_add(&c->target->round_trips, 1);
	}
	return must_send ? rpc_service(c->rpc, POLLOUT) : 0;
}

/* Waits for the socket until that time, and serves it. */
static int wait_answers(struct nfs_connection *c, struct nfs_batch *batch, int64_t by_ns, struct cancel *cancel,
			struct status *st)
{
	struct pollfd wait = {.fd = rpc_get_fd(c->rpc), .events = (short)(rpc_which_events(c->rpc) | POLLRDHUP)};
	int64_t left_ms = (by_ns - cancel_now_ns() + NS_PER_MS - 1) / NS_PER_MS;
	int ready = left_ms > 0 ? cancel_poll(cancel, &wait, 1, (int)left_ms, st) : cancel_check(cancel, st);

	if (ready < 0)
		return status_prefix(st, "NFS server %s did not answer in time", c->target->server);
	if (ready == 0)
		return status_set_cause(st, STATUS_UNAVAILABLE, ETIMEDOUT, "NFS server %s did not answer within %d ms",
					c->target->server, answer_timeout_ms(c));
	if (service(c, wait.revents, batch) < 0)
		return connection_broke(c, st);
	return batch->broken_by ? rejected(c, batch->broken_by, st) : 0;
}

static int run(struct nfs_connection *c, struct nfs_batch *batch, struct cancel *cancel, struct status *st)
{
	int64_t by_ns = 0;

	for (bool has_come = true;;) {
		if (send_calls(c, batch) < 0)
			return connection_broke(c, st);
		unsigned on_way = batch->on_way;

		if (on_way == 0)
			return 0;
		if (has_come)
			by_ns = cancel_now_ns() + (int64_t)answer_timeout_ms(c) * NS_PER_MS;
		if (wait_answers(c, batch, by_ns, cancel, st) < 0)
			return -1;
		has_come = batch->on_way < on_way;
		c->has_answered |= has_come;
	}
}

void nfs_batch_add(struct nfs_batch *batch, struct nfs_call *call)
{
	call->batch = batch;
	call->next = batch->free;
	batch->free = call;
}

int nfs_connection_run(struct nfs_connection *c, struct nfs_batch *batch, struct cancel *cancel, struct status *st)
{
	if (c->is_broken)
		return connection_broke(c, st);
	if (cancel_check(cancel, st) < 0)
		return -1;
	int result = run(c, batch, cancel, st);

	if (result < 0)
		destroy_context(c); /* runs the callbacks of what is on its way, whose memory is the caller's */
	return result;
}

struct single_call {
	struct nfs_batch batch; /* first */
	struct nfs_call call;
	bool is_sent;
};

static bool fill_once(struct nfs_batch *batch, struct nfs_call *call)
{
	struct single_call *single = (struct single_call *)batch;
	bool was_sent = single->is_sent;

	single->is_sent = true;
	return !was_sent;
}

int nfs_connection_call(struct nfs_connection *c, nfs_send *send, void *args, nfs_receive *receive, void *result,
			struct cancel *cancel, struct status *st)
{
	struct single_call single = {
		.batch = {.fill = fill_once},
		.call = {.send = send, .args = args, .receive = receive, .result = result},
	};

	nfs_batch_add(&single.batch, &single.call);
	if (nfs_connection_run(c, &single.batch, cancel, st) < 0)
		return -1;
	return single.call.errnum == 0 ? 0 : rejected(c, &single.call, st);
}

#define WAIT_FIRST_MS 50
#define WAIT_MAX_MS 2000

int nfs_connection_wait(struct nfs_connection *c, unsigned attempt, const char *reason, struct cancel *cancel,
			struct status *st)
{
	int wait_ms = attempt < 6 ? WAIT_FIRST_MS << attempt : WAIT_MAX_MS;

	if (wait_ms > WAIT_MAX_MS)
		wait_ms = WAIT_MAX_MS;
	if ((int64_t)attempt * WAIT_MAX_MS > NFS_PATIENCE_MS)
		return status_set_cause(st, STATUS_UNAVAILABLE, EAGAIN, "NFS server %s keeps putting requests off (%s)",
					c->target->server, reason);
	if (cancel_poll(cancel, NULL, 0, wait_ms, st) < 0)
		return status_prefix(st, "NFS server %s puts requests off (%s)", c->target->server, reason);
	return 0;
}
