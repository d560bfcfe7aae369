/* SPDX-License-Identifier: Apache-2.0 */
/* What NFS servers and the network answer, in errno values and sentences. */
#ifndef CSICORE_STORAGE_NFS_ERRORS_H
#define CSICORE_STORAGE_NFS_ERRORS_H

struct status;

/* What an administrator can do about a server that refuses an unprivileged client; continues a sentence. */
#define NFS_REFUSED_HINT \
	"allow it in the server's exports, and there also ports above 1023 (\"insecure\" in exports(5)), or give " \
	"this " \
	"program CAP_NET_BIND_SERVICE"

/* The errno of an nfsstat3, nfsstat4 or mountstat3; a number that RFC 1813 or 7530 does not have is EIO. */
int nfs3_errno(int nfsstat3);
int nfs4_errno(int nfsstat4);
int nfs_mount_errno(int mountstat3);

/* "NFS4ERR_GRACE"; "NFS4ERR_?" for a number that has no name. */
const char *nfs4_status_name(int nfsstat4);

/* The errno of an RPC that was not carried out, from libnfs's words: EPROTONOSUPPORT for a program or version that the server
 * does not have, EACCES where it denies the credentials, EINVAL, EIO; ECONNRESET where the words are none of these,
 * which is a connection that broke. */
int nfs_rpc_errno(const char *words);

/* UNAVAILABLE with errnum and no words of errno's own.  Always -1. */
int nfs_unavailable(struct status *st, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
