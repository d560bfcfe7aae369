/* SPDX-License-Identifier: Apache-2.0 */
/* One call of RFC 5531 over a connection of its own; of the answer no more than a byte is read: that there is one says enough. */
#include "mount/server_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"
#include "mount/nfs_options.h"

#define NFS_PORT 2049
#define NFS_PROGRAM 100003
#define PORTMAPPER_PORT 111
#define PORTMAPPER_PROGRAM 100000
#define PORTMAPPER_VERSION 2

static bool is_plain_tcp(const struct nfs_option *option)
{
	if (strcmp(option->key, "proto") == 0)
		return option->value && strncmp(option->value, "tcp", 3) == 0;
	return strcmp(option->key, "udp") != 0 && strcmp(option->key, "rdma") != 0 &&
	       strcmp(option->key, "xprtsec") != 0;
}

bool server_probe_init(struct server_probe *probe, const struct nfs_options *options, const char *nfs_version)
{
	uint32_t port = 0;

	for (size_t i = 0; i < options->count; i++) {
		const struct nfs_option *option = &options->items[i];

		if (!is_plain_tcp(option))
			return false;
		if (strcmp(option->key, "port") == 0 && option->value)
			(void)parse_u32(option->value, 10, UINT16_MAX, &port); /* a bad one is the kernel's to refuse */
	}
	bool is_version_3 = strcmp(nfs_version, "3") == 0;

	if (is_version_3 && port == 0)
		*probe = (struct server_probe){PORTMAPPER_PORT, PORTMAPPER_PROGRAM, PORTMAPPER_VERSION};
	else
		*probe = (struct server_probe){port ? (uint16_t)port : NFS_PORT, NFS_PROGRAM, is_version_3 ? 3 : 4};
	return true;
}

/* A connecting socket, or -1 with errno. */
static int start_connecting(const char *address, uint16_t port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[8];

	(void)snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(address, service, &hints, &found) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	AUTO_CLOSE int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int outcome = fd < 0 ? -1 : connect(fd, found->ai_addr, found->ai_addrlen);

	freeaddrinfo(found);
	return outcome < 0 && (fd < 0 || errno != EINPROGRESS) ? -1 : TAKE_FD(fd);
}

/* One record: a call of procedure 0 without credentials.  False where the connection did not come to be. */
static bool send_null_call(int fd, const struct server_probe *probe)
{
	enum { LAST_FRAGMENT = 1U << 31, CALL = 0, RPC_VERSION = 2, NULL_PROCEDURE = 0, AUTH_NONE = 0 };
	const uint32_t words[] = {
		0, /* record mark, below */
		1, /* transaction */
		CALL,      RPC_VERSION, probe->program, probe->version, NULL_PROCEDURE, AUTH_NONE, 0, /* credential */
		AUTH_NONE, 0,                                                                         /* verifier */
	};
	const size_t count = sizeof(words) / sizeof(words[0]);
	uint32_t record[sizeof(words) / sizeof(words[0])];

	for (size_t i = 0; i < count; i++)
		record[i] = htonl(words[i]);
	record[0] = htonl((uint32_t)(LAST_FRAGMENT | (sizeof(record) - sizeof(record[0]))));
	return send(fd, record, sizeof(record), MSG_NOSIGNAL) == (ssize_t)sizeof(record);
}

static int unreachable(const struct server_probe *probe, const char *address, int errnum, struct status *st)
{
	(void)status_set_errno(st, errnum, "connect to %s port %u", address, probe->port);
	st->code = STATUS_UNAVAILABLE;
	return -1;
}

/* What became of a connection that poll woke for: an errno, 0 where all is well. */
static int socket_error(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

int server_probe_ask(const struct server_probe *probe, const char *address, struct cancel *cancel, struct status *st)
{
	AUTO_CLOSE int fd = start_connecting(address, probe->port);
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	char byte;

	if (fd < 0)
		return unreachable(probe, address, errno, st);
	if (cancel_poll(cancel, &ready, 1, -1, st) < 0)
		return status_prefix(st, "connect to %s port %u", address, probe->port);
	int error = socket_error(fd);

	if (error != 0)
		return unreachable(probe, address, error, st);
	if (!send_null_call(fd, probe))
		return unreachable(probe, address, errno, st);
	ready = (struct pollfd){.fd = fd, .events = POLLIN};
	if (cancel_poll(cancel, &ready, 1, -1, st) < 0)
		return status_prefix(st, "%s port %u takes connections and does not answer", address, probe->port);
	if (recv(fd, &byte, 1, MSG_DONTWAIT) != 1)
		return unreachable(probe, address, ECONNRESET, st);
	return 0;
}

int server_probe_run(const struct server_probe *probe, const char *address, struct cancel *cancel, struct status *st)
{
	struct status why;

	if (server_probe_ask(probe, address, cancel, &why) == 0 || why.code == STATUS_UNAVAILABLE)
		return 0;
	*st = why;
	return -1;
}
