/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs in NFSv3: one RPC each where the protocol lets it, two to read or to create a file. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "storage/nfs3_calls.h"
#include "storage/nfs_errors.h"

/* Bounds of one answer; servers send less as they like. */
#define READDIR_NAME_BYTES 16384
#define READDIR_ANSWER_BYTES 131072
#define IO_BYTES 65536

static nfs_fh3 fh(const struct nfs_handle *handle)
{
	/* libnfs only reads what it encodes, though its type says otherwise. */
	return (nfs_fh3){.data = {.data_len = handle->length, .data_val = (char *)handle->bytes}};
}

static diropargs3 entry_of(const struct nfs_handle *dir, const char *name)
{
	return (diropargs3){.dir = fh(dir), .name = (char *)name};
}

static sattr3 sattr_of(const struct fs_owner *owner)
{
	sattr3 set = {0};

	if (owner->mode != FS_KEEP) {
		set.mode.set_it = 1;
		set.mode.set_mode3_u.mode = owner->mode & 07777;
	}
	if (owner->uid != FS_KEEP) {
		set.uid.set_it = 1;
		set.uid.set_uid3_u.uid = owner->uid;
	}
	if (owner->gid != FS_KEEP) {
		set.gid.set_it = 1;
		set.gid.set_gid3_u.gid = owner->gid;
	}
	return set;
}

/* The call of a verb: fails with the errno of the answer's status. */
static int run(struct nfs_connection *c, const struct nfs3_procedure *procedure, void *args, struct nfs3_answer *answer,
	       const char *verb, const char *name, struct cancel *cancel, struct status *st)
{
	if (nfs3_call(c, procedure, args, answer, cancel, st) < 0)
		return -1;
	return answer->status == NFS3_OK ? 0 : nfs_failed(c, nfs_errno(answer->status), verb, name, "", st);
}

static int get_attr(struct nfs_connection *c, const struct nfs_handle *handle, struct cancel *cancel,
		    struct fs_attr *ret_attr, struct status *st)
{
	GETATTR3args args = {.object = fh(handle)};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, &nfs3_getattr, &args, &answer, "get attributes", NULL, cancel, st) < 0)
		return -1;
	*ret_attr = answer.attr;
	return 0;
}

static int lookup(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		  struct nfs_handle *ret_handle, struct fs_attr *ret_attr, struct status *st)
{
	LOOKUP3args args = {.what = entry_of(dir, name)};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, &nfs3_lookup, &args, &answer, "look up", name, cancel, st) < 0)
		return -1;
	if (!answer.has_handle)
		return nfs_failed(c, EPROTO, "look up", name, "", st);
	/* RFC 1813 2.6: a server may leave attributes out of any answer but GETATTR's. */
	if (!answer.has_attr && get_attr(c, &answer.handle, cancel, &answer.attr, st) < 0)
		return -1;
	*ret_handle = answer.handle;
	*ret_attr = answer.attr;
	return 0;
}

static int set_owner(struct nfs_connection *c, const struct nfs_handle *handle, const struct fs_owner *owner,
		     struct cancel *cancel, struct status *st)
{
	SETATTR3args args = {.object = fh(handle), .new_attributes = sattr_of(owner)};
	struct nfs3_answer answer = {.status = NFS3_OK};

	return run(c, &nfs3_setattr, &args, &answer, "set owner and mode", NULL, cancel, st);
}

static int make_dir(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
		    const struct fs_owner *owner, struct cancel *cancel, struct status *st)
{
	MKDIR3args args = {.where = entry_of(dir, name), .attributes = sattr_of(owner)};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, &nfs3_mkdir, &args, &answer, "make directory", name, cancel, st) < 0)
		return -1;
	if (!answer.has_handle) {
		if (lookup(c, dir, name, cancel, &answer.handle, &answer.attr, st) < 0)
			return -1;
		answer.has_attr = true;
	}
	/* Servers drop setgid on creation, and uid and gid where the client is not root, without a word. */
	return nfs_finish_dir(&nfs3_protocol, c, dir, name, &answer.handle, answer.has_attr ? &answer.attr : NULL,
			      owner, cancel, st);
}

