/* SPDX-License-Identifier: Apache-2.0 */
/* NFSv3's procedures (RFC 1813 3.3), one call each, answers in one plain struct. */
#ifndef CSICORE_STORAGE_NFS3_CALLS_H
#define CSICORE_STORAGE_NFS3_CALLS_H

#include "storage/nfs_protocol.h"

/* What the verbs want of an answer; which fields are set depends on the procedure. */
struct nfs3_answer {
	nfsstat3 status;
	bool has_handle, has_attr;
	struct nfs_handle handle;
	struct fs_attr attr;
	struct fs_capacity capacity;
	struct nfs_incoming_page *page; /* READDIR, READDIRPLUS: the caller's */
	struct strbuf *content;         /* READ: the caller's; appended to */
	const void *buffer;             /* READ: as in nfs3_read_args */
	uint32_t count;                 /* READ, WRITE */
	bool is_eof, is_stable;
};

struct nfs3_read_args {
	READ3args args;
	void *buffer; /* room for args.count */
};

struct nfs3_procedure {
	nfs_send *send;
	nfs_receive *receive;
};

/* Called with their own args struct of libnfs (nfs3_read: nfs3_read_args). */
extern const struct nfs3_procedure nfs3_lookup, nfs3_getattr, nfs3_setattr, nfs3_mkdir, nfs3_create, nfs3_write,
	nfs3_commit, nfs3_read, nfs3_rename, nfs3_remove, nfs3_rmdir, nfs3_readdirplus, nfs3_readdir, nfs3_fsstat;

/* Makes the call, again while the server puts it off.  0 with an answer, whatever its status. */
int nfs3_call(struct nfs_connection *c, const struct nfs3_procedure *procedure, void *args, struct nfs3_answer *answer,
	      struct cancel *cancel, struct status *st);

#endif
