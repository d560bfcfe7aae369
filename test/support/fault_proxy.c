/* SPDX-License-Identifier: Apache-2.0 */
/* One thread polls everything; a byte waits in a queue of its direction until it is due.  Tests change the rules under the
 * lock and wake the thread, which makes no decision without the lock. */
#include "support/fault_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cancel.h"
#include "base/memory.h"

#define CONNECTIONS_MAX 512
#define QUEUED_BYTES_MAX ((size_t)4 << 20)
#define READ_BYTES ((size_t)64 << 10)

struct segment {
	struct segment *next;
	int64_t due_ns;
	size_t length, sent;
	char bytes[];
};

/* One direction of a connection. */
struct stream {
	int from, to; /* owned by the connection */
	struct segment *first, **end;
	size_t queued_bytes;
	bool is_eof, is_answer;
};

struct connection {
	int client, server;
	struct stream requests, answers;
};

struct fault_proxy {
	pthread_t thread;
	pthread_mutex_t mutex; /* all below but port, which is constant */
	uint16_t port, to_port;
	int listener;     /* -1 while refusing */
	int wake;         /* eventfd */
	unsigned changes; /* of the rules so far */
	bool is_stopping;
	enum fault_proxy_mode mode;
	unsigned delay_us;
	uint64_t answer_bytes_left; /* until the cut or the stall; 0: none planned */
	bool must_stall;
	struct connection *connections[CONNECTIONS_MAX];
	unsigned open_count, accepted_count;
};

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		abort();
	}
	return result;
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* port 0 takes a free one. */
static int listen_on(uint16_t port)
{
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
	int on = 1;
	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
	struct sockaddr_in address = loopback(port);
	must(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
	must(listen(fd, 128), "listen");
	return fd;
}

static void close_reset(int fd)
{
	const struct linger reset = {.l_onoff = 1};
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)); /* else it ends by FIN, which cuts too */
	(void)close(fd);                                                    /* nothing is to arrive any more */
}

static void stream_init(struct stream *s, int from, int to, bool is_answer)
{
	*s = (struct stream){.from = from, .to = to, .is_answer = is_answer};
	s->end = &s->first;
}

static void drop_first(struct stream *s)
{
	struct segment *segment = s->first;
	s->first = segment->next;
	if (!s->first)
		s->end = &s->first;
	s->queued_bytes -= segment->length;
	free(segment);
}

static void close_connection(struct fault_proxy *p, unsigned index)
{
	struct connection *c = p->connections[index];
	while (c->requests.first)
		drop_first(&c->requests);
	while (c->answers.first)
		drop_first(&c->answers);
	close_reset(c->client);
	close_reset(c->server);
	free(c);
	p->connections[index] = p->connections[--p->open_count];
}

static void close_all(struct fault_proxy *p)
{
	while (p->open_count > 0)
		close_connection(p, p->open_count - 1);
}

