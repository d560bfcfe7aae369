/* SPDX-License-Identifier: Apache-2.0 */
/* libnfs's own server side decodes the requests and encodes the answers, on one thread for all connections. */
#include "support/nfs_fake.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "support/nfs_fake_private.h"

/* More than any answer has. */
#define REPLY_BYTES 65536

/* 4.0.0 forgets to free what it registers. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:rpc_register_service\n";
}

_Thread_local struct nfs_fake *nfs_fake_serving;

uint32_t nfs_fake_next_status(unsigned operation)
{
	unsigned number = atomic_fetch_add(&nfs_fake_serving->counts[operation], 1);

	for (unsigned i = 0; i < nfs_fake_serving->rule_count; i++) {
		const struct nfs_fake_rule *rule = &nfs_fake_serving->rules[i];

		if (rule->operation == operation && number >= rule->first && number - rule->first < rule->times)
			return rule->status;
	}
	return 0;
}

int nfs_fake_reply(struct rpc_context *rpc, struct rpc_msg *call, uint32_t status, void *result, zdrproc_t encode)
{
	if (status == NFS_FAKE_HANG_UP)
		return -1;
	return status == NFS_FAKE_SAY_NOTHING ? 0 : rpc_send_reply(rpc, call, result, encode, REPLY_BYTES);
}

int nfs_fake_serve_null(SERVICE_ARGUMENTS)
{
	uint32_t status = nfs_fake_next_status(0);

	return nfs_fake_reply(rpc, call, status, NULL, (zdrproc_t)zdr_void);
}

uint32_t nfs_fake_decode_nothing(ZDR *zdr, void *args, ...)
{
	return 1;
}

static void accept_connection(struct nfs_fake *fake)
{
	int fd = accept4(fake->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned slot = 0;

	while (slot < NFS_FAKE_CONNECTION_MAX && fake->contexts[slot])
		slot++;
	if (fd < 0 || slot == NFS_FAKE_CONNECTION_MAX)
		abort(); /* a test with more connections needs a larger table */
	fake->contexts[slot] = rpc_init_server_context(fd);
	if (fake->kind == NFS_FAKE_V4)
		nfs_fake_register_v4(fake->contexts[slot]);
	else if (fake->kind == NFS_FAKE_V3)
		nfs_fake_register_v3(fake->contexts[slot]);
	atomic_fetch_add(&fake->connections, 1);
}

/* What the kinds that are no NFS servers do with a request; false to close. */
static bool misbehave(const struct nfs_fake *fake, int fd)
{
	char bytes[4096];

	if (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0)
		return false;
	if (fake->kind == NFS_FAKE_GARBAGE)
		return send(fd, "\200\0\0\10garbage!", 12, MSG_NOSIGNAL) == 12;
	return fake->kind == NFS_FAKE_SILENT;
}

static bool serve_connection(const struct nfs_fake *fake, struct rpc_context *rpc, short revents)
{
	if (fake->kind == NFS_FAKE_V4 || fake->kind == NFS_FAKE_V3)
		return rpc_service(rpc, revents) >= 0;
	return misbehave(fake, rpc_get_fd(rpc));
}

static void drop_connections(struct nfs_fake *fake)
{
	for (unsigned i = 0; i < NFS_FAKE_CONNECTION_MAX; i++) {
		if (fake->contexts[i])
			rpc_destroy_context(fake->contexts[i]);
		fake->contexts[i] = NULL;
	}
}

