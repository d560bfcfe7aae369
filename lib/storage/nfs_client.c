/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting: name, address, port, TCP, and for NFSv3 the portmapper and mountd, all before one deadline. */
#include "storage/nfs_client.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/resolver.h"
#include "base/status.h"
#include "storage/nfs3_mount.h"
#include "storage/nfs4_compound.h"
#include "storage/nfs_errors.h"
#include "storage/nfs_pool.h"

#define NFS4_PORT 2049

struct nfs_client {
	struct nfs_target target;
	char *share;
	uint16_t nfs_port, mount_port; /* 0: to be found out */
	struct nfs_pool *pool;
	enum nfs_version asked_version;
	pthread_mutex_t lock;     /* of what is below */
	enum nfs_version version; /* that worked; ANY until then */
	struct nfs_handle root3;  /* of NFSv3, so that mountd is asked once; length 0 for none */
	/* Answered last; tried first, so that handles stay with one server. */
	char good_address[RESOLVER_ADDRESS_BYTES];
};

struct nfs_client *nfs_client_new(const struct fs_libnfs_config *config)
{
	struct nfs_client *client = memory_calloc(1, sizeof(*client));

	client->target.server = memory_strdup(config->server);
	client->target.uid = config->uid;
	client->target.gid = config->gid;
	client->target.connect_timeout_ms = config->connect_timeout_ms;
	client->target.reply_timeout_ms = config->reply_timeout_ms;
	atomic_init(&client->target.round_trips, 0);
	client->share = memory_strdup(config->share);
	client->asked_version = client->version = config->version;
	client->nfs_port = config->nfs_port;
	client->mount_port = config->mount_port;
	client->pool = nfs_pool_new(config->connection_max);
	(void)pthread_mutex_init(&client->lock, NULL); /* cannot fail for a normal mutex */
	return client;
}

void nfs_client_free(struct nfs_client *client)
{
	if (!client)
		return;
	nfs_pool_free(client->pool);
	(void)pthread_mutex_destroy(&client->lock);
	free(client->share);
	free(client->target.server);
	free(client);
}

uint64_t nfs_client_round_trips(struct nfs_client *client)
{
	return atomic_load(&client->target.round_trips);
}

static enum nfs_version known_version(struct nfs_client *client)
{
	(void)pthread_mutex_lock(&client->lock);
	enum nfs_version version = client->version;

	(void)pthread_mutex_unlock(&client->lock);
	return version;
}

/* One attempt to connect: what is done at an address, and until when. */
struct connecting {
	struct nfs_client *client;
	enum nfs_version version;
	const struct path *share;          /* NFSv3's MNT; NULL for an NFS connection */
	struct nfs_connection *connection; /* result of connect_nfs */
	struct nfs_handle mounted;         /* results of mount_share */
	size_t mounted_names;
};
typedef int connecting_step(struct connecting *attempt, const char *address, struct cancel *cancel, struct status *st);

static int connect_nfs(struct connecting *attempt, const char *address, struct cancel *cancel, struct status *st)
{
	struct nfs_client *client = attempt->client;
	uint16_t port = client->nfs_port;

	if (port == 0 && attempt->version == NFS_VERSION_4)
		port = NFS4_PORT;
	if (port == 0 && nfs3_ask_nfs_port(&client->target, address, cancel, &port, st) < 0)
		return -1;
	attempt->connection = nfs_connection_open(&client->target, address, port, cancel, st);
	if (!attempt->connection)
		return -1;
	attempt->connection->version = attempt->version;
	return 0;
}

static int mount_share(struct connecting *attempt, const char *address, struct cancel *cancel, struct status *st)
{
	struct nfs_client *client = attempt->client;
	uint16_t port = client->mount_port;

	if (port == 0 && nfs3_ask_mount_port(&client->target, address, cancel, &port, st) < 0)
		return -1;
	return nfs3_mount(&client->target, address, port, attempt->share, cancel, &attempt->mounted,
			  &attempt->mounted_names, st);
}

