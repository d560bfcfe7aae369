/* SPDX-License-Identifier: Apache-2.0 */
/* libnfs's own server side decodes the requests and encodes the answers, on one thread for all connections. */
#include "support/nfs_fake.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nfsc/libnfs-raw-mount.h>

#include "base/memory.h"
#include "storage/libnfs_compat.h"

#define CONNECTION_MAX 16
#define OPERATION_MAX 64
#define RESULT_MAX 16
#define RULE_MAX 8

struct rule {
	unsigned operation, first, times;
	uint32_t status;
};

struct nfs_fake {
	enum nfs_fake_kind kind;
	int listen_fd, wake_fd;
	uint16_t port;
	pthread_t thread;
	atomic_bool must_stop, must_drop;
	atomic_uint counts[OPERATION_MAX], connections, written_anonymously, written_opened;
	struct rule rules[RULE_MAX];
	unsigned rule_count;
	bool asks_to_confirm, mixes_results_up, lists_bad_name;
	struct rpc_context *contexts[CONNECTION_MAX]; /* the thread's */
};

/* 4.0.0 forgets to free what it registers. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:rpc_register_service\n";
}

/* libnfs gives a service function no data of its caller's. */
static _Thread_local struct nfs_fake *serving;

/* Counts an operation and says how it ends. */
static uint32_t next_status(unsigned operation)
{
	unsigned number = atomic_fetch_add(&serving->counts[operation], 1);

	for (unsigned i = 0; i < serving->rule_count; i++) {
		const struct rule *rule = &serving->rules[i];

		if (rule->operation == operation && number >= rule->first && number - rule->first < rule->times)
			return rule->status;
	}
	return 0;
}

/* ---- NFSv4.0 */

/* type (directory), size, fileid, mode, numlinks, owner "0", group "0", space_used, time_modify: in the bits' order */
static uint32_t attribute_bits[2] = {1u << 1 | 1u << 4 | 1u << 20,
				     1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 13 | 1u << 21};
static const char directory_attributes[] = "\0\0\0\2"
					   "\0\0\0\0\0\0\20\0"
					   "\0\0\0\0\0\0\0\7"
					   "\0\0\1\355"
					   "\0\0\0\2"
					   "\0\0\0\1"
					   "0\0\0\0"
					   "\0\0\0\1"
					   "0\0\0\0"
					   "\0\0\0\0\0\0\20\0"
					   "\0\0\0\0\0\0\0\1\0\0\0\0";
static const char file_attributes[] = "\0\0\0\1"
				      "\0\0\0\0\0\0\0\7"
				      "\0\0\0\0\0\0\0\10"
				      "\0\0\1\200"
				      "\0\0\0\1"
				      "\0\0\0\1"
				      "0\0\0\0"
				      "\0\0\0\1"
				      "0\0\0\0"
				      "\0\0\0\0\0\0\20\0"
				      "\0\0\0\0\0\0\0\1\0\0\0\0";
static char handle_bytes[] = "handle", content_bytes[] = "content";
static entry4 only_entry;

static void answer_attributes(fattr4 *attributes, const char *bytes)
{
	attributes->attrmask = (bitmap4){2, attribute_bits};
	attributes->attr_vals.attrlist4_len = sizeof(directory_attributes) - 1;
	attributes->attr_vals.attrlist4_val = (char *)bytes;
}

static void answer_readdir(READDIR4resok *ok)
{
	static char good[] = "file", bad[] = "a/b";

	only_entry.cookie = 3;
	only_entry.name = serving->lists_bad_name ? (component4){3, bad} : (component4){4, good};
	answer_attributes(&only_entry.attrs, file_attributes);
	ok->reply.entries = &only_entry;
	ok->reply.eof = 1;
}

static void answer_open(OPEN4resok *ok)
{
	memcpy(ok->stateid.other, "open-state", sizeof("open-state"));
	ok->rflags = serving->asks_to_confirm ? OPEN4_RESULT_CONFIRM : 0;
	ok->delegation.delegation_type = OPEN_DELEGATE_NONE;
}

static void answer_write(const WRITE4args *args, WRITE4resok *ok)
{
	static const stateid4 anonymous;
	bool is_anonymous = memcmp(&args->stateid, &anonymous, sizeof(anonymous)) == 0;

	atomic_fetch_add(is_anonymous ? &serving->written_anonymously : &serving->written_opened, args->data.data_len);
	ok->count = args->data.data_len;
	ok->committed = FILE_SYNC4;
}

