/* SPDX-License-Identifier: Apache-2.0 */
/* Tables from the protocols' own numbers (RFC 1813 2.6, RFC 7530 13, RFC 5531 9) to errno. */
#include "storage/nfs_errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <nfsc/libnfs-raw-mount.h>

#include "base/status.h"
#include "storage/libnfs_compat.h"

struct errno_row {
	int code;
	int errnum;
	const char *name;
};

#define ROW(code, errnum) \
	{ \
		code, errnum, #code \
	}

static const struct errno_row nfs3_rows[] = {
	ROW(NFS3_OK, 0),
	ROW(NFS3ERR_PERM, EPERM),
	ROW(NFS3ERR_NOENT, ENOENT),
	ROW(NFS3ERR_IO, EIO),
	ROW(NFS3ERR_NXIO, ENXIO),
	ROW(NFS3ERR_ACCES, EACCES),
	ROW(NFS3ERR_EXIST, EEXIST),
	ROW(NFS3ERR_XDEV, EXDEV),
	ROW(NFS3ERR_NODEV, ENODEV),
	ROW(NFS3ERR_NOTDIR, ENOTDIR),
	ROW(NFS3ERR_ISDIR, EISDIR),
	ROW(NFS3ERR_INVAL, EINVAL),
	ROW(NFS3ERR_FBIG, EFBIG),
	ROW(NFS3ERR_NOSPC, ENOSPC),
	ROW(NFS3ERR_ROFS, EROFS),
	ROW(NFS3ERR_MLINK, EMLINK),
	ROW(NFS3ERR_NAMETOOLONG, ENAMETOOLONG),
	ROW(NFS3ERR_NOTEMPTY, ENOTEMPTY),
	ROW(NFS3ERR_DQUOT, EDQUOT),
	ROW(NFS3ERR_STALE, ESTALE),
	ROW(NFS3ERR_REMOTE, EREMOTE),
	ROW(NFS3ERR_BADHANDLE, ESTALE),
	ROW(NFS3ERR_NOT_SYNC, EAGAIN),
	ROW(NFS3ERR_BAD_COOKIE, EAGAIN),
	ROW(NFS3ERR_NOTSUPP, EOPNOTSUPP),
	ROW(NFS3ERR_TOOSMALL, EPROTO),
	ROW(NFS3ERR_SERVERFAULT, EIO),
	ROW(NFS3ERR_BADTYPE, EOPNOTSUPP),
	ROW(NFS3ERR_JUKEBOX, EAGAIN),
};