/* The address that answered last comes first. */
static void prefer_good_address(struct nfs_client *client, struct resolver_addresses *addresses)
{
	char good[RESOLVER_ADDRESS_BYTES];

	(void)pthread_mutex_lock(&client->lock);
	memcpy(good, client->good_address, sizeof(good));
	(void)pthread_mutex_unlock(&client->lock);
	for (size_t i = 1; i < addresses->count; i++) {
		if (strcmp(addresses->text[i], good) == 0) {
			memcpy(addresses->text[i], addresses->text[0], sizeof(good));
			memcpy(addresses->text[0], good, sizeof(good));
		}
	}
}

static void remember_good_address(struct nfs_client *client, const char *address)
{
	(void)pthread_mutex_lock(&client->lock);
	memcpy(client->good_address, address, strlen(address) + 1); /* came from resolver_addresses */
	(void)pthread_mutex_unlock(&client->lock);
}

/* Tries one address after the other, each with its share of the time that is left. */
static int try_addresses(struct connecting *attempt, const struct resolver_addresses *addresses, connecting_step *step,
			 struct cancel *cancel, struct status *st)
{
	int result = -1;

	for (size_t i = 0; i < addresses->count && result < 0; i++) {
		AUTO(cancel_release) struct cancel share_of_time;

		cancel_init_child(&share_of_time, cancel, cancel_remaining_ms(cancel) / (int)(addresses->count - i));
		result = step(attempt, addresses->text[i], &share_of_time, st);
		if (result == 0)
			remember_good_address(attempt->client, addresses->text[i]);
	}
	return result;
}

/* Runs a step of connecting at the server's addresses.  Its own timeout is the server's fault and UNAVAILABLE, the caller's
 * deadline is not. */
static int connect_within_timeout(struct connecting *attempt, connecting_step *step, struct cancel *cancel,
				  struct status *st)
{
	struct nfs_client *client = attempt->client;
	AUTO(cancel_release) struct cancel timeout;
	struct resolver_addresses addresses;

	cancel_init_child(&timeout, cancel, client->target.connect_timeout_ms);
	int result = resolver_ask(NULL, client->target.server, AF_UNSPEC, &timeout, &addresses, st);

	if (result == 0) {
		prefer_good_address(client, &addresses);
		result = try_addresses(attempt, &addresses, step, &timeout, st);
	}
	if (result < 0 && st->code == STATUS_DEADLINE_EXCEEDED && !cancel_is_over(cancel))
		return status_set_cause(st, STATUS_UNAVAILABLE, ETIMEDOUT, "NFS server %s: not connected within %d ms",
					client->target.server, client->target.connect_timeout_ms);
	return result;
}

struct nfs_connection *nfs_client_borrow(struct nfs_client *client, enum nfs_version version, struct cancel *cancel,
					 struct status *st)
{
	struct connecting attempt = {.client = client, .version = version};

	if (nfs_pool_take(client->pool, version, cancel, &attempt.connection, st) < 0) {
		(void)status_prefix(st, "NFS server %s", client->target.server); /* always -1 */
		return NULL;
	}
	if (!attempt.connection && connect_within_timeout(&attempt, connect_nfs, cancel, st) < 0) {
		nfs_pool_put(client->pool, NULL);
		return NULL;
	}
	attempt.connection->pool = client->pool;
	return attempt.connection;
}

void nfs_client_return(struct nfs_connection **connection)
{
	if (*connection)
		nfs_pool_put((*connection)->pool, *connection);
}

static int find_root4(struct nfs_client *client, const struct path *share, struct cancel *cancel,
		      struct nfs_root *ret_root, struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = nfs_client_borrow(client, NFS_VERSION_4, cancel, st);

	return c ? nfs4_walk_share(c, share, cancel, ret_root, st) : -1;
}

