/* SPDX-License-Identifier: Apache-2.0 */
/* Parses an endpoint, and takes a unix socket's path without ever taking it from a living server. */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"

#define NOT_FOR_OTHERS 0117 /* umask: leaves 0660 */

static int invalid(const char *text, struct status *st)
{
	return status_set(st, STATUS_INVALID_ARGUMENT,
			  "invalid endpoint \"%s\": expected unix:///PATH, /PATH or tcp://ADDRESS:PORT", text);
}

/* path begins with '/'. */
static int set_path(const char *text, const char *path, struct endpoint *endpoint, struct status *st)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&endpoint->address;
	size_t length = strlen(path);

	if (path[length - 1] == '/')
		return invalid(text, st);
	if (length >= sizeof(address->sun_path))
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "invalid endpoint \"%s\": a socket's path has at most %zu bytes, this one has %zu",
				  text, sizeof(address->sun_path) - 1, length);
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length + 1);
	memcpy(endpoint->path, path, length + 1);
	endpoint->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
	return 0;
}

static int set_rooted_path(const char *text, const char *path, struct endpoint *endpoint, struct status *st)
{
	char rooted[sizeof(endpoint->path) + 1] = "/";

	if (path[0] == '/' || strlen(path) >= sizeof(endpoint->path))
		return set_path(text, path, endpoint, st);
	if (path[0] == '\0')
		return invalid(text, st);
	memcpy(rooted + 1, path, strlen(path) + 1);
	return set_path(text, rooted, endpoint, st);
}

static int set_address(const char *host, uint16_t port, struct endpoint *endpoint)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&endpoint->address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&endpoint->address;

	if (inet_pton(AF_INET, host, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons(port);
		endpoint->address_bytes = sizeof(*ipv4);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = htons(port);
		endpoint->address_bytes = sizeof(*ipv6);
		return 0;
	}
	return -1;
}

static int set_tcp(const char *text, const char *authority, struct endpoint *endpoint, struct status *st)
{
	char host[INET6_ADDRSTRLEN] = "";
	const char *begin = authority, *end = strrchr(authority, ':');
	uint32_t port = 0;

	if (!end || parse_u32(end + 1, 10, UINT16_MAX, &port) < 0 || port == 0)
		return invalid(text, st);
	if (begin[0] == '[' && end[-1] == ']') {
		begin++;
		end--;
	}
	if (end <= begin || (size_t)(end - begin) >= sizeof(host))
		return invalid(text, st);
	memcpy(host, begin, (size_t)(end - begin));
	/* An IPv6 address without its brackets could be read with the port in two ways. */
	if ((begin == authority && strchr(host, ':')) || set_address(host, (uint16_t)port, endpoint) < 0)
		return invalid(text, st);
	return 0;
}

int endpoint_parse(const char *text, struct endpoint *ret, struct status *st)
{
	struct endpoint endpoint = {0};
	int rc;

	if (text[0] == '/')
		rc = set_path(text, text, &endpoint, st);
	else if (strncasecmp(text, "unix://", 7) == 0)
		rc = set_rooted_path(text, text + 7, &endpoint, st);
	else if (strncasecmp(text, "unix:/", 6) == 0)
		rc = set_path(text, text + 5, &endpoint, st);
	else if (strncasecmp(text, "tcp://", 6) == 0)
		rc = set_tcp(text, text + 6, &endpoint, st);
	else
		rc = invalid(text, st);
	if (rc == 0)
		*ret = endpoint;
	return rc;
}

static int bind_with_mode(int fd, const struct endpoint *endpoint)
{
	mode_t before = umask(NOT_FOR_OTHERS);
	int rc = bind(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_bytes);
	int errnum = errno;

	(void)umask(before); /* returns the mask in force */
	errno = errnum;
	return rc;
}

/* 0 where the socket at the path is dead.  The probe must not wait: a living server with a full backlog says EAGAIN. */
static int check_nobody_answers(const struct endpoint *endpoint, struct status *st)
{
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return status_set_errno(st, errno, "socket");
	if (connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_bytes) == 0 || errno == EAGAIN)
		return status_set(st, STATUS_FAILED_PRECONDITION, "%s is in use: another process answers there",
				  endpoint->path);
	if (errno != ECONNREFUSED && errno != ENOENT)
		return status_set_errno(st, errno, "connect to %s, to see whether it is in use", endpoint->path);
	return 0;
}

static int remove_dead_socket(const struct endpoint *endpoint, struct status *st)
{
	struct stat info;

	if (lstat(endpoint->path, &info) < 0)
		return errno == ENOENT ? 0 : status_set_errno(st, errno, "stat %s", endpoint->path);
	if (!S_ISSOCK(info.st_mode))
		return status_set(st, STATUS_FAILED_PRECONDITION, "%s exists and is no socket; not touching it",
				  endpoint->path);
	if (check_nobody_answers(endpoint, st) < 0)
		return -1;
	if (unlink(endpoint->path) < 0 && errno != ENOENT)
		return status_set_errno(st, errno, "remove the stale socket %s", endpoint->path);
	return 0;
}

static int bind_unix(int fd, const struct endpoint *endpoint, struct status *st)
{
	if (bind_with_mode(fd, endpoint) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return status_set_errno(st, errno, "listen on %s", endpoint->path);
	if (remove_dead_socket(endpoint, st) < 0)
		return -1;
	if (bind_with_mode(fd, endpoint) < 0)
		return status_set_errno(st, errno, "listen on %s", endpoint->path);
	return 0;
}

static int bind_tcp(int fd, const struct endpoint *endpoint, struct status *st)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return status_set_errno(st, errno, "setsockopt SO_REUSEADDR");
	if (bind(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_bytes) < 0)
		return errno == EADDRINUSE ? status_set(st, STATUS_FAILED_PRECONDITION, "the TCP port is in use")
					   : status_set_errno(st, errno, "bind the TCP address");
	return 0;
}

int endpoint_listen(const struct endpoint *endpoint, int *ret_fd, struct status *st)
{
	AUTO_CLOSE int fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return status_set_errno(st, errno, "socket");
	if ((endpoint->path[0] ? bind_unix(fd, endpoint, st) : bind_tcp(fd, endpoint, st)) < 0)
		return -1;
	if (listen(fd, ENDPOINT_BACKLOG) < 0)
		return status_set_errno(st, errno, "listen");
	*ret_fd = TAKE_FD(fd);
	return 0;
}
