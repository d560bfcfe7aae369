/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that aborts instead of failing: what a peer controls is bounded before it gets here. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *or_abort(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

void *memory_alloc(size_t size)
{
	return or_abort(malloc(size ? size : 1));
}

void *memory_calloc(size_t count, size_t size)
{
	return or_abort(calloc(count ? count : 1, size ? size : 1));
}

void *memory_realloc(void *old, size_t count, size_t size)
{
	return or_abort(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *memory_strdup(const char *s)
{
	return or_abort(strdup(s));
}

char *memory_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	int length = vasprintf(&text, fmt, args);
	va_end(args);
	return or_abort(length < 0 ? NULL : text);
}
