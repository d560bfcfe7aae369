/* SPDX-License-Identifier: Apache-2.0 */
/* The rules are those of mount.nfs (nfs-utils, utils/mount/stropts.c, nfs_autonegotiate). */
#include "mount/nfs_negotiation.h"

#include <errno.h>
#include <string.h>

static const char *const all_versions[] = {"4.2", "4.1", "4.0", "3"};

/* How many of all_versions a version given by the user stands for. */
#define MINOR_VERSIONS 3

static void start_at_remembered(struct nfs_negotiation *n, const char *remembered)
{
	for (size_t i = 0; i < n->count; i++) {
		if (strcmp(n->versions[i], remembered) == 0) {
			n->next = i;
			n->is_remembered = true;
		}
	}
}

void nfs_negotiation_init(struct nfs_negotiation *n, const char *version, bool has_security, const char *remembered)
{
	*n = (struct nfs_negotiation){.has_security = has_security};
	if (version && strcmp(version, "4") != 0) {
		n->versions[n->count++] = version;
		return;
	}
	n->count = version ? MINOR_VERSIONS : sizeof(all_versions) / sizeof(all_versions[0]);
	memcpy(n->versions, all_versions, n->count * sizeof(n->versions[0]));
	if (remembered)
		start_at_remembered(n, remembered);
}

static bool has_sec_sys_first(const struct nfs_negotiation *n)
{
	return !n->has_security && n->versions[n->next][0] == '4';
}

struct nfs_attempt nfs_negotiation_attempt(const struct nfs_negotiation *n)
{
	return (struct nfs_attempt){
		.version = n->versions[n->next],
		.is_sec_sys = has_sec_sys_first(n) && !n->is_sec_sys_refused,
		.is_long_shot = n->is_long_shot,
	};
}

static bool is_refusal(int errnum)
{
	return errnum == EPERM || errnum == EACCES || errnum == EINVAL;
}

/* Moves to version index i; false where there is none. */
static bool move_to(struct nfs_negotiation *n, size_t i)
{
	n->is_sec_sys_refused = false;
	n->next = i;
	return i < n->count;
}

static bool is_version_3(const struct nfs_negotiation *n, size_t i)
{
	return i < n->count && strcmp(n->versions[i], "3") == 0;
}

/* Version 3 is last; a list without it does not fall back. */
static bool fall_back_to_3(struct nfs_negotiation *n)
{
	n->is_long_shot = true;
	return is_version_3(n, n->count - 1) && move_to(n, n->count - 1);
}

bool nfs_negotiation_failed(struct nfs_negotiation *n, int errnum)
{
	if (nfs_negotiation_attempt(n).is_sec_sys && is_refusal(errnum)) {
		n->is_sec_sys_refused = true;
		return true;
	}
	bool was_remembered = n->is_remembered;

	n->is_remembered = false;
	if (was_remembered && (errnum == EPROTONOSUPPORT || errnum == EINVAL || errnum == ECONNREFUSED))
		return move_to(n, 0); /* the server is not what it was */
	if (n->count == 1 || is_version_3(n, n->next))
		return false;
	switch (errnum) {
	case EPROTONOSUPPORT:
	case EINVAL: /* what a kernel without this minor version says */
		return move_to(n, n->next + 1);
	case ENOENT: /* old servers say so where the export is not part of their version 4 tree */
	case EPERM:
	case ECONNREFUSED: /* version 3 may be on another port, which rpcbind knows */
		return fall_back_to_3(n);
	default:
		return false;
	}
}

int nfs_negotiation_rank(int errnum)
{
	switch (errnum) {
	case EPROTONOSUPPORT:
	case EINVAL:
		return 0;
	case ECONNREFUSED:
	case ETIMEDOUT:
		return 1;
	default:
		return 2;
	}
}
