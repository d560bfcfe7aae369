/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in, answers out, copied from libnfs's memory; the only place that touches its NFSv3 results. */
#include "storage/nfs3_calls.h"

#include <string.h>

static struct fs_attr attr_of(const fattr3 *from)
{
	static const enum fs_type types[] = {FS_OTHER, FS_FILE, FS_DIRECTORY, FS_OTHER, FS_OTHER, FS_SYMLINK};
	size_t type = (size_t)from->type;

	return (struct fs_attr){
		.type = type < sizeof(types) / sizeof(types[0]) ? types[type] : FS_OTHER,
		.mode = from->mode & 07777,
		.uid = from->uid,
		.gid = from->gid,
		.link_count = from->nlink,
		.size_bytes = from->size,
		.used_bytes = from->used,
		.file_id = from->fileid,
		.mtime_ns = (int64_t)from->mtime.seconds * 1000000000 + from->mtime.nseconds % 1000000000,
	};
}

static void take_attr(struct nfs3_answer *a, const post_op_attr *from)
{
	a->has_attr = from->attributes_follow != 0;
	if (a->has_attr)
		a->attr = attr_of(&from->post_op_attr_u.attributes);
}

static void take_new_object(struct nfs3_answer *a, const post_op_fh3 *handle, const post_op_attr *attr)
{
	const nfs_fh3 *from = &handle->post_op_fh3_u.handle;

	a->has_handle = handle->handle_follows && nfs_handle_set(&a->handle, from->data.data_val, from->data.data_len);
	take_attr(a, attr);
}

static void take_lookup(struct nfs3_answer *a, const LOOKUP3resok *ok)
{
	a->has_handle = nfs_handle_set(&a->handle, ok->object.data.data_val, ok->object.data.data_len);
	take_attr(a, &ok->obj_attributes);
}

static void take_capacity(struct nfs3_answer *a, const FSSTAT3resok *ok)
{
	a->capacity = (struct fs_capacity){.total_bytes = ok->tbytes,
					   .free_bytes = ok->fbytes,
					   .available_bytes = ok->abytes,
					   .total_files = ok->tfiles,
					   .free_files = ok->ffiles};
}

static void take_entries_with_attributes(struct nfs3_answer *a, const READDIRPLUS3resok *ok)
{
	for (const entryplus3 *at = ok->reply.entries; at;) {
		const entryplus3 e = LIBNFS_ELEMENT(entryplus3, at);
		const post_op_attr *attr = &e.name_attributes;
		struct fs_attr entry_attr;

		if (attr->attributes_follow)
			entry_attr = attr_of(&attr->post_op_attr_u.attributes);
		nfs_page_add(a->page, e.cookie, e.name, strlen(e.name), attr->attributes_follow ? &entry_attr : NULL);
		at = e.nextentry;
	}
	memcpy(&a->page->verifier, ok->cookieverf, sizeof(a->page->verifier));
	a->page->is_end = ok->reply.eof != 0;
}

static void take_entries(struct nfs3_answer *a, const READDIR3resok *ok)
{
	for (const entry3 *at = ok->reply.entries; at;) {
		const entry3 e = LIBNFS_ELEMENT(entry3, at);

		nfs_page_add(a->page, e.cookie, e.name, strlen(e.name), NULL);
		at = e.nextentry;
	}
	memcpy(&a->page->verifier, ok->cookieverf, sizeof(a->page->verifier));
	a->page->is_end = ok->reply.eof != 0;
}

static void take_content(struct nfs3_answer *a, const READ3resok *ok)
{
	const char *bytes = libnfs_read3_bytes(ok, a->asked->buffer, &a->count);

	a->is_eof = ok->eof != 0;
	(void)strbuf_append(a->content, bytes, a->count); /* a full buffer remembers it */
}

static void take_written(struct nfs3_answer *a, const WRITE3resok *ok)
{
	a->count = ok->count;
	a->is_stable = ok->committed == FILE_SYNC;
}