/* Waits for all, serves what is ready. */
static void serve_once(struct nfs_fake *fake)
{
	struct pollfd all[NFS_FAKE_CONNECTION_MAX + 2] = {{.fd = fake->wake_fd, .events = POLLIN},
							  {.fd = fake->listen_fd, .events = POLLIN}};
	eventfd_t count;

	for (unsigned i = 0; i < NFS_FAKE_CONNECTION_MAX; i++) {
		struct rpc_context *rpc = fake->contexts[i];

		all[i + 2] = (struct pollfd){.fd = rpc ? rpc_get_fd(rpc) : -1,
					     .events = rpc ? (short)rpc_which_events(rpc) : 0};
	}
	if (poll(all, NFS_FAKE_CONNECTION_MAX + 2, -1) < 0)
		abort();
	for (unsigned i = 0; i < NFS_FAKE_CONNECTION_MAX; i++) {
		if (all[i + 2].revents && !serve_connection(fake, fake->contexts[i], all[i + 2].revents)) {
			rpc_destroy_context(fake->contexts[i]);
			fake->contexts[i] = NULL;
		}
	}
	if (all[1].revents)
		accept_connection(fake);
	if (all[0].revents)
		(void)eventfd_read(fake->wake_fd, &count); /* readable, so it cannot fail */
	if (atomic_exchange(&fake->must_drop, false))
		drop_connections(fake);
}

static void *serve(void *data)
{
	struct nfs_fake *fake = nfs_fake_serving = data;

	while (!atomic_load(&fake->must_stop))
		serve_once(fake);
	drop_connections(fake);
	return NULL;
}

static void start_serving(struct nfs_fake *fake)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	fake->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fake->listen_fd < 0 || bind(fake->listen_fd, (struct sockaddr *)&address, size) < 0 ||
	    listen(fake->listen_fd, NFS_FAKE_CONNECTION_MAX) < 0 ||
	    getsockname(fake->listen_fd, (struct sockaddr *)&address, &size) < 0)
		abort();
	fake->port = ntohs(address.sin_port);
	fake->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (fake->wake_fd < 0 || pthread_create(&fake->thread, NULL, serve, fake) != 0)
		abort();
}

struct nfs_fake *nfs_fake_start(enum nfs_fake_kind kind)
{
	struct nfs_fake *fake = memory_calloc(1, sizeof(*fake));

	fake->kind = kind;
	start_serving(fake);
	return fake;
}

static void wake(struct nfs_fake *fake)
{
	(void)eventfd_write(fake->wake_fd, 1); /* a full counter wakes as well */
}

void nfs_fake_stop(struct nfs_fake *fake)
{
	atomic_store(&fake->must_stop, true);
	wake(fake);
	(void)pthread_join(fake->thread, NULL); /* joined once */
	(void)close(fake->listen_fd);
	(void)close(fake->wake_fd);
	free(fake);
}

uint16_t nfs_fake_port(const struct nfs_fake *fake)
{
	return fake->port;
}

void nfs_fake_fail(struct nfs_fake *fake, unsigned operation, unsigned first, unsigned times, uint32_t status)
{
	if (fake->rule_count == NFS_FAKE_RULE_MAX)
		abort();
	fake->rules[fake->rule_count++] = (struct nfs_fake_rule){operation, first, times, status};
}

void nfs_fake_ask_to_confirm(struct nfs_fake *fake)
{
	fake->asks_to_confirm = true;
}

void nfs_fake_mix_results_up(struct nfs_fake *fake)
{
	fake->mixes_results_up = true;
}

void nfs_fake_list_bad_name(struct nfs_fake *fake)
{
	fake->lists_bad_name = true;
}

void nfs_fake_list_for_ever(struct nfs_fake *fake)
{
	fake->lists_for_ever = true;
}

void nfs_fake_limit_operations(struct nfs_fake *fake, unsigned most)
{
	fake->operations_max = most;
}

void nfs_fake_list(struct nfs_fake *fake, unsigned count)
{
	fake->listed = count;
}

unsigned nfs_fake_count(struct nfs_fake *fake, unsigned operation)
{
	return atomic_load(&fake->counts[operation]);
}

unsigned nfs_fake_connections(struct nfs_fake *fake)
{
	return atomic_load(&fake->connections);
}

unsigned nfs_fake_written_anonymously(struct nfs_fake *fake)
{
	return atomic_load(&fake->written_anonymously);
}

unsigned nfs_fake_written_opened(struct nfs_fake *fake)
{
	return atomic_load(&fake->written_opened);
}

void nfs_fake_drop_connections(struct nfs_fake *fake)
{
	atomic_store(&fake->must_drop, true);
	wake(fake);
}
