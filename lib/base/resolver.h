/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's name to numeric addresses, with a deadline that getaddrinfo(3) does not have: names are looked up in a helper
 * thread, which is left behind when nobody waits for it any more.  A name is looked up once at a time: those who ask while a
 * look-up runs wait for its answer.  Numeric addresses need none.  Thread-safe.
 */
#ifndef CSICORE_BASE_RESOLVER_H
#define CSICORE_BASE_RESOLVER_H

#include <stddef.h>

struct cancel;
struct status;

#define RESOLVER_ADDRESS_MAX 8
#define RESOLVER_ADDRESS_BYTES 64 /* an address as text, a zone included, with its NUL */
#define RESOLVER_LOOKUP_MAX 16    /* look-ups that run at a time in this process, those left behind included */

struct resolver_addresses {
	char text[RESOLVER_ADDRESS_MAX][RESOLVER_ADDRESS_BYTES]; /* in the order of RFC 6724, without doubles */
	size_t count;                                            /* at least 1 where the resolver succeeded */
};

/* Looks name up in family (AF_UNSPEC, AF_INET6): 0, or an EAI_ code of getaddrinfo(3). */
typedef int resolver_lookup(const char *name, int family, struct resolver_addresses *ret);

/*
 * The addresses of server; a number is its own only one, whatever the family.  lookup: NULL for the system's.  -1 with
 * UNAVAILABLE where there is no such name, the name servers do not answer or too many look-ups wait for them, INVALID_ARGUMENT
 * where server is too long for a name, or as the cancel has it.
 */
int resolver_ask(resolver_lookup *lookup, const char *server, int family, struct cancel *cancel,
		 struct resolver_addresses *ret, struct status *st);

#endif
