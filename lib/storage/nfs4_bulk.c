/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removal of many names in NFSv4.0: one compound for as many names as fit, several compounds on their way.  A compound stops at
 * its first failure, so what comes after it is asked for again.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "storage/nfs4_compound.h"
#include "storage/nfs_bulk.h"
#include "storage/nfs_errors.h"

#define COMPOUNDS_ON_WAY 8
#define NAMES_MAX (NFS4_OPERATIONS_MAX - 1) /* beside PUTFH */
/* What old Linux servers take beside PUTFH: they refuse more than 16 operations as a whole, with NFS4ERR_RESOURCE. */
#define NAMES_OF_OLD_SERVERS 15

struct removal {
	struct nfs_call call; /* first */
	struct nfs4_compound q;
	struct nfs4_answer answer;
	size_t indexes[NAMES_MAX]; /* of the names that REMOVE operations 1, 2 ... are for */
};

struct removals {
	struct nfs_bulk bulk; /* first */
	struct nfs_connection *connection;
	const struct nfs_handle *dir;
};

static unsigned names_of(const struct removal *r)
{
	return r->q.count - 1;
}

/* XDR: the operation's number, the length, and the bytes filled up to four. */
static size_t encoded_bytes(const char *name)
{
	return 8 + (strlen(name) + 3) / 4 * 4;
}

/* How many names the server takes in one compound, as far as it is known. */
static unsigned names_at_a_time(const struct nfs_connection *c)
{
	return c->removals_max ? c->removals_max : NAMES_MAX;
}

static bool fill(struct nfs_batch *batch, struct nfs_call *call)
{
	struct removals *all = (struct removals *)batch;
	struct removal *r = (struct removal *)call;
	size_t bytes = NFS4_COMPOUND_HEADER_BYTES + NFS_HANDLE_MAX, index;

	nfs4_compound_at(&r->q, all->dir);
	r->answer = (struct nfs4_answer){.asked = &r->q};
	while (names_of(r) < names_at_a_time(all->connection) && nfs_bulk_take(&all->bulk, &index)) {
		const char *name = all->bulk.names[index];

		bytes += encoded_bytes(name);
		if (names_of(r) > 0 && bytes > LIBNFS_COMPOUND_BYTES) {
			nfs_bulk_give_back(&all->bulk, index);
			break;
		}
		r->indexes[names_of(r)] = index;
		nfs4_remove(&r->q, name);
	}
	return names_of(r) > 0;
}

/* The server did not want so much at once. */
static bool is_too_much(const struct removal *r)
{
	if (r->call.errnum)
		return r->call.errnum == EINVAL || r->call.errnum == EMSGSIZE;
	return r->answer.status == NFS4ERR_RESOURCE || r->answer.status == NFS4ERR_TOO_MANY_OPS;
}

/* Remembers to ask for less at a time; false where it was one name already. */
static bool ask_for_less(struct nfs_connection *c, unsigned sent, unsigned removed)
{
	unsigned less = removed ? removed : sent > NAMES_OF_OLD_SERVERS ? NAMES_OF_OLD_SERVERS : sent / 2;

	if (less > 0 && less < names_at_a_time(c))
		c->removals_max = less;
	return less > 0;
}

/* Name number `at` of the compound failed; what is after it was not tried. */
static void take_failure(struct removals *all, const struct removal *r, unsigned at)
{
	nfsstat4 status = r->answer.status;
	int errnum = r->answer.is_malformed ? EPROTO : nfs_errno(status);

	if (r->call.errnum)
		errnum = r->call.errnum;
	/* Where PUTFH failed, or nothing was carried out, it is the same for all.  It cannot be what is said of one name. */
	bool is_for_all = r->call.errnum || r->answer.is_malformed || r->answer.done == 0;
	int outcome = nfs_errno_of_removal(errnum);

	if (is_for_all && outcome != errnum)
		outcome = EPROTO;

	for (unsigned i = at; i < names_of(r); i++) {
		if (!r->call.errnum && nfs4_is_put_off(status) && (i == at || is_for_all))
			nfs_bulk_put_off(&all->bulk, r->indexes[i], nfs4_put_off_reason(status));
		else if (i == at || is_for_all)
			nfs_bulk_settle(&all->bulk, r->indexes[i], outcome);
		else
			nfs_bulk_give_back(&all->bulk, r->indexes[i]);
	}
}

static void answered(struct nfs_batch *batch, struct nfs_call *call)
{
	struct removals *all = (struct removals *)batch;
	struct removal *r = (struct removal *)call;
	bool was_carried_out = !call->errnum && !r->answer.is_malformed && r->answer.done > 0;
	unsigned sent = names_of(r), removed = was_carried_out ? r->answer.done - 1 : 0;

	for (unsigned i = 0; i < removed; i++)
		nfs_bulk_settle(&all->bulk, r->indexes[i], 0);
	if (removed == sent)
		return;
	if (is_too_much(r) && ask_for_less(all->connection, sent, removed)) {
		for (unsigned i = removed; i < sent; i++)
			nfs_bulk_give_back(&all->bulk, r->indexes[i]);
		return;
	}
	take_failure(all, r, removed);
}

int nfs4_remove_entries(struct nfs_connection *c, const struct nfs_handle *dir, const char *const *names, size_t count,
			int *ret_errnums, struct cancel *cancel, struct status *st)
{
	struct removals all = {.connection = c, .dir = dir};
	AUTO_FREE struct removal *compounds = memory_calloc(COMPOUNDS_ON_WAY, sizeof(*compounds));

	nfs_bulk_init(&all.bulk, names, ret_errnums, count);
	all.bulk.batch.fill = fill;
	all.bulk.batch.answered = answered;
	for (size_t i = 0; i < COMPOUNDS_ON_WAY; i++) {
		nfs4_prepare(&compounds[i].call, &compounds[i].q, &compounds[i].answer);
		nfs_batch_add(&all.bulk.batch, &compounds[i].call);
	}
	return nfs_bulk_run(&all.bulk, c, cancel, st);
}
