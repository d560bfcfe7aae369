/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text. */
#include "inspect_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/utf8.h"

#define ESCAPE_BYTES_MAX 10 /* of one byte of text: "\UNNNNNNNN" */
#define UNIT 1024

static bool is_control(uint32_t code_point)
{
	return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
}

/* Marks that turn the direction of what follows, up to the end of the line. */
static bool turns_direction(uint32_t code_point)
{
	return (code_point >= 0x202A && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069);
}

/* Whether the character at text stands for itself on a terminal. */
static bool is_shown(const char *text, size_t length)
{
	uint32_t code_point = utf8_code_point(text, length);
	return !is_control(code_point) && !turns_direction(code_point) && code_point != '\\';
}

const char *inspect_text_shown(struct arena *arena, const char *text)
{
	size_t left = strlen(text);
	char *shown = arena_alloc(arena, left * 4 + 1);
	char *end = shown;
	while (left > 0) {
		size_t length = utf8_character(text, left);
		size_t taken = length > 0 ? length : 1;
		if (length > 0 && is_shown(text, length)) {
			memcpy(end, text, length);
			end += length;
		} else if (*text == '\\') {
			*end++ = '\\';
			*end++ = '\\';
		} else {
			for (size_t i = 0; i < taken; i++)
				end += snprintf(end, 5, "\\x%02x", (unsigned char)text[i]);
		}
		text += taken;
		left -= taken;
	}
	*end = '\0';
	return shown;
}

const char *inspect_text_repaired(struct arena *arena, const char *text)
{
	size_t length = strlen(text);
	char *repaired = arena_alloc(arena, length * UTF8_REPLACEMENT_BYTES + 1);
	repaired[utf8_repair(text, length, repaired)] = '\0';
	return repaired;
}

const char *inspect_text_quoted(struct arena *arena, const char *text)
{
	size_t left = strlen(text);
	char *quoted = arena_alloc(arena, left * ESCAPE_BYTES_MAX + 3);
	char *end = quoted;
	*end++ = '"';
	while (left > 0) {
		size_t length = utf8_character(text, left);
		size_t taken = length > 0 ? length : 1;
		uint32_t code_point = length > 0 ? utf8_code_point(text, length) : 0xFFFD;
		if (code_point == '"' || code_point == '\\')
			*end++ = '\\';
		if (code_point >= 0x20 && code_point < 0x7F)
			*end++ = (char)code_point;
		else
			end += snprintf(end, ESCAPE_BYTES_MAX + 1, code_point > 0xFFFF ? "\\U%08x" : "\\u%04x",
					code_point);
		text += taken;
		left -= taken;
	}
	*end++ = '"';
	*end = '\0';
	return quoted;
}

const char *inspect_text_bytes(struct arena *arena, int64_t bytes)
{
	static const char units[] = {'K', 'M', 'G', 'T', 'P', 'E'};
	uint64_t magnitude = bytes < 0 ? 0 : (uint64_t)bytes;
	uint64_t unit = 1;
	size_t count = 0;
	while (count < sizeof(units) && magnitude / unit >= UNIT) {
		unit *= UNIT;
		count++;
	}
	if (count == 0)
		return arena_printf(arena, "%llu", (unsigned long long)magnitude);
	if (magnitude % unit == 0)
		return arena_printf(arena, "%llu%ci", (unsigned long long)(magnitude / unit), units[count - 1]);
	return arena_printf(arena, "%.1f%ci", (double)magnitude / (double)unit, units[count - 1]);
}

const char *inspect_text_time(struct arena *arena, int64_t seconds)
{
	struct tm utc;
	time_t time = seconds;
	char text[40];
	if (!gmtime_r(&time, &utc) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return arena_printf(arena, "%lld", (long long)seconds); /* a year that no calendar has */
	return arena_strdup(arena, text);
}
