/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two verbs of NFSv4.0 that need an OPEN, and with it a client id, made when first needed.  The first piece of a new file
 * is written in the compound that opens it, with the anonymous state id, because the open's own is only known from the
 * answer: a small file costs two round trips, OPEN+WRITE and CLOSE.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/status.h"
#include "storage/nfs4_compound.h"
#include "storage/nfs_errors.h"

#define CLIENT_NAME_BYTES 128
/* A server that started again or let the lease run out is told anew who this client is; more often is a fault. */
#define RENEWALS_MAX 2

struct open_request {
	const struct nfs_handle *dir;
	const char *name;
	bool is_create;
	uint32_t mode;     /* of a new file */
	const char *bytes; /* its content */
	size_t length;
};

static void forget_client(struct nfs_connection *c)
{
	c->owner = (struct nfs4_owner){.client_id = 0};
}

static size_t client_name(const struct nfs_connection *c, char name[CLIENT_NAME_BYTES])
{
	char host[65] = "";

	(void)gethostname(host, sizeof(host) - 1); /* the random part alone is unique */
	int length = snprintf(name, CLIENT_NAME_BYTES, "csicore/%s/%d/%016" PRIx64, host, getpid(), c->owner.name);

	return (size_t)length; /* at most 8 + 64 + 20 + 18 */
}

static void add_set_client_id(const struct nfs_connection *c, struct nfs4_compound *q, char *name, size_t length)
{
	static char tcp[] = "tcp", no_callbacks[] = "0.0.0.0.0.0";
	SETCLIENTID4args *args = &nfs4_add(q, OP_SETCLIENTID)->nfs_argop4_u.opsetclientid;

	/* Tells incarnations of one client name apart; a name is never used twice. */
	memcpy(args->client.verifier, &c->owner.name, sizeof(args->client.verifier));
	args->client.id.id_len = (uint32_t)length;
	args->client.id.id_val = name;
	/* No callbacks are served, so the server will grant no delegations. */
	args->callback.cb_location.r_netid = tcp;
	args->callback.cb_location.r_addr = no_callbacks;
}

static int set_client_id(struct nfs_connection *c, struct cancel *cancel, struct status *st)
{
	char name[CLIENT_NAME_BYTES];
	struct nfs4_compound q;
	struct nfs4_answer answer = {.status = NFS4_OK};

	if (c->owner.client_id)
		return 0;
	if (getrandom(&c->owner.name, sizeof(c->owner.name), 0) != sizeof(c->owner.name))
		return status_set_errno(st, errno, "NFS server %s: random client name", c->target->server);
	nfs4_compound_init(&q);
	add_set_client_id(c, &q, name, client_name(c, name));
	if (nfs4_perform(c, &q, &answer, "get a client id", NULL, cancel, st) < 0)
		return -1;
	nfs4_compound_init(&q);
	SETCLIENTID_CONFIRM4args *confirm = &nfs4_add(&q, OP_SETCLIENTID_CONFIRM)->nfs_argop4_u.opsetclientid_confirm;

	confirm->clientid = answer.client_id;
	memcpy(confirm->setclientid_confirm, answer.confirm, sizeof(answer.confirm));
	if (nfs4_perform(c, &q, &answer, "confirm a client id", NULL, cancel, st) < 0)
		return -1;
	c->owner.client_id = answer.client_id;
	c->owner.seqid = 0;
	return 0;
}

/* RFC 7530 9.1.7: these leave the owner's sequence number where it was. */
static bool keeps_seqid(nfsstat4 status)
{
	return status == NFS4ERR_STALE_CLIENTID || status == NFS4ERR_STALE_STATEID || status == NFS4ERR_BAD_STATEID ||
	       status == NFS4ERR_BAD_SEQID || status == NFS4ERR_BADXDR || status == NFS4ERR_RESOURCE ||
	       status == NFS4ERR_NOFILEHANDLE || status == NFS4ERR_MOVED;
}

/* Counts a sequenced operation that stood at that index of what was answered. */
static void count_sequenced(struct nfs_connection *c, const struct nfs4_answer *answer, unsigned index)
{
	if (answer->done > index || (answer->done == index && !keeps_seqid(answer->status)))
		c->owner.seqid++;
}

