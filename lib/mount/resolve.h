/* SPDX-License-Identifier: Apache-2.0 */
/* The address of a server: the kernel's NFS client takes numbers, not names. */
#ifndef CSICORE_MOUNT_RESOLVE_H
#define CSICORE_MOUNT_RESOLVE_H

#include <stddef.h>

struct cancel;
struct status;

#define RESOLVE_ADDRESS_BYTES 64 /* an address as text, a zone included, with its NUL */
#define RESOLVE_LOOKUPS_MAX 16   /* names being looked up at a time */

/* Looks host up in family (AF_UNSPEC, AF_INET6): 0 with the address as text, else an EAI_ code of getaddrinfo(3). */
typedef int resolve_lookup(const char *host, int family, char *address, size_t size);

/*
 * ret_address: the numeric address of host, at once where host is one.  A name is looked up by a helper thread, so that the
 * deadline holds whatever the name servers do.  lookup: NULL for the system's resolver.  -1 with INVALID_ARGUMENT where there is
 * no such host, UNAVAILABLE where the name servers do not answer or too many look-ups wait for them.
 */
int resolve_address(resolve_lookup *lookup, const char *host, int family, char ret_address[RESOLVE_ADDRESS_BYTES],
		    struct cancel *cancel, struct status *st);

#endif