/* What concerns opens and client ids has been dealt with before it gets here, so it is a plain EIO or EBUSY. */
static const struct errno_row nfs4_rows[] = {
	ROW(NFS4_OK, 0),
	ROW(NFS4ERR_PERM, EPERM),
	ROW(NFS4ERR_NOENT, ENOENT),
	ROW(NFS4ERR_IO, EIO),
	ROW(NFS4ERR_NXIO, ENXIO),
	ROW(NFS4ERR_ACCESS, EACCES),
	ROW(NFS4ERR_EXIST, EEXIST),
	ROW(NFS4ERR_XDEV, EXDEV),
	ROW(NFS4ERR_NOTDIR, ENOTDIR),
	ROW(NFS4ERR_ISDIR, EISDIR),
	ROW(NFS4ERR_INVAL, EINVAL),
	ROW(NFS4ERR_FBIG, EFBIG),
	ROW(NFS4ERR_NOSPC, ENOSPC),
	ROW(NFS4ERR_ROFS, EROFS),
	ROW(NFS4ERR_MLINK, EMLINK),
	ROW(NFS4ERR_NAMETOOLONG, ENAMETOOLONG),
	ROW(NFS4ERR_NOTEMPTY, ENOTEMPTY),
	ROW(NFS4ERR_DQUOT, EDQUOT),
	ROW(NFS4ERR_STALE, ESTALE),
	ROW(NFS4ERR_BADHANDLE, ESTALE),
	ROW(NFS4ERR_BAD_COOKIE, EAGAIN),
	ROW(NFS4ERR_NOTSUPP, EOPNOTSUPP),
	ROW(NFS4ERR_TOOSMALL, EPROTO),
	ROW(NFS4ERR_SERVERFAULT, EIO),
	ROW(NFS4ERR_BADTYPE, EOPNOTSUPP),
	ROW(NFS4ERR_DELAY, EAGAIN),
	ROW(NFS4ERR_SAME, EAGAIN),
	ROW(NFS4ERR_DENIED, EBUSY),
	ROW(NFS4ERR_EXPIRED, EIO),
	ROW(NFS4ERR_LOCKED, EBUSY),
	ROW(NFS4ERR_GRACE, EAGAIN),
	ROW(NFS4ERR_FHEXPIRED, ESTALE),
	ROW(NFS4ERR_SHARE_DENIED, EBUSY),
	ROW(NFS4ERR_WRONGSEC, EPERM),
	ROW(NFS4ERR_CLID_INUSE, EBUSY),
	ROW(NFS4ERR_RESOURCE, EAGAIN),
	ROW(NFS4ERR_MOVED, EREMOTE),
	ROW(NFS4ERR_NOFILEHANDLE, EPROTO),
	ROW(NFS4ERR_MINOR_VERS_MISMATCH, EPROTONOSUPPORT),
	ROW(NFS4ERR_STALE_CLIENTID, EIO),
	ROW(NFS4ERR_STALE_STATEID, EIO),
	ROW(NFS4ERR_OLD_STATEID, EIO),
	ROW(NFS4ERR_BAD_STATEID, EIO),
	ROW(NFS4ERR_BAD_SEQID, EIO),
	ROW(NFS4ERR_NOT_SAME, EAGAIN),
	ROW(NFS4ERR_LOCK_RANGE, EINVAL),
	ROW(NFS4ERR_SYMLINK, ELOOP),
	ROW(NFS4ERR_RESTOREFH, EPROTO),
	ROW(NFS4ERR_LEASE_MOVED, EREMOTE),
	ROW(NFS4ERR_ATTRNOTSUPP, EOPNOTSUPP),
	ROW(NFS4ERR_NO_GRACE, EIO),
	ROW(NFS4ERR_RECLAIM_BAD, EIO),
	ROW(NFS4ERR_RECLAIM_CONFLICT, EIO),
	{10036, EPROTO, "NFS4ERR_BADXDR"}, /* the headers spell it in their own way */
	ROW(NFS4ERR_LOCKS_HELD, EBUSY),
	ROW(NFS4ERR_OPENMODE, EACCES),
	ROW(NFS4ERR_BADOWNER, EINVAL),
	ROW(NFS4ERR_BADCHAR, EINVAL),
	ROW(NFS4ERR_BADNAME, EINVAL),
	ROW(NFS4ERR_BAD_RANGE, EINVAL),
	ROW(NFS4ERR_LOCK_NOTSUPP, EOPNOTSUPP),
	ROW(NFS4ERR_OP_ILLEGAL, EOPNOTSUPP),
	ROW(NFS4ERR_DEADLOCK, EBUSY),
	ROW(NFS4ERR_FILE_OPEN, EBUSY),
	ROW(NFS4ERR_ADMIN_REVOKED, EIO),
	ROW(NFS4ERR_CB_PATH_DOWN, EIO),
};

static const struct errno_row mount_rows[] = {
	ROW(MNT3_OK, 0),
	ROW(MNT3ERR_PERM, EPERM),
	ROW(MNT3ERR_NOENT, ENOENT),
	ROW(MNT3ERR_IO, EIO),
	ROW(MNT3ERR_ACCES, EACCES),
	ROW(MNT3ERR_NOTDIR, ENOTDIR),
	ROW(MNT3ERR_INVAL, EINVAL),
	ROW(MNT3ERR_NAMETOOLONG, ENAMETOOLONG),
	ROW(MNT3ERR_NOTSUPP, EOPNOTSUPP),
	ROW(MNT3ERR_SERVERFAULT, EIO),
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

static const struct errno_row *find(const struct errno_row *rows, size_t count, int code)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].code == code)
			return &rows[i];
	}
	return NULL;
}

static int errno_in(const struct errno_row *rows, size_t count, int code)
{
	const struct errno_row *row = find(rows, count, code);

	return row ? row->errnum : EIO;
}

int nfs3_errno(int nfsstat3)
{
	return errno_in(nfs3_rows, COUNT(nfs3_rows), nfsstat3);
}

int nfs4_errno(int nfsstat4)
{
	return errno_in(nfs4_rows, COUNT(nfs4_rows), nfsstat4);
}

int nfs_mount_errno(int mountstat3)
{
	return errno_in(mount_rows, COUNT(mount_rows), mountstat3);
}

const char *nfs4_status_name(int nfsstat4)
{
	const struct errno_row *row = find(nfs4_rows, COUNT(nfs4_rows), nfsstat4);

	return row ? row->name : "NFS4ERR_?";
}

int nfs_rpc_errno(const char *words)
{
	for (size_t i = 0; words && i < COUNT(rpc_rows); i++) {
		if (strcmp(words, rpc_rows[i].words) == 0)
			return rpc_rows[i].errnum;
	}
	return ECONNRESET;
}

int nfs_unavailable(struct status *st, int errnum, const char *fmt, ...)
{
	char message[STATUS_MESSAGE_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, args); /* status_set cuts what is too long on a character */
	va_end(args);
	(void)status_set(st, STATUS_UNAVAILABLE, "%s", message); /* always -1, as this is */
	st->errnum = errnum;
	return -1;
}
