/* SPDX-License-Identifier: Apache-2.0 */
/* The table of well-formed byte sequences (Unicode, table 3-7), walked by first byte. */
#include "base/utf8.h"

#include <string.h>

struct lead {
	uint8_t first, last;     /* range of the first byte */
	uint8_t length;          /* of the character */
	uint8_t second_min, max; /* range of the second byte; those after it are 80..BF */
};

static const struct lead leads[] = {
	{0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF}, {0xE1, 0xEC, 3, 0x80, 0xBF},
	{0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF}, {0xF0, 0xF0, 4, 0x90, 0xBF},
	{0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static bool continues(const uint8_t *bytes, const struct lead *lead)
{
	if (bytes[1] < lead->second_min || bytes[1] > lead->max)
		return false;
	for (size_t i = 2; i < lead->length; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return false;
	}
	return true;
}

size_t utf8_character(const char *text, size_t length)
{
	const uint8_t *bytes = (const uint8_t *)text;

	if (length == 0)
		return 0;
	if (bytes[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		if (bytes[0] >= leads[i].first && bytes[0] <= leads[i].last)
			return leads[i].length <= length && continues(bytes, &leads[i]) ? leads[i].length : 0;
	}
	return 0;
}

uint32_t utf8_code_point(const char *text, size_t length)
{
	const uint8_t *bytes = (const uint8_t *)text;
	uint32_t code_point = length == 1 ? bytes[0] : bytes[0] & (0x7FU >> length);

	for (size_t i = 1; i < length; i++)
		code_point = code_point << 6 | (bytes[i] & 0x3F);
	return code_point;
}

bool utf8_is_valid(const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t step = utf8_character(text + at, length - at);

		if (step == 0)
			return false;
		at += step;
	}
	return true;
}

size_t utf8_repair(const char *text, size_t length, char *out)
{
	size_t written = 0;

	for (size_t at = 0; at < length;) {
		size_t step = utf8_character(text + at, length - at);

		if (step > 0) {
			memcpy(out + written, text + at, step);
			written += step;
			at += step;
		} else {
			memcpy(out + written, UTF8_REPLACEMENT, UTF8_REPLACEMENT_BYTES);
			written += UTF8_REPLACEMENT_BYTES;
			at++;
		}
	}
	return written;
}