/* The result of an operation that succeeds; is_file: the last LOOKUP or OPEN led to the file. */
static void answer_success(const nfs_argop4 *asked, nfs_resop4 *result, bool *is_file)
{
	switch (asked->argop) {
	case OP_PUTFH:
		*is_file = false;
		break;
	case OP_LOOKUP:
		*is_file = asked->nfs_argop4_u.oplookup.objname.utf8string_len == 4;
		break;
	case OP_OPEN:
		*is_file = true;
		answer_open(&result->nfs_resop4_u.opopen.OPEN4res_u.resok4);
		break;
	case OP_GETFH:
		result->nfs_resop4_u.opgetfh.GETFH4res_u.resok4.object.nfs_fh4_len = sizeof(handle_bytes) - 1;
		result->nfs_resop4_u.opgetfh.GETFH4res_u.resok4.object.nfs_fh4_val = handle_bytes;
		break;
	case OP_GETATTR:
		answer_attributes(&result->nfs_resop4_u.opgetattr.GETATTR4res_u.resok4.obj_attributes,
				  *is_file ? file_attributes : directory_attributes);
		break;
	case OP_READ:
		result->nfs_resop4_u.opread.READ4res_u.resok4.eof = 1;
		result->nfs_resop4_u.opread.READ4res_u.resok4.data.data_len = sizeof(content_bytes) - 1;
		result->nfs_resop4_u.opread.READ4res_u.resok4.data.data_val = content_bytes;
		break;
	case OP_WRITE:
		answer_write(&asked->nfs_argop4_u.opwrite, &result->nfs_resop4_u.opwrite.WRITE4res_u.resok4);
		break;
	case OP_READDIR:
		answer_readdir(&result->nfs_resop4_u.opreaddir.READDIR4res_u.resok4);
		break;
	case OP_SETCLIENTID:
		result->nfs_resop4_u.opsetclientid.SETCLIENTID4res_u.resok4.clientid =
			atomic_load(&serving->counts[OP_SETCLIENTID]);
		break;
	default:
		break;
	}
}

#ifdef LIBNFS_API_V2
#define SERVICE_ARGUMENTS struct rpc_context *rpc, struct rpc_msg *call, void *opaque
#else
#define SERVICE_ARGUMENTS struct rpc_context *rpc, struct rpc_msg *call
#endif

static int serve_compound(SERVICE_ARGUMENTS)
{
	const COMPOUND4args args = LIBNFS_ELEMENT(COMPOUND4args, call->body.cbody.args);
	nfs_resop4 results[RESULT_MAX];
	COMPOUND4res res = {.status = NFS4_OK};
	bool is_file = false;

	memset(results, 0, sizeof(results));
	res.resarray.resarray_val = results;
	for (unsigned i = 0; i < args.argarray.argarray_len && i < RESULT_MAX && res.status == NFS4_OK; i++) {
		const nfs_argop4 asked = LIBNFS_ELEMENT(nfs_argop4, &args.argarray.argarray_val[i]);
		nfs_resop4 *result = &results[res.resarray.resarray_len++];
		uint32_t status = next_status(asked.argop);

		result->resop = asked.argop;
		result->nfs_resop4_u.opputfh.status = status; /* the first field of every result */
		res.status = status;
		if (status == NFS4_OK)
			answer_success(&asked, result, &is_file);
		if (serving->mixes_results_up)
			result->resop = OP_RENEW;
	}
	return rpc_send_reply(rpc, call, &res, (zdrproc_t)zdr_COMPOUND4res, 8192);
}

/* ---- NFSv3 and MOUNT */

static int serve_getattr(SERVICE_ARGUMENTS)
{
	GETATTR3res res = {.status = next_status(NFS3_GETATTR)};

	res.GETATTR3res_u.resok.obj_attributes.type = NF3DIR;
	return rpc_send_reply(rpc, call, &res, (zdrproc_t)zdr_GETATTR3res, 1024);
}

