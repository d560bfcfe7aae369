/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owning variables and allocation that cannot fail.  AUTO_FREE and AUTO_CLOSE release what a variable holds when it
 * leaves scope; TAKE_POINTER and TAKE_FD hand it on instead.  Running out of memory aborts the process: the sizes that a
 * peer controls are bounded before they get here.
 */
#ifndef CSICORE_BASE_MEMORY_H
#define CSICORE_BASE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static inline void memory_free_at(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

static inline void memory_close_at(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing was written through it, or fsync was checked before */
}

#define AUTO_FREE __attribute__((cleanup(memory_free_at)))
#define AUTO_CLOSE __attribute__((cleanup(memory_close_at)))
/* AUTO(x_release) struct x x: calls x_release(&x) at the end of scope. */
#define AUTO(release) __attribute__((cleanup(release)))

/* Evaluates to the variable's value and leaves it empty. */
#define TAKE_POINTER(pointer) \
	({ \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL; \
		taken_; \
	})
#define TAKE_FD(fd) \
	({ \
		int taken_ = (fd); \
		(fd) = -1; \
		taken_; \
	})

/* As malloc, calloc, reallocarray, strdup and asprintf, but abort where those fail.  The caller owns the result. */
void *memory_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void *memory_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *memory_realloc(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
char *memory_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *memory_printf(const char *fmt, ...) __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

#endif
