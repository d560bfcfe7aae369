/* SPDX-License-Identifier: Apache-2.0 */
/* Formats an event into one line on the stack and hands it to the kernel in one write. */
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

/* A line longer than this is cut; the fields that come first are the ones that count. */
#define LINE_BYTES 4096
/* Room that is always left for the closing characters and the newline. */
#define TAIL_BYTES 4

static enum log_level minimum_level = LOG_INFO;
static enum log_format line_format = LOG_FORMAT_TEXT;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

struct line {
	size_t length;
	char text[LINE_BYTES];
};

void log_configure(enum log_level level, enum log_format format)
{
	minimum_level = level;
	line_format = format;
}

bool log_is_on(enum log_level level)
{
	return level >= minimum_level;
}

/* All of it, or nothing where it does not fit. */
static bool put(struct line *line, const char *text, size_t length)
{
	if (line->length + length > sizeof(line->text) - TAIL_BYTES)
		return false;
	memcpy(line->text + line->length, text, length);
	line->length += length;
	return true;
}

static bool puts_on(struct line *line, const char *text)
{
	return put(line, text, strlen(text));
}

/* The character at the beginning of text, escaped as JSON does; the key=value form uses the same escapes. */
static bool put_character(struct line *line, const char *text, size_t length)
{
	unsigned char first = (unsigned char)text[0];
	char escape[8];

	if (length == 0)
		return puts_on(line, UTF8_REPLACEMENT);
	if (first == '\n')
		return puts_on(line, "\\n");
	if (first >= 0x20 && first != 0x7F && first != '"' && first != '\\')
		return put(line, text, length);
	(void)snprintf(escape, sizeof(escape), first < 0x20 || first == 0x7F ? "\\u%04x" : "\\%c", first); /* fits */
	return puts_on(line, escape);
}

/* As much of text as there is room for; false where there is none at all. */
static bool put_quoted(struct line *line, const char *text)
{
	size_t left = strlen(text);

	if (!puts_on(line, "\""))
		return false;
	while (left > 0) {
		size_t length = utf8_character(text, left);

		if (!put_character(line, text, length))
			break;
		text += length > 0 ? length : 1;
		left -= length > 0 ? length : 1;
	}
	line->text[line->length++] = '"'; /* of the tail, where the text was cut */
	return true;
}

static bool is_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@#%+,";

	return *text && text[strspn(text, plain)] == '\0';
}

static bool put_text_value(struct line *line, const char *text)
{
	if (line_format == LOG_FORMAT_TEXT && is_plain(text) && puts_on(line, text))
		return true;
	return put_quoted(line, text);
}

static bool put_key(struct line *line, const char *key)
{
	if (line_format == LOG_FORMAT_TEXT)
		return (line->length == 0 || puts_on(line, " ")) && puts_on(line, key) && puts_on(line, "=");
	return puts_on(line, line->length > 0 ? "," : "{") && put_quoted(line, key) && puts_on(line, ":");
}

static bool put_value(struct line *line, const struct log_field *field)
{
	char number[24];

	if (field->text)
		return put_text_value(line, field->text);
	(void)snprintf(number, sizeof(number), "%" PRId64, field->number); /* 20 digits at most */
	return puts_on(line, number);
}

static void put_field(struct line *line, const struct log_field *field)
{
	size_t begin = line->length;

	if (!put_key(line, field->key) || !put_value(line, field))
		line->length = begin;
}

static void put_time(struct line *line)
{
	struct timespec now;
	struct tm utc;
	char text[40];

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	gmtime_r(&now.tv_sec, &utc);
	size_t length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);

	(void)snprintf(text + length, sizeof(text) - length, ".%03ldZ", now.tv_nsec / 1000000);
	put_field(line, &LOG_TEXT("time", text));
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	struct line line = {0};

	put_time(&line);
	put_field(&line, &LOG_TEXT("level", level_names[level]));
	put_field(&line, &LOG_TEXT("event", event));
	for (size_t i = 0; i < count; i++)
		put_field(&line, &fields[i]);
	if (line_format == LOG_FORMAT_JSON)
		line.text[line.length++] = '}';
	line.text[line.length++] = '\n';
	ssize_t written = write(STDERR_FILENO, line.text, line.length);

	(void)written; /* where standard error is gone, there is nobody to tell */
}
