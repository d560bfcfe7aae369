/* SPDX-License-Identifier: Apache-2.0 */
/* NFSv3 for many names: one call a name, and as many calls on their way as keep a server busy over a long line. */
#include <errno.h>

#include "base/memory.h"
#include "storage/nfs3_calls.h"
#include "storage/nfs_bulk.h"
#include "storage/nfs_errors.h"

#define CALLS_ON_WAY 128

struct name_call {
	struct nfs_call call; /* first */
	size_t index;         /* of the name that it is for */
	struct nfs3_request request;
	struct nfs3_answer answer;
};

struct name_calls {
	struct nfs_bulk bulk; /* first */
	const struct nfs_handle *dir;
	int procedure;                      /* NFS3_REMOVE, NFS3_LOOKUP */
	struct nfs_incoming_page *incoming; /* LOOKUP's names are its entries' */
	unsigned stale_left;                /* how many more stale answers are asked about again */
};

static bool fill(struct nfs_batch *batch, struct nfs_call *call)
{
	struct name_calls *calls = (struct name_calls *)batch;
	struct name_call *c = (struct name_call *)call;

	if (!nfs_bulk_take(&calls->bulk, &c->index))
		return false;
	const diropargs3 entry = nfs3_entry(calls->dir, calls->bulk.names[c->index]);

	c->request = (struct nfs3_request){.procedure = calls->procedure};
	if (calls->procedure == NFS3_REMOVE)
		c->request.remove.object = entry;
	else
		c->request.lookup.what = entry;
	c->answer = (struct nfs3_answer){.asked = &c->request};
	return true;
}

static void answered(struct nfs_batch *batch, struct nfs_call *call)
{
	struct name_calls *calls = (struct name_calls *)batch;
	struct name_call *c = (struct name_call *)call;
	int errnum = call->errnum ? call->errnum : nfs_errno(c->answer.status);

	if (!call->errnum && c->answer.status == NFS3ERR_JUKEBOX) {
		nfs_bulk_put_off(&calls->bulk, c->index, NFS3_PUT_OFF_REASON);
		return;
	}
	/* A name that two requests remove at once (one of them is left over from a connection that broke) can be stale to the
	 * server; it is missing when asked again.  A stale directory stays so. */
	if (calls->procedure == NFS3_REMOVE && errnum == ESTALE && calls->stale_left > 0) {
		calls->stale_left--;
		nfs_bulk_give_back(&calls->bulk, c->index);
		return;
	}
	if (calls->procedure == NFS3_REMOVE) {
		errnum = nfs_errno_of_removal(errnum);
	} else if (errnum == 0 && c->answer.has_attr) {
		calls->incoming->entries[c->index].entry.attr = c->answer.attr;
		calls->incoming->entries[c->index].has_attr = true;
	}
	nfs_bulk_settle(&calls->bulk, c->index, errnum);
}

static int run(struct name_calls *calls, struct nfs_connection *c, struct cancel *cancel, struct status *st)
{
	size_t count = calls->bulk.left < CALLS_ON_WAY ? calls->bulk.left : CALLS_ON_WAY;
	AUTO_FREE struct name_call *all = memory_calloc(count + 1, sizeof(*all));

	calls->bulk.batch.fill = fill;
	calls->bulk.batch.answered = answered;
	for (size_t i = 0; i < count; i++) {
		nfs3_prepare(&all[i].call, &all[i].request, &all[i].answer);
		nfs_batch_add(&calls->bulk.batch, &all[i].call);
	}
	return nfs_bulk_run(&calls->bulk, c, cancel, st);
}

int nfs3_remove_entries(struct nfs_connection *c, const struct nfs_handle *dir, const char *const *names, size_t count,
			int *ret_errnums, struct cancel *cancel, struct status *st)
{
	struct name_calls calls = {.dir = dir, .procedure = NFS3_REMOVE, .stale_left = CALLS_ON_WAY};

	nfs_bulk_init(&calls.bulk, names, ret_errnums, count);
	return run(&calls, c, cancel, st);
}

int nfs3_look_up_missing(struct nfs_connection *c, const struct nfs_handle *dir, struct nfs_incoming_page *incoming,
			 struct cancel *cancel, struct status *st)
{
	struct name_calls calls = {.dir = dir, .procedure = NFS3_LOOKUP, .incoming = incoming};
	struct arena *arena = &incoming->page->arena;
	const char **names = arena_calloc(arena, incoming->count + 1, sizeof(*names));
	int *errnums = arena_calloc(arena, incoming->count + 1, sizeof(*errnums));

	for (size_t i = 0; i < incoming->count; i++) {
		names[i] = incoming->entries[i].entry.name;
		errnums[i] = incoming->entries[i].has_attr ? 0 : FS_NOT_TRIED;
	}
	nfs_bulk_init(&calls.bulk, names, errnums, incoming->count);
	return calls.bulk.left > 1 ? run(&calls, c, cancel, st) : 0;
}