static void accept_one(struct fault_proxy *p)
{
	int client = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client < 0)
		return;
	p->accepted_count++;
	struct sockaddr_in address = loopback(p->to_port);
	int server = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
	/* Blocking: on loopback it ends at once, with success or refusal. */
	if (p->open_count == CONNECTIONS_MAX || connect(server, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close_reset(server);
		close_reset(client);
		return;
	}
	int on = 1;
	(void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* only a matter of speed */
	(void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	must(fcntl(server, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	struct connection *c = memory_alloc(sizeof(*c));
	*c = (struct connection){.client = client, .server = server};
	stream_init(&c->requests, client, server, false);
	stream_init(&c->answers, server, client, true);
	p->connections[p->open_count++] = c;
}

/* Takes in what has come.  False where the connection is to be cut. */
static bool stream_read(struct fault_proxy *p, struct stream *s)
{
	struct segment *segment = memory_alloc(sizeof(*segment) + READ_BYTES);
	ssize_t got = read(s->from, segment->bytes, READ_BYTES);
	bool is_lost = s->is_answer && p->mode == FAULT_PROXY_LOSE_ANSWERS;
	if (got <= 0 || is_lost) {
		bool is_fine = got >= 0 || errno == EAGAIN;
		s->is_eof |= got == 0;
		free(segment);
		return is_fine;
	}
	segment->next = NULL;
	segment->due_ns = cancel_now_ns() + (int64_t)p->delay_us * 1000;
	segment->length = (size_t)got;
	segment->sent = 0;
	*s->end = segment;
	s->end = &segment->next;
	s->queued_bytes += segment->length;
	return true;
}

/* How much of the first segment may be sent, given a cut that is planned. */
static size_t sendable(const struct fault_proxy *p, const struct stream *s)
{
	size_t length = s->first->length - s->first->sent;
	if (s->is_answer && p->answer_bytes_left > 0 && length > p->answer_bytes_left - 1)
		length = p->answer_bytes_left - 1;
	return length;
}

/* Sends what is due.  False where the connection is to be cut. */
static bool stream_write(struct fault_proxy *p, struct stream *s)
{
	while (s->first && s->first->due_ns <= cancel_now_ns()) {
		size_t length = sendable(p, s);
		if (length == 0) {
			p->answer_bytes_left = 0;
			if (p->must_stall)
				p->mode = FAULT_PROXY_SILENT;
			return p->must_stall;
		}
		ssize_t sent = send(s->to, s->first->bytes + s->first->sent, length, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN;
		s->first->sent += (size_t)sent;
		if (s->is_answer && p->answer_bytes_left > 0)
			p->answer_bytes_left -= (uint64_t)sent;
		if (s->first->sent == s->first->length)
			drop_first(s);
	}
	if (!s->first && s->is_eof)
		(void)shutdown(s->to, SHUT_WR); /* the other end may be gone already */
	return true;
}

static bool serve(struct fault_proxy *p, struct connection *c, const struct pollfd *client, const struct pollfd *server)
{
	if (p->mode == FAULT_PROXY_SILENT)
		return true;
	if ((client->revents && !c->requests.is_eof && !stream_read(p, &c->requests)) ||
	    (server->revents && !c->answers.is_eof && !stream_read(p, &c->answers)))
		return false;
	if (!stream_write(p, &c->requests) || !stream_write(p, &c->answers))
		return false;
	bool is_done = c->requests.is_eof && c->answers.is_eof && !c->requests.first && !c->answers.first;
	return !is_done;
}

/* What to wait for on one socket: it is the source of one stream and the sink of the other. */
static struct pollfd interest(const struct fault_proxy *p, int fd, const struct stream *out_of,
			      const struct stream *into, int64_t now_ns, int64_t *next_due_ns)
{
	struct pollfd poll = {.fd = -1};
	if (p->mode == FAULT_PROXY_SILENT)
		return poll;
	if (!out_of->is_eof && out_of->queued_bytes < QUEUED_BYTES_MAX)
		poll.events |= POLLIN;
	if (into->first && into->first->due_ns <= now_ns)
		poll.events |= POLLOUT;
	else if (into->first && into->first->due_ns < *next_due_ns)
		*next_due_ns = into->first->due_ns;
	if (poll.events)
		poll.fd = fd;
	return poll;
}

static void *run(void *data)
{
	struct fault_proxy *p = data;
	static __thread struct pollfd polls[2 + 2 * CONNECTIONS_MAX];
	(void)pthread_mutex_lock(&p->mutex); /* a plain mutex, unlocked by its locker: cannot fail */
	while (!p->is_stopping) {
		int64_t now_ns = cancel_now_ns(), due_ns = now_ns + INT64_C(60000000000);
		unsigned count = p->open_count;
		polls[0] = (struct pollfd){.fd = p->wake, .events = POLLIN};
		polls[1] = (struct pollfd){.fd = p->listener, .events = POLLIN};
		for (unsigned i = 0; i < count; i++) {
			struct connection *c = p->connections[i];
			polls[2 + 2 * i] = interest(p, c->client, &c->requests, &c->answers, now_ns, &due_ns);
			polls[3 + 2 * i] = interest(p, c->server, &c->answers, &c->requests, now_ns, &due_ns);
		}
		unsigned changes = p->changes;
		(void)pthread_mutex_unlock(&p->mutex);
		int64_t wait_ns = due_ns - now_ns;
		const struct timespec timeout = {wait_ns / 1000000000, wait_ns % 1000000000};
		int ready = ppoll(polls, 2 + 2 * count, &timeout, NULL);
		(void)pthread_mutex_lock(&p->mutex);
		eventfd_t wakes;
		if (ready > 0 && polls[0].revents)
			(void)eventfd_read(p->wake, &wakes); /* readable, and read by nobody else */
		/* The rules or the connections may be others than those polled for: look again. */
		if (ready < 0 || p->changes != changes)
			continue;
		for (unsigned i = count; i-- > 0;) {
			if (!serve(p, p->connections[i], &polls[2 + 2 * i], &polls[3 + 2 * i]))
				close_connection(p, i);
		}
		if (polls[1].revents)
			accept_one(p);
	}
	close_all(p);
	(void)pthread_mutex_unlock(&p->mutex);
	return NULL;
}

struct fault_proxy *fault_proxy_new(uint16_t to_port)
{
	struct fault_proxy *p = memory_calloc(1, sizeof(*p));
	(void)pthread_mutex_init(&p->mutex, NULL); /* cannot fail without attributes */
	p->to_port = to_port;
	p->listener = listen_on(0);
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	must(getsockname(p->listener, (struct sockaddr *)&address, &size), "getsockname");
	p->port = ntohs(address.sin_port);
	p->wake = must(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
	must(-pthread_create(&p->thread, NULL, run, p), "pthread_create");
	return p;
}

static void lock(struct fault_proxy *p)
{
	(void)pthread_mutex_lock(&p->mutex); /* as in run() */
}

static void unlock_and_wake(struct fault_proxy *p)
{
	p->changes++;
	(void)eventfd_write(p->wake, 1); /* a full counter wakes just as well */
	(void)pthread_mutex_unlock(&p->mutex);
}

void fault_proxy_free(struct fault_proxy *p)
{
	if (!p)
		return;
	lock(p);
	p->is_stopping = true;
	unlock_and_wake(p);
	(void)pthread_join(p->thread, NULL); /* it is joinable and not this one */
	if (p->listener >= 0)
		close_reset(p->listener);
	(void)close(p->wake);
	(void)pthread_mutex_destroy(&p->mutex);
	free(p);
}

uint16_t fault_proxy_port(const struct fault_proxy *p)
{
	return p->port;
}

void fault_proxy_set_mode(struct fault_proxy *p, enum fault_proxy_mode mode)
{
	lock(p);
	p->mode = mode;
	if (mode == FAULT_PROXY_REFUSE) {
		close_all(p);
		if (p->listener >= 0) {
			/* The thread may be in a poll of it, which keeps a closed listener listening. */
			(void)shutdown(p->listener, SHUT_RDWR);
			close_reset(TAKE_FD(p->listener));
		}
	} else if (p->listener < 0) {
		p->listener = listen_on(p->port);
	}
	unlock_and_wake(p);
}

void fault_proxy_set_delay_us(struct fault_proxy *p, unsigned delay_us)
{
	lock(p);
	p->delay_us = delay_us;
	unlock_and_wake(p);
}

void fault_proxy_cut(struct fault_proxy *p)
{
	lock(p);
	close_all(p);
	unlock_and_wake(p);
}

void fault_proxy_cut_before_answer_byte(struct fault_proxy *p, uint64_t nth)
{
	lock(p);
	p->answer_bytes_left = nth;
	p->must_stall = false;
	unlock_and_wake(p);
}

void fault_proxy_stall_before_answer_byte(struct fault_proxy *p, uint64_t nth)
{
	lock(p);
	p->answer_bytes_left = nth;
	p->must_stall = true;
	unlock_and_wake(p);
}

unsigned fault_proxy_accepted_count(struct fault_proxy *p)
{
	lock(p);
	unsigned count = p->accepted_count;
	(void)pthread_mutex_unlock(&p->mutex);
	return count;
}

unsigned fault_proxy_open_count(struct fault_proxy *p)
{
	lock(p);
	unsigned count = p->open_count;
	(void)pthread_mutex_unlock(&p->mutex);
	return count;
}
