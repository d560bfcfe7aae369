/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One NFSv4.0 COMPOUND (RFC 7530 14.2): build it operation by operation, run it, and find the results of all operations in
 * one plain struct.  What the operations point to (names, handles, attributes) is the caller's until it has run.
 */
#ifndef CSICORE_STORAGE_NFS4_COMPOUND_H
#define CSICORE_STORAGE_NFS4_COMPOUND_H

#include "base/path.h"
#include "base/strbuf.h"
#include "storage/nfs4_attributes.h"
#include "storage/nfs_protocol.h"

/* PUTFH and as many removals as are worth it.  Other verbs keep to the 16 operations that old Linux servers take. */
#define NFS4_OPERATIONS_MAX 41
/* Of a compound without its operations, and of PUTFH without the handle. */
#define NFS4_COMPOUND_HEADER_BYTES 32

struct nfs4_compound {
	nfs_argop4 operations[NFS4_OPERATIONS_MAX];
	unsigned count;
	/* Operations before this one change nothing, so that a compound that was put off before it was done is repeated. */
	unsigned changes_from;
};

void nfs4_compound_init(struct nfs4_compound *q);
/* Begins with the handle as the current one. */
void nfs4_compound_at(struct nfs4_compound *q, const struct nfs_handle *handle);

/* Each adds one operation; its index is the count before.  nfs4_add: one that has no arguments, or to be filled in. */
nfs_argop4 *nfs4_add(struct nfs4_compound *q, nfs_opnum4 operation);
void nfs4_put_handle(struct nfs4_compound *q, const struct nfs_handle *handle);
void nfs4_lookup(struct nfs4_compound *q, const char *name);
void nfs4_get_attributes(struct nfs4_compound *q, const uint32_t bits[NFS4_BITMAP_WORDS]);
void nfs4_set_attributes(struct nfs4_compound *q, const struct nfs4_settable *values);
/* Goes on only where the current entry has these attributes, or has them not. */
void nfs4_verify(struct nfs4_compound *q, const struct nfs4_settable *values);
void nfs4_verify_not(struct nfs4_compound *q, const struct nfs4_settable *values);
void nfs4_create_dir(struct nfs4_compound *q, const char *name, const struct nfs4_settable *values);
void nfs4_remove(struct nfs4_compound *q, const char *name);
/* From the saved directory into the current one. */
void nfs4_rename(struct nfs4_compound *q, const char *from, const char *to);
void nfs4_read_dir(struct nfs4_compound *q, uint64_t cookie, uint64_t verifier);
/* stateid NULL is the anonymous one (RFC 7530 9.1.4.3). */
#define NFS4_READ_BYTES 65536
void nfs4_read(struct nfs4_compound *q, const stateid4 *stateid, uint64_t offset);
/* FILE_SYNC.  What does not fit into the compound is left out: the answer's written says how much was stored. */
#define NFS4_WRITE_BYTES 2816
void nfs4_write(struct nfs4_compound *q, const stateid4 *stateid, uint64_t offset, const void *bytes, size_t length);

/* Arguments as libnfs has them; they point into what they were made of. */
component4 nfs4_name(const char *name);
fattr4 nfs4_values(const struct nfs4_settable *values);

/* What the operations answered: of each kind the last.  Fields of those that were not done are as the caller left them. */
struct nfs4_answer {
	const struct nfs4_compound *asked; /* set by running it */
	nfsstat4 status;
	unsigned done;     /* how many operations succeeded: the index of the one that failed */
	bool is_malformed; /* an answer does not follow the protocol */
	bool has_handle, has_attributes;
	struct nfs_handle handle;
	struct nfs4_attributes attributes;
	struct nfs_incoming_page *page; /* READDIR: the caller's */
	struct strbuf *content;         /* READ: the caller's; appended to */
	uint32_t read, written;
	bool is_eof;
	stateid4 stateid; /* OPEN, OPEN_CONFIRM */
	bool must_confirm, has_delegation;
	stateid4 delegation;
	uint64_t client_id; /* SETCLIENTID */
	char confirm[8];
};

/* Makes a batch's call send the compound and receive its answer. */
void nfs4_prepare(struct nfs_call *call, struct nfs4_compound *q, struct nfs4_answer *answer);
/* Runs it once, whatever its status; -1 without an answer that can be used. */
int nfs4_run_once(struct nfs_connection *c, struct nfs4_compound *q, struct nfs4_answer *answer, struct cancel *cancel,
		  struct status *st);
/* Runs it, again while the server puts it off before anything was changed. */
int nfs4_run(struct nfs_connection *c, struct nfs4_compound *q, struct nfs4_answer *answer, struct cancel *cancel,
	     struct status *st);

/* The same for a verb: fails with the errno of any other status than NFS4_OK. */
int nfs4_perform(struct nfs_connection *c, struct nfs4_compound *q, struct nfs4_answer *answer, const char *verb,
		 const char *name, struct cancel *cancel, struct status *st);

/* The server asks to be asked again later; it wants a real state id, so the file must be opened first. */
bool nfs4_is_put_off(nfsstat4 status);
const char *nfs4_put_off_reason(nfsstat4 status);
bool nfs4_wants_open(nfsstat4 status);

/* Fails with an errno and the answer's status as the reason. */
int nfs4_failed(const struct nfs_connection *c, const struct nfs4_answer *answer, int errnum, const char *verb,
		const char *name, struct status *st);

/* Reads a file whose handle is in the answer from offset to its end, or fails with EFBIG once the answer's content is full. */
int nfs4_read_rest(struct nfs_connection *c, const char *name, const stateid4 *stateid, uint64_t offset,
		   struct nfs4_answer *answer, struct cancel *cancel, struct status *st);

/* nfs4_open.c: the two verbs that may need an OPEN, and with it a client id. */
int nfs4_create_file(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, uint32_t mode,
		     const void *bytes, size_t length, struct cancel *cancel, struct status *st);
int nfs4_read_opened(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
		     struct strbuf *ret_content, struct cancel *cancel, struct status *st);

/* nfs4_bulk.c */
int nfs4_remove_entries(struct nfs_connection *c, const struct nfs_handle *dir, const char *const *names, size_t count,
			int *ret_errnums, struct cancel *cancel, struct status *st);

/* What the share's names lead to from the server's root. */
int nfs4_walk_share(struct nfs_connection *c, const struct path *share, struct cancel *cancel,
		    struct nfs_root *ret_root, struct status *st);

#endif
