/* SPDX-License-Identifier: Apache-2.0 */
/* List tokens: a version, three numbers and a checksum over them, in hexadecimal digits. */
#include "csi/list_token.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/parse.h"

#define VERSION "1"
#define NUMBERS 4
#define DIGITS 16
#define TEXT_LENGTH (sizeof(VERSION) - 1 + NUMBERS * DIGITS)

#define HASH_BASIS UINT64_C(0xcbf29ce484222325)

/* FNV-1a: tokens are kept from accidents, not from enemies. */
static uint64_t hash(uint64_t state, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	for (size_t i = 0; i < length; i++)
		state = (state ^ at[i]) * UINT64_C(0x100000001b3);
	return state;
}

uint64_t list_token_share(const char *server, const char *share, uint16_t port)
{
	const unsigned char port_bytes[] = {(unsigned char)(port >> 8), (unsigned char)port};
	uint64_t state = hash(HASH_BASIS, server, strlen(server) + 1);
	state = hash(state, share, strlen(share) + 1);
	return hash(state, port_bytes, sizeof(port_bytes));
}

const char *list_token_format(struct arena *arena, const struct list_token *token)
{
	const char *text = arena_printf(arena, VERSION "%016" PRIx64 "%016" PRIx64 "%016" PRIx64, token->share,
					token->cookie, token->verifier);
	return arena_printf(arena, "%s%016" PRIx64, text, hash(HASH_BASIS, text, strlen(text)));
}

static int read_number(const char *text, size_t index, uint64_t *ret)
{
	char digits[DIGITS + 1];
	memcpy(digits, text + sizeof(VERSION) - 1 + index * DIGITS, DIGITS);
	digits[DIGITS] = '\0';
	return parse_u64(digits, 16, UINT64_MAX, ret);
}

int list_token_parse(const char *text, struct list_token *ret)
{
	struct list_token token;
	uint64_t checksum;
	if (strlen(text) != TEXT_LENGTH || strspn(text, "0123456789abcdef") != TEXT_LENGTH ||
	    strncmp(text, VERSION, sizeof(VERSION) - 1) != 0)
		return -1;
	if (read_number(text, 0, &token.share) < 0 || read_number(text, 1, &token.cookie) < 0 ||
	    read_number(text, 2, &token.verifier) < 0 || read_number(text, 3, &checksum) < 0 ||
	    checksum != hash(HASH_BASIS, text, TEXT_LENGTH - DIGITS))
		return -1;
	*ret = token;
	return 0;
}
