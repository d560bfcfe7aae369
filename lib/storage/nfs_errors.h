/* SPDX-License-Identifier: Apache-2.0 */
/* What NFS servers and the network answer, in errno values and sentences. */
#ifndef CSICORE_STORAGE_NFS_ERRORS_H
#define CSICORE_STORAGE_NFS_ERRORS_H

/* What an administrator can do about a server that refuses an unprivileged client; continues a sentence. */
#define NFS_REFUSED_HINT \
	"allow it in the server's exports, and there also ports above 1023 (\"insecure\" in exports(5)), or give " \
	"this " \
	"program CAP_NET_BIND_SERVICE"

/* The errno of an nfsstat3, nfsstat4 or mountstat3, which number alike what they share; EIO for any other number. */
int nfs_errno(int status);

/* The errno of an RPC that was not carried out, from libnfs's words: EPROTONOSUPPORT for a program or version that the server
 * does not have, EACCES where it denies the credentials, EINVAL, EIO; ECONNRESET where the words are none of these,
 * which is a connection that broke. */
int nfs_rpc_errno(const char *words);

#endif
