/* SPDX-License-Identifier: Apache-2.0 */
/* List tokens from outside: what parses is what was made, and what was made and then changed does not parse. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "csi/list_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

/* bytes as the numbers of a token, then which character to change to what. */
static void check_change(struct arena *arena, const uint8_t *bytes, size_t length)
{
	struct list_token token, again;
	if (length < sizeof(token) + 2 || bytes[sizeof(token) + 1] == '\0')
		return;
	memcpy(&token, bytes, sizeof(token));
	char *text = arena_strdup(arena, list_token_format(arena, &token));
	require(list_token_parse(text, &again) == 0 && memcmp(&token, &again, sizeof(token)) == 0);
	char *changed = &text[bytes[sizeof(token)] % strlen(text)];
	const char before = *changed;
	*changed = (char)bytes[sizeof(token) + 1];
	require(*changed == before || list_token_parse(text, &again) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena;
	struct list_token token;
	arena_init(&arena, 1 << 20);
	const char *text = arena_strndup(&arena, (const char *)bytes, length);
	if (list_token_parse(text, &token) == 0)
		require(strcmp(list_token_format(&arena, &token), text) == 0);
	check_change(&arena, bytes, length);
	arena_release(&arena);
	return 0;
}
