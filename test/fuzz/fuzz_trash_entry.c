/* SPDX-License-Identifier: Apache-2.0 */
/* Names as a trash folder may hold them: anything is read without harm, and what is an entry is written the same again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/path.h"
#include "csi/trash_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

/* As a name of its own, the volume's entry is one too, and of the same volume. */
static void check_entry(struct arena *arena, const struct trash_entry *entry)
{
	struct trash_entry again = trash_entry_parse(arena, entry->name);
	require(again.kind == TRASH_ENTRY_VOLUME && strcmp(again.name, entry->name) == 0);
	require(strcmp(again.label, entry->label) == 0 && again.deleted_at == entry->deleted_at);
	require(trash_entry_parse(arena, trash_entry_record_name(arena, entry->name)).kind == TRASH_ENTRY_RECORD);
	require(trash_entry_parse(arena, trash_entry_condemned_name(arena, entry->name)).kind == TRASH_ENTRY_CONDEMNED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	const char *text = arena_strndup(&arena, (const char *)bytes, length);
	struct trash_entry entry = trash_entry_parse(&arena, text);
	if (entry.kind == TRASH_ENTRY_OTHER)
		require(!entry.name && !entry.label && entry.deleted_at == 0);
	else
		check_entry(&arena, &entry);
	if (text[0] && !strchr(text, '~') && !strchr(text, '/') && strlen(text) <= 250)
		require(path_is_name(trash_entry_record_name(&arena, trash_entry_format(&arena, text, 1, 2))));
	arena_release(&arena);
	return 0;
}
