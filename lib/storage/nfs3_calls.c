/* SPDX-License-Identifier: Apache-2.0 */
/* NFSv3 on the wire: each procedure as a pair of what sends it and what copies its answer out of libnfs's memory. */
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

static void receive_status(const void *reply, void *result)
{
	((struct nfs3_answer *)result)->status = *(const nfsstat3 *)reply; /* the first field of every NFSv3 result */
}

static void receive_lookup(const void *reply, void *result)
{
	const LOOKUP3res *res = reply;
	const LOOKUP3resok *ok = &res->LOOKUP3res_u.resok;
	struct nfs3_answer *a = result;

	a->status = res->status;
	if (res->status != NFS3_OK)
		return;
	a->has_handle = nfs_handle_set(&a->handle, ok->object.data.data_val, ok->object.data.data_len);
	take_attr(a, &ok->obj_attributes);
}

static void receive_getattr(const void *reply, void *result)
{
	const GETATTR3res *res = reply;
	struct nfs3_answer *a = result;

	a->status = res->status;
	if (res->status == NFS3_OK)
		a->attr = attr_of(&res->GETATTR3res_u.resok.obj_attributes);
}

static void receive_mkdir(const void *reply, void *result)
{
	const MKDIR3res *res = reply;
	struct nfs3_answer *a = result;

	a->status = res->status;
	if (res->status == NFS3_OK)
		take_new_object(a, &res->MKDIR3res_u.resok.obj, &res->MKDIR3res_u.resok.obj_attributes);
}

static void receive_create(const void *reply, void *result)
{
	const CREATE3res *res = reply;
	struct nfs3_answer *a = result;

	a->status = res->status;
	if (res->status == NFS3_OK)
		take_new_object(a, &res->CREATE3res_u.resok.obj, &res->CREATE3res_u.resok.obj_attributes);
}

static void receive_write(const void *reply, void *result)
{
	const WRITE3res *res = reply;
	struct nfs3_answer *a = result;

	a->status = res->status;
	if (res->status != NFS3_OK)
		return;
	a->count = res->WRITE3res_u.resok.count;
	a->is_stable = res->WRITE3res_u.resok.committed == FILE_SYNC;
}

static void receive_fsstat(const void *reply, void *result)
{
	const FSSTAT3res *res = reply;
	const FSSTAT3resok *ok = &res->FSSTAT3res_u.resok;
	struct nfs3_answer *a = result;

	a->status = res->status;
	if (res->status == NFS3_OK)
		a->capacity = (struct fs_capacity){.total_bytes = ok->tbytes,
						   .free_bytes = ok->fbytes,
						   .available_bytes = ok->abytes,
						   .total_files = ok->tfiles,
						   .free_files = ok->ffiles};
}

static void receive_readdirplus(const void *reply, void *result)
{
	const READDIRPLUS3res *res = reply;
	const READDIRPLUS3resok *ok = &res->READDIRPLUS3res_u.resok;
	struct nfs3_answer *a = result;

	a->status = res->status;
	if (res->status != NFS3_OK)
		return;
	for (const entryplus3 *at = ok->reply.entries; at;) {
		const entryplus3 e = LIBNFS_ELEMENT(entryplus3, at);
		const post_op_attr *attr = &e.name_attributes;
		struct fs_attr entry_attr;

		if (attr->attributes_follow)
			entry_attr = attr_of(&attr->post_op_attr_u.attributes);
		nfs_page_add(a->page, e.name, strlen(e.name), attr->attributes_follow ? &entry_attr : NULL);
		a->page->cookie = e.cookie;
		at = e.nextentry;
	}
	memcpy(&a->page->verifier, ok->cookieverf, sizeof(a->page->verifier));
	a->page->is_end = ok->reply.eof != 0;
}

