/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs_errors.h"

#include <errno.h>

#include <nfsc/libnfs-raw-mount.h>

#include "storage/libnfs_compat.h"
#include "support/cmocka.h"

static void what_callers_branch_on_is_the_same_errno_in_both_versions(void **state)
{
	static const struct {
		int nfs3, nfs4, errnum;
	} rows[] = {
		{NFS3ERR_NOENT, NFS4ERR_NOENT, ENOENT},
		{NFS3ERR_EXIST, NFS4ERR_EXIST, EEXIST},
		{NFS3ERR_NOTEMPTY, NFS4ERR_NOTEMPTY, ENOTEMPTY},
		{NFS3ERR_NOTDIR, NFS4ERR_NOTDIR, ENOTDIR},
		{NFS3ERR_ISDIR, NFS4ERR_ISDIR, EISDIR},
		{NFS3ERR_STALE, NFS4ERR_STALE, ESTALE},
		{NFS3ERR_BADHANDLE, NFS4ERR_BADHANDLE, ESTALE},
		{NFS3ERR_ACCES, NFS4ERR_ACCESS, EACCES},
		{NFS3ERR_PERM, NFS4ERR_PERM, EPERM},
		{NFS3ERR_NOSPC, NFS4ERR_NOSPC, ENOSPC},
		{NFS3ERR_DQUOT, NFS4ERR_DQUOT, EDQUOT},
		{NFS3ERR_ROFS, NFS4ERR_ROFS, EROFS},
		{NFS3ERR_XDEV, NFS4ERR_XDEV, EXDEV},
		{NFS3ERR_NAMETOOLONG, NFS4ERR_NAMETOOLONG, ENAMETOOLONG},
		{NFS3ERR_JUKEBOX, NFS4ERR_DELAY, EAGAIN},
		{NFS3ERR_BAD_COOKIE, NFS4ERR_BAD_COOKIE, EINVAL},
		{NFS3_OK, NFS4_OK, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(nfs_errno(rows[i].nfs3), rows[i].errnum);
		assert_int_equal(nfs_errno(rows[i].nfs4), rows[i].errnum);
	}
}

static void mountd_numbers_its_statuses_as_nfs_does(void **state)
{
	assert_int_equal(nfs_errno(MNT3ERR_NOENT), ENOENT);
	assert_int_equal(nfs_errno(MNT3ERR_ACCES), EACCES);
	assert_int_equal(nfs_errno(MNT3ERR_NAMETOOLONG), ENAMETOOLONG);
	assert_int_equal(nfs_errno(MNT3ERR_NOTSUPP), EOPNOTSUPP);
	assert_int_equal(nfs_errno(MNT3ERR_SERVERFAULT), EIO);
}

static void a_symlink_in_the_way_is_eloop(void **state)
{
	assert_int_equal(nfs_errno(NFS4ERR_SYMLINK), ELOOP);
}

static void a_name_the_server_cannot_store_is_einval(void **state)
{
	assert_int_equal(nfs_errno(NFS4ERR_BADCHAR), EINVAL);
	assert_int_equal(nfs_errno(NFS4ERR_INVAL), EINVAL);
}

static void an_unknown_status_is_eio(void **state)
{
	assert_int_equal(nfs_errno(4711), EIO);
	assert_int_equal(nfs_errno(-1), EIO);
}

static void a_missing_program_or_version_can_be_told_from_a_broken_connection(void **state)
{
	assert_int_equal(nfs_rpc_errno("Server responded: Program version mismatch"), EPROTONOSUPPORT);
	assert_int_equal(nfs_rpc_errno("Server responded: Program not available"), EPROTONOSUPPORT);
	assert_int_equal(nfs_rpc_errno("RPC Packet not accepted by the server"), EACCES);
	assert_int_equal(nfs_rpc_errno("anything else"), ECONNRESET);
	assert_int_equal(nfs_rpc_errno(NULL), ECONNRESET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_callers_branch_on_is_the_same_errno_in_both_versions),
		cmocka_unit_test(mountd_numbers_its_statuses_as_nfs_does),
		cmocka_unit_test(a_symlink_in_the_way_is_eloop),
		cmocka_unit_test(a_name_the_server_cannot_store_is_einval),
		cmocka_unit_test(an_unknown_status_is_eio),
		cmocka_unit_test(a_missing_program_or_version_can_be_told_from_a_broken_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