/* The root that mountd gave before, where the server still knows it. */
static int ask_kept_root3(struct nfs_client *client, struct nfs_connection *c, struct cancel *cancel,
			  struct nfs_root *ret_root, struct status *st)
{
	struct fs_attr attr;

	(void)pthread_mutex_lock(&client->lock);
	struct nfs_handle kept = client->root3;

	(void)pthread_mutex_unlock(&client->lock);
	if (kept.length == 0 || nfs3_protocol.get_attr(c, &kept, cancel, &attr, st) < 0)
		return -1;
	*ret_root = (struct nfs_root){kept, attr.type};
	return 0;
}

/* From the exported directory at or above the share down to it. */
static int walk_from_export(struct nfs_connection *c, const struct path *share, const struct connecting *mounted,
			    struct cancel *cancel, struct nfs_root *ret_root, struct status *st)
{
	struct nfs_handle at = mounted->mounted;
	struct fs_attr attr;

	if (nfs3_protocol.get_attr(c, &at, cancel, &attr, st) < 0)
		return -1;
	for (size_t i = mounted->mounted_names; i < share->count; i++) {
		struct nfs_handle next;
		int errnum = nfs_errno_as_directory(attr.type);

		if (errnum != 0)
			return status_set_errno(st, errnum, "NFS server %s: share", c->target->server);
		if (nfs3_protocol.lookup(c, &at, share->names[i], cancel, &next, &attr, st) < 0)
			return -1;
		at = next;
	}
	*ret_root = (struct nfs_root){at, attr.type};
	return 0;
}

static int find_root3(struct nfs_client *client, const struct path *share, struct cancel *cancel,
		      struct nfs_root *ret_root, struct status *st)
{
	struct connecting mount = {.client = client, .version = NFS_VERSION_3, .share = share};
	AUTO(nfs_client_return) struct nfs_connection *c = nfs_client_borrow(client, NFS_VERSION_3, cancel, st);

	if (!c)
		return -1;
	if (ask_kept_root3(client, c, cancel, ret_root, st) == 0)
		return 0;
	/* A handle that went stale is asked for anew; a server that is away is not asked twice. */
	if (c->is_broken || connect_within_timeout(&mount, mount_share, cancel, st) < 0 ||
	    walk_from_export(c, share, &mount, cancel, ret_root, st) < 0)
		return -1;
	(void)pthread_mutex_lock(&client->lock);
	client->root3 = ret_root->handle;
	(void)pthread_mutex_unlock(&client->lock);
	return 0;
}

/* What makes NFSv3 worth a try where NFSv4.0 failed: no such program or version, nobody on its port, a share that has no
 * place in the NFSv4 tree (servers without a pseudo root), a server that refuses. */
static bool may_speak_nfs3(int nfs4_errnum)
{
	return nfs4_errnum == EPROTONOSUPPORT || nfs4_errnum == EOPNOTSUPP || nfs4_errnum == ECONNREFUSED ||
	       nfs4_errnum == ENOENT || nfs4_errnum == EPERM || nfs4_errnum == EACCES;
}

static int send_null(struct rpc_context *rpc, rpc_cb callback, void *args, void *callback_data)
{
	const struct connecting *attempt = args;

	if (attempt->version == NFS_VERSION_3)
		return LIBNFS_QUEUE(rpc_nfs3_null, rpc, callback, callback_data);
	return LIBNFS_QUEUE(rpc_nfs4_null, rpc, callback, callback_data);
}

static void receive_null(const void *answer, void *result)
{
	/* That there is one is all it says. */
}

static int connect_and_ping(struct connecting *attempt, const char *address, struct cancel *cancel, struct status *st)
{
	if (connect_nfs(attempt, address, cancel, st) < 0)
		return -1;
	int result = nfs_connection_call(attempt->connection, send_null, attempt, receive_null, NULL, cancel, st);

	/* Who rejects it is there too. */
	if (attempt->connection->has_answered)
		result = 0;
	nfs_connection_close(attempt->connection);
	return result;
}

