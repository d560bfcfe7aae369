/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef CSICORE_BASE_UTF8_H
#define CSICORE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands in for bytes that are no character: U+FFFD. */
#define UTF8_REPLACEMENT "\xEF\xBF\xBD"
#define UTF8_REPLACEMENT_BYTES 3

/* The length of the character that text starts with, 1 to 4; 0 where its first bytes are none (or length is 0). */
size_t utf8_character(const char *text, size_t length);

/* The number of the character at text, whose length utf8_character() gave. */
uint32_t utf8_code_point(const char *text, size_t length);

/* True where all length bytes are characters. */
bool utf8_is_valid(const char *text, size_t length);

/*
 * Writes text to out with a U+FFFD for each byte that belongs to no character, and returns the number of bytes written: at most
 * UTF8_REPLACEMENT_BYTES * length, which out must have room for.  No NUL is added.
 */
size_t utf8_repair(const char *text, size_t length, char *out);

#endif
