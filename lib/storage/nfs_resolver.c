/* SPDX-License-Identifier: Apache-2.0 */
/* A look-up is shared by its helper thread and those who wait for it; the last of them frees it. */
#include "storage/nfs_resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "storage/nfs_errors.h"

#define HELPER_STACK_BYTES (256 * 1024)

struct lookup {
	atomic_uint references;
	int done_fd; /* readable for good once the answer is there */
	char *name;
	int error; /* an EAI_ code; written before done_fd is */
	struct nfs_addresses addresses;
};

struct nfs_resolver {
	char *name;
	pthread_mutex_t lock;
	struct lookup *running; /* holds a reference; NULL for none */
};

static void lookup_release(struct lookup *l)
{
	if (atomic_fetch_sub(&l->references, 1) != 1)
		return;
	(void)close(l->done_fd); /* an event counter */
	free(l->name);
	free(l);
}

static bool is_known(const struct nfs_addresses *addresses, const char *text)
{
	for (size_t i = 0; i < addresses->count; i++) {
		if (strcmp(addresses->text[i], text) == 0)
			return true;
	}
	return false;
}

static void add_addresses(struct nfs_addresses *addresses, const struct addrinfo *found)
{
	for (; found && addresses->count < NFS_ADDRESS_MAX; found = found->ai_next) {
		char text[INET6_ADDRSTRLEN];

		if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0 &&
		    !is_known(addresses, text))
			memcpy(addresses->text[addresses->count++], text, sizeof(text));
	}
}

static void *run_lookup(void *argument)
{
	struct lookup *l = argument;
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;

	l->error = getaddrinfo(l->name, NULL, &hints, &found);
	if (l->error == 0) {
		add_addresses(&l->addresses, found);
		freeaddrinfo(found);
	}
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

/* A new look-up with two references, the helper's and the resolver's; NULL with the status. */
static struct lookup *lookup_start(const char *name, struct status *st)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0) {
		(void)status_set_errno(st, errno, "look up NFS server %s", name);
		return NULL;
	}
	struct lookup *l = memory_calloc(1, sizeof(*l));

	l->done_fd = fd;
	l->name = memory_strdup(name);
	atomic_init(&l->references, 2);
	int error = start_helper(l);

	if (error == 0)
		return l;
	atomic_store(&l->references, 1);
	lookup_release(l);
	(void)nfs_unavailable(st, error, "look up NFS server %s: no thread for it", name);
	return NULL;
}

/* The running look-up, or a new one, with a reference of the caller's own. */
static struct lookup *join_lookup(struct nfs_resolver *r, struct status *st)
{
	(void)pthread_mutex_lock(&r->lock); /* a normal mutex cannot fail */
	if (!r->running)
		r->running = lookup_start(r->name, st);
	struct lookup *l = r->running;

	if (l)
		atomic_fetch_add(&l->references, 1);
	(void)pthread_mutex_unlock(&r->lock);
	return l;
}

/* The answer is there: who asks from now on gets a new one. */
static void forget_lookup(struct nfs_resolver *r, struct lookup *l)
{
	(void)pthread_mutex_lock(&r->lock);
	bool is_running = r->running == l;

	if (is_running)
		r->running = NULL;
	(void)pthread_mutex_unlock(&r->lock);
	if (is_running)
		lookup_release(l);
}

static int lookup_failed(const char *name, int error, struct status *st)
{
	if (error == EAI_NONAME || error == EAI_NODATA)
		return status_set(st, STATUS_INVALID_ARGUMENT, "NFS server %s: no address is known for this name",
				  name);
	return nfs_unavailable(st, EHOSTUNREACH, "NFS server %s: the name cannot be looked up: %s", name,
			       error ? gai_strerror(error) : "no usable address");
}

static bool is_numeric(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

int nfs_resolver_ask(struct nfs_resolver *r, struct cancel *cancel, struct nfs_addresses *ret, struct status *st)
{
	if (is_numeric(r->name)) {
		*ret = (struct nfs_addresses){.count = 1};
		memcpy(ret->text[0], r->name, strlen(r->name) + 1);
		return 0;
	}
	struct lookup *l = join_lookup(r, st);

	if (!l)
		return -1;
	struct pollfd wait = {.fd = l->done_fd, .events = POLLIN};
	int result = cancel_poll(cancel, &wait, 1, -1, st);

	if (result > 0) {
		forget_lookup(r, l);
		result = l->error == 0 && l->addresses.count > 0 ? 0 : lookup_failed(r->name, l->error, st);
		if (result == 0)
			*ret = l->addresses;
	} else {
		(void)status_prefix(st, "look up NFS server %s", r->name); /* is -1 already */
	}
	lookup_release(l);
	return result;
}

struct nfs_resolver *nfs_resolver_new(const char *name)
{
	struct nfs_resolver *r = memory_calloc(1, sizeof(*r));

	r->name = memory_strdup(name);
	(void)pthread_mutex_init(&r->lock, NULL); /* cannot fail for a normal mutex */
	return r;
}

void nfs_resolver_free(struct nfs_resolver *r)
{
	if (!r)
		return;
	if (r->running)
		lookup_release(r->running);
	(void)pthread_mutex_destroy(&r->lock);
	free(r->name);
	free(r);
}
