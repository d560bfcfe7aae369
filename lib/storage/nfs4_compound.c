/* SPDX-License-Identifier: Apache-2.0 */
/* Operations in, results out; the only place that touches libnfs's NFSv4 unions. */
#include "storage/nfs4_compound.h"

#include <errno.h>
#include <string.h>

#include "base/status.h"
#include "storage/nfs_errors.h"

#define READDIR_NAME_BYTES 16384
#define READDIR_ANSWER_BYTES 131072

void nfs4_compound_init(struct nfs4_compound *q)
{
	q->count = 0;
	q->changes_from = NFS4_OPERATIONS_MAX;
}

void nfs4_compound_at(struct nfs4_compound *q, const struct nfs_handle *handle)
{
	nfs4_compound_init(q);
	nfs4_put_handle(q, handle);
}

nfs_argop4 *nfs4_add(struct nfs4_compound *q, nfs_opnum4 operation)
{
	nfs_argop4 *op = &q->operations[q->count++];

	memset(op, 0, sizeof(*op));
	op->argop = operation;
	return op;
}

/* libnfs only reads what it encodes, though its types say otherwise: the casts below drop const for it. */

component4 nfs4_name(const char *name)
{
	return (component4){.utf8string_len = (uint32_t)strlen(name), .utf8string_val = (char *)name};
}

static bitmap4 bitmap(const uint32_t bits[NFS4_BITMAP_WORDS])
{
	return (bitmap4){.bitmap4_len = NFS4_BITMAP_WORDS, .bitmap4_val = (uint32_t *)bits};
}

fattr4 nfs4_values(const struct nfs4_settable *values)
{
	return (fattr4){.attrmask = bitmap(values->bitmap),
			.attr_vals = {.attrlist4_len = values->length, .attrlist4_val = (char *)values->bytes}};
}

void nfs4_put_handle(struct nfs4_compound *q, const struct nfs_handle *handle)
{
	nfs_fh4 *object = &nfs4_add(q, OP_PUTFH)->nfs_argop4_u.opputfh.object;

	object->nfs_fh4_len = handle->length;
	object->nfs_fh4_val = (char *)handle->bytes;
}

void nfs4_lookup(struct nfs4_compound *q, const char *name)
{
	nfs4_add(q, OP_LOOKUP)->nfs_argop4_u.oplookup.objname = nfs4_name(name);
}

void nfs4_get_attributes(struct nfs4_compound *q, const uint32_t bits[NFS4_BITMAP_WORDS])
{
	nfs4_add(q, OP_GETATTR)->nfs_argop4_u.opgetattr.attr_request = bitmap(bits);
}

void nfs4_set_attributes(struct nfs4_compound *q, const struct nfs4_settable *values)
{
	nfs4_add(q, OP_SETATTR)->nfs_argop4_u.opsetattr.obj_attributes = nfs4_values(values);
}

void nfs4_verify(struct nfs4_compound *q, const struct nfs4_settable *values)
{
	nfs4_add(q, OP_VERIFY)->nfs_argop4_u.opverify.obj_attributes = nfs4_values(values);
}

void nfs4_verify_not(struct nfs4_compound *q, const struct nfs4_settable *values)
{
	nfs4_add(q, OP_NVERIFY)->nfs_argop4_u.opnverify.obj_attributes = nfs4_values(values);
}

void nfs4_create_dir(struct nfs4_compound *q, const char *name, const struct nfs4_settable *values)
{
	CREATE4args *create = &nfs4_add(q, OP_CREATE)->nfs_argop4_u.opcreate;

	create->objtype.type = NF4DIR;
	create->objname = nfs4_name(name);
	create->createattrs = nfs4_values(values);
}

void nfs4_remove(struct nfs4_compound *q, const char *name)
{
	nfs4_add(q, OP_REMOVE)->nfs_argop4_u.opremove.target = nfs4_name(name);
}

void nfs4_rename(struct nfs4_compound *q, const char *from, const char *to)
{
	RENAME4args *args = &nfs4_add(q, OP_RENAME)->nfs_argop4_u.oprename;

	args->oldname = nfs4_name(from);
	args->newname = nfs4_name(to);
}

void nfs4_read_dir(struct nfs4_compound *q, uint64_t cookie, uint64_t verifier)
{
	READDIR4args *args = &nfs4_add(q, OP_READDIR)->nfs_argop4_u.opreaddir;

	args->cookie = cookie;
	memcpy(args->cookieverf, &verifier, sizeof(args->cookieverf));
	args->dircount = READDIR_NAME_BYTES;
	args->maxcount = READDIR_ANSWER_BYTES;
	args->attr_request = bitmap(nfs4_readdir_bits);
}

