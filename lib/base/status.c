/* SPDX-License-Identifier: Apache-2.0 */
/* Status values and the one table from errno to gRPC code. */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[] = {
	[STATUS_OK] = "OK",
	[STATUS_CANCELLED] = "CANCELLED",
	[STATUS_UNKNOWN] = "UNKNOWN",
	[STATUS_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
	[STATUS_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
	[STATUS_NOT_FOUND] = "NOT_FOUND",
	[STATUS_ALREADY_EXISTS] = "ALREADY_EXISTS",
	[STATUS_PERMISSION_DENIED] = "PERMISSION_DENIED",
	[STATUS_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
	[STATUS_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
	[STATUS_ABORTED] = "ABORTED",
	[STATUS_OUT_OF_RANGE] = "OUT_OF_RANGE",
	[STATUS_UNIMPLEMENTED] = "UNIMPLEMENTED",
	[STATUS_INTERNAL] = "INTERNAL",
	[STATUS_UNAVAILABLE] = "UNAVAILABLE",
	[STATUS_DATA_LOSS] = "DATA_LOSS",
	[STATUS_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

/* The sidecars drop a request for good on every code but ABORTED, UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED, so what
 * may pass by itself (a server that is away, a stale handle) must not become one of the others. */
static const struct {
	int errnum;
	enum status_code code;
} errno_codes[] = {
	{ENOENT, STATUS_NOT_FOUND},
	{EEXIST, STATUS_ALREADY_EXISTS},
	{EACCES, STATUS_PERMISSION_DENIED},
	{EPERM, STATUS_PERMISSION_DENIED},
	{EROFS, STATUS_FAILED_PRECONDITION},
	{ENOTEMPTY, STATUS_FAILED_PRECONDITION},
	{ENOTDIR, STATUS_FAILED_PRECONDITION},
	{EISDIR, STATUS_FAILED_PRECONDITION},
	{ELOOP, STATUS_FAILED_PRECONDITION},
	{EXDEV, STATUS_FAILED_PRECONDITION},
	{EBUSY, STATUS_ABORTED},
	{EAGAIN, STATUS_UNAVAILABLE},
	{ESTALE, STATUS_UNAVAILABLE},
	{ETIMEDOUT, STATUS_UNAVAILABLE},
	{ECONNREFUSED, STATUS_UNAVAILABLE},
	{ECONNRESET, STATUS_UNAVAILABLE},
	{ECONNABORTED, STATUS_UNAVAILABLE},
	{EPIPE, STATUS_UNAVAILABLE},
	{EHOSTUNREACH, STATUS_UNAVAILABLE},
	{EHOSTDOWN, STATUS_UNAVAILABLE},
	{ENETUNREACH, STATUS_UNAVAILABLE},
	{ENETDOWN, STATUS_UNAVAILABLE},
	{EINVAL, STATUS_INVALID_ARGUMENT},
	{ENAMETOOLONG, STATUS_INVALID_ARGUMENT},
	{EPROTONOSUPPORT, STATUS_INVALID_ARGUMENT},
	{ENOSPC, STATUS_RESOURCE_EXHAUSTED},
	{EDQUOT, STATUS_RESOURCE_EXHAUSTED},
	{EMLINK, STATUS_RESOURCE_EXHAUSTED},
	{ENOMEM, STATUS_UNAVAILABLE}, /* this program's own shortages pass */
	{EMFILE, STATUS_UNAVAILABLE},
	{ENFILE, STATUS_UNAVAILABLE},
	{EINTR, STATUS_UNAVAILABLE},
	{EFBIG, STATUS_OUT_OF_RANGE},
	{ECANCELED, STATUS_CANCELLED},
};

enum status_code status_code_of_errno(int errnum)
{
	for (size_t i = 0; i < sizeof(errno_codes) / sizeof(errno_codes[0]); i++) {
		if (errno_codes[i].errnum == errnum)
			return errno_codes[i].code;
	}
	return STATUS_INTERNAL;
}

const char *status_code_name(enum status_code code)
{
	if ((size_t)code >= sizeof(code_names) / sizeof(code_names[0]))
		return "UNKNOWN";
	return code_names[code];
}

/* Drops the part of a character that a cut left at the end, so that the message stays UTF-8. */
static void cut_on_character(char *message, size_t length)
{
	size_t start = length;

	while (start > 0 && ((unsigned char)message[start - 1] & 0xC0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)message[start - 1] >= 0xC0)
		message[start - 1] = '\0';
}

static void format_at(struct status *st, size_t offset, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
static void format_at(struct status *st, size_t offset, const char *fmt, va_list args)
{
	size_t room = sizeof(st->message) - offset;
	int length = vsnprintf(st->message + offset, room, fmt, args);

	if (length >= 0 && (size_t)length >= room)
		cut_on_character(st->message, sizeof(st->message) - 1);
}

static void append(struct status *st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void append(struct status *st, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	format_at(st, strlen(st->message), fmt, args);
	va_end(args);
}

int status_set(struct status *st, enum status_code code, const char *fmt, ...)
{
	va_list args;

	st->code = code;
	st->errnum = 0;
	va_start(args, fmt);
	format_at(st, 0, fmt, args);
	va_end(args);
	return -1;
}

int status_set_cause(struct status *st, enum status_code code, int errnum, const char *fmt, ...)
{
	va_list args;

	st->code = code;
	st->errnum = errnum;
	va_start(args, fmt);
	format_at(st, 0, fmt, args);
	va_end(args);
	return -1;
}

int status_set_errno(struct status *st, int errnum, const char *fmt, ...)
{
	const char *meaning = strerrordesc_np(errnum);
	va_list args;

	st->code = status_code_of_errno(errnum);
	st->errnum = errnum;
	va_start(args, fmt);
	format_at(st, 0, fmt, args);
	va_end(args);
	if (meaning)
		append(st, ": %s", meaning);
	else
		append(st, ": error %d", errnum);
	return -1;
}

int status_prefix(struct status *st, const char *fmt, ...)
{
	char message[STATUS_MESSAGE_BYTES];
	va_list args;

	memcpy(message, st->message, sizeof(message));
	va_start(args, fmt);
	format_at(st, 0, fmt, args);
	va_end(args);
	append(st, ": %s", message);
	return -1;
}