int nfs_client_ping(struct nfs_client *client, struct cancel *cancel, struct status *st)
{
	/* The version that was found to work for this share does not count: all that ask alike are to hear the same. */
	struct connecting attempt = {.client = client, .version = client->asked_version};
	struct status nfs4;

	if (attempt.version != NFS_VERSION_ANY)
		return connect_within_timeout(&attempt, connect_and_ping, cancel, st);
	attempt.version = NFS_VERSION_4;
	if (connect_within_timeout(&attempt, connect_and_ping, cancel, &nfs4) == 0)
		return 0;
	attempt.version = NFS_VERSION_3;
	if (may_speak_nfs3(nfs4.errnum) && connect_within_timeout(&attempt, connect_and_ping, cancel, st) == 0)
		return 0;
	*st = nfs4;
	return -1;
}

/* Both versions failed: NFSv4's "no such share" is the surer of the two, because mountd refuses what it does not know. */
static int both_failed(const struct status *nfs4, struct status *st)
{
	struct status nfs3 = *st;
	const struct status *told = nfs4->errnum == ENOENT ? nfs4 : &nfs3;

	return status_set_cause(st, told->code, told->errnum, "NFSv4.0: %.500s; NFSv3: %.500s", nfs4->message,
				nfs3.message);
}

static int find_root(struct nfs_client *client, enum nfs_version *version, const struct path *share,
		     struct cancel *cancel, struct nfs_root *ret_root, struct status *st)
{
	enum nfs_version asked = *version;
	struct status nfs4;

	if (asked != NFS_VERSION_3) {
		*version = NFS_VERSION_4;
		if (find_root4(client, share, cancel, ret_root, st) == 0)
			return 0;
		if (asked == NFS_VERSION_4 || !may_speak_nfs3(st->errnum))
			return -1;
		nfs4 = *st;
	}
	*version = NFS_VERSION_3;
	if (find_root3(client, share, cancel, ret_root, st) == 0)
		return 0;
	return asked == NFS_VERSION_3 ? -1 : both_failed(&nfs4, st);
}

/* A server that refuses a share by its port number says so in many ways. */
static int root_failed(const struct nfs_client *client, struct status *st)
{
	int errnum = st->errnum;

	if (errnum == ENOENT)
		(void)status_prefix(st, "share \"%s\" is not there or not exported to this client", client->share);
	if (errnum != EACCES && errnum != EPERM)
		return -1;
	if (strstr(st->message, NFS_REFUSED_HINT) == NULL)
		(void)status_prefix(st, "share \"%s\" is refused (" NFS_REFUSED_HINT ")", client->share);
	return -1;
}

int nfs_client_find_root(struct nfs_client *client, struct cancel *cancel, const struct nfs_protocol **ret_protocol,
			 struct nfs_handle *ret_handle, struct status *st)
{
	AUTO(arena_release) struct arena arena;
	struct path share;
	struct nfs_root root;

	arena_init(&arena, SIZE_MAX);
	if (path_split(&arena, "share", client->share, &share, st) < 0)
		return -1;
	enum nfs_version version = known_version(client);

	if (find_root(client, &version, &share, cancel, &root, st) < 0)
		return root_failed(client, st);
	int errnum = nfs_errno_as_directory(root.type);

	if (errnum != 0)
		return status_set_errno(st, errnum, "NFS server %s: share \"%s\"", client->target.server,
					client->share);
	(void)pthread_mutex_lock(&client->lock);
	client->version = version;
	(void)pthread_mutex_unlock(&client->lock);
	*ret_handle = root.handle;
	*ret_protocol = version == NFS_VERSION_4 ? &nfs4_protocol : &nfs3_protocol;
	return 0;
}
