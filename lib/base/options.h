/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line options as a table, in Go's flag syntax, which csi-driver-nfs's manifests use: `-x v`, `-x=v`, `--x v`,
 * `--x=v`; a boolean takes a value only with '='.  The table prints --help, and the man pages are checked against it.
 */
#ifndef CSICORE_BASE_OPTIONS_H
#define CSICORE_BASE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

struct status;

enum option_kind {
	OPTION_TEXT,     /* const char **: points into argv */
	OPTION_LIST,     /* struct option_list *: repeatable */
	OPTION_BOOL,     /* bool * */
	OPTION_NUMBER,   /* int64_t *, within min..max */
	OPTION_MODE,     /* uint32_t *: Go's base-0 number, 07777 at most */
	OPTION_DURATION, /* int64_t * in milliseconds, within min..max */
	OPTION_IGNORED,  /* accepted with any value for compatibility, does nothing; target is NULL */
	OPTION_IGNORED_BOOL,
};

#define OPTION_LIST_MAX 64

struct option_list {
	const char *items[OPTION_LIST_MAX]; /* point into argv */
	size_t count;
};

struct option {
	const char *name; /* without dashes */
	enum option_kind kind;
	void *target;             /* holds the default before parsing */
	const char *value_name;   /* "URL" in `--endpoint URL`; NULL for booleans */
	const char *default_text; /* for --help; NULL where none is worth saying */
	const char *help;         /* one sentence */
	int64_t min, max;         /* OPTION_NUMBER, OPTION_DURATION */
};

enum options_outcome { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

/*
 * Parses argv[1..argc-1] by the table (count rows); --help (-h) and --version are known everywhere.  Returns 0 with what
 * to do, -1 with INVALID_ARGUMENT and one clear line: an unknown option, a missing or bad value, an argument that is
 * no option.
 */
int options_parse(const struct option *table, size_t count, int argc, char *const argv[], enum options_outcome *ret,
		  struct status *st);

/* The same for a command that takes arguments beside options, mixed as one likes; after "--" all are arguments. */
int options_parse_arguments(const struct option *table, size_t count, int argc, char *const argv[],
			    struct option_list *ret_arguments, enum options_outcome *ret, struct status *st);

/* The row called name, NULL where there is none. */
const struct option *options_find(const struct option *table, size_t count, const char *name);

/* Writes the help text on standard output. */
void options_print_help(const struct option *table, size_t count, const char *program, const char *summary);

#endif
