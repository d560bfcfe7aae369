/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one version of NFS can do on one connection: the verbs of storage/fs.h by file handle.  fs_libnfs.c finds the
 * connection and the version; a protocol only speaks it.  Names have been judged before they get here.
 */
#ifndef CSICORE_STORAGE_NFS_PROTOCOL_H
#define CSICORE_STORAGE_NFS_PROTOCOL_H

#include "storage/nfs_connection.h"

#define NFS_HANDLE_MAX 128 /* NFS4_FHSIZE; NFSv3's are 64 at most */

struct nfs_handle {
	uint32_t length;
	char bytes[NFS_HANDLE_MAX];
};

/* Where a share begins, which may yet be no directory. */
struct nfs_root {
	struct nfs_handle handle;
	enum fs_type type;
};

struct nfs_protocol {
	const char *name; /* "NFSv3" */
	enum nfs_version version;
	int (*lookup)(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		      struct nfs_handle *ret_handle, struct fs_attr *ret_attr, struct status *st);
	int (*get_attr)(struct nfs_connection *c, const struct nfs_handle *handle, struct cancel *cancel,
			struct fs_attr *ret_attr, struct status *st);
	int (*set_owner)(struct nfs_connection *c, const struct nfs_handle *handle, const struct fs_owner *owner,
			 struct cancel *cancel, struct status *st);
	int (*make_dir)(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
			const struct fs_owner *owner, struct cancel *cancel, struct status *st);
	int (*rename)(struct nfs_connection *c, const struct nfs_handle *from_dir, const char *from,
		      const struct nfs_handle *to_dir, const char *to, struct cancel *cancel, struct status *st);
	int (*remove_file)(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
			   struct cancel *cancel, struct status *st);
	int (*remove_dir)(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
			  struct cancel *cancel, struct status *st);
	int (*remove_entries)(struct nfs_connection *c, const struct nfs_handle *dir, const char *const *names,
			      size_t count, int *ret_errnums, struct cancel *cancel, struct status *st);
	int (*read_dir)(struct nfs_connection *c, const struct nfs_handle *dir, struct fs_page *page,
			struct cancel *cancel, struct status *st);
	int (*read_file)(struct nfs_connection *c, const struct nfs_handle *dir, const char *name,
			 struct strbuf *ret_content, struct cancel *cancel, struct status *st);
	int (*create_file)(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, uint32_t mode,
			   const void *bytes, size_t length, struct cancel *cancel, struct status *st);
	int (*capacity)(struct nfs_connection *c, const struct nfs_handle *dir, struct cancel *cancel,
			struct fs_capacity *ret_capacity, struct status *st);
};

extern const struct nfs_protocol nfs3_protocol, nfs4_protocol;

/* ---- what both versions share: nfs_protocol.c */

/* Fails a verb with errnum; name is NULL where it has none, hint says more or is "". */
int nfs_failed(const struct nfs_connection *c, int errnum, const char *verb, const char *name, const char *hint,
	       struct status *st);

/* False, and *ret untouched, where the bytes are no handle. */
bool nfs_handle_set(struct nfs_handle *ret, const char *bytes, uint32_t length);

/* The errno for using an entry of that type as a directory (0, ENOTDIR, ELOOP) or a regular file (0, EISDIR, ELOOP, EINVAL). */
int nfs_errno_as_directory(enum fs_type type);
int nfs_errno_as_file(enum fs_type type);

bool nfs_owner_is_kept(const struct fs_owner *owner);

/*
 * Ends make_dir after the directory was made: sets what of owner is missing (attr NULL: asks first) and, where that cannot
 * be done, removes the directory again.  0, or -1 with what went wrong.
 */
int nfs_finish_dir(const struct nfs_protocol *protocol, struct nfs_connection *c, const struct nfs_handle *dir,
		   const char *name, const struct nfs_handle *made, const struct fs_attr *attr,
		   const struct fs_owner *owner, struct cancel *cancel, struct status *st);

/* A page as it comes in: entries go into the page's arena, which nfs_page_start() empties. */
struct nfs_page_entry {
	struct fs_entry entry;
	bool has_attr;
};
struct nfs_incoming_page {
	struct fs_page *page;
	struct nfs_page_entry *entries;
	size_t count, capacity;
	uint64_t cookie, verifier;
	bool is_end, has_bad_name;
};
void nfs_page_start(struct nfs_incoming_page *incoming, struct fs_page *page);
/* "." and ".." are left out; attr NULL where the server sent none. */
void nfs_page_add(struct nfs_incoming_page *incoming, uint64_t cookie, const char *name, size_t length,
		  const struct fs_attr *attr);
/* Asks for the attributes that are missing, drops entries that are gone by now, and fills the page in. */
int nfs_page_finish(struct nfs_incoming_page *incoming, const struct nfs_protocol *protocol, struct nfs_connection *c,
		    const struct nfs_handle *dir, struct cancel *cancel, struct status *st);

#endif
