/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options, one text a line: what is accepted keeps what the header promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "mount/nfs_options.h"

#define TEXTS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check(const struct nfs_options *options)
{
	require(options->count <= NFS_OPTIONS_MAX);
	require(!options->version || (options->version[0] && !strpbrk(options->version, "\"\n")));
	for (size_t i = 0; i < options->count; i++) {
		const struct nfs_option *option = &options->items[i];

		require(option->key[0] && strlen(option->key) < NFS_OPTION_KEY_BYTES && !strpbrk(option->key, "=\"\n"));
		require(!option->value || strlen(option->value) < NFS_OPTION_VALUE_BYTES);
		require(strcmp(option->key, "source") != 0 && strcmp(option->key, "addr") != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena;
	struct nfs_options options;
	struct status st = {0};
	const char *texts[TEXTS_MAX];
	size_t count = 0;

	arena_init(&arena, 1 << 20);
	char *rest = arena_strndup(&arena, (const char *)bytes, length);

	while (count < TEXTS_MAX && *rest) {
		texts[count++] = rest;
		rest += strcspn(rest, "\n");
		if (*rest)
			*rest++ = '\0';
	}
	if (nfs_options_parse(&arena, texts, count, &options, &st) == 0)
		check(&options);
	else
		require(st.code == STATUS_INVALID_ARGUMENT && st.message[0]);
	arena_release(&arena);
	return 0;
}
