/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable run of bytes that requires a cap.  data is always NUL-terminated after the first append (the NUL is not
 * counted in length), so text can be used as a C string.  Passing the cap is remembered: further appends do nothing, and
 * the caller asks strbuf_is_full() once at the end instead of checking each append.
 */
#ifndef CSICORE_BASE_STRBUF_H
#define CSICORE_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *data; /* owned; NULL while empty */
	size_t length;
	size_t capacity;
	size_t limit; /* length never exceeds it */
	bool is_full; /* an append was refused */
};

void strbuf_init(struct strbuf *sb, size_t limit);
void strbuf_release(struct strbuf *sb);
/* Empties it, forgets is_full, keeps the memory. */
void strbuf_clear(struct strbuf *sb);
/* Appends all or nothing; -1 where the cap would be passed. */
int strbuf_append(struct strbuf *sb, const void *bytes, size_t length);
int strbuf_puts(struct strbuf *sb, const char *s);
int strbuf_putc(struct strbuf *sb, char c);
int strbuf_printf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Grows capacity so that size more bytes fit and returns where to write them; NULL past the cap.
 * The caller then adds what it wrote to length with strbuf_grown(). */
char *strbuf_reserve(struct strbuf *sb, size_t size);
void strbuf_grown(struct strbuf *sb, size_t written);
/* Drops length bytes from the front. */
void strbuf_consume(struct strbuf *sb, size_t length);
/* The content as a C string, "" while empty; owned by the strbuf. */
const char *strbuf_text(const struct strbuf *sb);

#endif
