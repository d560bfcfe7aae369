/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that a request's bytes decide before a method runs.  The input is four lines (content type, timeout, encoding, path) and
 * the body after them; whatever they are, the judgement is a method with a message inside the body, or a refusal that can be
 * sent.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "grpc/framing.h"
#include "grpc/metadata.h"
#include "grpc/reply.h"
#include "grpc/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const struct grpc_method methods[] = {{"Probe", GRPC_ON_LOOP, NULL}, {"", GRPC_ON_LOOP, NULL}};
static const struct grpc_service service = {"csi.v1.Identity", methods, 2};
static const struct grpc_service *const services[] = {&service};

static void require(int is_true)
{
	if (!is_true)
		abort();
}

/* The next line as a string in the arena; at moves behind it. */
static char *take_line(struct arena *arena, const uint8_t **at, const uint8_t *end)
{
	const uint8_t *newline = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
	const uint8_t *line_end = newline ? newline : end;
	char *line = arena_strndup(arena, (const char *)*at, (size_t)(line_end - *at));

	*at = newline ? newline + 1 : end;
	return line;
}

static void check_reply(struct arena *arena, const struct status *st, const struct grpc_refusal *refusal)
{
	struct grpc_reply reply;

	grpc_reply_status(&reply, arena, st, refusal);
	require(st->code != STATUS_OK && reply.response.header_count <= GRPC_REPLY_HEADERS_MAX);
	for (size_t i = 0; i < reply.response.header_count; i++) {
		const char *value = reply.response.headers[i].value;

		require(strlen(value) <= GRPC_MESSAGE_ENCODED_MAX);
		for (; *value; value++)
			require(*value >= 0x20 && *value <= 0x7E);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const uint8_t *at = bytes, *end = bytes + length;
	struct grpc_request request = {0};
	struct grpc_refusal refusal;
	struct arena arena;
	struct status st;

	if (length == 0)
		return 0;
	arena_init(&arena, 1 << 20);
	const struct http2_header headers[] = {
		{"content-type", take_line(&arena, &at, end)},
		{"grpc-encoding", take_line(&arena, &at, end)},
		{"grpc-timeout", take_line(&arena, &at, end)},
	};
	struct http2_request http = {
		.method = (char *)"POST",
		.path = take_line(&arena, &at, end),
		.headers = (struct http2_header *)headers,
		.header_count = headers[2].value[0] ? 3 : 2,
		.is_body_too_large = length % 2 == 1,
	};

	http.body.length = (size_t)(end - at);
	http.body.data = arena_memdup(&arena, at, http.body.length);
	if (grpc_request_judge(&http, services, 1, &request, &refusal, &st) == 0) {
		require(request.message.length + GRPC_PREFIX_BYTES == http.body.length && !http.is_body_too_large);
		require(request.message.data == (const uint8_t *)http.body.data + GRPC_PREFIX_BYTES);
		require(request.timeout_ms != 0 && request.timeout_ms <= GRPC_TIMEOUT_MS_MAX);
	} else {
		check_reply(&arena, &st, &refusal);
	}
	arena_release(&arena);
	return 0;
}
