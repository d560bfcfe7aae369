/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs in NFSv3: one RPC each where the protocol lets it, two to read or to create a file. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "storage/nfs3_calls.h"
#include "storage/nfs_bulk.h"
#include "storage/nfs_errors.h"

/* Bounds of one answer; servers send less as they like. */
#define READDIR_NAME_BYTES 16384
#define READDIR_ANSWER_BYTES 131072
#define IO_BYTES 65536

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

/* A server on XFS says NFS3ERR_EXIST for a directory that is not empty. */
static int errno_of(int procedure, nfsstat3 status)
{
	if (procedure == NFS3_REMOVE && status != NFS3ERR_NOENT)
		return nfs_errno_of_removal(nfs_errno(status));
	bool is_in_the_way = status == NFS3ERR_EXIST && (procedure == NFS3_RENAME || procedure == NFS3_RMDIR);

	return is_in_the_way ? ENOTEMPTY : nfs_errno(status);
}

/* The call of a verb: fails with the errno of the answer's status. */
static int run(struct nfs_connection *c, int procedure, struct nfs3_request *request, struct nfs3_answer *answer,
	       const char *verb, const char *name, struct cancel *cancel, struct status *st)
{
	if (nfs3_call(c, procedure, request, answer, cancel, st) < 0)
		return -1;
	if (answer->status == NFS3_OK)
		return 0;
	return nfs_failed(c, errno_of(procedure, answer->status), verb, name, "", st);
}

static int get_attr(struct nfs_connection *c, const struct nfs_handle *handle, struct cancel *cancel,
		    struct fs_attr *ret_attr, struct status *st)
{
	struct nfs3_request request = {.getattr = {.object = nfs3_fh(handle)}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, NFS3_GETATTR, &request, &answer, "get attributes", NULL, cancel, st) < 0)
		return -1;
	*ret_attr = answer.attr;
	return 0;
}

static int lookup(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		  struct nfs_handle *ret_handle, struct fs_attr *ret_attr, struct status *st)
{
	struct nfs3_request request = {.lookup = {.what = nfs3_entry(dir, name)}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, NFS3_LOOKUP, &request, &answer, "look up", name, cancel, st) < 0)
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
	struct nfs3_request request = {.setattr = {.object = nfs3_fh(handle), .new_attributes = sattr_of(owner)}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	return run(c, NFS3_SETATTR, &request, &answer, "set owner and mode", NULL, cancel, st);
}

static int make_dir(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
		    const struct fs_owner *owner, struct cancel *cancel, struct status *st)
{
	struct nfs3_request request = {.mkdir = {.where = nfs3_entry(dir, name), .attributes = sattr_of(owner)}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, NFS3_MKDIR, &request, &answer, "make directory", name, cancel, st) < 0)
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
	struct nfs3_request request = {.rename = {.from = nfs3_entry(from_dir, from), .to = nfs3_entry(to_dir, to)}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	return run(c, NFS3_RENAME, &request, &answer, "rename", from, cancel, st);
}

