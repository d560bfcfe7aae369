/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each child shares our memory (CLONE_VM), as between vfork and exec, but we do not stop: copying page tables would cost more
 * than a cached mount.  What makes that safe:
 *  - it runs on a stack of its own, where its report lies too; both stay mapped until it is dead;
 *  - it writes to no other memory but errno, which it shares with the thread that waits for it, and that thread blocks all
 *    signals, so that its poll cannot fail with EINTR and it has no errno to read meanwhile;
 *  - once killed it runs no further instruction of ours, at most it hangs on in a system call, whose strings the kernel has
 *    copied at its start.  So a child left behind needs nothing of the caller's.
 * No signal announces its end (others may care about SIGCHLD): a pidfd does.
 */
#include "mount/mount_child.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"

/* How long a killed child may take to end before it is left behind: NFS waits end within 240 ms of a SIGKILL. */
#define KILLED_CHILD_GRACE_MS 1000

#define GUARD_BYTES 65536 /* a page of any machine */
#define STACK_BYTES (128 * 1024)

/* What a child is to do, and the descriptor that it has of ours. */
struct order {
	mount_child_main *main;
	const void *job;
	int fd;           /* -1: none */
	bool is_fd_given; /* fd is to be the child's alone: -1 here once it is */
};

/* What one child needs.  It stands at the top of a mapping, above the stack that grows down from it. */
struct place {
	struct place *next; /* in the list that it is in */
	struct order order;
	atomic_bool may_begin; /* a given descriptor is closed here */
	bool is_fd_given;
	atomic_uint may_run; /* a futex: the child has no descriptor in common with us any more but the standard ones */
	pid_t parent;
	pid_t pid;
	_Alignas(64) unsigned char report[MOUNT_CHILD_REPORT_BYTES];
};

struct mount_children {
	pthread_mutex_t lock; /* guards what follows; a leaf lock */
	unsigned max;
	unsigned running; /* being waited for by their callers */
	unsigned left;    /* killed and not yet dead: the places in left_behind */
	struct place *left_behind;
	struct place *unused;
};

struct mount_children *mount_children_new(unsigned max)
{
	struct mount_children *children = memory_calloc(1, sizeof(*children));

	(void)pthread_mutex_init(&children->lock, NULL); /* cannot fail with default attributes on Linux */
	children->max = max;
	return children;
}

