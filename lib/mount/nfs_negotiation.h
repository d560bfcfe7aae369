/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which protocol version and security flavour to try next.  The kernel mounts with exactly the version it is given; mount.nfs
 * tries one after the other, by the rules that are kept here.
 *
 * sec=sys is named first where the user names none: left to itself, the kernel (version 4) loads modules for each
 * Kerberos flavour the server lists, which costs more than the mount.  A server that refuses gets the kernel's choice.
 */
#ifndef CSICORE_MOUNT_NFS_NEGOTIATION_H
#define CSICORE_MOUNT_NFS_NEGOTIATION_H

#include <stdbool.h>
#include <stddef.h>

struct nfs_attempt {
	const char *version;
	bool is_sec_sys;   /* with sec=sys; else nothing is added */
	bool is_long_shot; /* after an answer that hardly leaves hope: worth a short wait only */
};

struct nfs_negotiation {
	const char *versions[4]; /* in the order of trying */
	size_t count;
	size_t next;             /* index into versions */
	bool is_remembered;      /* next was chosen for having worked before, not for being the best */
	bool has_security;       /* the user's own sec= */
	bool is_sec_sys_refused; /* of the version at next */
	bool is_long_shot;
};

/* version: as in struct nfs_options, borrowed.  remembered: what worked with this server before, NULL for unknown. */
void nfs_negotiation_init(struct nfs_negotiation *n, const char *version, bool has_security, const char *remembered);

/* What to try; valid until nfs_negotiation_failed. */
struct nfs_attempt nfs_negotiation_attempt(const struct nfs_negotiation *n);

/* The attempt failed with errnum: true where another one is worth making. */
bool nfs_negotiation_failed(struct nfs_negotiation *n, int errnum);

/* How much the errno of an attempt tells: of several, the first of the highest rank is the one to report. */
int nfs_negotiation_rank(int errnum);

#endif