static void add_open(struct nfs_connection *c, struct nfs4_compound *q, const struct open_request *request,
		     const struct nfs4_settable *attributes)
{
	OPEN4args *args = &nfs4_add(q, OP_OPEN)->nfs_argop4_u.opopen;

	args->seqid = c->owner.seqid;
	args->share_access = request->is_create ? OPEN4_SHARE_ACCESS_WRITE : OPEN4_SHARE_ACCESS_READ;
	args->share_deny = OPEN4_SHARE_DENY_NONE;
	args->owner.clientid = c->owner.client_id;
	args->owner.owner.owner_len = sizeof(c->owner.name);
	args->owner.owner.owner_val = (char *)&c->owner.name;
	if (request->is_create) {
		args->openhow.opentype = OPEN4_CREATE;
		args->openhow.openflag4_u.how.mode = GUARDED4;
		args->openhow.openflag4_u.how.createhow4_u.createattrs = nfs4_values(attributes);
	}
	args->claim.claim = CLAIM_NULL;
	args->claim.open_claim4_u.file = nfs4_name(request->name);
}

/* One try: PUTFH OPEN GETFH, and the first piece of a new file. */
static int open_once(struct nfs_connection *c, const struct open_request *request, struct nfs4_answer *answer,
		     unsigned *ret_open_index, struct cancel *cancel, struct status *st)
{
	const struct fs_owner owner = {.mode = request->mode, .uid = FS_KEEP, .gid = FS_KEEP};
	struct nfs4_settable attributes;
	struct nfs4_compound q;

	nfs4_settable_owner(&attributes, &owner);
	nfs4_compound_at(&q, request->dir);
	*ret_open_index = q.count;
	add_open(c, &q, request, &attributes);
	nfs4_add(&q, OP_GETFH);
	if (request->length > 0)
		nfs4_write(&q, NULL, 0, request->bytes, request->length);
	if (nfs4_run_once(c, &q, answer, cancel, st) < 0)
		return -1;
	count_sequenced(c, answer, *ret_open_index);
	return 0;
}

/* True where the server does not know this client (any more), or not its sequence number. */
static bool is_client_unknown(nfsstat4 status)
{
	return status == NFS4ERR_STALE_CLIENTID || status == NFS4ERR_EXPIRED || status == NFS4ERR_BAD_SEQID;
}

/* Opens; 0 means that OPEN succeeded, though what came after it in the compound may have failed. */
static int open_file(struct nfs_connection *c, const struct open_request *request, struct nfs4_answer *answer,
		     struct cancel *cancel, struct status *st)
{
	unsigned renewals = 0, put_off = 0, open_index;
	const char *verb = request->is_create ? "create file" : "open";

	for (;;) {
		if (set_client_id(c, cancel, st) < 0 || open_once(c, request, answer, &open_index, cancel, st) < 0)
			return -1;
		if (answer->done > open_index)
			return answer->has_handle ? 0 : nfs4_failed(c, answer, EPROTO, verb, request->name, st);
		if (answer->done == open_index && is_client_unknown(answer->status) && renewals++ < RENEWALS_MAX)
			forget_client(c);
		else if (!nfs4_is_put_off(answer->status))
			return nfs4_failed(c, answer, nfs_errno(answer->status), verb, request->name, st);
		else if (nfs_connection_wait(c, put_off++, nfs4_put_off_reason(answer->status), cancel, st) < 0)
			return -1;
	}
}

/* The first open of an owner must be confirmed before its state id is good for anything (RFC 7530 16.18). */
static int confirm_open(struct nfs_connection *c, struct nfs4_answer *answer, const char *name, struct cancel *cancel,
			struct status *st)
{
	struct nfs4_compound q;

	if (!answer->must_confirm)
		return 0;
	nfs4_compound_at(&q, &answer->handle);
	unsigned index = q.count;
	OPEN_CONFIRM4args *args = &nfs4_add(&q, OP_OPEN_CONFIRM)->nfs_argop4_u.opopen_confirm;

	args->open_stateid = answer->stateid;
	args->seqid = c->owner.seqid;
	if (nfs4_run_once(c, &q, answer, cancel, st) < 0)
		return -1;
	count_sequenced(c, answer, index);
	answer->must_confirm = false;
	return answer->status == NFS4_OK
		       ? 0
		       : nfs4_failed(c, answer, nfs_errno(answer->status), "confirm the open of", name, st);
}