static int serve_rmdir(SERVICE_ARGUMENTS)
{
	RMDIR3res res = {.status = next_status(NFS3_RMDIR)};

	return rpc_send_reply(rpc, call, &res, (zdrproc_t)zdr_RMDIR3res, 1024);
}

static int serve_mnt(SERVICE_ARGUMENTS)
{
	static int flavors[] = {AUTH_UNIX};
	mountres3 res = {.fhs_status = MNT3_OK};

	res.mountres3_u.mountinfo.fhandle.fhandle3_len = sizeof(handle_bytes) - 1;
	res.mountres3_u.mountinfo.fhandle.fhandle3_val = handle_bytes;
	res.mountres3_u.mountinfo.auth_flavors.auth_flavors_len = 1;
	res.mountres3_u.mountinfo.auth_flavors.auth_flavors_val = flavors;
	return rpc_send_reply(rpc, call, &res, (zdrproc_t)zdr_mountres3, 1024);
}

/* libnfs decodes requests into memory that it does not clear, and takes what is there for pointers. */
#define DEFINE_DECODE(type) \
	static uint32_t decode_##type(ZDR *zdr, void *args, ...) \
	{ \
		memset(args, 0, sizeof(type)); \
		return zdr_##type(zdr, args); \
	}
DEFINE_DECODE(COMPOUND4args)
DEFINE_DECODE(GETATTR3args)
DEFINE_DECODE(RMDIR3args)
DEFINE_DECODE(dirpath)

static struct service_proc nfs4_service[] = {
	{NFSPROC4_COMPOUND, serve_compound, decode_COMPOUND4args, sizeof(COMPOUND4args)}};
static struct service_proc nfs3_service[] = {{NFS3_GETATTR, serve_getattr, decode_GETATTR3args, sizeof(GETATTR3args)},
					     {NFS3_RMDIR, serve_rmdir, decode_RMDIR3args, sizeof(RMDIR3args)}};
static struct service_proc mount_service[] = {{MOUNT3_MNT, serve_mnt, decode_dirpath, sizeof(dirpath)}};

/* ---- connections */

static void register_services(const struct nfs_fake *fake, struct rpc_context *rpc)
{
	if (fake->kind == NFS_FAKE_V4)
		(void)rpc_register_service(rpc, NFS4_PROGRAM, NFS_V4, nfs4_service, 1);
	if (fake->kind == NFS_FAKE_V3) {
		(void)rpc_register_service(rpc, NFS_PROGRAM, NFS_V3, nfs3_service, 2);
		(void)rpc_register_service(rpc, MOUNT_PROGRAM, MOUNT_V3, mount_service, 1);
	}
}

static void accept_connection(struct nfs_fake *fake)
{
	int fd = accept4(fake->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned slot = 0;

	while (slot < CONNECTION_MAX && fake->contexts[slot])
		slot++;
	if (fd < 0 || slot == CONNECTION_MAX)
		abort(); /* a test with more connections needs a larger table */
	fake->contexts[slot] = rpc_init_server_context(fd);
	register_services(fake, fake->contexts[slot]);
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
	for (unsigned i = 0; i < CONNECTION_MAX; i++) {
		if (fake->contexts[i])
			rpc_destroy_context(fake->contexts[i]);
		fake->contexts[i] = NULL;
	}
}

/* Waits for all, serves what is ready. */
static void serve_once(struct nfs_fake *fake)
{
	struct pollfd all[CONNECTION_MAX + 2] = {{.fd = fake->wake_fd, .events = POLLIN},
						 {.fd = fake->listen_fd, .events = POLLIN}};
	eventfd_t count;

	for (unsigned i = 0; i < CONNECTION_MAX; i++) {
		struct rpc_context *rpc = fake->contexts[i];

		all[i + 2] = (struct pollfd){.fd = rpc ? rpc_get_fd(rpc) : -1,
					     .events = rpc ? (short)rpc_which_events(rpc) : 0};
	}
	if (poll(all, CONNECTION_MAX + 2, -1) < 0)
		abort();
	for (unsigned i = 0; i < CONNECTION_MAX; i++) {
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
	struct nfs_fake *fake = serving = data;

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
	    listen(fake->listen_fd, CONNECTION_MAX) < 0 ||
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
	if (fake->rule_count == RULE_MAX)
		abort();
	fake->rules[fake->rule_count++] = (struct rule){operation, first, times, status};
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
