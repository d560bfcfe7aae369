/* SPDX-License-Identifier: Apache-2.0 */
/* Volume ids from outside: what parses holds no traversal, and what is made of it parses to the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "csi/volume_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check_round_trip(struct arena *arena, const struct volume_id *id)
{
	const struct volume_id_parts parts = {id->server, id->share, id->sub_dir, id->uuid, ""};
	struct status st;
	struct volume_id again;
	const char *text = volume_id_format(arena, &parts, &st);
	if (!text)
		return; /* the share itself, our folder, a server of slashes */
	require(volume_id_parse(arena, text, &again, &st) == 0);
	require(strcmp(again.share, id->share) == 0);
	require(strcmp(again.uuid, id->uuid) == 0);
	require(strcmp(path_join(arena, &again.path), path_join(arena, &id->path)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena;
	struct volume_id id;
	struct status st;
	arena_init(&arena, 1 << 20);
	if (volume_id_parse(&arena, arena_strndup(&arena, (const char *)bytes, length), &id, &st) == 0) {
		for (size_t i = 0; i < id.path.count; i++)
			require(path_is_name(id.path.names[i]));
		check_round_trip(&arena, &id);
	}
	arena_release(&arena);
	return 0;
}