/* What was written is on stable storage already, so a failure here concerns nobody but the server's memory: the client id is
 * dropped, and with it the open at the end of its lease.  So it is where no time is left to ask. */
static void close_file(struct nfs_connection *c, const struct nfs4_answer *opened, struct cancel *cancel)
{
	struct nfs4_compound q;
	struct nfs4_answer answer = {.status = NFS4_OK};
	struct status ignored;

	nfs4_compound_at(&q, &opened->handle);
	if (opened->has_delegation)
		nfs4_add(&q, OP_DELEGRETURN)->nfs_argop4_u.opdelegreturn.deleg_stateid = opened->delegation;
	CLOSE4args *args = &nfs4_add(&q, OP_CLOSE)->nfs_argop4_u.opclose;

	args->seqid = c->owner.seqid;
	args->open_stateid = opened->stateid;
	if (nfs4_run_once(c, &q, &answer, cancel, &ignored) == 0 && answer.status == NFS4_OK)
		c->owner.seqid++;
	else
		forget_client(c);
}

/* Writes from offset to the end with the open's state id. */
static int write_rest(struct nfs_connection *c, const struct open_request *request, struct nfs4_answer *answer,
		      size_t offset, struct cancel *cancel, struct status *st)
{
	const stateid4 stateid = answer->stateid;

	while (offset < request->length) {
		struct nfs4_compound q;

		nfs4_compound_at(&q, &answer->handle);
		nfs4_write(&q, &stateid, offset, request->bytes + offset, request->length - offset);
		answer->written = 0;
		if (nfs4_perform(c, &q, answer, "write", request->name, cancel, st) < 0)
			return -1;
		if (answer->written == 0 || answer->written > NFS4_WRITE_BYTES)
			return nfs4_failed(c, answer, EIO, "write", request->name, st);
		offset += answer->written;
	}
	return 0;
}

/* The end of the first piece, or -1 where writing it failed for good. */
static int first_piece(struct nfs_connection *c, const struct open_request *request, const struct nfs4_answer *answer,
		       size_t *ret_offset, struct status *st)
{
	size_t most = request->length < NFS4_WRITE_BYTES ? request->length : NFS4_WRITE_BYTES;

	if (answer->status != NFS4_OK && !nfs4_wants_open(answer->status) && !nfs4_is_put_off(answer->status))
		return nfs4_failed(c, answer, nfs_errno(answer->status), "write", request->name, st);
	*ret_offset = answer->status == NFS4_OK && answer->written <= most ? answer->written : 0;
	return 0;
}

int nfs4_create_file(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, uint32_t mode,
		     const void *bytes, size_t length, struct cancel *cancel, struct status *st)
{
	const struct open_request request = {
		.dir = dir, .name = name, .is_create = true, .mode = mode, .bytes = bytes, .length = length};
	struct nfs4_answer answer = {.status = NFS4_OK};
	size_t offset = 0;

	if (open_file(c, &request, &answer, cancel, st) < 0)
		return -1;
	int result = first_piece(c, &request, &answer, &offset, st);

	/* Also a failed one is confirmed, because only then it can be closed. */
	struct status unconfirmed;

	if (confirm_open(c, &answer, name, cancel, result < 0 ? &unconfirmed : st) < 0) {
		forget_client(c);
		return -1;
	}
	if (result == 0)
		result = write_rest(c, &request, &answer, offset, cancel, st);
	close_file(c, &answer, cancel);
	return result;
}

int nfs4_read_opened(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
		     struct strbuf *ret_content, struct cancel *cancel, struct status *st)
{
	const struct open_request request = {.dir = dir, .name = name};
	struct nfs4_answer answer = {.content = ret_content};

	if (open_file(c, &request, &answer, cancel, st) < 0)
		return -1;
	if (confirm_open(c, &answer, name, cancel, st) < 0) {
		forget_client(c);
		return -1;
	}
	const stateid4 stateid = answer.stateid;
	int result = nfs4_read_rest(c, name, &stateid, 0, &answer, cancel, st);

	close_file(c, &answer, cancel);
	return result;
}
