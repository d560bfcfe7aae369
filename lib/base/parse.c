/* SPDX-License-Identifier: Apache-2.0 */
/* Strict parsers: all of the text or nothing. */
#include "base/parse.h"

#include <stddef.h>
#include <string.h>

/* The value of a digit, 36 where c is none. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A') + 10;
	return 36;
}

/* Go's base 0: the prefix says the base and is skipped. */
static unsigned base_from_prefix(const char **text)
{
	static const struct {
		const char prefix[3];
		unsigned base;
	} prefixes[] = {{"0x", 16}, {"0X", 16}, {"0b", 2}, {"0B", 2}, {"0o", 8}, {"0O", 8}};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(*text, prefixes[i].prefix, 2) == 0) {
			*text += 2;
			return prefixes[i].base;
		}
	}
	if ((*text)[0] == '0' && (*text)[1] != '\0') {
		*text += 1;
		return 8;
	}
	return 10;
}

int parse_u64(const char *text, int base, uint64_t max, uint64_t *ret)
{
	unsigned radix = base == 0 ? base_from_prefix(&text) : (unsigned)base;
	uint64_t value = 0;

	if (*text == '\0')
		return -1;
	for (; *text; text++) {
		unsigned digit = digit_value(*text);

		if (digit >= radix || __builtin_mul_overflow(value, (uint64_t)radix, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return -1;
	}
	if (value > max)
		return -1;
	*ret = value;
	return 0;
}

int parse_u32(const char *text, int base, uint32_t max, uint32_t *ret)
{
	uint64_t value;

	if (parse_u64(text, base, max, &value) < 0)
		return -1;
	*ret = (uint32_t)value;
	return 0;
}

int parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool is_negative = text[0] == '-';
	uint64_t magnitude;

	if (parse_u64(text + is_negative, 10, (uint64_t)INT64_MAX + is_negative, &magnitude) < 0)
		return -1;
	int64_t value = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;

	if (value < min || value > max)
		return -1;
	*ret = value;
	return 0;
}

int parse_bool(const char *text, bool *ret)
{
	static const char *const words[2][6] = {{"0", "f", "F", "false", "FALSE", "False"},
						{"1", "t", "T", "true", "TRUE", "True"}};

	for (int value = 0; value < 2; value++) {
		for (size_t i = 0; i < 6; i++) {
			if (strcmp(text, words[value][i]) == 0) {
				*ret = value == 1;
				return 0;
			}
		}
	}
	return -1;
}

/* Milliseconds in the unit that starts at text, and its length; 0 for no unit. */
static int64_t unit_ms(const char *text, size_t *ret_length)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].name);

		if (strncmp(text, units[i].name, length) == 0) {
			*ret_length = length;
			return units[i].ms;
		}
	}
	return 0;
}

/* The digits at the beginning of text as a number, and how many there are; -1 where there are none, or too many. */
static int leading_number(const char *text, int64_t *ret_value, size_t *ret_digits)
{
	int64_t value = 0;
	size_t digits = 0;

	for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
		if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
		    __builtin_add_overflow(value, (int64_t)(text[digits] - '0'), &value))
			return -1;
	}
	*ret_value = value;
	*ret_digits = digits;
	return digits > 0 ? 0 : -1;
}

int parse_duration_ms(const char *text, int64_t *ret_ms)
{
	uint64_t seconds;
	int64_t total = 0;

	if (parse_u64(text, 10, INT64_MAX / 1000, &seconds) == 0) {
		*ret_ms = (int64_t)seconds * 1000;
		return 0;
	}
	if (*text == '\0')
		return -1;
	while (*text) {
		int64_t value;
		size_t digits, unit_length = 0;

		if (leading_number(text, &value, &digits) < 0)
			return -1;
		int64_t unit = unit_ms(text + digits, &unit_length);

		if (unit == 0 || __builtin_mul_overflow(value, unit, &value) ||
		    __builtin_add_overflow(total, value, &total))
			return -1;
		text += digits + unit_length;
	}
	*ret_ms = total;
	return 0;
}

int parse_quantity(const char *text, int64_t *ret_bytes)
{
	static const char units[] = "kMGTPE";
	int64_t value;
	size_t digits;

	if (leading_number(text, &value, &digits) < 0)
		return -1;
	const char *unit = text + digits;
	bool is_binary = unit[0] != '\0' && unit[1] == 'i';
	const char *found = unit[0] == '\0' ? NULL : strchr(units, is_binary && unit[0] == 'K' ? 'k' : unit[0]);

	if (unit[0] != '\0' && (!found || unit[1 + is_binary] != '\0' || (is_binary && unit[0] == 'k')))
		return -1;
	for (const char *step = units; found && step <= found; step++) {
		if (__builtin_mul_overflow(value, (int64_t)(is_binary ? 1024 : 1000), &value))
			return -1;
	}
	*ret_bytes = value;
	return 0;
}
