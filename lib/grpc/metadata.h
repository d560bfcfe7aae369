/* SPDX-License-Identifier: Apache-2.0 */
/* The header fields and trailers of gRPC over HTTP/2 as pure functions: content type, path, timeout, status message. */
#ifndef CSICORE_GRPC_METADATA_H
#define CSICORE_GRPC_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grpc/service.h"

struct status;

/* Longer timeouts (the wire allows eleven thousand years) are as good as this one: a year. */
#define GRPC_TIMEOUT_MS_MAX ((int64_t)365 * 24 * 3600 * 1000)
/* Of an encoded grpc-message: clients allow 8 KiB for all trailers, and beyond it lose the status code. */
#define GRPC_MESSAGE_ENCODED_MAX 4096

/* True for application/grpc, alone or with +SUBTYPE or ;PARAMETERS behind it. */
bool grpc_content_type_is_valid(const char *content_type);

/*
 * A grpc-timeout, one to eight digits and a unit of H M S m u n, in milliseconds: rounded up, so that only zero is zero, and
 * GRPC_TIMEOUT_MS_MAX at most.  -1 where it is none.
 */
int grpc_timeout_parse(const char *text, int64_t *ret_ms);

/*
 * Finds "/package.Service/Method", split at the last slash.  -1 with UNIMPLEMENTED where the path is no such thing or names a
 * service or method that is not in services.
 */
int grpc_method_find(const struct grpc_service *const *services, size_t count, const char *path,
		     const struct grpc_method **ret_method, struct status *st);

/*
 * Percent-encodes a status message: bytes outside 0x20..0x7E and '%' become %XX, bytes that are not UTF-8 become U+FFFD, and what
 * would pass size is cut off between characters.  out[size] is NUL-terminated.
 */
void grpc_message_encode(const char *message, char *out, size_t size);

/* "0" to "16"; "2" (UNKNOWN) for a number that is no code. */
const char *grpc_status_text(int code);

#endif