static int remove_file(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		       struct status *st)
{
	struct nfs3_request request = {.remove = {.object = nfs3_entry(dir, name)}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	return run(c, NFS3_REMOVE, &request, &answer, "remove", name, cancel, st);
}

static int remove_dir(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		      struct status *st)
{
	struct nfs3_request request = {.rmdir = {.object = nfs3_entry(dir, name)}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	return run(c, NFS3_RMDIR, &request, &answer, "remove directory", name, cancel, st);
}

/* READDIR with no attributes, for servers that have no READDIRPLUS. */
static int read_names(struct nfs_connection *c, const struct nfs_handle *dir, struct nfs_incoming_page *incoming,
		      struct cancel *cancel, struct status *st)
{
	struct nfs3_request request = {
		.readdir = {.dir = nfs3_fh(dir), .cookie = incoming->page->cookie, .count = READDIR_NAME_BYTES}};
	struct nfs3_answer answer = {.page = incoming};

	memcpy(request.readdir.cookieverf, &incoming->page->verifier, sizeof(incoming->page->verifier));
	return run(c, NFS3_READDIR, &request, &answer, "read directory", NULL, cancel, st);
}

static int read_dir(struct nfs_connection *c, const struct nfs_handle *dir, struct fs_page *page, struct cancel *cancel,
		    struct status *st)
{
	struct nfs3_request request = {.readdirplus = {.dir = nfs3_fh(dir),
						       .cookie = page->cookie,
						       .dircount = READDIR_NAME_BYTES,
						       .maxcount = READDIR_ANSWER_BYTES}};
	struct nfs_incoming_page incoming;
	struct nfs3_answer answer = {.page = &incoming};

	nfs_page_start(&incoming, page);
	memcpy(request.readdirplus.cookieverf, &page->verifier, sizeof(page->verifier));
	if (nfs3_call(c, NFS3_READDIRPLUS, &request, &answer, cancel, st) < 0)
		return -1;
	if (answer.status == NFS3ERR_NOTSUPP) {
		if (read_names(c, dir, &incoming, cancel, st) < 0)
			return -1;
	} else if (answer.status != NFS3_OK) {
		return nfs_failed(c, nfs_errno(answer.status), "read directory", NULL, "", st);
	}
	if (nfs3_look_up_missing(c, dir, &incoming, cancel, st) < 0)
		return -1;
	return nfs_page_finish(&incoming, &nfs3_protocol, c, dir, cancel, st);
}

static int read_content(struct nfs_connection *c, const struct nfs_handle *file, const char *name,
			struct strbuf *content, struct cancel *cancel, struct status *st)
{
	AUTO_FREE char *buffer = memory_alloc(IO_BYTES);
	struct nfs3_request request = {.read = {.file = nfs3_fh(file), .count = IO_BYTES}, .buffer = buffer};

	for (;;) {
		struct nfs3_answer answer = {.content = content};

		if (run(c, NFS3_READ, &request, &answer, "read", name, cancel, st) < 0)
			return -1;
		if (content->is_full)
			return nfs_failed(c, EFBIG, "read", name, "", st);
		if (answer.is_eof || answer.count == 0)
			return 0;
		request.read.offset += answer.count;
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
	struct nfs3_request request = {.write = {.file = nfs3_fh(file),
						 .offset = offset,
						 .count = count,
						 .stable = FILE_SYNC,
						 .data = {.data_len = count, .data_val = (char *)bytes}}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, NFS3_WRITE, &request, &answer, "write", name, cancel, st) < 0)
		return -1;
	if (answer.count == 0 || answer.count > count)
		return nfs_failed(c, EIO, "write", name, "", st);
	/* RFC 1813 3.3.7 has the server honour FILE_SYNC; some do not. */
	struct nfs3_request commit = {.commit = {.file = nfs3_fh(file)}};

	if (!answer.is_stable && run(c, NFS3_COMMIT, &commit, &answer, "commit", name, cancel, st) < 0)
		return -1;
	*ret_count = answer.count;
	return 0;
}

static int create_file(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, uint32_t mode,
		       const void *bytes, size_t length, struct cancel *cancel, struct status *st)
{
	const struct fs_owner owner = {.mode = mode, .uid = FS_KEEP, .gid = FS_KEEP};
	struct nfs3_request request = {
		.create = {.where = nfs3_entry(dir, name),
			   .how = {.mode = GUARDED, .createhow3_u = {.g_obj_attributes = sattr_of(&owner)}}}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, NFS3_CREATE, &request, &answer, "create file", name, cancel, st) < 0)
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
	struct nfs3_request request = {.fsstat = {.fsroot = nfs3_fh(dir)}};
	struct nfs3_answer answer = {.status = NFS3_OK};

	if (run(c, NFS3_FSSTAT, &request, &answer, "get capacity", NULL, cancel, st) < 0)
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
	.remove_entries = nfs3_remove_entries,
	.read_dir = read_dir,
	.read_file = read_file,
	.create_file = create_file,
	.capacity = capacity,
};