static int rename_entry(struct nfs_connection *c, const struct nfs_handle *from_dir, const char *from,
			const struct nfs_handle *to_dir, const char *to, struct cancel *cancel, struct status *st)
{
	RENAME3args args = {.from = entry_of(from_dir, from), .to = entry_of(to_dir, to)};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (nfs3_call(c, &nfs3_rename, &args, &answer, cancel, st) < 0)
		return -1;
	/* A server on XFS says NFS3ERR_EXIST for a directory that is not empty. */
	int errnum = answer.status == NFS3ERR_EXIST ? ENOTEMPTY : nfs_errno(answer.status);

	return errnum == 0 ? 0 : nfs_failed(c, errnum, "rename", from, "", st);
}

static int remove_file(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		       struct status *st)
{
	REMOVE3args args = {.object = entry_of(dir, name)};
	struct nfs3_answer answer = {.status = NFS3_OK};

	return run(c, &nfs3_remove, &args, &answer, "remove", name, cancel, st);
}

static int remove_dir(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		      struct status *st)
{
	RMDIR3args args = {.object = entry_of(dir, name)};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (nfs3_call(c, &nfs3_rmdir, &args, &answer, cancel, st) < 0)
		return -1;
	int errnum = answer.status == NFS3ERR_EXIST ? ENOTEMPTY : nfs_errno(answer.status);

	return errnum == 0 ? 0 : nfs_failed(c, errnum, "remove directory", name, "", st);
}

/* READDIR with no attributes, for servers that have no READDIRPLUS. */
static int read_names(struct nfs_connection *c, const struct nfs_handle *dir, struct nfs_incoming_page *incoming,
		      struct cancel *cancel, struct status *st)
{
	READDIR3args args = {.dir = fh(dir), .cookie = incoming->page->cookie, .count = READDIR_NAME_BYTES};
	struct nfs3_answer answer = {.page = incoming};

	memcpy(args.cookieverf, &incoming->page->verifier, sizeof(args.cookieverf));
	return run(c, &nfs3_readdir, &args, &answer, "read directory", NULL, cancel, st);
}

static int read_dir(struct nfs_connection *c, const struct nfs_handle *dir, struct fs_page *page, struct cancel *cancel,
		    struct status *st)
{
	READDIRPLUS3args args = {.dir = fh(dir),
				 .cookie = page->cookie,
				 .dircount = READDIR_NAME_BYTES,
				 .maxcount = READDIR_ANSWER_BYTES};
	struct nfs_incoming_page incoming;
	struct nfs3_answer answer = {.page = &incoming};

	nfs_page_start(&incoming, page);
	memcpy(args.cookieverf, &page->verifier, sizeof(args.cookieverf));
	if (nfs3_call(c, &nfs3_readdirplus, &args, &answer, cancel, st) < 0)
		return -1;
	if (answer.status == NFS3ERR_NOTSUPP) {
		if (read_names(c, dir, &incoming, cancel, st) < 0)
			return -1;
	} else if (answer.status != NFS3_OK) {
		return nfs_failed(c, nfs_errno(answer.status), "read directory", NULL, "", st);
	}
	return nfs_page_finish(&incoming, &nfs3_protocol, c, dir, cancel, st);
}

static int read_content(struct nfs_connection *c, const struct nfs_handle *file, const char *name,
			struct strbuf *content, struct cancel *cancel, struct status *st)
{
	AUTO_FREE char *buffer = memory_alloc(IO_BYTES);
	struct nfs3_read_args read = {.args = {.file = fh(file), .count = IO_BYTES}, .buffer = buffer};

