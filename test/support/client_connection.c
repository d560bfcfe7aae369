/* SPDX-License-Identifier: Apache-2.0 */
#include "support/client_connection.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"

/* Milliseconds for poll(2): -1 for no deadline, rounded up so that a wait never ends before it. */
static int remaining_ms(int64_t deadline_ns)
{
	if (deadline_ns == CANCEL_NO_DEADLINE)
		return -1;
	int64_t left = deadline_ns - cancel_now_ns();
	return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

static int wait_socket(struct client_connection *c, short events, int64_t deadline_ns, struct status *st)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	for (;;) {
		int n = poll(&p, 1, remaining_ms(deadline_ns));
		if (n > 0)
			return 0;
		if (n == 0)
			return status_set(st, STATUS_DEADLINE_EXCEEDED, "no answer before the deadline");
		if (errno != EINTR)
			return status_set_errno(st, errno, "poll");
	}
}

static int break_connection(struct client_connection *c, struct status *st, const char *why)
{
	c->is_broken = true;
	return status_set(st, STATUS_UNAVAILABLE, "%s", why);
}

/* Moves what nghttp2 has to say into the out buffer, several frames to one send. */
static int gather_output(struct client_connection *c, struct status *st)
{
	if (c->out_begin == c->out_end)
		c->out_begin = c->out_end = 0;
	while (sizeof(c->out) - c->out_end >= CLIENT_FRAME_MAX_BYTES) {
		const uint8_t *bytes = NULL;
		ssize_t n = nghttp2_session_mem_send(c->session, &bytes);
		if (n < 0)
			return break_connection(c, st, nghttp2_strerror((int)n));
		if (n == 0)
			return 0;
		memcpy(c->out + c->out_end, bytes, (size_t)n);
		c->out_end += (size_t)n;
	}
	return 0;
}

static void drop_output(struct client_connection *c)
{
	c->out_begin = c->out_end;
	c->is_broken = true;
}

/* Sends until all is sent or the socket is full.  A failed send is left for receive() to report: the server's last
 * words may still be there to read. */
int client_connection_flush(struct client_connection *c, struct status *st)
{
	for (;;) {
		if (gather_output(c, st) < 0)
			return -1;
		if (c->out_begin == c->out_end)
			return 0;
		ssize_t n = send(c->fd, c->out + c->out_begin, c->out_end - c->out_begin, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0)
			c->out_begin += (size_t)n;
		else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR)
			drop_output(c);
	}
}

static int receive(struct client_connection *c, struct status *st)
{
	ssize_t n = recv(c->fd, c->in, sizeof(c->in), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return break_connection(c, st, "the server closed the connection");
	ssize_t taken = nghttp2_session_mem_recv(c->session, c->in, (size_t)n);
	if (taken < 0)
		return break_connection(c, st, nghttp2_strerror((int)taken));
	return 0;
}

/* One turn: write what is due, wait, read what came. */
int client_connection_pump(struct client_connection *c, int64_t deadline_ns, struct status *st)
{
	if (client_connection_flush(c, st) < 0)
		return -1;
	short events = c->out_begin < c->out_end ? POLLIN | POLLOUT : POLLIN;
	return wait_socket(c, events, deadline_ns, st) < 0 ? -1 : receive(c, st);
}

static int fill_unix_address(const char *path, struct sockaddr_un *address, struct status *st)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (path[0] != '/' || strlen(path) >= sizeof(address->sun_path))
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is no path of a socket", path);
	memcpy(address->sun_path, path, strlen(path) + 1);
	return 0;
}

static int resolve_tcp(const char *text, struct addrinfo **ret, struct status *st)
{
	AUTO_FREE char *host = memory_strdup(text);
	char *colon = strrchr(host, ':');
	if (colon == NULL)
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" has no port", text);
	*colon = '\0';
	char *name = host;
	if (name[0] == '[' && colon > name && colon[-1] == ']') {
		colon[-1] = '\0';
		name++;
	}
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	if (getaddrinfo(name, colon + 1, &hints, ret) != 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is no numeric address and port", text);
	return 0;
}

/* A blocking connect that SO_SNDTIMEO bounds: the one way that also waits while a unix socket's backlog is full. */
static int connect_socket(struct client_connection *c, const struct sockaddr *address, socklen_t length, int timeout_ms,
			  struct status *st)
{
	c->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return status_set_errno(st, errno, "socket");
	const struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
	if (timeout_ms > 0 && setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return status_set_errno(st, errno, "setsockopt SO_SNDTIMEO");
	if (connect(c->fd, address, length) == 0)
		return 0;
	bool is_timeout = errno == EAGAIN || errno == EINPROGRESS;
	return status_set(st, STATUS_UNAVAILABLE, "connect: %s", strerror(is_timeout ? ETIMEDOUT : errno));
}

int client_connection_connect(struct client_connection *c, const char *endpoint, int timeout_ms, struct status *st)
{
	if (strncmp(endpoint, "tcp://", 6) == 0) {
		struct addrinfo *found = NULL;
		if (resolve_tcp(endpoint + 6, &found, st) < 0)
			return -1;
		int rc = connect_socket(c, found->ai_addr, found->ai_addrlen, timeout_ms, st);
		freeaddrinfo(found);
		const int on = 1;
		if (rc == 0) /* only a matter of speed: a failure is no reason to fail */
			(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		return rc;
	}
	struct sockaddr_un address;
	const char *path = strncmp(endpoint, "unix://", 7) == 0 ? endpoint + 7 : endpoint;
	if (fill_unix_address(path, &address, st) < 0)
		return -1;
	return connect_socket(c, (const struct sockaddr *)&address, sizeof(address), timeout_ms, st);
}

void client_connection_close(struct client_connection *c)
{
	if (c->fd >= 0)
		(void)close(c->fd); /* nothing of it matters any more */
	c->fd = -1;
}