static struct place *place_new(void)
{
	unsigned char *base = mmap(NULL, GUARD_BYTES + STACK_BYTES + sizeof(struct place), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	(void)mprotect(base, GUARD_BYTES, PROT_NONE); /* a net under what is deep enough without it */
	return (struct place *)(base + GUARD_BYTES + STACK_BYTES);
}

static void place_free(struct place *place)
{
	unsigned char *base = (unsigned char *)place - STACK_BYTES - GUARD_BYTES;

	(void)munmap(base, GUARD_BYTES + STACK_BYTES + sizeof(*place)); /* the mapping of place_new */
}

/* The lock is held. */
static void reap_left(struct mount_children *children)
{
	struct place **at = &children->left_behind;

	while (*at) {
		struct place *place = *at;

		if (waitpid(place->pid, NULL, WNOHANG | __WALL) == 0) {
			at = &place->next;
			continue;
		}
		*at = place->next;
		place_free(place);
		children->left--;
	}
}

void mount_children_free(struct mount_children *children)
{
	if (!children)
		return;
	reap_left(children); /* what is left even now keeps its place: the process is about to end */
	while (children->unused) {
		struct place *next = children->unused->next;

		place_free(children->unused);
		children->unused = next;
	}
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

/* A place for one more child; NULL where there are too many. */
static struct place *enter(struct mount_children *children, struct status *st)
{
	struct place *place = NULL;

	(void)pthread_mutex_lock(&children->lock);
	reap_left(children);
	bool is_free = children->running + children->left < children->max;

	if (is_free) {
		place = children->unused;
		if (place)
			children->unused = place->next;
		else
			place = place_new();
		if (place)
			children->running++;
	}
	(void)pthread_mutex_unlock(&children->lock);
	if (!is_free)
		(void)status_set(st, STATUS_UNAVAILABLE, "%u mount operations wait for servers already", children->max);
	else if (!place)
		(void)status_set_errno(st, errno, "map the stack of a mount child");
	return place;
}

enum child_end {
	CHILD_ENDED,  /* by itself, or it never was */
	CHILD_KILLED, /* and dead: its stack is as it left it */
	CHILD_LEFT,   /* killed, not yet dead */
};

static void leave(struct mount_children *children, struct place *place, enum child_end end)
{
	(void)pthread_mutex_lock(&children->lock);
	children->running--;
	if (end == CHILD_LEFT) {
		place->next = children->left_behind;
		children->left_behind = place;
		children->left++;
	} else if (end == CHILD_ENDED) {
		place->next = children->unused;
		children->unused = place;
	}
	(void)pthread_mutex_unlock(&children->lock);
	if (end == CHILD_KILLED)
		place_free(place); /* sanitizers remember the frames on it */
}

static int run_child(void *argument)
{
	struct place *place = argument;

	/* The worker thread that waits here for the child is what the signal is bound to. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != place->parent)
		return 1; /* it died before: what nobody waits for is not begun */
	/* Its table of descriptors is a copy: a child that hangs must not hold the sockets of clients open. */
	unsigned kept = place->order.fd >= 3 ? (unsigned)place->order.fd : 2;
	if (kept > 3)
		(void)close_range(3, kept - 1, 0);
	(void)close_range(kept + 1, ~0U, 0);
	while (!atomic_load(&place->may_begin))
		(void)sched_yield(); /* the parent is about to do it */
	place->order.main(place->order.job, place->report);
	return 0;
}

/* The end of a child whose pidfd is readable. */
static enum child_end reap(const struct place *place, int *ret_outcome, struct status *st)
{
	int how = 0;

	*ret_outcome = -1;
	if (waitpid(place->pid, &how, __WALL) < 0) {
		(void)status_set_errno(st, errno, "wait for a mount child");
		return CHILD_KILLED;
	}
	if (WIFSIGNALED(how)) {
		(void)status_set(st, STATUS_INTERNAL, "a mount child died of signal %d", WTERMSIG(how));
		return CHILD_KILLED;
	}
	*ret_outcome = 0;
	return CHILD_ENDED;
}

static enum child_end kill_child(const struct place *place, int pidfd)
{
	struct cancel grace;
	struct status ignored;
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	(void)kill(place->pid, SIGKILL); /* not reaped yet, so the number is still this child's */
	cancel_init(&grace, KILLED_CHILD_GRACE_MS);
	bool is_dead = cancel_poll(&grace, &fd, 1, -1, &ignored) > 0;

	cancel_release(&grace);
	return is_dead && waitpid(place->pid, NULL, WNOHANG | __WALL) == place->pid ? CHILD_KILLED : CHILD_LEFT;
}

/* All signals are blocked, here and, by inheritance, in the child. */
static enum child_end start_and_wait(struct place *place, struct order *order, struct cancel *cancel, int *ret_outcome,
				     struct status *st)
{
	int started_fd = -1;

	place->pid = clone(run_child, place, CLONE_VM | CLONE_PIDFD, place, &started_fd);
	if (place->pid < 0) {
		*ret_outcome = status_set_errno(st, errno, "start a mount child");
		return CHILD_ENDED;
	}
	AUTO_CLOSE int pidfd = started_fd;
	if (order->is_fd_given)
		(void)close(TAKE_FD(order->fd)); /* nothing ends by it: the child has it, too */
	atomic_store(&place->may_begin, true);
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	if (cancel_poll(cancel, &fd, 1, -1, st) > 0)
		return reap(place, ret_outcome, st);
	*ret_outcome = -1;
	return kill_child(place, pidfd);
}

static int run(struct mount_children *children, struct order *order, void *report, size_t report_bytes,
	       struct cancel *cancel, struct status *st)
{
	sigset_t all, old;
	int outcome = -1;

	if (report_bytes > MOUNT_CHILD_REPORT_BYTES)
		return status_set(st, STATUS_INTERNAL, "a mount report of %zu bytes", report_bytes);
	if (cancel_check(cancel, st) < 0)
		return -1;
	struct place *place = enter(children, st);

	if (!place)
		return -1;
	place->order = *order;
	atomic_init(&place->may_begin, !order->is_fd_given);
	place->parent = getpid();
	memcpy(place->report, report, report_bytes);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old); /* cannot fail with these arguments, nor can the next */
	enum child_end end = start_and_wait(place, order, cancel, &outcome, st);

	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	memcpy(report, place->report, report_bytes);
	leave(children, place, end);
	return outcome;
}

int mount_child_run(struct mount_children *children, mount_child_main *main, const void *job, void *report,
		    size_t report_bytes, struct cancel *cancel, struct status *st)
{
	return run(children, &(struct order){main, job, -1, false}, report, report_bytes, cancel, st);
}

int mount_child_run_with_fd(struct mount_children *children, mount_child_main *main, const void *job, int kept_fd,
			    void *report, size_t report_bytes, struct cancel *cancel, struct status *st)
{
	return run(children, &(struct order){main, job, kept_fd, false}, report, report_bytes, cancel, st);
}

int mount_child_run_giving_fd(struct mount_children *children, mount_child_main *main, const void *job, int given_fd,
			      struct cancel *cancel, struct status *st)
{
	struct order order = {main, job, given_fd, true};
	char report; /* none */
	int outcome = run(children, &order, &report, 0, cancel, st);

	if (order.fd >= 0)
		(void)close(order.fd); /* no child came to be */
	return outcome;
}
