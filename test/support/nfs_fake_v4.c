/* SPDX-License-Identifier: Apache-2.0 */
/* The NFSv4.0 side of nfs_fake. */
#include "support/nfs_fake_private.h"

#define RESULT_MAX 64

/* type (directory), size, fileid, mode, numlinks, owner "0", group "0", space_used, time_modify: in the bits' order */
static uint32_t attribute_bits[2] = {1u << 1 | 1u << 4 | 1u << 20,
				     1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 13 | 1u << 21};
static const char directory_attributes[] = "\0\0\0\2"
					   "\0\0\0\0\0\0\20\0"
					   "\0\0\0\0\0\0\0\7"
					   "\0\0\1\355"
					   "\0\0\0\2"
					   "\0\0\0\1"
					   "0\0\0\0"
					   "\0\0\0\1"
					   "0\0\0\0"
					   "\0\0\0\0\0\0\20\0"
					   "\0\0\0\0\0\0\0\1\0\0\0\0";
static const char file_attributes[] = "\0\0\0\1"
				      "\0\0\0\0\0\0\0\7"
				      "\0\0\0\0\0\0\0\10"
				      "\0\0\1\200"
				      "\0\0\0\1"
				      "\0\0\0\1"
				      "0\0\0\0"
				      "\0\0\0\1"
				      "0\0\0\0"
				      "\0\0\0\0\0\0\20\0"
				      "\0\0\0\0\0\0\0\1\0\0\0\0";
static char handle_bytes[] = NFS_FAKE_HANDLE, content_bytes[] = "content";
static entry4 only_entry;

static void answer_attributes(fattr4 *attributes, const char *bytes)
{
	attributes->attrmask = (bitmap4){2, attribute_bits};
	attributes->attr_vals.attrlist4_len = sizeof(directory_attributes) - 1;
	attributes->attr_vals.attrlist4_val = (char *)bytes;
}

static void answer_readdir(READDIR4resok *ok)
{
	static char good[] = "file", bad[] = "a/b";

	only_entry.cookie = 3;
	only_entry.name = nfs_fake_serving->lists_bad_name ? (component4){3, bad} : (component4){4, good};
	answer_attributes(&only_entry.attrs, file_attributes);
	ok->reply.entries = &only_entry;
	ok->reply.eof = !nfs_fake_serving->lists_for_ever;
}

static void answer_open(OPEN4resok *ok)
{
	memcpy(ok->stateid.other, "open-state", sizeof("open-state"));
	ok->rflags = nfs_fake_serving->asks_to_confirm ? OPEN4_RESULT_CONFIRM : 0;
	ok->delegation.delegation_type = OPEN_DELEGATE_NONE;
}

static void answer_write(const WRITE4args *args, WRITE4resok *ok)
{
	static const stateid4 anonymous;
	bool is_anonymous = memcmp(&args->stateid, &anonymous, sizeof(anonymous)) == 0;

	atomic_fetch_add(is_anonymous ? &nfs_fake_serving->written_anonymously : &nfs_fake_serving->written_opened,
			 args->data.data_len);
	ok->count = args->data.data_len;
	ok->committed = FILE_SYNC4;
}

/* The result of an operation that succeeds; is_file: the last LOOKUP or OPEN led to the file. */
static void answer_success(const nfs_argop4 *asked, nfs_resop4 *result, bool *is_file)
{
	switch (asked->argop) {
	case OP_PUTFH:
		*is_file = false;
		break;
	case OP_LOOKUP:
		*is_file = asked->nfs_argop4_u.oplookup.objname.utf8string_len == 4;
		break;
	case OP_OPEN:
		*is_file = true;
		answer_open(&result->nfs_resop4_u.opopen.OPEN4res_u.resok4);
		break;
	case OP_GETFH:
		result->nfs_resop4_u.opgetfh.GETFH4res_u.resok4.object.nfs_fh4_len = sizeof(handle_bytes) - 1;
		result->nfs_resop4_u.opgetfh.GETFH4res_u.resok4.object.nfs_fh4_val = handle_bytes;
		break;
	case OP_GETATTR:
		answer_attributes(&result->nfs_resop4_u.opgetattr.GETATTR4res_u.resok4.obj_attributes,
				  *is_file ? file_attributes : directory_attributes);
		break;
	case OP_READ:
		result->nfs_resop4_u.opread.READ4res_u.resok4.eof = 1;
		result->nfs_resop4_u.opread.READ4res_u.resok4.data.data_len = sizeof(content_bytes) - 1;
		result->nfs_resop4_u.opread.READ4res_u.resok4.data.data_val = content_bytes;
		break;
	case OP_WRITE:
		answer_write(&asked->nfs_argop4_u.opwrite, &result->nfs_resop4_u.opwrite.WRITE4res_u.resok4);
		break;
	case OP_READDIR:
		answer_readdir(&result->nfs_resop4_u.opreaddir.READDIR4res_u.resok4);
		break;
	case OP_SETCLIENTID:
		result->nfs_resop4_u.opsetclientid.SETCLIENTID4res_u.resok4.clientid =
			atomic_load(&nfs_fake_serving->counts[OP_SETCLIENTID]);
		break;
	default:
		break;
	}
}

static int serve_compound(SERVICE_ARGUMENTS)
{
	const COMPOUND4args args = LIBNFS_ELEMENT(COMPOUND4args, call->body.cbody.args);
	nfs_resop4 results[RESULT_MAX];
	COMPOUND4res res = {.status = NFS4_OK};
	bool is_file = false;
	unsigned most = nfs_fake_serving->operations_max;

	memset(results, 0, sizeof(results));
	res.resarray.resarray_val = results;
	if (most && args.argarray.argarray_len > most)
		res.status = NFS4ERR_RESOURCE; /* as old Linux servers do: without having looked at any */
	for (unsigned i = 0; i < args.argarray.argarray_len && i < RESULT_MAX && res.status == NFS4_OK; i++) {
		const nfs_argop4 asked = LIBNFS_ELEMENT(nfs_argop4, &args.argarray.argarray_val[i]);
		nfs_resop4 *result = &results[res.resarray.resarray_len++];
		uint32_t status = nfs_fake_next_status(asked.argop);

		result->resop = asked.argop;
		result->nfs_resop4_u.opputfh.status = status; /* the first field of every result */
		res.status = status;
		if (status == NFS4_OK)
			answer_success(&asked, result, &is_file);
		if (nfs_fake_serving->mixes_results_up)
			result->resop = OP_RENEW;
	}
	return nfs_fake_reply(rpc, call, res.status, &res, (zdrproc_t)zdr_COMPOUND4res);
}

DEFINE_DECODE(COMPOUND4args)

void nfs_fake_register_v4(struct rpc_context *rpc)
{
	static struct service_proc procedures[] = {
		{NFSPROC4_NULL, nfs_fake_serve_null, nfs_fake_decode_nothing, 1},
		{NFSPROC4_COMPOUND, serve_compound, decode_COMPOUND4args, sizeof(COMPOUND4args)},
	};

	(void)rpc_register_service(rpc, NFS4_PROGRAM, NFS_V4, procedures, 2);
}
