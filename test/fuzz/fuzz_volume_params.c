/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of volumes, one `key=value` a line: what is accepted keeps what the header promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/path.h"
#include "base/status.h"
#include "csi/volume_params.h"

#define PAIRS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static size_t split_pairs(struct arena *arena, char *text, struct string_pair pairs[PAIRS_MAX])
{
	size_t count = 0;
	while (*text && count < PAIRS_MAX) {
		size_t line = strcspn(text, "\n");
		char *key = arena_strndup(arena, text, line);
		char *equals = strchr(key, '=');
		if (equals) {
			*equals = '\0';
			pairs[count++] = (struct string_pair){key, equals + 1};
		}
		text += line;
		text += *text == '\n';
	}
	return count;
}

static void check(struct arena *arena, enum volume_params_kind kind, const struct string_pair *pairs, size_t count)
{
	struct volume_params params;
	struct path path;
	struct status st;
	if (volume_params_parse(arena, kind, pairs, count, &params, &st) < 0) {
		require(st.code == STATUS_INVALID_ARGUMENT && st.message[0] != '\0');
		return;
	}
	require(params.mount_permissions <= 07777);
	require(kind == VOLUME_PARAMS_MUTABLE || params.server[0] != '\0');
	require(path_split(arena, "share", params.share, &path, &st) == 0);
	require(!params.sub_dir || path_split(arena, "subDir", params.sub_dir, &path, &st) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena;
	struct string_pair pairs[PAIRS_MAX];
	arena_init(&arena, 1 << 20);
	size_t count = split_pairs(&arena, arena_strndup(&arena, (const char *)bytes, length), pairs);
	check(&arena, VOLUME_PARAMS_CLASS, pairs, count);
	check(&arena, VOLUME_PARAMS_ATTRIBUTES, pairs, count);
	check(&arena, VOLUME_PARAMS_MUTABLE, pairs, count);
	arena_release(&arena);
	return 0;
}
