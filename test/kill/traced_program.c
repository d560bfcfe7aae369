/* SPDX-License-Identifier: Apache-2.0 */
/* One thread forks the program, is its tracer and the only one that waits for it; what it sees is read through atomics. */
#include "kill/traced_program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "base/memory.h"
#include "base/status.h"
#include "support/grpc_client.h"

#define START_TIMEOUT_MS 10000
#define POLL_MS 1
#define ARGUMENT_MAX 32
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct traced_program {
	const char *executable;
	const char *argv[ARGUMENT_MAX + 4];
	char endpoint[128];
	char log_path[128];
	const char *watched;
	struct kill_plan plan;
	pthread_t tracer;
	pid_t pid;
	int pid_fd; /* -1 until it runs */
	atomic_bool is_armed, has_ended, has_forked;
	atomic_uint count;
};

/* ---- the system calls that change a tree */

enum which { BY_FIRST_FD, BY_FIRST_OR_THIRD_FD, BY_CREATION };

static const struct mutation {
	unsigned number;
	enum which which; /* argument that says where */
} mutations[] = {
	{SYS_write, BY_FIRST_FD},
	{SYS_writev, BY_FIRST_FD},
	{SYS_pwrite64, BY_FIRST_FD},
	{SYS_pwritev, BY_FIRST_FD},
	{SYS_ftruncate, BY_FIRST_FD},
	{SYS_fallocate, BY_FIRST_FD},
	{SYS_sendfile, BY_FIRST_FD},
	{SYS_fsync, BY_FIRST_FD},
	{SYS_fdatasync, BY_FIRST_FD},
	{SYS_syncfs, BY_FIRST_FD},
	{SYS_fchmod, BY_FIRST_FD},
	{SYS_fchmodat, BY_FIRST_FD},
	{SYS_fchown, BY_FIRST_FD},
	{SYS_fchownat, BY_FIRST_FD},
	{SYS_mkdirat, BY_FIRST_FD},
	{SYS_mknodat, BY_FIRST_FD},
	{SYS_unlinkat, BY_FIRST_FD},
	{SYS_utimensat, BY_FIRST_FD},
	{SYS_fsetxattr, BY_FIRST_FD},
	{SYS_fremovexattr, BY_FIRST_FD},
	{SYS_renameat2, BY_FIRST_OR_THIRD_FD},
#ifdef SYS_renameat
	{SYS_renameat, BY_FIRST_OR_THIRD_FD},
#endif
	{SYS_linkat, BY_FIRST_OR_THIRD_FD},
	{SYS_symlinkat, BY_FIRST_OR_THIRD_FD},
	{SYS_copy_file_range, BY_FIRST_OR_THIRD_FD},
	{SYS_openat, BY_CREATION},
	{SYS_openat2, BY_CREATION},
};

/* In the child: these calls stop for the tracer, all others run. */
static int install_filter(void)
{
	struct sock_filter code[2 * COUNT(mutations) + 2];
	size_t n = 0;
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < COUNT(mutations); i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mutations[i].number, 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog filter = {(unsigned short)n, code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

/* True where descriptor fd of the program is the watched directory or anything below it, removed or not. */
static bool is_watched_fd(const struct traced_program *program, uint64_t fd)
{
	char link[64], target[512];
	(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)program->pid, (int)fd);
	ssize_t length = readlink(link, target, sizeof(target) - 1);
	size_t prefix = strlen(program->watched);
	if (length < (ssize_t)prefix || memcmp(target, program->watched, prefix) != 0)
		return false;
	target[length] = '\0';
	return target[prefix] == '\0' || target[prefix] == '/' || target[prefix] == ' '; /* " (deleted)" */
}

static bool is_creation(const struct traced_program *program, uint64_t number, const uint64_t *arguments)
{
	if (number == SYS_openat)
		return arguments[2] & (O_CREAT | O_TRUNC);
	struct open_how how = {0};
	struct iovec here = {&how, sizeof(how)}, there = {(void *)arguments[2], sizeof(how)};
	return process_vm_readv(program->pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(how) &&
	       how.flags & (O_CREAT | O_TRUNC);
}

/* The thread stands before a system call that the filter stopped. */
static bool is_fault_point(const struct traced_program *program, pid_t thread)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) < 0)
		return false;
	const uint64_t *raw = info.seccomp.args;
	const uint64_t arguments[] = {raw[0], raw[1], raw[2], raw[3]};
	for (size_t i = 0; i < COUNT(mutations); i++) {
		if (mutations[i].number != info.seccomp.nr)
			continue;
		if (mutations[i].which == BY_CREATION && !is_creation(program, info.seccomp.nr, arguments))
			return false;
		return is_watched_fd(program, arguments[0]) ||
		       (mutations[i].which == BY_FIRST_OR_THIRD_FD && is_watched_fd(program, arguments[2]));
	}
	return false;
}

/* ---- the tracer */

/* In the child: waits until it is traced, becomes the program, or ends with 127. */
static void run(const struct traced_program *program, int go_fd)
{
	char go;
	int log = open(program->log_path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 || read(go_fd, &go, 1) != 1 ||
	    install_filter() < 0)
		_exit(127);
	execv(program->executable, (char *const *)program->argv);
	_exit(127);
}

static void kill_now(const struct traced_program *program)
{
	(void)syscall(SYS_pidfd_send_signal, program->pid_fd, SIGKILL, NULL, 0); /* ESRCH: it has ended */
}