static void receive(const void *reply, void *result)
{
	struct nfs3_answer *a = result;

	a->status = *(const nfsstat3 *)reply; /* the first field of every NFSv3 result */
	if (a->status != NFS3_OK)
		return;
	switch (a->asked->procedure) {
	case NFS3_GETATTR:
		a->attr = attr_of(&((const GETATTR3res *)reply)->GETATTR3res_u.resok.obj_attributes);
		break;
	case NFS3_LOOKUP:
		take_lookup(a, &((const LOOKUP3res *)reply)->LOOKUP3res_u.resok);
		break;
	case NFS3_READ:
		take_content(a, &((const READ3res *)reply)->READ3res_u.resok);
		break;
	case NFS3_WRITE:
		take_written(a, &((const WRITE3res *)reply)->WRITE3res_u.resok);
		break;
	case NFS3_CREATE: {
		const CREATE3resok *ok = &((const CREATE3res *)reply)->CREATE3res_u.resok;

		take_new_object(a, &ok->obj, &ok->obj_attributes);
		break;
	}
	case NFS3_MKDIR: {
		const MKDIR3resok *ok = &((const MKDIR3res *)reply)->MKDIR3res_u.resok;

		take_new_object(a, &ok->obj, &ok->obj_attributes);
		break;
	}
	case NFS3_READDIR:
		take_entries(a, &((const READDIR3res *)reply)->READDIR3res_u.resok);
		break;
	case NFS3_READDIRPLUS:
		take_entries_with_attributes(a, &((const READDIRPLUS3res *)reply)->READDIRPLUS3res_u.resok);
		break;
	case NFS3_FSSTAT:
		take_capacity(a, &((const FSSTAT3res *)reply)->FSSTAT3res_u.resok);
		break;
	default:
		break; /* the others have nothing to tell */
	}
}

static int send_request(struct rpc_context *rpc, rpc_cb callback, void *args, void *callback_data)
{
	struct nfs3_request *q = args;

	switch (q->procedure) {
	case NFS3_GETATTR:
		return LIBNFS_QUEUE(rpc_nfs3_getattr, rpc, callback, &q->getattr, callback_data);
	case NFS3_SETATTR:
		return LIBNFS_QUEUE(rpc_nfs3_setattr, rpc, callback, &q->setattr, callback_data);
	case NFS3_LOOKUP:
		return LIBNFS_QUEUE(rpc_nfs3_lookup, rpc, callback, &q->lookup, callback_data);
	case NFS3_WRITE:
		return LIBNFS_QUEUE(rpc_nfs3_write, rpc, callback, &q->write, callback_data);
	case NFS3_CREATE:
		return LIBNFS_QUEUE(rpc_nfs3_create, rpc, callback, &q->create, callback_data);
	case NFS3_MKDIR:
		return LIBNFS_QUEUE(rpc_nfs3_mkdir, rpc, callback, &q->mkdir, callback_data);
	case NFS3_REMOVE:
		return LIBNFS_QUEUE(rpc_nfs3_remove, rpc, callback, &q->remove, callback_data);
	case NFS3_RMDIR:
		return LIBNFS_QUEUE(rpc_nfs3_rmdir, rpc, callback, &q->rmdir, callback_data);
	case NFS3_RENAME:
		return LIBNFS_QUEUE(rpc_nfs3_rename, rpc, callback, &q->rename, callback_data);
	case NFS3_READDIR:
		return LIBNFS_QUEUE(rpc_nfs3_readdir, rpc, callback, &q->readdir, callback_data);
	case NFS3_READDIRPLUS:
		return LIBNFS_QUEUE(rpc_nfs3_readdirplus, rpc, callback, &q->readdirplus, callback_data);
	case NFS3_FSSTAT:
		return LIBNFS_QUEUE(rpc_nfs3_fsstat, rpc, callback, &q->fsstat, callback_data);
	case NFS3_COMMIT:
		return LIBNFS_QUEUE(rpc_nfs3_commit, rpc, callback, &q->commit, callback_data);
	case NFS3_READ:
		return libnfs_read3(rpc, callback, q->buffer, &q->read, callback_data);
	default:
		return -1; /* no other is used */
	}
}

nfs_fh3 nfs3_fh(const struct nfs_handle *handle)
{
	/* libnfs only reads what it encodes, though its type says otherwise. */
	return (nfs_fh3){.data = {.data_len = handle->length, .data_val = (char *)handle->bytes}};
}

diropargs3 nfs3_entry(const struct nfs_handle *dir, const char *name)
{
	return (diropargs3){.dir = nfs3_fh(dir), .name = (char *)name};
}

void nfs3_prepare(struct nfs_call *call, struct nfs3_request *request, struct nfs3_answer *answer)
{
	*call = (struct nfs_call){.send = send_request, .args = request, .receive = receive, .result = answer};
}

int nfs3_call(struct nfs_connection *c, int procedure, struct nfs3_request *request, struct nfs3_answer *answer,
	      struct cancel *cancel, struct status *st)
{
	request->procedure = procedure;
	answer->asked = request;
	for (unsigned attempt = 0;; attempt++) {
		if (nfs_connection_call(c, send_request, request, receive, answer, cancel, st) < 0)
			return -1;
		if (answer->status != NFS3ERR_JUKEBOX)
			return 0;
		/* Nothing was done: the server says so to be asked again. */
		if (nfs_connection_wait(c, attempt, NFS3_PUT_OFF_REASON, cancel, st) < 0)
			return -1;
	}
}
