/* SPDX-License-Identifier: Apache-2.0 */
/* Short-lived connections to the portmapper and to mountd; nothing of them is kept. */
#include "storage/nfs3_mount.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <nfsc/libnfs-raw-mount.h>
#include <nfsc/libnfs-raw-portmap.h>

#include "base/parse.h"
#include "base/status.h"
#include "storage/nfs_errors.h"

#define PORTMAPPER_PORT 111
#define TCP_PROTOCOL 6

struct port_question {
	uint32_t program, version;
	bool is_ipv6;
};

static int send_question(struct rpc_context *rpc, rpc_cb callback, void *args, void *callback_data)
{
	const struct port_question *q = args;
	char netid[] = "tcp6", empty[] = "";
	struct pmap3_mapping mapping = {
		.prog = q->program, .vers = q->version, .netid = netid, .addr = empty, .owner = empty};

	if (q->is_ipv6) /* version 2 only knows IPv4 */
		return LIBNFS_QUEUE(rpc_pmap3_getaddr, rpc, &mapping, callback, callback_data);
	return LIBNFS_QUEUE(rpc_pmap2_getport, rpc, (int)q->program, (int)q->version, TCP_PROTOCOL, callback,
			    callback_data);
}

static void receive_port(const void *reply, void *result)
{
	uint32_t port = *(const uint32_t *)reply;

	*(uint16_t *)result = port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* A universal address ends in the port's two bytes: "::1.8.1" is port 2049 (RFC 5665 5.2.3). */
static uint16_t port_of_universal_address(const char *address)
{
	char text[INET6_ADDRSTRLEN + 8];
	uint32_t high, low;

	if (!address || strlen(address) >= sizeof(text))
		return 0;
	memcpy(text, address, strlen(address) + 1);
	char *low_dot = strrchr(text, '.');

	if (!low_dot)
		return 0;
	*low_dot = '\0';
	char *high_dot = strrchr(text, '.');

	if (!high_dot || parse_u32(high_dot + 1, 10, 255, &high) < 0 || parse_u32(low_dot + 1, 10, 255, &low) < 0)
		return 0;
	return (uint16_t)(high << 8 | low);
}

static void receive_universal_address(const void *reply, void *result)
{
	*(uint16_t *)result = port_of_universal_address(((const struct pmap3_string_result *)reply)->addr);
}

static int ask_port(struct nfs_target *target, const char *address, const char *what, uint32_t program,
		    uint32_t version, struct cancel *cancel, uint16_t *ret_port, struct status *st)
{
	struct port_question question = {program, version, strchr(address, ':') != NULL};
	uint16_t port = 0;
	struct nfs_connection *c = nfs_connection_open(target, address, PORTMAPPER_PORT, cancel, st);

	if (!c)
		return status_prefix(st, "ask the portmapper for %s", what);
	int result =
		nfs_connection_call(c, send_question, &question,
				    question.is_ipv6 ? receive_universal_address : receive_port, &port, cancel, st);

	nfs_connection_close(c);
	if (result < 0)
		return status_prefix(st, "ask the portmapper for %s", what);
	if (port == 0)
		return status_set_cause(st, STATUS_FAILED_PRECONDITION, EPROTONOSUPPORT,
					"NFS server %s: its portmapper knows no %s", target->server, what);
	*ret_port = port;
	return 0;
}

int nfs3_ask_nfs_port(struct nfs_target *target, const char *address, struct cancel *cancel, uint16_t *ret_port,
		      struct status *st)
{
	return ask_port(target, address, "NFSv3 over TCP", NFS_PROGRAM, NFS_V3, cancel, ret_port, st);
}

int nfs3_ask_mount_port(struct nfs_target *target, const char *address, struct cancel *cancel, uint16_t *ret_port,
			struct status *st)
{
	return ask_port(target, address, "mountd version 3 over TCP", MOUNT_PROGRAM, MOUNT_V3, cancel, ret_port, st);
}

struct mount_answer {
	mountstat3 status;
	bool has_handle;
	struct nfs_handle handle;
};

static int send_mnt(struct rpc_context *rpc, rpc_cb callback, void *args, void *callback_data)
{
	return LIBNFS_QUEUE(rpc_mount3_mnt, rpc, callback, (char *)args, callback_data);
}

static void receive_mnt(const void *reply, void *result)
{
	const mountres3 *res = reply;
	const fhandle3 *handle = &res->mountres3_u.mountinfo.fhandle;
	struct mount_answer *a = result;

	a->status = res->fhs_status;
	a->has_handle =
		res->fhs_status == MNT3_OK && nfs_handle_set(&a->handle, handle->fhandle3_val, handle->fhandle3_len);
}

static int refused(const struct nfs_target *target, const char *directory, int mount_status, struct status *st)
{
	const char *server = target->server;
	int errnum = nfs_errno(mount_status);

	if (errnum == ENOENT)
		return status_set_cause(st, STATUS_NOT_FOUND, errnum, "NFS server %s does not export \"%s\"", server,
					directory);
	if (errnum == EACCES || errnum == EPERM)
		return status_set_cause(st, STATUS_PERMISSION_DENIED, errnum,
					"NFS server %s refuses \"%s\" to this client: " NFS_REFUSED_HINT, server,
					directory);
	return status_set_errno(st, errnum, "NFS server %s: mount \"%s\"", server, directory);
}

/* Worth asking for the directory above: this one is not exported by itself. */
static bool may_be_below_an_export(int mount_status)
{
	return mount_status == MNT3ERR_NOENT || mount_status == MNT3ERR_ACCES || mount_status == MNT3ERR_NOTDIR ||
	       mount_status == MNT3ERR_INVAL;
}

/* MNT of the share's first `names` names. */
static int mount_prefix(struct nfs_connection *c, const struct path *share, size_t names, struct cancel *cancel,
			char *directory, size_t size, struct mount_answer *ret, struct status *st)
{
	size_t length = 0;

	directory[0] = '\0';
	for (size_t i = 0; i < names && length < size; i++)
		length += (size_t)snprintf(directory + length, size - length, "/%s", share->names[i]);
	if (names == 0)
		(void)snprintf(directory, size, "/"); /* fits */
	if (length >= size)
		return status_set_errno(st, ENAMETOOLONG, "NFS server %s: share", c->target->server);
	return nfs_connection_call(c, send_mnt, directory, receive_mnt, ret, cancel, st);
}

static int mount_nearest(struct nfs_connection *c, const struct path *share, struct cancel *cancel,
			 struct nfs_handle *ret_handle, size_t *ret_mounted, struct status *st)
{
	char directory[MNTPATHLEN + 1], whole[MNTPATHLEN + 1] = "/";
	int whole_status = MNT3_OK;

	for (size_t names = share->count;; names--) {
		struct mount_answer answer = {.status = MNT3_OK};

		if (mount_prefix(c, share, names, cancel, directory, sizeof(directory), &answer, st) < 0)
			return -1;
		if (answer.has_handle) {
			*ret_handle = answer.handle;
			*ret_mounted = names;
			return 0;
		}
		if (names == share->count) {
			memcpy(whole, directory, sizeof(whole));
			whole_status = answer.status;
		}
		if (names == 0 || !may_be_below_an_export(answer.status))
			return refused(c->target, whole, whole_status == MNT3_OK ? MNT3ERR_SERVERFAULT : whole_status,
				       st);
	}
}

int nfs3_mount(struct nfs_target *target, const char *address, uint16_t mount_port, const struct path *share,
	       struct cancel *cancel, struct nfs_handle *ret_handle, size_t *ret_mounted, struct status *st)
{
	struct nfs_connection *c = nfs_connection_open(target, address, mount_port, cancel, st);

	if (!c)
		return status_prefix(st, "mountd");
	int result = mount_nearest(c, share, cancel, ret_handle, ret_mounted, st);

	nfs_connection_close(c);
	return result;
}