/* A thread is about to make a call that may be a fault point; returns the request to go on with. */
static int meet_call(struct traced_program *program, pid_t thread)
{
	const struct kill_plan *plan = &program->plan;
	if (!atomic_load(&program->is_armed) || !is_fault_point(program, thread))
		return PTRACE_CONT;
	bool is_chosen = atomic_fetch_add(&program->count, 1) + 1 == plan->nth;
	if (!is_chosen)
		return PTRACE_CONT;
	if (plan->moment == KILL_AFTER)
		return PTRACE_SYSCALL; /* stops once more, with the call done */
	kill_now(program);
	return PTRACE_CONT;
}

/* One stop of one thread. */
static void go_on(struct traced_program *program, pid_t thread, int wait_status)
{
	int request = PTRACE_CONT;
	long signal_number = 0;
	int event = wait_status >> 16;
	if (event == PTRACE_EVENT_SECCOMP)
		request = meet_call(program, thread);
	else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK)
		atomic_store(&program->has_forked, true);
	else if (WSTOPSIG(wait_status) == (SIGTRAP | 0x80))
		kill_now(program); /* the chosen call has returned */
	else if (event == 0)
		signal_number = WSTOPSIG(wait_status);      /* on its way to the program */
	(void)ptrace(request, thread, NULL, signal_number); /* ESRCH: it was killed meanwhile */
}

static int spawn(struct traced_program *program)
{
	int go[2];
	if (pipe2(go, O_CLOEXEC) < 0)
		return -1;
	program->pid = fork();
	if (program->pid == 0)
		run(program, go[0]);
	long options = PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		       PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD;
	program->pid_fd = program->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, program->pid, 0);
	int result = program->pid_fd < 0 ? -1 : (int)ptrace(PTRACE_SEIZE, program->pid, NULL, options);
	if (result == 0)
		result = write(go[1], "g", 1) == 1 ? 0 : -1;
	(void)close(go[0]); /* a pipe */
	(void)close(go[1]); /* the child ends where it reads nothing */
	return result;
}

static void *trace(void *argument)
{
	struct traced_program *program = argument;
	int wait_status;
	if (spawn(program) < 0)
		atomic_store(&program->has_ended, true);
	for (pid_t thread; (thread = waitpid(-1, &wait_status, __WALL | __WNOTHREAD)) > 0 || errno == EINTR;)
		if (thread > 0 && WIFSTOPPED(wait_status))
			go_on(program, thread, wait_status);
	atomic_store(&program->has_ended, true);
	return NULL;
}

/* ---- what tests see */

static void pause_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); /* a shorter pause does no harm */
}

static int wait_for_socket(struct traced_program *program, struct status *st)
{
	struct status refusal;
	for (int waited_ms = 0; waited_ms < START_TIMEOUT_MS; waited_ms += POLL_MS) {
		struct grpc_client *client = grpc_client_open(program->endpoint, START_TIMEOUT_MS, &refusal);
		bool has_answered = client != NULL;
		grpc_client_close(client);
		bool was_killed = atomic_load(&program->has_ended) && program->plan.is_from_start;
		if (has_answered || was_killed)
			return 0;
		if (atomic_load(&program->has_ended))
			break;
		pause_ms(POLL_MS);
	}
	return status_set(st, STATUS_UNAVAILABLE, "%s did not open its socket: see %s", program->executable,
			  program->log_path);
}

struct traced_program *traced_program_start(const char *executable, const char *directory, const char *name,
					    const char *const arguments[], const char *watched,
					    const struct kill_plan *plan, struct status *st)
{
	struct traced_program *program = memory_calloc(1, sizeof(*program));
	program->executable = executable;
	program->pid_fd = -1;
	program->watched = watched;
	program->plan = *plan;
	(void)snprintf(program->endpoint, sizeof(program->endpoint), "unix://%s/%s.sock", directory, name);
	(void)snprintf(program->log_path, sizeof(program->log_path), "%s/%s.log", directory, name);
	const char *const own[] = {executable, "--endpoint", program->endpoint};
	memcpy(program->argv, own, sizeof(own));
	for (size_t i = 0; i < ARGUMENT_MAX && arguments[i]; i++)
		program->argv[COUNT(own) + i] = arguments[i];
	atomic_store(&program->is_armed, plan->is_from_start);
	if (pthread_create(&program->tracer, NULL, trace, program) != 0)
		abort();
	if (wait_for_socket(program, st) == 0)
		return program;
	traced_program_free(program);
	return NULL;
}

void traced_program_free(struct traced_program *program)
{
	if (!program)
		return;
	kill_now(program);
	(void)pthread_join(program->tracer, NULL); /* cannot fail for a thread that was created */
	(void)close(program->pid_fd);              /* nothing was written through it */
	free(program);
}

const char *traced_program_endpoint(const struct traced_program *program)
{
	return program->endpoint;
}

void traced_program_arm(struct traced_program *program)
{
	atomic_store(&program->is_armed, true);
}

unsigned traced_program_count(struct traced_program *program)
{
	return atomic_load(&program->count);
}

bool traced_program_has_ended(struct traced_program *program)
{
	return atomic_load(&program->has_ended);
}

bool traced_program_has_forked(struct traced_program *program)
{
	return atomic_load(&program->has_forked);
}
