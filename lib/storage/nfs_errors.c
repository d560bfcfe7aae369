/* SPDX-License-Identifier: Apache-2.0 */
/* Tables from the protocols' own numbers (RFC 1813 2.6 and 5.1.5, RFC 7530 13, RFC 5531 9) to errno. */
#include "storage/nfs_errors.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "storage/libnfs_compat.h"

/* What concerns opens and client ids has been dealt with before it gets here: what is left of it is EIO, as all that is not
 * listed. */
static const struct {
	int status, errnum;
} status_rows[] = {
	{NFS4_OK, 0},
	{NFS4ERR_PERM, EPERM},
	{NFS4ERR_NOENT, ENOENT},
	{NFS4ERR_NXIO, ENXIO},
	{NFS4ERR_ACCESS, EACCES},
	{NFS4ERR_EXIST, EEXIST},
	{NFS4ERR_XDEV, EXDEV},
	{NFS3ERR_NODEV, ENODEV},
	{NFS4ERR_NOTDIR, ENOTDIR},
	{NFS4ERR_ISDIR, EISDIR},
	{NFS4ERR_INVAL, EINVAL},
	{NFS4ERR_FBIG, EFBIG},
	{NFS4ERR_NOSPC, ENOSPC},
	{NFS4ERR_ROFS, EROFS},
	{NFS4ERR_MLINK, EMLINK},
	{NFS4ERR_NAMETOOLONG, ENAMETOOLONG},
	{NFS4ERR_NOTEMPTY, ENOTEMPTY},
	{NFS4ERR_DQUOT, EDQUOT},
	{NFS4ERR_STALE, ESTALE},
	{NFS3ERR_REMOTE, EREMOTE},
	{NFS4ERR_BADHANDLE, ESTALE},
	{NFS3ERR_NOT_SYNC, EAGAIN},
	{NFS4ERR_BAD_COOKIE, EINVAL},
	{NFS4ERR_NOTSUPP, EOPNOTSUPP},
	{NFS4ERR_TOOSMALL, EPROTO},
	{NFS4ERR_BADTYPE, EOPNOTSUPP},
	{NFS4ERR_DELAY, EAGAIN},
	{NFS4ERR_SAME, EAGAIN},
	{NFS4ERR_DENIED, EBUSY},
	{NFS4ERR_LOCKED, EBUSY},
	{NFS4ERR_GRACE, EAGAIN},
	{NFS4ERR_FHEXPIRED, ESTALE},
	{NFS4ERR_SHARE_DENIED, EBUSY},
	{NFS4ERR_WRONGSEC, EPERM},
	{NFS4ERR_CLID_INUSE, EBUSY},
	{NFS4ERR_RESOURCE, EAGAIN},
	{NFS4ERR_MOVED, EREMOTE},
	{NFS4ERR_NOFILEHANDLE, EPROTO},
	{NFS4ERR_MINOR_VERS_MISMATCH, EPROTONOSUPPORT},
	{NFS4ERR_NOT_SAME, EINVAL},
	{NFS4ERR_LOCK_RANGE, EINVAL},
	{NFS4ERR_SYMLINK, ELOOP},
	{NFS4ERR_RESTOREFH, EPROTO},
	{NFS4ERR_LEASE_MOVED, EREMOTE},
	{NFS4ERR_ATTRNOTSUPP, EOPNOTSUPP},
	{NFS4ERR_BADXDR, EPROTO},
	{NFS4ERR_LOCKS_HELD, EBUSY},
	{NFS4ERR_OPENMODE, EACCES},
	{NFS4ERR_BADOWNER, EINVAL},
	{NFS4ERR_BADCHAR, EINVAL},
	{NFS4ERR_BADNAME, EINVAL},
	{NFS4ERR_BAD_RANGE, EINVAL},
	{NFS4ERR_LOCK_NOTSUPP, EOPNOTSUPP},
	{NFS4ERR_OP_ILLEGAL, EOPNOTSUPP},
	{NFS4ERR_DEADLOCK, EBUSY},
	{NFS4ERR_FILE_OPEN, EBUSY},
};

static const struct {
	const char *words;
	int errnum;
} rpc_rows[] = {
	{LIBNFS_PROGRAM_UNAVAILABLE, EPROTONOSUPPORT},
	{LIBNFS_PROGRAM_MISMATCH, EPROTONOSUPPORT},
	{LIBNFS_PROCEDURE_UNAVAILABLE, EOPNOTSUPP},
	{LIBNFS_GARBAGE_ARGUMENTS, EINVAL},
	{LIBNFS_SYSTEM_ERROR, EIO},
	{LIBNFS_DENIED, EACCES},
	{LIBNFS_UNDECODABLE, EPROTO},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int nfs_errno(int status)
{
	for (size_t i = 0; i < COUNT(status_rows); i++) {
		if (status_rows[i].status == status)
			return status_rows[i].errnum;
	}
	return EIO;
}

int nfs_rpc_errno(const char *words)
{
	for (size_t i = 0; words && i < COUNT(rpc_rows); i++) {
		if (strcmp(words, rpc_rows[i].words) == 0)
			return rpc_rows[i].errnum;
	}
	return ECONNRESET;
}
