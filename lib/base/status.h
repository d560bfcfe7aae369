/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outcome of an operation that can fail: a gRPC status code, the errno behind it where there is one, and a sentence
 * for the person who will read it.  A plain value on the caller's stack; nothing to free.
 *
 * Convention of every function that takes a struct status last: it returns 0 (or a pointer) and leaves the status
 * alone, or returns -1 (or NULL) and has filled it.
 */
#ifndef CSICORE_BASE_STATUS_H
#define CSICORE_BASE_STATUS_H

/* gRPC status codes, numbered as on the wire (grpc/doc/statuscodes.md). */
enum status_code {
	STATUS_OK = 0,
	STATUS_CANCELLED = 1,
	STATUS_UNKNOWN = 2,
	STATUS_INVALID_ARGUMENT = 3,
	STATUS_DEADLINE_EXCEEDED = 4,
	STATUS_NOT_FOUND = 5,
	STATUS_ALREADY_EXISTS = 6,
	STATUS_PERMISSION_DENIED = 7,
	STATUS_RESOURCE_EXHAUSTED = 8,
	STATUS_FAILED_PRECONDITION = 9,
	STATUS_ABORTED = 10,
	STATUS_OUT_OF_RANGE = 11,
	STATUS_UNIMPLEMENTED = 12,
	STATUS_INTERNAL = 13,
	STATUS_UNAVAILABLE = 14,
	STATUS_DATA_LOSS = 15,
	STATUS_UNAUTHENTICATED = 16,
};

/* Longest message kept, with its NUL; a longer one is cut on a UTF-8 boundary. */
#define STATUS_MESSAGE_BYTES 1024

struct status {
	enum status_code code;
	int errnum; /* the errno that caused it, 0 where none did: lets code branch without reading words */
	char message[STATUS_MESSAGE_BYTES];
};

/* Sets code and message, clears errnum.  Always returns -1, so that failing is one line. */
int status_set(struct status *st, enum status_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same with errnum, whose meaning the message does not repeat. */
int status_set_cause(struct status *st, enum status_code code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Sets "<message>: <what errnum means>", the code of status_code_of_errno() and errnum.  Always returns -1. */
int status_set_errno(struct status *st, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "<prefix>: " before the message and keeps code and errnum.  Always returns -1. */
int status_prefix(struct status *st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The one table from errno to gRPC code.  An errno it does not list is STATUS_INTERNAL. */
enum status_code status_code_of_errno(int errnum);

/* "NOT_FOUND" for STATUS_NOT_FOUND; "UNKNOWN" for a number that is no code. */
const char *status_code_name(enum status_code code);

#endif
