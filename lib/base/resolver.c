/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getaddrinfo(3) cannot be interrupted.  A look-up therefore belongs to its helper thread and to those who wait for it
 * together: the last of them frees it.
 */
#include "base/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"

#define NAME_BYTES 256 /* a DNS name is 253 at most */
#define HELPER_STACK_BYTES (256 * 1024)

struct lookup {
	struct lookup *next; /* of the running ones */
	unsigned references; /* the helper's and one of each who waits */
	resolver_lookup *function;
	int family;
	char name[NAME_BYTES];
	int done_fd; /* readable for good once the answer is there */
	int error;   /* an EAI_ code; written before done_fd is, like addresses */
	struct resolver_addresses addresses;
};

/* The bound is the process's, because that is what helpers left behind cost. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what is below and of all references */
static struct lookup *running;
static unsigned running_count;

static bool is_known(const struct resolver_addresses *addresses, const char *text)
{
	for (size_t i = 0; i < addresses->count; i++) {
		if (strcmp(addresses->text[i], text) == 0)
			return true;
	}
	return false;
}

static void add_addresses(struct resolver_addresses *addresses, const struct addrinfo *found)
{
	for (; found && addresses->count < RESOLVER_ADDRESS_MAX; found = found->ai_next) {
		char text[RESOLVER_ADDRESS_BYTES];

		if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0 &&
		    !is_known(addresses, text))
			memcpy(addresses->text[addresses->count++], text, sizeof(text));
	}
}

static int ask_system(const char *name, int family, int flags, struct resolver_addresses *ret)
{
	const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
	struct addrinfo *found = NULL;
	int error = getaddrinfo(name, NULL, &hints, &found);

	if (error != 0)
		return error;
	ret->count = 0;
	add_addresses(ret, found);
	freeaddrinfo(found);
	return ret->count > 0 ? 0 : EAI_NODATA;
}

static int system_lookup(const char *name, int family, struct resolver_addresses *ret)
{
	return ask_system(name, family, 0, ret);
}

static void lookup_release(struct lookup *l)
{
	(void)pthread_mutex_lock(&lock); /* a normal mutex cannot fail */
	bool is_last = --l->references == 0;

	(void)pthread_mutex_unlock(&lock);
	if (!is_last)
		return;
	(void)close(l->done_fd); /* an event counter */
	free(l);
}

/* Who asks from now on gets a new one. */
static void remove_running(const struct lookup *l)
{
	struct lookup **at = &running;

	(void)pthread_mutex_lock(&lock);
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	running_count--;
	(void)pthread_mutex_unlock(&lock);
}

static void *run_lookup(void *argument)
{
	struct lookup *l = argument;

	l->error = l->function(l->name, l->family, &l->addresses);
	remove_running(l);
	(void)eventfd_write(l->done_fd, 1); /* the counter of a fresh event cannot be full */
	lookup_release(l);
	return NULL;
}

/* Starts the helper with all signals blocked: they belong to the program's own threads. */
static int start_helper(struct lookup *l)
{
	pthread_attr_t attributes;
	pthread_t helper;
	sigset_t all, old;

	(void)sigfillset(&all);                                           /* cannot fail */
	(void)pthread_attr_init(&attributes);                             /* cannot fail on Linux */
	(void)pthread_attr_setstacksize(&attributes, HELPER_STACK_BYTES); /* the default does as well */
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	int error = pthread_create(&helper, &attributes, run_lookup, l);

	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attributes);
	return error;
}

/* A new look-up with a reference of its helper's and one of the caller's; NULL with the status.  Under the lock. */
static struct lookup *start_lookup(resolver_lookup *function, const char *name, int family, struct status *st)
{
	if (running_count >= RESOLVER_LOOKUP_MAX) {
		(void)status_set(st, STATUS_UNAVAILABLE, "%d names wait for the name servers already",
				 RESOLVER_LOOKUP_MAX);
		return NULL;
	}
	struct lookup *l = memory_calloc(1, sizeof(*l));

	l->function = function;
	l->family = family;
	memcpy(l->name, name, strlen(name) + 1);
	l->references = 2;
	l->done_fd = eventfd(0, EFD_CLOEXEC);
	int error = l->done_fd < 0 ? errno : start_helper(l);

	if (error != 0) {
		(void)status_set_errno(st, error, "start a helper thread");
		if (l->done_fd >= 0)
			(void)close(l->done_fd); /* an event counter */
		free(l);
		return NULL;
	}
	l->next = running;
	running = l;
	running_count++;
	return l;
}

/* The running look-up of that name, or a new one, with a reference of the caller's own. */
static struct lookup *join_lookup(resolver_lookup *function, const char *name, int family, struct status *st)
{
	(void)pthread_mutex_lock(&lock);
	struct lookup *l = running;

	while (l && (l->function != function || l->family != family || strcmp(l->name, name) != 0))
		l = l->next;
	if (l)
		l->references++;
	else
		l = start_lookup(function, name, family, st);
	(void)pthread_mutex_unlock(&lock);
	return l;
}

static int wait_for(const struct lookup *l, struct cancel *cancel, struct resolver_addresses *ret, struct status *st)
{
	struct pollfd wait = {.fd = l->done_fd, .events = POLLIN};

	if (cancel_poll(cancel, &wait, 1, -1, st) < 0)
		return -1;
	/* The descriptor orders nothing between threads; the lock, which the helper took after it had written, does. */
	(void)pthread_mutex_lock(&lock);
	(void)pthread_mutex_unlock(&lock);
	/* A name that is unknown now may be a Service that is yet to come: no error is final. */
	if (l->error != 0)
		return status_set(st, STATUS_UNAVAILABLE, "%s", gai_strerror(l->error));
	*ret = l->addresses;
	return 0;
}

int resolver_ask(resolver_lookup *lookup, const char *server, int family, struct cancel *cancel,
		 struct resolver_addresses *ret, struct status *st)
{
	struct resolver_addresses numeric;

	if (strlen(server) >= NAME_BYTES)
		return status_set(st, STATUS_INVALID_ARGUMENT, "the server's name is longer than %d bytes",
				  NAME_BYTES - 1);
	if (ask_system(server, AF_UNSPEC, AI_NUMERICHOST, &numeric) == 0) {
		*ret = numeric;
		return 0;
	}
	struct lookup *l = join_lookup(lookup ? lookup : system_lookup, server, family, st);
	int result = l ? wait_for(l, cancel, ret, st) : -1;

	if (l)
		lookup_release(l);
	return result == 0 ? 0 : status_prefix(st, "find the address of server \"%s\"", server);
}
