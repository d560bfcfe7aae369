/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program under ptrace that is killed at a chosen change of a directory tree: every system call of any of its threads that
 * changes something below the watched directory is a fault point, and they are numbered in the order in which they are
 * made.  All other calls run at full speed, by a seccomp filter.
 */
#ifndef CSICORE_TEST_KILL_TRACED_PROGRAM_H
#define CSICORE_TEST_KILL_TRACED_PROGRAM_H

#include <stdbool.h>

struct status;
struct traced_program;

enum kill_moment { KILL_BEFORE, KILL_AFTER };

/* Which fault point ends the program; nth 0: none, they are only counted. */
struct kill_plan {
	unsigned nth;
	enum kill_moment moment;
	bool is_from_start; /* count from the start of the program on, not from traced_program_arm() */
};

/*
 * Runs executable with the arguments (NULL-terminated) and `--endpoint unix://DIRECTORY/NAME.sock`, its output appended to
 * DIRECTORY/NAME.log, and waits until the socket answers or the plan has killed it.  watched has no symlink in its path.
 */
struct traced_program *traced_program_start(const char *executable, const char *directory, const char *name,
					    const char *const arguments[], const char *watched,
					    const struct kill_plan *plan, struct status *st);
/* Kills it where it still runs.  NULL is fine. */
void traced_program_free(struct traced_program *program);

const char *traced_program_endpoint(const struct traced_program *program);
/* Fault points count from now on. */
void traced_program_arm(struct traced_program *program);
/* How many fault points there were. */
unsigned traced_program_count(struct traced_program *program);
/* True once it has ended. */
bool traced_program_has_ended(struct traced_program *program);
/* True once it has started a process. */
bool traced_program_has_forked(struct traced_program *program);

#endif
