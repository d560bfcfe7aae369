/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a server listens.  Spellings: unix:///csi/csi.sock, unix://csi/csi.sock (the same), unix:/csi/csi.sock and
 * /csi/csi.sock, as the users of other drivers write them, and tcp://ADDRESS:PORT with a numeric address ([::1] for IPv6), which has
 * no access control and is for tests.  The scheme's case does not matter.
 */
#ifndef CSICORE_NET_ENDPOINT_H
#define CSICORE_NET_ENDPOINT_H

#include <sys/socket.h>
#include <sys/un.h>

struct status;

#define ENDPOINT_BACKLOG 128 /* connections that wait to be accepted */

struct endpoint {
	struct sockaddr_storage address;
	socklen_t address_bytes;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* of a unix socket; "" for TCP */
};

/* INVALID_ARGUMENT with one line that says what is wrong with text. */
int endpoint_parse(const char *text, struct endpoint *ret, struct status *st);

/*
 * A bound, listening, non-blocking socket.  A socket file that nobody answers on any more is replaced; where somebody
 * answers, or the path is no socket, it stays and the call fails with FAILED_PRECONDITION.  Owner and group may connect (0660):
 * the containers of a pod that run as different users share its fsGroup.  No other file is made beside it.
 */
int endpoint_listen(const struct endpoint *endpoint, int *ret_fd, struct status *st);

#endif
