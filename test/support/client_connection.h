/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blocking socket under an nghttp2 client session: connects, and pumps bytes between the two until a deadline.  The
 * session itself, and what its callbacks do, belong to the caller.
 */
#ifndef CSICORE_TEST_CLIENT_CONNECTION_H
#define CSICORE_TEST_CLIENT_CONNECTION_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct status;

#define CLIENT_FRAME_MAX_BYTES (9 + 16384 + 256) /* header, payload and padding of the largest frame sent */
#define CLIENT_BUFFER_BYTES (2 * CLIENT_FRAME_MAX_BYTES)

struct client_connection {
	int fd;                   /* -1 until connected */
	nghttp2_session *session; /* the caller's; set before the first pump */
	bool is_broken;           /* nothing more can be sent */
	size_t out_begin, out_end;
	uint8_t out[CLIENT_BUFFER_BYTES];
	uint8_t in[CLIENT_BUFFER_BYTES];
};

/* "unix:///path", "/path" or "tcp://127.0.0.1:port". */
int client_connection_connect(struct client_connection *c, const char *endpoint, int timeout_ms, struct status *st);
/* One turn: writes what is due, waits until deadline_ns (CANCEL_NO_DEADLINE for none), reads what came. */
int client_connection_pump(struct client_connection *c, int64_t deadline_ns, struct status *st);
/* Writes what is due as far as the socket takes it now. */
int client_connection_flush(struct client_connection *c, struct status *st);
void client_connection_close(struct client_connection *c);

#endif