void nfs4_read(struct nfs4_compound *q, const stateid4 *stateid, uint64_t offset)
{
	READ4args *args = &nfs4_add(q, OP_READ)->nfs_argop4_u.opread;

	if (stateid)
		args->stateid = *stateid;
	args->offset = offset;
	args->count = NFS4_READ_BYTES;
}

void nfs4_write(struct nfs4_compound *q, const stateid4 *stateid, uint64_t offset, const void *bytes, size_t length)
{
	WRITE4args *args = &nfs4_add(q, OP_WRITE)->nfs_argop4_u.opwrite;

	if (stateid)
		args->stateid = *stateid;
	args->offset = offset;
	args->stable = FILE_SYNC4;
	args->data.data_len = length < NFS4_WRITE_BYTES ? (uint32_t)length : NFS4_WRITE_BYTES;
	args->data.data_val = (char *)bytes;
}

static bool parse_attributes(const fattr4 *from, struct nfs4_attributes *ret)
{
	return nfs4_attributes_parse(from->attrmask.bitmap4_val, from->attrmask.bitmap4_len,
				     from->attr_vals.attrlist4_val, from->attr_vals.attrlist4_len, ret) == 0;
}

static void take_entries(struct nfs4_answer *a, const READDIR4resok *from)
{
	for (const entry4 *at = from->reply.entries; at;) {
		const entry4 e = LIBNFS_ELEMENT(entry4, at);
		struct nfs4_attributes attributes;
		bool has_attributes = parse_attributes(&e.attrs, &attributes) && attributes.has_type &&
				      attributes.rdattr_error == NFS4_OK;

		nfs_page_add(a->page, e.cookie, e.name.utf8string_val, e.name.utf8string_len,
			     has_attributes ? &attributes.attr : NULL);
		at = e.nextentry;
	}
	memcpy(&a->page->verifier, from->cookieverf, sizeof(a->page->verifier));
	a->page->is_end = from->reply.eof != 0;
}

static void take_open(struct nfs4_answer *a, const OPEN4resok *from)
{
	const open_delegation4 *delegation = &from->delegation;

	a->stateid = from->stateid;
	a->must_confirm = (from->rflags & OPEN4_RESULT_CONFIRM) != 0;
	a->has_delegation = delegation->delegation_type != OPEN_DELEGATE_NONE;
	if (delegation->delegation_type == OPEN_DELEGATE_READ)
		a->delegation = delegation->open_delegation4_u.read.stateid;
	else if (delegation->delegation_type == OPEN_DELEGATE_WRITE)
		a->delegation = delegation->open_delegation4_u.write.stateid;
}

static void take_read(struct nfs4_answer *a, const READ4resok *from)
{
	a->read = from->data.data_len;
	a->is_eof = from->eof != 0;
	(void)strbuf_append(a->content, from->data.data_val, from->data.data_len); /* a full one remembers it */
}

/* The result of one operation that succeeded. */
static void take_result(struct nfs4_answer *a, const nfs_resop4 *op)
{
	switch (op->resop) {
	case OP_GETFH: {
		const nfs_fh4 *handle = &op->nfs_resop4_u.opgetfh.GETFH4res_u.resok4.object;

		a->has_handle = nfs_handle_set(&a->handle, handle->nfs_fh4_val, handle->nfs_fh4_len);
		a->is_malformed |= !a->has_handle;
		break;
	}
	case OP_GETATTR:
		a->has_attributes = parse_attributes(&op->nfs_resop4_u.opgetattr.GETATTR4res_u.resok4.obj_attributes,
						     &a->attributes);
		a->is_malformed |= !a->has_attributes;
		break;
	case OP_READDIR:
		take_entries(a, &op->nfs_resop4_u.opreaddir.READDIR4res_u.resok4);
		break;
	case OP_READ:
		take_read(a, &op->nfs_resop4_u.opread.READ4res_u.resok4);
		break;
	case OP_WRITE:
		a->written = op->nfs_resop4_u.opwrite.WRITE4res_u.resok4.count;
		a->is_malformed |= op->nfs_resop4_u.opwrite.WRITE4res_u.resok4.committed != FILE_SYNC4;
		break;
	case OP_OPEN:
		take_open(a, &op->nfs_resop4_u.opopen.OPEN4res_u.resok4);
		break;
	case OP_OPEN_CONFIRM:
		a->stateid = op->nfs_resop4_u.opopen_confirm.OPEN_CONFIRM4res_u.resok4.open_stateid;
		break;
	case OP_SETCLIENTID: {
		const SETCLIENTID4resok *ok = &op->nfs_resop4_u.opsetclientid.SETCLIENTID4res_u.resok4;

		a->client_id = ok->clientid;
		memcpy(a->confirm, ok->setclientid_confirm, sizeof(a->confirm));
		break;
	}
	default:
		break; /* the others have nothing to tell */
	}
}

