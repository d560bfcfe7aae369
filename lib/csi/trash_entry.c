/* SPDX-License-Identifier: Apache-2.0 */
/* Names in the trash, written and read. */
#include "csi/trash_entry.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/parse.h"
#include "base/path.h"

#define SEPARATOR '~' /* no record's file name holds one */
#define RECORD_SUFFIX "~record"
#define RANDOM_DIGITS 8
/* Beside a label: two separators, the digits of the time and of the random number, RECORD_SUFFIX. */
#define LABEL_MAX (PATH_NAME_MAX - 2 - 19 - RANDOM_DIGITS - ((int)sizeof(RECORD_SUFFIX) - 1))
#define HASH_DIGITS 16

/* FNV-1a. */
static uint64_t hash(const char *text)
{
	uint64_t value = 0xcbf29ce484222325U;
	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 0x100000001b3U;
	return value;
}

const char *trash_entry_label(struct arena *arena, const char *file)
{
	if (strlen(file) <= LABEL_MAX)
		return arena_strdup(arena, file);
	return arena_printf(arena, "%.*s=%0*" PRIx64, LABEL_MAX - HASH_DIGITS - 1, file, HASH_DIGITS, hash(file));
}

const char *trash_entry_format(struct arena *arena, const char *file, int64_t deleted_at, uint32_t random)
{
	return arena_printf(arena, "%s%c%" PRIu64 "%c%0*" PRIx32, trash_entry_label(arena, file), SEPARATOR,
			    deleted_at > 0 ? (uint64_t)deleted_at : 0, SEPARATOR, RANDOM_DIGITS, random);
}

const char *trash_entry_record_name(struct arena *arena, const char *entry)
{
	return arena_printf(arena, "%s" RECORD_SUFFIX, entry);
}

const char *trash_entry_condemned_name(struct arena *arena, const char *entry)
{
	return arena_printf(arena, "%c%s", SEPARATOR, entry);
}

/* LABEL~SECONDS~RANDOM and no more. */
static bool parse_volume(struct arena *arena, const char *name, struct trash_entry *entry)
{
	uint32_t random;
	uint64_t seconds;
	const char *first = strchr(name, SEPARATOR);
	const char *second = first ? strchr(first + 1, SEPARATOR) : NULL;
	if (!second || first == name || strlen(second + 1) != RANDOM_DIGITS ||
	    parse_u32(second + 1, 16, UINT32_MAX, &random) < 0)
		return false;
	const char *digits = arena_strndup(arena, first + 1, (size_t)(second - first - 1));
	if (parse_u64(digits, 10, INT64_MAX, &seconds) < 0)
		return false;
	entry->name = arena_strdup(arena, name);
	entry->label = arena_strndup(arena, name, (size_t)(first - name));
	entry->deleted_at = (int64_t)seconds;
	return true;
}

struct trash_entry trash_entry_parse(struct arena *arena, const char *name)
{
	const struct trash_entry other = {.kind = TRASH_ENTRY_OTHER};
	const size_t suffix_length = strlen(RECORD_SUFFIX);
	struct trash_entry entry = {.kind = TRASH_ENTRY_VOLUME};
	size_t length = strlen(name);
	if (name[0] == SEPARATOR) {
		entry.kind = TRASH_ENTRY_CONDEMNED;
		name++;
	} else if (length > suffix_length && strcmp(name + length - suffix_length, RECORD_SUFFIX) == 0) {
		entry.kind = TRASH_ENTRY_RECORD;
		name = arena_strndup(arena, name, length - suffix_length);
	}
	return parse_volume(arena, name, &entry) ? entry : other;
}
