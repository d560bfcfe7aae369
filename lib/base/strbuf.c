/* SPDX-License-Identifier: Apache-2.0 */
/* A growable buffer with a cap; one byte more than capacity is always there for the NUL. */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CAPACITY_MIN ((size_t)64)

void strbuf_init(struct strbuf *sb, size_t limit)
{
	*sb = (struct strbuf){.limit = limit < SIZE_MAX / 4 ? limit : SIZE_MAX / 4};
}

void strbuf_release(struct strbuf *sb)
{
	free(sb->data);
	strbuf_init(sb, sb->limit);
}

void strbuf_clear(struct strbuf *sb)
{
	sb->length = 0;
	sb->is_full = false;
	if (sb->data)
		sb->data[0] = '\0';
}

char *strbuf_reserve(struct strbuf *sb, size_t size)
{
	if (sb->is_full || size > sb->limit - sb->length) {
		sb->is_full = true;
		return NULL;
	}
	size_t needed = sb->length + size;

	if (!sb->data || needed > sb->capacity) {
		size_t capacity = sb->capacity ? sb->capacity * 2 : CAPACITY_MIN;

		if (capacity < needed)
			capacity = needed;
		if (capacity > sb->limit)
			capacity = sb->limit;
		sb->data = memory_realloc(sb->data, capacity + 1, 1);
		sb->capacity = capacity;
		sb->data[sb->length] = '\0';
	}
	return sb->data + sb->length;
}

void strbuf_grown(struct strbuf *sb, size_t written)
{
	sb->length += written;
	sb->data[sb->length] = '\0';
}

int strbuf_append(struct strbuf *sb, const void *bytes, size_t length)
{
	char *end = strbuf_reserve(sb, length);

	if (!end)
		return -1;
	if (length > 0)
		memcpy(end, bytes, length);
	strbuf_grown(sb, length);
	return 0;
}

int strbuf_puts(struct strbuf *sb, const char *s)
{
	return strbuf_append(sb, s, strlen(s));
}

int strbuf_putc(struct strbuf *sb, char c)
{
	return strbuf_append(sb, &c, 1);
}

int strbuf_printf(struct strbuf *sb, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int length = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (length < 0)
		return -1;
	char *end = strbuf_reserve(sb, (size_t)length);

	if (!end)
		return -1;
	va_start(args, fmt);
	(void)vsnprintf(end, (size_t)length + 1, fmt, args); /* measured above */
	va_end(args);
	strbuf_grown(sb, (size_t)length);
	return 0;
}

void strbuf_consume(struct strbuf *sb, size_t length)
{
	if (length == 0)
		return;
	sb->length -= length;
	memmove(sb->data, sb->data + length, sb->length + 1);
}

const char *strbuf_text(const struct strbuf *sb)
{
	return sb->data ? sb->data : "";
}
