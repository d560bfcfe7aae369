/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getaddrinfo(3) takes locks and memory, so it can't run in a forked child, and it can't be interrupted.  A detached thread
 * makes the call and owns the request together with the waiter: the last of the two frees it.
 */
#include "mount/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"

#define HOST_BYTES 256 /* a DNS name is 253 at most */

struct request {
	resolve_lookup *lookup;
	int family;
	char host[HOST_BYTES];
	int done_fd;       /* readable once the outcome is there */
	atomic_int owners; /* 2: waiter and thread */
	int outcome;       /* 0 or EAI_ code; written by the thread before done_fd is */
	char address[RESOLVE_ADDRESS_BYTES];
};

/* Threads in getaddrinfo, those that nobody waits for any more included. */
static atomic_uint lookups;

static int system_lookup(const char *host, int family, char *address, size_t size)
{
	const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *found = NULL;
	int error = getaddrinfo(host, NULL, &hints, &found);

	if (error != 0)
		return error;
	error = getnameinfo(found->ai_addr, found->ai_addrlen, address, (socklen_t)size, NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(found);
	return error;
}

/* A literal with a zone ("fe80::1%eth0") needs the interface's number, which getaddrinfo finds without asking anybody. */
static int zoned_address(const char *host, char *address)
{
	const struct addrinfo hints = {.ai_family = AF_INET6, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *found = NULL;
	int error = getaddrinfo(host, NULL, &hints, &found);

	if (error != 0)
		return error;
	error = getnameinfo(found->ai_addr, found->ai_addrlen, address, RESOLVE_ADDRESS_BYTES, NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(found);
	return error;
}

static bool numeric_address(const char *host, char *address)
{
	struct in6_addr bytes; /* room for either family */

	if (inet_pton(AF_INET, host, &bytes) == 1)
		return inet_ntop(AF_INET, &bytes, address, RESOLVE_ADDRESS_BYTES) != NULL;
	if (inet_pton(AF_INET6, host, &bytes) == 1)
		return inet_ntop(AF_INET6, &bytes, address, RESOLVE_ADDRESS_BYTES) != NULL;
	return strchr(host, '%') && zoned_address(host, address) == 0;
}

static void drop(struct request *request)
{
	if (atomic_fetch_sub(&request->owners, 1) != 1)
		return;
	(void)close(request->done_fd); /* nothing to lose in an event counter */
	free(request);
}

static void *run_lookup(void *argument)
{
	struct request *request = argument;

	request->outcome = request->lookup(request->host, request->family, request->address, sizeof(request->address));
	(void)eventfd_write(request->done_fd, 1); /* a counter that nobody else writes to has room */
	atomic_fetch_sub(&lookups, 1);
	drop(request);
	return NULL;
}

static int start_thread(struct request *request)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)pthread_attr_init(&attributes);                                    /* never fails on Linux */
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED); /* a valid state */
	int error = pthread_create(&thread, &attributes, run_lookup, request);

	(void)pthread_attr_destroy(&attributes);
	return error;
}

static int lookup_failed(const char *host, int outcome, struct status *st)
{
	enum status_code code = outcome == EAI_NONAME || outcome == EAI_NODATA || outcome == EAI_ADDRFAMILY
					? STATUS_INVALID_ARGUMENT
					: STATUS_UNAVAILABLE;

	return status_set(st, code, "find the address of server \"%s\": %s", host, gai_strerror(outcome));
}

static int wait_for(struct request *request, char *ret_address, struct cancel *cancel, struct status *st)
{
	struct pollfd fd = {.fd = request->done_fd, .events = POLLIN};

	if (cancel_poll(cancel, &fd, 1, -1, st) < 0)
		return status_prefix(st, "find the address of server \"%s\"", request->host);
	if (request->outcome != 0)
		return lookup_failed(request->host, request->outcome, st);
	memcpy(ret_address, request->address, RESOLVE_ADDRESS_BYTES);
	return 0;
}

static int start_lookup(struct request *request, struct status *st)
{
	if (atomic_fetch_add(&lookups, 1) >= RESOLVE_LOOKUPS_MAX) {
		atomic_fetch_sub(&lookups, 1);
		return status_set(st, STATUS_UNAVAILABLE, "%d names wait for the name servers already",
				  RESOLVE_LOOKUPS_MAX);
	}
	int error = start_thread(request);

	if (error == 0)
		return 0;
	atomic_fetch_sub(&lookups, 1);
	return status_set_errno(st, error, "start a look-up thread");
}

int resolve_address(resolve_lookup *lookup, const char *host, int family, char ret_address[RESOLVE_ADDRESS_BYTES],
		    struct cancel *cancel, struct status *st)
{
	char address[RESOLVE_ADDRESS_BYTES];

	if (strlen(host) >= HOST_BYTES)
		return status_set(st, STATUS_INVALID_ARGUMENT, "the server's name is longer than %d bytes",
				  HOST_BYTES - 1);
	if (numeric_address(host, address)) {
		memcpy(ret_address, address, sizeof(address));
		return 0;
	}
	struct request *request = memory_calloc(1, sizeof(*request));

	request->lookup = lookup ? lookup : system_lookup;
	request->family = family;
	memcpy(request->host, host, strlen(host) + 1);
	request->done_fd = eventfd(0, EFD_CLOEXEC);
	atomic_init(&request->owners, 2);
	if (request->done_fd < 0) {
		free(request);
		return status_set_errno(st, errno, "make an event descriptor");
	}
	int outcome = start_lookup(request, st);

	if (outcome < 0)
		drop(request); /* the thread's share: it never ran */
	else
		outcome = wait_for(request, ret_address, cancel, st);
	drop(request);
	return outcome;
}
