/* SPDX-License-Identifier: Apache-2.0 */
/* fork, exec and patience: the socket is tried until it answers, the process waited for until it ends. */
#include "support/program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/status.h"
#include "support/grpc_client.h"

#define START_TIMEOUT_MS 10000
#define STOP_TIMEOUT_MS 10000
#define POLL_MS 2
#define ARGUMENT_MAX 32
#define NOBODY 65534

static void pause_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); /* a shorter pause does no harm */
}

/* In the child: becomes the program, or ends with 127. */
static void run(const struct program *program, const char *executable, enum program_user user, char *const argv[])
{
	int log = open(program->log_path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(127);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a convenience: nothing outlives a test that crashed */
	if (user == PROGRAM_AS_NOBODY && (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		_exit(127);
	execv(executable, argv);
	fprintf(stderr, "%s: %s\n", executable, strerror(errno));
	_exit(127);
}

/* -1 with the last line of its log where the program has ended. */
static int check_alive(struct program *program, const char *executable, struct status *st)
{
	int wait_status;
	if (waitpid(program->pid, &wait_status, WNOHANG) == 0)
		return 0;
	program->pid = 0;
	char last_line[512] = "";
	FILE *log = fopen(program->log_path, "re");
	while (log && fgets(last_line, sizeof(last_line), log))
		continue;
	if (log)
		(void)fclose(log); /* only read */
	last_line[strcspn(last_line, "\n")] = '\0';
	return status_set(st, STATUS_UNAVAILABLE, "%s ended: %s", executable, last_line);
}

int program_start(struct program *program, const char *executable, const char *directory, const char *name,
		  enum program_user user, const char *const arguments[], struct status *st)
{
	*program = (struct program){0};
	(void)snprintf(program->endpoint, sizeof(program->endpoint), "unix://%s/%s.sock", directory, name);
	(void)snprintf(program->log_path, sizeof(program->log_path), "%s/%s.log", directory, name);
	const char *argv[ARGUMENT_MAX + 4] = {executable, "--endpoint", program->endpoint};
	for (size_t i = 0; i < ARGUMENT_MAX && arguments && arguments[i]; i++)
		argv[3 + i] = arguments[i];

	program->pid = fork();
	if (program->pid < 0)
		return status_set_errno(st, errno, "fork");
	if (program->pid == 0)
		run(program, executable, user, (char *const *)argv);
	struct status refusal = {0};
	for (int waited_ms = 0; waited_ms < START_TIMEOUT_MS; waited_ms += POLL_MS) {
		struct grpc_client *client = grpc_client_open(program->endpoint, START_TIMEOUT_MS, &refusal);
		if (client) {
			grpc_client_close(client);
			return 0;
		}
		if (check_alive(program, executable, st) < 0)
			return -1;
		pause_ms(POLL_MS);
	}
	(void)program_stop(program); /* its exit code says less than the status does */
	return status_set(st, STATUS_UNAVAILABLE, "%s did not open its socket: %s", executable, refusal.message);
}

int program_stop(struct program *program)
{
	if (program->pid <= 0)
		return -1;
	int wait_status = 0;
	(void)kill(program->pid, SIGTERM); /* ESRCH: it has ended, and is waited for */
	for (int waited_ms = 0; waitpid(program->pid, &wait_status, WNOHANG) == 0; waited_ms += POLL_MS) {
		if (waited_ms >= STOP_TIMEOUT_MS)
			(void)kill(program->pid, SIGKILL);
		pause_ms(POLL_MS);
	}
	program->pid = 0;
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/* The children that one thread of the program has started. */
static int count_children(pid_t pid, const char *thread)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid, thread);
	FILE *children = fopen(path, "re");
	if (!children)
		return 0; /* the thread has ended */
	int count = 0, child;
	while (fscanf(children, "%d", &child) == 1)
		count++;
	(void)fclose(children); /* only read */
	return count;
}

int program_count_children(const struct program *program)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)program->pid);
	DIR *threads = opendir(path);
	if (!threads)
		return 0;
	int count = 0;
	for (const struct dirent *entry; (entry = readdir(threads));)
		if (entry->d_name[0] != '.')
			count += count_children(program->pid, entry->d_name);
	(void)closedir(threads); /* only read */
	return count;
}

long program_peak_kib(const struct program *program)
{
	char path[64], line[128];
	long kib = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)program->pid);
	FILE *status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	if (status)
		(void)fclose(status); /* only read */
	return kib;
}
