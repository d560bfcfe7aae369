/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountinfo: "36 35 98:0 /root /target rw,noatime master:1 - ext3 /dev/root rw,errors=continue".  Any number of optional
 * fields stand before the lone dash.  Spaces, tabs, newlines, backslashes and '#' are written as \ooo.
 */
#include "mount/mount_table.h"

#include <string.h>

#include "base/arena.h"
#include "base/parse.h"

struct field {
	const char *start;
	size_t length;
};

/* A line cut into its fields, escapes still in. */
struct raw_line {
	uint64_t id;
	struct field device, root, target, options;
	struct field type, source;
};

/* Takes a field off *line, which becomes NULL behind the last one.  Exactly one space parts fields: a source may be empty. */
static bool next_field(struct field *line, struct field *ret)
{
	if (!line->start)
		return false;
	const char *space = memchr(line->start, ' ', line->length);

	*ret = *line;
	if (!space) {
		*line = (struct field){NULL, 0};
		return true;
	}
	ret->length = (size_t)(space - line->start);
	line->start = space + 1;
	line->length -= ret->length + 1;
	return true;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The character at *i, which moves behind it. */
static char unescaped_at(struct field field, size_t *i)
{
	const char *at = field.start + *i;

	if (*at == '\\' && field.length - *i > 3 && is_octal(at[1]) && at[1] <= '3' && is_octal(at[2]) &&
	    is_octal(at[3])) {
		*i += 4;
		return (char)(((at[1] - '0') << 6) | ((at[2] - '0') << 3) | (at[3] - '0'));
	}
	*i += 1;
	return *at;
}

static char *unescape(struct arena *arena, struct field field)
{
	char *text = arena_alloc(arena, field.length + 1);
	char *end = text;

	for (size_t i = 0; i < field.length;)
		*end++ = unescaped_at(field, &i);
	*end = '\0';
	return text;
}

static bool is_text(struct field field, const char *text)
{
	for (size_t i = 0; i < field.length; text++) {
		if (*text == '\0' || unescaped_at(field, &i) != *text)
			return false;
	}
	return *text == '\0';
}

static bool has_option(struct field options, const char *word)
{
	size_t length = strlen(word);

	while (options.length > 0) {
		const char *comma = memchr(options.start, ',', options.length);
		size_t part = comma ? (size_t)(comma - options.start) : options.length;

		if (part == length && memcmp(options.start, word, length) == 0)
			return true;
		if (!comma)
			return false;
		options.start += part + 1;
		options.length -= part + 1;
	}
	return false;
}

static bool parse_id(struct field field, uint64_t *ret)
{
	char digits[24];

	if (field.length >= sizeof(digits))
		return false;
	memcpy(digits, field.start, field.length);
	digits[field.length] = '\0';
	return parse_u64(digits, 10, UINT64_MAX, ret) == 0;
}

static bool skip_to_dash(struct field *line)
{
	struct field word;

	while (next_field(line, &word)) {
		if (word.length == 1 && *word.start == '-')
			return true;
	}
	return false;
}

static bool split_line(struct field line, struct raw_line *ret)
{
	struct field id, parent;

	return next_field(&line, &id) && parse_id(id, &ret->id) && next_field(&line, &parent) &&
	       next_field(&line, &ret->device) && next_field(&line, &ret->root) && next_field(&line, &ret->target) &&
	       next_field(&line, &ret->options) && skip_to_dash(&line) && next_field(&line, &ret->type) &&
	       next_field(&line, &ret->source);
}

/* Takes lines off *text until one is mountinfo; false at the end. */
static bool next_line(struct field *text, struct raw_line *ret)
{
	while (text->length > 0) {
		const char *newline = memchr(text->start, '\n', text->length);
		struct field line = {text->start, newline ? (size_t)(newline - text->start) : text->length};
		size_t used = line.length + (newline ? 1 : 0);

		text->start += used;
		text->length -= used;
		if (split_line(line, ret))
			return true;
	}
	return false;
}

static struct mount_line resolve_line(struct arena *arena, const struct raw_line *raw)
{
	return (struct mount_line){
		.id = raw->id,
		.device = unescape(arena, raw->device),
		.root = unescape(arena, raw->root),
		.target = unescape(arena, raw->target),
		.type = unescape(arena, raw->type),
		.source = unescape(arena, raw->source),
		.is_read_only = has_option(raw->options, "ro"),
	};
}

bool mount_table_find(struct arena *arena, const char *text, size_t length, uint64_t id, struct mount_line *ret_line)
{
	struct field rest = {text, length};
	struct raw_line raw;

	while (next_line(&rest, &raw)) {
		if (raw.id == id) {
			*ret_line = resolve_line(arena, &raw);
			return true;
		}
	}
	return false;
}

bool mount_table_find_target(struct arena *arena, const char *text, size_t length, const char *target,
			     struct mount_line *ret_line)
{
	struct field rest = {text, length};
	struct raw_line raw;
	bool is_found = false;

	/* What is mounted over another stands behind it. */
	while (next_line(&rest, &raw)) {
		if (is_text(raw.target, target)) {
			*ret_line = resolve_line(arena, &raw);
			is_found = true;
		}
	}
	return is_found;
}

size_t mount_table_count_device(const char *text, size_t length, const char *device)
{
	struct field rest = {text, length};
	struct raw_line raw;
	size_t count = 0;

	while (next_line(&rest, &raw))
		count += is_text(raw.device, device);
	return count;
}
