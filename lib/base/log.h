/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event on standard error: time, level, event and fields, as key=value or as JSON.  A line is written by
 * one write(2), so lines of several threads never mix.  Values are quoted and escaped where they need it.  Secrets are
 * the callers' duty: never pass a request's `secrets`, nor mount flags, which may hold one.
 */
#ifndef CSICORE_BASE_LOG_H
#define CSICORE_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_field {
	const char *key;
	const char *text; /* NULL: the field is the number */
	int64_t number;
};

static inline const char *log_text_or_empty(const char *text)
{
	return text ? text : "";
}
/* A NULL text is logged as an empty one. */
#define LOG_TEXT(key_, text_) ((struct log_field){.key = (key_), .text = log_text_or_empty(text_)})
#define LOG_NUMBER(key_, number_) ((struct log_field){.key = (key_), .number = (number_)})

/* Set once by main before threads start; LOG_INFO and LOG_FORMAT_TEXT otherwise. */
void log_configure(enum log_level level, enum log_format format);
bool log_is_on(enum log_level level);

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t count);

/* log_event(LOG_INFO, "volume created", LOG_TEXT("volume", name), LOG_NUMBER("ms", 3)); at least one field. */
#define log_event(level, event, ...) \
	do { \
		if (log_is_on(level)) { \
			const struct log_field fields_[] = {__VA_ARGS__}; \
			log_write((level), (event), fields_, sizeof(fields_) / sizeof(fields_[0])); \
		} \
	} while (0)

#endif
