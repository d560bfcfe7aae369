/* SPDX-License-Identifier: Apache-2.0 */
/* One of the two programs, started for a test and stopped with it. */
#ifndef CSICORE_TEST_PROGRAM_H
#define CSICORE_TEST_PROGRAM_H

#include <sys/types.h>

struct status;

struct program {
	pid_t pid; /* 0 while it does not run */
	char endpoint[128];
	char log_path[128];
};

/* The user to run it as. */
enum program_user { PROGRAM_AS_ROOT, PROGRAM_AS_NOBODY };

/*
 * Runs executable with `--endpoint unix://DIRECTORY/NAME.sock` and the arguments (NULL-terminated), its output appended to
 * DIRECTORY/NAME.log, and waits until the socket answers.  UNAVAILABLE with the log's end where it does not within 10 s or
 * the program ends.
 */
int program_start(struct program *program, const char *executable, const char *directory, const char *name,
		  enum program_user user, const char *const arguments[], struct status *st);

/* Sends SIGTERM and returns the exit code; 128 plus the signal where one ended it, which is SIGKILL after 10 s. */
int program_stop(struct program *program);

/* How many child processes of it are running now. */
int program_count_children(const struct program *program);

/* The most memory it had resident so far, in KiB. */
long program_peak_kib(const struct program *program);
/* The bound on it, whatever a controller does.  AddressSanitizer keeps for a while what is freed. */
#ifdef __SANITIZE_ADDRESS__
#define PROGRAM_PEAK_KIB_MAX (512 * 1024)
#else
#define PROGRAM_PEAK_KIB_MAX (16 * 1024)
#endif

#endif
