/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of blocks, each twice as large as the one before up to a bound; large requests get a block of their own. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BLOCK_BYTES_MIN ((size_t)2048)
#define BLOCK_BYTES_MAX ((size_t)64 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a, size_t limit_bytes)
{
	*a = (struct arena){.limit_bytes = limit_bytes};
}

void arena_release(struct arena *a)
{
	struct arena_block *block = a->blocks;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena_init(a, a->limit_bytes);
}

static struct arena_block *add_block(struct arena *a, size_t size)
{
	size_t block_size = a->blocks ? a->blocks->size * 2 : BLOCK_BYTES_MIN;

	if (block_size > BLOCK_BYTES_MAX)
		block_size = BLOCK_BYTES_MAX;
	if (block_size < size)
		block_size = size;
	struct arena_block *block = memory_alloc(sizeof(*block) + block_size);

	block->size = block_size;
	block->used = 0;
	block->next = a->blocks;
	a->blocks = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *block = a->blocks;

	if (size > SIZE_MAX / 2)
		abort();
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!block || block->size - block->used < size)
		block = add_block(a, size);
	void *memory = block->bytes + block->used;

	block->used += size;
	a->used_bytes += size;
	return memory;
}

void *arena_try_alloc(struct arena *a, size_t size)
{
	if (a->used_bytes >= a->limit_bytes || size > a->limit_bytes - a->used_bytes)
		return NULL;
	return arena_alloc(a, size);
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		abort();
	return memset(arena_alloc(a, total), 0, total);
}

void *arena_memdup(struct arena *a, const void *bytes, size_t size)
{
	void *copy = arena_alloc(a, size);

	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t length)
{
	size_t kept = strnlen(s, length);
	char *copy = arena_alloc(a, kept + 1);

	memcpy(copy, s, kept);
	copy[kept] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s) + 1);
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
	va_list again;

	va_copy(again, args);
	int length = vsnprintf(NULL, 0, fmt, args);

	if (length < 0)
		abort();
	char *text = arena_alloc(a, (size_t)length + 1);

	(void)vsnprintf(text, (size_t)length + 1, fmt, again); /* measured above */
	va_end(again);
	return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	char *text = arena_vprintf(a, fmt, args);
	va_end(args);
	return text;
}
