/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs in NFSv4.0: one compound each, with the anonymous state id, so none of them needs a client id. */
#include <errno.h>
#include <string.h>

#include "base/status.h"
#include "storage/nfs4_compound.h"
#include "storage/nfs_errors.h"

static int get_attr(struct nfs_connection *c, const struct nfs_handle *handle, struct cancel *cancel,
		    struct fs_attr *ret_attr, struct status *st)
{
	struct nfs4_compound q;
	struct nfs4_answer answer = {.status = NFS4_OK};

	nfs4_compound_at(&q, handle);
	nfs4_get_attributes(&q, nfs4_entry_bits);
	if (nfs4_perform(c, &q, &answer, "get attributes", NULL, cancel, st) < 0)
		return -1;
	*ret_attr = answer.attributes.attr;
	return 0;
}

static int lookup(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		  struct nfs_handle *ret_handle, struct fs_attr *ret_attr, struct status *st)
{
	struct nfs4_compound q;
	struct nfs4_answer answer = {.status = NFS4_OK};

	nfs4_compound_at(&q, dir);
	nfs4_lookup(&q, name);
	nfs4_add(&q, OP_GETFH);
	nfs4_get_attributes(&q, nfs4_entry_bits);
	if (nfs4_perform(c, &q, &answer, "look up", name, cancel, st) < 0)
		return -1;
	*ret_handle = answer.handle;
	*ret_attr = answer.attributes.attr;
	return 0;
}

static int set_owner(struct nfs_connection *c, const struct nfs_handle *handle, const struct fs_owner *owner,
		     struct cancel *cancel, struct status *st)
{
	struct nfs4_compound q;
	struct nfs4_answer answer = {.status = NFS4_OK};
	struct nfs4_settable values;

	nfs4_settable_owner(&values, owner);
	nfs4_compound_at(&q, handle);
	nfs4_set_attributes(&q, &values);
	return nfs4_perform(c, &q, &answer, "set owner and mode", NULL, cancel, st);
}

/* The attributes of a directory that was just made, as far as they can be compared with the owner that was asked for: an owner
 * that the server names instead of numbering is taken to be the one it accepted. */
static struct fs_attr comparable(const struct nfs4_attributes *found, const struct fs_owner *asked)
{
	struct fs_attr attr = found->attr;

	if (!found->has_uid)
		attr.uid = asked->uid;
	if (!found->has_gid)
		attr.gid = asked->gid;
	return attr;
}

static int make_dir(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
		    const struct fs_owner *owner, struct cancel *cancel, struct status *st)
{
	struct nfs4_compound q;
	struct nfs4_answer answer = {.status = NFS4_OK};
	struct nfs4_settable values, mode;
	const struct fs_owner mode_only = {.mode = owner->mode, .uid = FS_KEEP, .gid = FS_KEEP};

	nfs4_settable_owner(&values, owner);
	nfs4_settable_owner(&mode, &mode_only);
	nfs4_compound_at(&q, dir);
	unsigned created = q.changes_from = q.count;

	nfs4_create_dir(&q, name, &values);
	nfs4_add(&q, OP_GETFH);
	/* Servers drop setuid, setgid and sticky on creation. */
	if (owner->mode != FS_KEEP && (owner->mode & 07000))
		nfs4_set_attributes(&q, &mode);
	nfs4_get_attributes(&q, nfs4_entry_bits);
	if (nfs4_run(c, &q, &answer, cancel, st) < 0)
		return -1;
	if (answer.done <= created)
		return nfs4_failed(c, &answer, nfs_errno(answer.status), "make directory", name, st);
	struct fs_attr made = comparable(&answer.attributes, owner);

	if (!answer.has_handle && lookup(c, dir, name, cancel, &answer.handle, &made, st) < 0)
		return -1;
	return nfs_finish_dir(&nfs4_protocol, c, dir, name, &answer.handle, answer.has_attributes ? &made : NULL, owner,
			      cancel, st);
}

static int rename_entry(struct nfs_connection *c, const struct nfs_handle *from_dir, const char *from,
			const struct nfs_handle *to_dir, const char *to, struct cancel *cancel, struct status *st)
{
	struct nfs4_compound q;
	struct nfs4_answer answer = {.status = NFS4_OK};

	nfs4_compound_at(&q, from_dir);
	nfs4_add(&q, OP_SAVEFH);
	nfs4_put_handle(&q, to_dir);
	nfs4_rename(&q, from, to);
	if (nfs4_run(c, &q, &answer, cancel, st) < 0)
		return -1;
	/* RFC 7530 16.24.4: EXIST or NOTEMPTY where a directory that is not empty is in the way. */
	int errnum = answer.status == NFS4ERR_EXIST ? ENOTEMPTY : nfs_errno(answer.status);

	return errnum == 0 ? 0 : nfs4_failed(c, &answer, errnum, "rename", from, st);
}

/* REMOVE takes files and empty directories alike, so the same compound looks first what it is. */
static int remove_checked(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, bool is_dir,
			  struct cancel *cancel, struct status *st)
{
	struct nfs4_compound q;
	struct nfs4_answer answer = {.status = NFS4_OK};
	struct nfs4_settable directory_type;

	nfs4_settable_directory_type(&directory_type);
	nfs4_compound_at(&q, dir);
	nfs4_lookup(&q, name);
	if (is_dir)
		nfs4_verify(&q, &directory_type);
	else
		nfs4_verify_not(&q, &directory_type);
	nfs4_put_handle(&q, dir);
	nfs4_remove(&q, name);
	if (nfs4_run(c, &q, &answer, cancel, st) < 0)
		return -1;
	int errnum = nfs_errno(answer.status);

