/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the checks is grpc-go's: flag, size, completeness, compression, number of messages. */
#include "grpc/framing.h"

#include <strings.h>

#include "base/status.h"

static int check_compression(const char *encoding, struct status *st)
{
	if (!encoding || strcasecmp(encoding, "identity") == 0)
		return status_set(st, STATUS_INTERNAL, "compressed flag set with identity or empty encoding");
	return status_set(st, STATUS_UNIMPLEMENTED, "compression \"%.64s\" is not supported", encoding);
}

int grpc_framing_parse(struct grpc_bytes body, bool is_cut, const char *encoding, struct grpc_bytes *ret_message,
		       struct status *st)
{
	const uint8_t *prefix = body.data;

	if (body.length == 0)
		return status_set(st, STATUS_INTERNAL, "cardinality violation: received no request message");
	if (body.length < GRPC_PREFIX_BYTES)
		return status_set(st, STATUS_INTERNAL, "the request ends in the middle of a message prefix");
	if (prefix[0] > 1)
		return status_set(st, STATUS_INTERNAL, "received unexpected payload format %d", prefix[0]);
	uint32_t length = (uint32_t)prefix[1] << 24 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 8 | prefix[4];

	if (length > GRPC_MESSAGE_BYTES_MAX)
		return status_set(st, STATUS_RESOURCE_EXHAUSTED, "received message larger than max (%u vs. %zu)",
				  length, GRPC_MESSAGE_BYTES_MAX);
	if (length > body.length - GRPC_PREFIX_BYTES)
		return status_set(st, STATUS_INTERNAL, "the request ends in the middle of a message");
	if (prefix[0] == 1)
		return check_compression(encoding, st);
	if (is_cut || length < body.length - GRPC_PREFIX_BYTES)
		return status_set(st, STATUS_INTERNAL, "cardinality violation: received more than one request message");
	*ret_message = (struct grpc_bytes){prefix + GRPC_PREFIX_BYTES, length};
	return 0;
}

void grpc_framing_put_prefix(uint8_t prefix[GRPC_PREFIX_BYTES], size_t message_bytes)
{
	prefix[0] = 0;
	for (int i = 0; i < 4; i++)
		prefix[1 + i] = (uint8_t)(message_bytes >> (24 - 8 * i));
}
