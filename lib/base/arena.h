/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory with one common end: all that a call allocates lives in its arena and is freed at once by arena_release().
 *
 * The limit bounds what a peer's bytes can make us allocate (arena_try_alloc); our own small allocations (arena_alloc)
 * are not refused by it, they abort only when the machine is out of memory.  Not thread-safe: one owner at a time.
 */
#ifndef CSICORE_BASE_ARENA_H
#define CSICORE_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used_bytes;          /* handed out so far */
	size_t limit_bytes;
};

void arena_init(struct arena *a, size_t limit_bytes);
/* Frees everything; the arena is as after arena_init and may be used again. */
void arena_release(struct arena *a);

/* Uninitialised memory aligned for any type; NULL once the limit would be passed. */
void *arena_try_alloc(struct arena *a, size_t size);
/* The same without the limit; never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
/* Zeroed, never NULL; count * size is checked for overflow. */
void *arena_calloc(struct arena *a, size_t count, size_t size) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *a, const char *s, size_t length) __attribute__((returns_nonnull));
void *arena_memdup(struct arena *a, const void *bytes, size_t size) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((returns_nonnull, format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
	__attribute__((returns_nonnull, nonnull(1, 2), format(printf, 2, 0)));

#endif
