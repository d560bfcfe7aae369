/* SPDX-License-Identifier: Apache-2.0 */
/* Formats an event into one line on the stack and hands it to the kernel in one write. */
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

static void put(struct line *line, const char *text, size_t length)
{
	size_t room = sizeof(line->text) - TAIL_BYTES - line->length;

	if (length > room)
		length = room;
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

static void puts_on(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* Escapes as JSON does; the key=value form uses the same escapes inside its quotes. */
static void put_quoted(struct line *line, const char *text)
{
	puts_on(line, "\"");
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		char escape[8];

		if (*at == '"' || *at == '\\') {
			escape[0] = '\\';
			escape[1] = (char)*at;
			put(line, escape, 2);
		} else if (*at == '\n') {
			puts_on(line, "\\n");
		} else if (*at < 0x20 || *at == 0x7F) {
			(void)snprintf(escape, sizeof(escape), "\\u%04x", *at); /* six characters, fits */
			puts_on(line, escape);
		} else {
			put(line, (const char *)at, 1);
		}
	}
	puts_on(line, "\"");
}

static bool is_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@#%+,";

	return *text && text[strspn(text, plain)] == '\0';
}

static void put_text_value(struct line *line, const char *text)
{
	if (line_format == LOG_FORMAT_TEXT && is_plain(text))
		puts_on(line, text);
	else
		put_quoted(line, text);
}

static void put_key(struct line *line, const char *key)
{
	if (line_format == LOG_FORMAT_TEXT) {
		if (line->length > 0)
			puts_on(line, " ");
		puts_on(line, key);
		puts_on(line, "=");
	} else {
		puts_on(line, line->length > 0 ? "," : "{");
		put_quoted(line, key);
		puts_on(line, ":");
	}
}

static void put_field(struct line *line, const struct log_field *field)
{
	char number[24];

	put_key(line, field->key);
	if (field->text) {
		put_text_value(line, field->text);
		return;
	}
	(void)snprintf(number, sizeof(number), "%" PRId64, field->number); /* 20 digits at most */
	puts_on(line, number);
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
	put_key(line, "time");
	put_text_value(line, text);
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
