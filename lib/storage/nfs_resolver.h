/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's name to numeric addresses, with a deadline that getaddrinfo(3) does not have: names are looked up in a helper
 * thread that is left behind when nobody waits for it any more.  Each resolver has at most one such thread; those who ask while
 * it runs wait for its answer.  Numeric addresses need none.  Thread-safe.
 */
#ifndef CSICORE_STORAGE_NFS_RESOLVER_H
#define CSICORE_STORAGE_NFS_RESOLVER_H

#include <netinet/in.h>
#include <stddef.h>

struct cancel;
struct status;

#define NFS_ADDRESS_MAX 8

struct nfs_addresses {
	char text[NFS_ADDRESS_MAX][INET6_ADDRSTRLEN]; /* in the order of RFC 6724, without doubles */
	size_t count;                                 /* at least 1 where the resolver succeeded */
};

struct nfs_resolver;

/* The name is copied. */
struct nfs_resolver *nfs_resolver_new(const char *name);
/* Nobody asks any more.  A look-up that still runs is left behind.  NULL is fine. */
void nfs_resolver_free(struct nfs_resolver *r);

/* UNAVAILABLE where the name service fails for now, INVALID_ARGUMENT where it knows no such name. */
int nfs_resolver_ask(struct nfs_resolver *r, struct cancel *cancel, struct nfs_addresses *ret, struct status *st);

#endif
