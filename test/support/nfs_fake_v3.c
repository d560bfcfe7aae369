/* SPDX-License-Identifier: Apache-2.0 */
/* The NFSv3 side of nfs_fake, with MOUNT. */
#include <stdio.h>

#include "support/nfs_fake_private.h"

#define LISTED_MAX 1024

static char handle_bytes[] = NFS_FAKE_HANDLE;

static int serve_getattr(SERVICE_ARGUMENTS)
{
	GETATTR3res res = {.status = nfs_fake_next_status(NFS3_GETATTR)};

	res.GETATTR3res_u.resok.obj_attributes.type = NF3DIR;
	return nfs_fake_reply(rpc, call, res.status, &res, (zdrproc_t)zdr_GETATTR3res);
}

/* Every name is a file. */
static int serve_lookup(SERVICE_ARGUMENTS)
{
	LOOKUP3res res = {.status = nfs_fake_next_status(NFS3_LOOKUP)};
	LOOKUP3resok *ok = &res.LOOKUP3res_u.resok;

	if (res.status == NFS3_OK) {
		ok->object.data.data_len = sizeof(handle_bytes) - 1;
		ok->object.data.data_val = handle_bytes;
		ok->obj_attributes.attributes_follow = 1;
		ok->obj_attributes.post_op_attr_u.attributes.type = NF3REG;
	}
	return nfs_fake_reply(rpc, call, res.status, &res, (zdrproc_t)zdr_LOOKUP3res);
}

static int serve_remove(SERVICE_ARGUMENTS)
{
	REMOVE3res res = {.status = nfs_fake_next_status(NFS3_REMOVE)};

	return nfs_fake_reply(rpc, call, res.status, &res, (zdrproc_t)zdr_REMOVE3res);
}

static int serve_rmdir(SERVICE_ARGUMENTS)
{
	RMDIR3res res = {.status = nfs_fake_next_status(NFS3_RMDIR)};

	return nfs_fake_reply(rpc, call, res.status, &res, (zdrproc_t)zdr_RMDIR3res);
}

/* All names in one answer. */
static int serve_readdir(SERVICE_ARGUMENTS)
{
	static entry3 entries[LISTED_MAX];
	static char names[LISTED_MAX][16];
	READDIR3res res = {.status = nfs_fake_next_status(NFS3_READDIR)};
	unsigned count = nfs_fake_serving->listed;

	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "file-%u", i); /* fits */
		entries[i] = (entry3){.fileid = i + 1, .name = names[i], .cookie = i + 1};
		entries[i].nextentry = i + 1 < count ? &entries[i + 1] : NULL;
	}
	res.READDIR3res_u.resok.reply.entries = count ? entries : NULL;
	res.READDIR3res_u.resok.reply.eof = 1;
	return nfs_fake_reply(rpc, call, res.status, &res, (zdrproc_t)zdr_READDIR3res);
}

/* For servers that can only list names. */
static int serve_readdirplus(SERVICE_ARGUMENTS)
{
	(void)nfs_fake_next_status(NFS3_READDIRPLUS); /* only counted */
	READDIRPLUS3res res = {.status = NFS3ERR_NOTSUPP};

	return nfs_fake_reply(rpc, call, res.status, &res, (zdrproc_t)zdr_READDIRPLUS3res);
}

static int serve_mnt(SERVICE_ARGUMENTS)
{
	static int flavors[] = {AUTH_UNIX};
	mountres3 res = {.fhs_status = MNT3_OK};

	res.mountres3_u.mountinfo.fhandle.fhandle3_len = sizeof(handle_bytes) - 1;
	res.mountres3_u.mountinfo.fhandle.fhandle3_val = handle_bytes;
	res.mountres3_u.mountinfo.auth_flavors.auth_flavors_len = 1;
	res.mountres3_u.mountinfo.auth_flavors.auth_flavors_val = flavors;
	return nfs_fake_reply(rpc, call, MNT3_OK, &res, (zdrproc_t)zdr_mountres3);
}

DEFINE_DECODE(GETATTR3args)
DEFINE_DECODE(LOOKUP3args)
DEFINE_DECODE(REMOVE3args)
DEFINE_DECODE(RMDIR3args)
DEFINE_DECODE(READDIR3args)
DEFINE_DECODE(READDIRPLUS3args)
DEFINE_DECODE(dirpath)

void nfs_fake_register_v3(struct rpc_context *rpc)
{
	static struct service_proc nfs[] = {
		{NFS3_NULL, nfs_fake_serve_null, nfs_fake_decode_nothing, 1},
		{NFS3_GETATTR, serve_getattr, decode_GETATTR3args, sizeof(GETATTR3args)},
		{NFS3_LOOKUP, serve_lookup, decode_LOOKUP3args, sizeof(LOOKUP3args)},
		{NFS3_REMOVE, serve_remove, decode_REMOVE3args, sizeof(REMOVE3args)},
		{NFS3_RMDIR, serve_rmdir, decode_RMDIR3args, sizeof(RMDIR3args)},
		{NFS3_READDIR, serve_readdir, decode_READDIR3args, sizeof(READDIR3args)},
		{NFS3_READDIRPLUS, serve_readdirplus, decode_READDIRPLUS3args, sizeof(READDIRPLUS3args)},
	};
	static struct service_proc mount[] = {{MOUNT3_MNT, serve_mnt, decode_dirpath, sizeof(dirpath)}};

	(void)rpc_register_service(rpc, NFS_PROGRAM, NFS_V3, nfs, sizeof(nfs) / sizeof(nfs[0]));
	(void)rpc_register_service(rpc, MOUNT_PROGRAM, MOUNT_V3, mount, 1);
}
