/* SPDX-License-Identifier: Apache-2.0 */
/* The length-prefixed message of gRPC over HTTP/2: one byte flag, four bytes length, the message. */
#ifndef CSICORE_GRPC_FRAMING_H
#define CSICORE_GRPC_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grpc/service.h"

struct status;

#define GRPC_PREFIX_BYTES 5
/* Of a request; the default of every gRPC server. */
#define GRPC_MESSAGE_BYTES_MAX ((size_t)4 << 20)

/*
 * The one message of a unary request's whole body; *ret_message points into body.  encoding is the value of grpc-encoding, NULL
 * where it was not sent.  is_cut says that the body went on beyond what is given.
 *
 * -1 with RESOURCE_EXHAUSTED where the message is larger than GRPC_MESSAGE_BYTES_MAX, UNIMPLEMENTED where it is compressed (the
 * answer then names what would be understood, grpc-accept-encoding), INTERNAL where there is no message, more than one, or a part.
 */
int grpc_framing_parse(struct grpc_bytes body, bool is_cut, const char *encoding, struct grpc_bytes *ret_message,
		       struct status *st);

/* Writes the prefix of an uncompressed message of that length (at most UINT32_MAX). */
void grpc_framing_put_prefix(uint8_t prefix[GRPC_PREFIX_BYTES], size_t message_bytes);

#endif