static void receive_compound(const void *reply, void *result)
{
	const COMPOUND4res *res = reply;
	struct nfs4_answer *a = result;
	unsigned asked = a->asked->count, answered = res->resarray.resarray_len;

	a->status = res->status;
	a->is_malformed = answered > asked || (res->status == NFS4_OK && answered != asked);
	/* The last result is the one of the operation that failed (RFC 7530 14.2.4). */
	a->done = res->status == NFS4_OK ? answered : answered ? answered - 1 : 0;
	for (unsigned i = 0; i < a->done && !a->is_malformed; i++) {
		const nfs_resop4 op = LIBNFS_ELEMENT(nfs_resop4, &res->resarray.resarray_val[i]);

		/* A result of another kind than what was asked for has nowhere to go. */
		if (op.resop != a->asked->operations[i].argop)
			a->is_malformed = true;
		else
			take_result(a, &op);
	}
}

static int send_compound(struct rpc_context *rpc, rpc_cb callback, void *args, void *callback_data)
{
	struct nfs4_compound *q = args;
	COMPOUND4args compound = {.argarray = {.argarray_len = q->count, .argarray_val = q->operations}};

	return LIBNFS_QUEUE(rpc_nfs4_compound, rpc, callback, &compound, callback_data);
}

void nfs4_prepare(struct nfs_call *call, struct nfs4_compound *q, struct nfs4_answer *answer)
{
	*call = (struct nfs_call){.send = send_compound, .args = q, .receive = receive_compound, .result = answer};
}

int nfs4_run_once(struct nfs_connection *c, struct nfs4_compound *q, struct nfs4_answer *answer, struct cancel *cancel,
		  struct status *st)
{
	answer->asked = q;
	if (nfs_connection_call(c, send_compound, q, receive_compound, answer, cancel, st) < 0)
		return -1;
	if (answer->is_malformed)
		return status_set_errno(st, EPROTO, "NFS server %s: an answer does not follow NFSv4.0",
					c->target->server);
	return 0;
}

bool nfs4_is_put_off(nfsstat4 status)
{
	return status == NFS4ERR_DELAY || status == NFS4ERR_GRACE;
}

const char *nfs4_put_off_reason(nfsstat4 status)
{
	return status == NFS4ERR_GRACE ? "NFS4ERR_GRACE" : "NFS4ERR_DELAY";
}

bool nfs4_wants_open(nfsstat4 status)
{
	return status == NFS4ERR_BAD_STATEID || status == NFS4ERR_STALE_STATEID || status == NFS4ERR_OLD_STATEID ||
	       status == NFS4ERR_EXPIRED || status == NFS4ERR_OPENMODE || status == NFS4ERR_LOCKED;
}

int nfs4_run(struct nfs_connection *c, struct nfs4_compound *q, struct nfs4_answer *answer, struct cancel *cancel,
	     struct status *st)
{
	for (unsigned attempt = 0;; attempt++) {
		if (nfs4_run_once(c, q, answer, cancel, st) < 0)
			return -1;
		if (!nfs4_is_put_off(answer->status) || answer->done > q->changes_from)
			return 0;
		if (nfs_connection_wait(c, attempt, nfs4_put_off_reason(answer->status), cancel, st) < 0)
			return -1;
	}
}

int nfs4_perform(struct nfs_connection *c, struct nfs4_compound *q, struct nfs4_answer *answer, const char *verb,
		 const char *name, struct cancel *cancel, struct status *st)
{
	if (nfs4_run(c, q, answer, cancel, st) < 0)
		return -1;
	return answer->status == NFS4_OK ? 0 : nfs4_failed(c, answer, nfs_errno(answer->status), verb, name, st);
}

static const char *hint(nfsstat4 status)
{
	switch (status) {
	case NFS4ERR_BADOWNER:
		return " (the server does not take numeric owners: its id mapping is on)";
	case NFS4ERR_WRONGSEC:
		return " (the export wants another security flavor than sys)";
	case NFS4ERR_BADCHAR:
	case NFS4ERR_BADNAME:
		return " (the server does not take such a name)";
	default:
		return "";
	}
}

int nfs4_failed(const struct nfs_connection *c, const struct nfs4_answer *answer, int errnum, const char *verb,
		const char *name, struct status *st)
{
	return nfs_failed(c, errnum, verb, name, hint(answer->status), st);
}
