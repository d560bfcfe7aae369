/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One fork for each risky call.  The report travels through a shared page, so there is nothing to read and no descriptor
 * that another child could keep open; the end of the child is seen on its pidfd.
 */
#include "mount/mount_child.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"

/* How long a killed child may take to end before it is left behind: NFS waits end within 240 ms of a SIGKILL. */
#define KILLED_CHILD_GRACE_MS 1000

struct mount_children {
	pthread_mutex_t lock; /* guards what follows; a leaf lock */
	unsigned max;
	unsigned running; /* being waited for by their callers */
	unsigned left;    /* killed and not yet dead: left_pids[0..left-1] */
	pid_t left_pids[];
};

struct mount_children *mount_children_new(unsigned max)
{
	struct mount_children *children = memory_calloc(1, sizeof(*children) + max * sizeof(children->left_pids[0]));

	(void)pthread_mutex_init(&children->lock, NULL); /* cannot fail with default attributes on Linux */
	children->max = max;
	return children;
}

/* The lock is held. */
static void reap_left(struct mount_children *children)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < children->left; i++) {
		if (waitpid(children->left_pids[i], NULL, WNOHANG) == 0)
			children->left_pids[kept++] = children->left_pids[i];
	}
	children->left = kept;
}

void mount_children_free(struct mount_children *children)
{
	if (!children)
		return;
	reap_left(children);
	(void)pthread_mutex_destroy(&children->lock); /* nobody holds it any more */
	free(children);
}

unsigned mount_children_count(struct mount_children *children)
{
	(void)pthread_mutex_lock(&children->lock); /* a default mutex reports no error */
	reap_left(children);
	unsigned count = children->running + children->left;

	(void)pthread_mutex_unlock(&children->lock);
	return count;
}

static int enter(struct mount_children *children, struct status *st)
{
	(void)pthread_mutex_lock(&children->lock);
	reap_left(children);
	bool is_free = children->running + children->left < children->max;

	if (is_free)
		children->running++;
	(void)pthread_mutex_unlock(&children->lock);
	if (is_free)
		return 0;
	return status_set(st, STATUS_UNAVAILABLE, "%u mount operations wait for servers already", children->max);
}

/* left_pid: a child that outlived its kill, 0 for none. */
static void leave(struct mount_children *children, pid_t left_pid)
{
	(void)pthread_mutex_lock(&children->lock);
	children->running--;
	if (left_pid > 0)
		children->left_pids[children->left++] = left_pid;
	(void)pthread_mutex_unlock(&children->lock);
}

static void run_child(mount_child_main *main, const void *job, void *report) __attribute__((noreturn));
static void run_child(mount_child_main *main, const void *job, void *report)
{
	/* The worker thread that waits here for the child is what the signal is bound to. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A child that hangs must not hold the sockets of clients open. */
	(void)close_range(3, ~0U, 0);
	main(job, report);
	_exit(0);
}

/* Signals stay blocked in the child: a handler would run on memory that is no longer shared, on its pipe, which still is. */
static pid_t fork_child(mount_child_main *main, const void *job, void *report)
{
	sigset_t all, old;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	pid_t pid = _Fork();

	if (pid == 0)
		run_child(main, job, report);
	int fork_errno = errno;

	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = fork_errno;
	return pid;
}

static int end_of(pid_t pid, struct status *st)
{
	int how = 0;

	if (waitpid(pid, &how, 0) < 0)
		return status_set_errno(st, errno, "wait for a mount child");
	if (WIFSIGNALED(how))
		return status_set(st, STATUS_INTERNAL, "a mount child died of signal %d", WTERMSIG(how));
	return 0;
}

/* True once the child is dead and reaped. */
static bool kill_child(pid_t pid, int pidfd)
{
	struct cancel grace;
	struct status ignored;
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	(void)kill(pid, SIGKILL); /* not reaped yet, so the number is still this child's */
	if (pidfd < 0)
		return false;
	cancel_init(&grace, KILLED_CHILD_GRACE_MS);
	bool is_dead = cancel_poll(&grace, &fd, 1, -1, &ignored) > 0;

	cancel_release(&grace);
	return is_dead && waitpid(pid, NULL, WNOHANG) == pid;
}

static int wait_for(struct mount_children *children, pid_t pid, struct cancel *cancel, struct status *st)
{
	AUTO_CLOSE int pidfd = pidfd_open(pid, 0);
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		(void)status_set_errno(st, errno, "watch a mount child");
	else if (cancel_poll(cancel, &fd, 1, -1, st) > 0) {
		leave(children, 0);
		return end_of(pid, st);
	}
	leave(children, kill_child(pid, pidfd) ? 0 : pid);
	return -1;
}

int mount_child_run(struct mount_children *children, mount_child_main *main, const void *job, void *report,
		    size_t report_bytes, struct cancel *cancel, struct status *st)
{
	if (report_bytes > MOUNT_CHILD_REPORT_BYTES)
		return status_set(st, STATUS_INTERNAL, "a mount report of %zu bytes", report_bytes);
	if (cancel_check(cancel, st) < 0 || enter(children, st) < 0)
		return -1;
	void *shared = mmap(NULL, MOUNT_CHILD_REPORT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED) {
		leave(children, 0);
		return status_set_errno(st, errno, "map the report of a mount child");
	}
	memcpy(shared, report, report_bytes);
	pid_t pid = fork_child(main, job, shared);
	int outcome = -1;

	if (pid < 0) {
		(void)status_set_errno(st, errno, "start a mount child");
		leave(children, 0);
	} else {
		outcome = wait_for(children, pid, cancel, st);
	}
	memcpy(report, shared, report_bytes);
	(void)munmap(shared, MOUNT_CHILD_REPORT_BYTES); /* our own mapping of the size given */
	return outcome;
}
