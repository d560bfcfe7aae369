/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo: nothing is read past the end, and what one question finds the others find too. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "mount/mount_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena;
	struct mount_line line, on_top;
	char *text = malloc(length ? length : 1); /* exactly as long as it is, for the sanitizer */

	if (!text)
		return 0;
	memcpy(text, bytes, length);
	arena_init(&arena, 1 << 20);
	for (uint64_t id = 0; id < 4; id++) {
		if (!mount_table_find(&arena, text, length, id, &line))
			continue;
		require(line.id == id && line.device && line.root && line.target && line.type && line.source);
		/* A resolved NUL ends a field early: then the text and what was made of it differ. */
		if (memchr(text, '\\', length))
			continue;
		if (!memchr(text, '\0', length)) {
			require(mount_table_find_target(&arena, text, length, line.target, &on_top));
			require(mount_table_count_device(text, length, line.device) >= 1);
		}
	}
	arena_release(&arena);
	free(text);
	return 0;
}