	if (answer.status == NFS4ERR_SAME)
		errnum = EISDIR;
	else if (answer.status == NFS4ERR_NOT_SAME)
		errnum = ENOTDIR;
	else if (answer.status == NFS4ERR_EXIST)
		errnum = ENOTEMPTY;
	return errnum == 0 ? 0 : nfs4_failed(c, &answer, errnum, is_dir ? "remove directory" : "remove", name, st);
}

static int remove_file(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		       struct status *st)
{
	return remove_checked(c, dir, name, false, cancel, st);
}

static int remove_dir(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		      struct status *st)
{
	return remove_checked(c, dir, name, true, cancel, st);
}

static int read_dir(struct nfs_connection *c, const struct nfs_handle *dir, struct fs_page *page, struct cancel *cancel,
		    struct status *st)
{
	struct nfs4_compound q;
	struct nfs_incoming_page incoming;
	struct nfs4_answer answer = {.page = &incoming};

	nfs_page_start(&incoming, page);
	nfs4_compound_at(&q, dir);
	nfs4_read_dir(&q, page->cookie, page->verifier);
	if (nfs4_perform(c, &q, &answer, "read directory", NULL, cancel, st) < 0)
		return -1;
	return nfs_page_finish(&incoming, &nfs4_protocol, c, dir, cancel, st);
}

int nfs4_read_rest(struct nfs_connection *c, const char *name, const stateid4 *stateid, uint64_t offset,
		   struct nfs4_answer *answer, struct cancel *cancel, struct status *st)
{
	while (!answer->is_eof && !answer->content->is_full) {
		struct nfs4_compound q;

		nfs4_compound_at(&q, &answer->handle);
		nfs4_read(&q, stateid, offset);
		if (nfs4_perform(c, &q, answer, "read", name, cancel, st) < 0)
			return -1;
		if (answer->read == 0)
			break;
		offset += answer->read;
	}
	return answer->content->is_full ? nfs4_failed(c, answer, EFBIG, "read", name, st) : 0;
}

static int read_file(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
		     struct strbuf *ret_content, struct cancel *cancel, struct status *st)
{
	struct nfs4_compound q;
	struct nfs4_answer answer = {.content = ret_content};

	nfs4_compound_at(&q, dir);
	nfs4_lookup(&q, name);
	nfs4_add(&q, OP_GETFH);
	unsigned got_attributes = q.count;

	nfs4_get_attributes(&q, nfs4_entry_bits);
	nfs4_read(&q, NULL, 0);
	if (nfs4_run(c, &q, &answer, cancel, st) < 0)
		return -1;
	int errnum = nfs_errno(answer.status);

	/* READ's own words for what is no file differ between servers. */
	if (answer.done > got_attributes) {
		int type_errnum = nfs_errno_as_file(answer.attributes.attr.type);

		if (type_errnum == 0 && nfs4_wants_open(answer.status))
			return nfs4_read_opened(c, dir, name, ret_content, cancel, st);
		errnum = type_errnum ? type_errnum : errnum;
	}
	if (errnum != 0)
		return nfs4_failed(c, &answer, errnum, "read", name, st);
	return nfs4_read_rest(c, name, NULL, answer.read, &answer, cancel, st);
}

static int capacity(struct nfs_connection *c, const struct nfs_handle *dir, struct cancel *cancel,
		    struct fs_capacity *ret_capacity, struct status *st)
{
	struct nfs4_compound q;
	struct nfs4_answer answer = {.status = NFS4_OK};

	nfs4_compound_at(&q, dir);
	nfs4_get_attributes(&q, nfs4_space_bits);
	if (nfs4_perform(c, &q, &answer, "get capacity", NULL, cancel, st) < 0)
		return -1;
	*ret_capacity = answer.attributes.capacity;
	return 0;
}

/* A compound takes so many names, and 4.0.0's encoder so many bytes. */
#define WALK_NAMES_MAX 8

int nfs4_walk_share(struct nfs_connection *c, const struct path *share, struct cancel *cancel,
		    struct nfs_root *ret_root, struct status *st)
{
	struct nfs4_answer answer = {.status = NFS4_OK};
	struct nfs_handle at;

	for (size_t walked = 0;;) {
		struct nfs4_compound q;

		nfs4_compound_init(&q);
		if (walked == 0)
			nfs4_add(&q, OP_PUTROOTFH);
		else
			nfs4_put_handle(&q, &at);
		for (unsigned i = 0; i < WALK_NAMES_MAX && walked < share->count; i++)
			nfs4_lookup(&q, share->names[walked++]);
		nfs4_add(&q, OP_GETFH);
		nfs4_get_attributes(&q, nfs4_entry_bits);
		if (nfs4_perform(c, &q, &answer, "find the share", NULL, cancel, st) < 0)
			return -1;
		at = answer.handle;
		if (walked == share->count)
			break;
	}
	*ret_root = (struct nfs_root){at, answer.attributes.attr.type};
	return 0;
}

const struct nfs_protocol nfs4_protocol = {
	.name = "NFSv4.0",
	.version = NFS_VERSION_4,
	.lookup = lookup,
	.get_attr = get_attr,
	.set_owner = set_owner,
	.make_dir = make_dir,
	.rename = rename_entry,
	.remove_file = remove_file,
	.remove_dir = remove_dir,
	.remove_entries = nfs4_remove_entries,
	.read_dir = read_dir,
	.read_file = read_file,
	.create_file = nfs4_create_file,
	.capacity = capacity,
};