static void receive_readdir(const void *reply, void *result)
{
	const READDIR3res *res = reply;
	const READDIR3resok *ok = &res->READDIR3res_u.resok;
	struct nfs3_answer *a = result;

	a->status = res->status;
	if (res->status != NFS3_OK)
		return;
	for (const entry3 *at = ok->reply.entries; at;) {
		const entry3 e = LIBNFS_ELEMENT(entry3, at);

		nfs_page_add(a->page, e.name, strlen(e.name), NULL);
		a->page->cookie = e.cookie;
		at = e.nextentry;
	}
	memcpy(&a->page->verifier, ok->cookieverf, sizeof(a->page->verifier));
	a->page->is_end = ok->reply.eof != 0;
}

static void receive_read(const void *reply, void *result)
{
	const READ3res *res = reply;
	struct nfs3_answer *a = result;

	a->status = res->status;
	if (res->status != NFS3_OK)
		return;
	const char *bytes = libnfs_read3_bytes(&res->READ3res_u.resok, a->buffer, &a->count);

	a->is_eof = res->READ3res_u.resok.eof != 0;
	(void)strbuf_append(a->content, bytes, a->count); /* a full buffer remembers it */
}

#define DEFINE_SEND(verb, args_type) \
	static int send_##verb(struct rpc_context *rpc, rpc_cb callback, void *args, void *callback_data) \
	{ \
		return LIBNFS_QUEUE(rpc_nfs3_##verb, rpc, callback, (args_type *)args, callback_data); \
	}
DEFINE_SEND(lookup, LOOKUP3args)
DEFINE_SEND(getattr, GETATTR3args)
DEFINE_SEND(setattr, SETATTR3args)
DEFINE_SEND(mkdir, MKDIR3args)
DEFINE_SEND(create, CREATE3args)
DEFINE_SEND(write, WRITE3args)
DEFINE_SEND(commit, COMMIT3args)
DEFINE_SEND(rename, RENAME3args)
DEFINE_SEND(remove, REMOVE3args)
DEFINE_SEND(rmdir, RMDIR3args)
DEFINE_SEND(readdirplus, READDIRPLUS3args)
DEFINE_SEND(readdir, READDIR3args)
DEFINE_SEND(fsstat, FSSTAT3args)

static int send_read(struct rpc_context *rpc, rpc_cb callback, void *args, void *callback_data)
{
	struct nfs3_read_args *read = args;

	return libnfs_read3(rpc, callback, read->buffer, &read->args, callback_data);
}

const struct nfs3_procedure nfs3_lookup = {send_lookup, receive_lookup};
const struct nfs3_procedure nfs3_getattr = {send_getattr, receive_getattr};
const struct nfs3_procedure nfs3_setattr = {send_setattr, receive_status};
const struct nfs3_procedure nfs3_mkdir = {send_mkdir, receive_mkdir};
const struct nfs3_procedure nfs3_create = {send_create, receive_create};
const struct nfs3_procedure nfs3_write = {send_write, receive_write};
const struct nfs3_procedure nfs3_commit = {send_commit, receive_status};
const struct nfs3_procedure nfs3_read = {send_read, receive_read};
const struct nfs3_procedure nfs3_rename = {send_rename, receive_status};
const struct nfs3_procedure nfs3_remove = {send_remove, receive_status};
const struct nfs3_procedure nfs3_rmdir = {send_rmdir, receive_status};
const struct nfs3_procedure nfs3_readdirplus = {send_readdirplus, receive_readdirplus};
const struct nfs3_procedure nfs3_readdir = {send_readdir, receive_readdir};
const struct nfs3_procedure nfs3_fsstat = {send_fsstat, receive_fsstat};

int nfs3_call(struct nfs_connection *c, const struct nfs3_procedure *procedure, void *args, struct nfs3_answer *answer,
	      struct cancel *cancel, struct status *st)
{
	for (unsigned attempt = 0;; attempt++) {
		if (nfs_connection_call(c, procedure->send, args, procedure->receive, answer, cancel, st) < 0)
			return -1;
		if (answer->status != NFS3ERR_JUKEBOX)
			return 0;
		/* Nothing was done: the server says so to be asked again. */
		if (nfs_connection_wait(c, attempt, "NFS3ERR_JUKEBOX", cancel, st) < 0)
			return -1;
	}
}