	for (;;) {
		struct nfs3_answer answer = {.content = content, .buffer = buffer};

		if (run(c, &nfs3_read, &read, &answer, "read", name, cancel, st) < 0)
			return -1;
		if (content->is_full)
			return nfs_failed(c, EFBIG, "read", name, "", st);
		if (answer.is_eof || answer.count == 0)
			return 0;
		read.args.offset += answer.count;
	}
}

static int read_file(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
		     struct strbuf *ret_content, struct cancel *cancel, struct status *st)
{
	struct nfs_handle file;
	struct fs_attr attr;

	if (lookup(c, dir, name, cancel, &file, &attr, st) < 0)
		return -1;
	int errnum = nfs_errno_as_file(attr.type);

	if (errnum == 0 && attr.size_bytes > ret_content->limit - ret_content->length)
		errnum = EFBIG;
	if (errnum != 0)
		return nfs_failed(c, errnum, "read", name, "", st);
	return read_content(c, &file, name, ret_content, cancel, st);
}

/* Writes one piece from offset on, at most length; ret_count is what the server took. */
static int write_piece(struct nfs_connection *c, const struct nfs_handle *file, const char *name, const char *bytes,
		       size_t length, uint64_t offset, struct cancel *cancel, uint32_t *ret_count, struct status *st)
{
	uint32_t count = length < IO_BYTES ? (uint32_t)length : IO_BYTES;
	WRITE3args args = {.file = fh(file),
			   .offset = offset,
			   .count = count,
			   .stable = FILE_SYNC,
			   .data = {.data_len = count, .data_val = (char *)bytes}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, &nfs3_write, &args, &answer, "write", name, cancel, st) < 0)
		return -1;
	if (answer.count == 0 || answer.count > count)
		return nfs_failed(c, EIO, "write", name, "", st);
	/* RFC 1813 3.3.7 has the server honour FILE_SYNC; some do not. */
	COMMIT3args commit = {.file = fh(file)};

	if (!answer.is_stable && run(c, &nfs3_commit, &commit, &answer, "commit", name, cancel, st) < 0)
		return -1;
	*ret_count = answer.count;
	return 0;
}

static int create_file(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, uint32_t mode,
		       const void *bytes, size_t length, struct cancel *cancel, struct status *st)
{
	const struct fs_owner owner = {.mode = mode, .uid = FS_KEEP, .gid = FS_KEEP};
	CREATE3args args = {.where = entry_of(dir, name),
			    .how = {.mode = GUARDED, .createhow3_u = {.g_obj_attributes = sattr_of(&owner)}}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, &nfs3_create, &args, &answer, "create file", name, cancel, st) < 0)
		return -1;
	if (!answer.has_handle && lookup(c, dir, name, cancel, &answer.handle, &answer.attr, st) < 0)
		return -1;
	uint32_t count = 0;

	for (size_t done = 0; done < length; done += count) {
		if (write_piece(c, &answer.handle, name, (const char *)bytes + done, length - done, done, cancel,
				&count, st) < 0)
			return -1;
	}
	return 0;
}

static int capacity(struct nfs_connection *c, const struct nfs_handle *dir, struct cancel *cancel,
		    struct fs_capacity *ret_capacity, struct status *st)
{
	FSSTAT3args args = {.fsroot = fh(dir)};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, &nfs3_fsstat, &args, &answer, "get capacity", NULL, cancel, st) < 0)
		return -1;
	*ret_capacity = answer.capacity;
	return 0;
}

const struct nfs_protocol nfs3_protocol = {
	.name = "NFSv3",
	.version = NFS_VERSION_3,
	.lookup = lookup,
	.get_attr = get_attr,
	.set_owner = set_owner,
	.make_dir = make_dir,
	.rename = rename_entry,
	.remove_file = remove_file,
	.remove_dir = remove_dir,
	.read_dir = read_dir,
	.read_file = read_file,
	.create_file = create_file,
	.capacity = capacity,
};
