/* SPDX-License-Identifier: Apache-2.0 */
/* NFSv3's procedures (RFC 1813 3.3), one call each, answers in one plain struct. */
#ifndef CSICORE_STORAGE_NFS3_CALLS_H
#define CSICORE_STORAGE_NFS3_CALLS_H

#include "storage/nfs_protocol.h"

struct nfs3_request {
	int procedure; /* set by making the call */
	union {
		GETATTR3args getattr;
		SETATTR3args setattr;
		LOOKUP3args lookup;
		READ3args read;
		WRITE3args write;
		CREATE3args create;
		MKDIR3args mkdir;
		REMOVE3args remove;
		RMDIR3args rmdir;
		RENAME3args rename;
		READDIR3args readdir;
		READDIRPLUS3args readdirplus;
		FSSTAT3args fsstat;
		COMMIT3args commit;
	};
	void *buffer; /* READ: room for read.count */
};

/* What the verbs want of an answer; which fields are set depends on the procedure. */
struct nfs3_answer {
	const struct nfs3_request *asked; /* set by making the call */
	nfsstat3 status;
	bool has_handle, has_attr;
	struct nfs_handle handle;
	struct fs_attr attr;
	struct fs_capacity capacity;
	struct nfs_incoming_page *page; /* READDIR, READDIRPLUS: the caller's */
	struct strbuf *content;         /* READ: the caller's; appended to */
	uint32_t count;                 /* READ, WRITE */
	bool is_eof, is_stable;
};

/* Arguments as libnfs has them; they point into what they were made of. */
nfs_fh3 nfs3_fh(const struct nfs_handle *handle);
diropargs3 nfs3_entry(const struct nfs_handle *dir, const char *name);

/* Makes a batch's call send the request and receive its answer. */
void nfs3_prepare(struct nfs_call *call, struct nfs3_request *request, struct nfs3_answer *answer);

#define NFS3_PUT_OFF_REASON "NFS3ERR_JUKEBOX"
/* Makes the call of a procedure (NFS3_LOOKUP ...) with its arguments, again while the server puts it off.  0 with an answer,
 * whatever its status. */
int nfs3_call(struct nfs_connection *c, int procedure, struct nfs3_request *request, struct nfs3_answer *answer,
	      struct cancel *cancel, struct status *st);

/* nfs3_bulk.c: the second asks for the attributes of entries that came without; those it does not get stay without. */
int nfs3_remove_entries(struct nfs_connection *c, const struct nfs_handle *dir, const char *const *names, size_t count,
			int *ret_errnums, struct cancel *cancel, struct status *st);
int nfs3_look_up_missing(struct nfs_connection *c, const struct nfs_handle *dir, struct nfs_incoming_page *incoming,
			 struct cancel *cancel, struct status *st);

#endif
