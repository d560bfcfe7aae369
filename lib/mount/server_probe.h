/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a server whether it answers at all, before the kernel does.
 *
 * While the kernel greets a server that it has not met, every mount that meets another one waits for that to end
 * (nfs_match_client in the kernel's fs/nfs/client.c).  A server that takes connections and stays silent would so hold up
 * all mounts of the node.  Asked from here, it holds up its own caller.
 */
#ifndef CSICORE_MOUNT_SERVER_PROBE_H
#define CSICORE_MOUNT_SERVER_PROBE_H

#include <stdbool.h>
#include <stdint.h>

struct cancel;
struct nfs_options;
struct status;

/* Where the kernel is going to ask first. */
struct server_probe {
	uint16_t port;
	uint32_t program, version; /* of ONC RPC */
};

/* False where there is nothing to ask over plain TCP: other transports. */
bool server_probe_init(struct server_probe *probe, const struct nfs_options *options, const char *nfs_version);

/*
 * Calls the NULL procedure of probe at a numeric address.  -1 with DEADLINE_EXCEEDED or CANCELLED where the server stays
 * silent until cancel is over, UNAVAILABLE with the errno where there is no connection or it is cut.
 */
int server_probe_ask(const struct server_probe *probe, const char *address, struct cancel *cancel, struct status *st);

/* The same before a mount: fails for silence alone.  A server that refuses or cuts the connection is the kernel's to judge, which
 * finds the errno that versions are negotiated by. */
int server_probe_run(const struct server_probe *probe, const char *address, struct cancel *cancel, struct status *st);

#endif
