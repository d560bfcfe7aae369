/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triggering and waiting meet without a lock: the waiter publishes its event descriptor and then looks at the flag, the
 * trigger sets the flag and then looks for the descriptor, so (sequentially consistent) one of them sees the other.
 */
#include "base/cancel.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/status.h"

#define NS_PER_MS 1000000

int64_t cancel_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void cancel_init(struct cancel *c, int64_t timeout_ms)
{
	cancel_init_child(c, NULL, timeout_ms);
}

void cancel_init_child(struct cancel *c, struct cancel *parent, int64_t timeout_ms)
{
	c->parent = parent;
	c->deadline_ns = CANCEL_NO_DEADLINE;
	if (timeout_ms >= 0 && timeout_ms < INT64_MAX / NS_PER_MS / 2)
		c->deadline_ns = cancel_now_ns() + timeout_ms * NS_PER_MS;
	if (parent && parent->deadline_ns < c->deadline_ns)
		c->deadline_ns = parent->deadline_ns;
	atomic_init(&c->is_triggered, false);
	atomic_init(&c->event_fd, -1);
}

void cancel_release(struct cancel *c)
{
	int fd = atomic_exchange(&c->event_fd, -1);

	if (fd >= 0)
		(void)close(fd); /* nothing to lose in an event counter */
}

void cancel_trigger(struct cancel *c)
{
	atomic_store(&c->is_triggered, true);
	int fd = atomic_load(&c->event_fd);

	if (fd >= 0)
		(void)eventfd_write(fd, 1); /* a full counter is readable just as well */
}

static bool is_triggered(const struct cancel *c)
{
	for (; c; c = c->parent) {
		if (atomic_load(&c->is_triggered))
			return true;
	}
	return false;
}

static bool is_past_deadline(const struct cancel *c)
{
	return c->deadline_ns != CANCEL_NO_DEADLINE && cancel_now_ns() >= c->deadline_ns;
}

bool cancel_is_over(struct cancel *c)
{
	return is_triggered(c) || is_past_deadline(c);
}

int cancel_check(struct cancel *c, struct status *st)
{
	if (is_triggered(c))
		return status_set(st, STATUS_CANCELLED, "the call was cancelled");
	if (is_past_deadline(c))
		return status_set(st, STATUS_DEADLINE_EXCEEDED, "the deadline of the call passed");
	return 0;
}

int cancel_remaining_ms(struct cancel *c)
{
	if (is_triggered(c))
		return 0;
	if (c->deadline_ns == CANCEL_NO_DEADLINE)
		return INT_MAX;
	int64_t left_ns = c->deadline_ns - cancel_now_ns();

	if (left_ns <= 0)
		return 0;
	int64_t left_ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;

	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

/* The descriptor that trigger writes to, made once; -1 only when descriptors have run out. */
static int event_fd_of(struct cancel *c)
{
	int fd = atomic_load(&c->event_fd);

	if (fd >= 0)
		return fd;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int expected = -1;

	if (fd >= 0 && !atomic_compare_exchange_strong(&c->event_fd, &expected, fd)) {
		(void)close(fd); /* another waiter was first */
		return expected;
	}
	return fd;
}

#define ANCESTOR_MAX 4
/* A wait that could not get an event descriptor looks at the flag this often. */
#define FALLBACK_MS 50

int cancel_poll(struct cancel *c, struct pollfd *fds, unsigned count, int timeout_ms, struct status *st)
{
	struct pollfd all[CANCEL_POLL_MAX + ANCESTOR_MAX];
	unsigned total = count;
	bool must_look = false;

	if (count > CANCEL_POLL_MAX)
		return status_set(st, STATUS_INTERNAL, "%u descriptors in one wait", count);
	for (unsigned i = 0; i < count; i++)
		all[i] = fds[i];
	for (struct cancel *a = c; a; a = a->parent) {
		int fd = total < count + ANCESTOR_MAX ? event_fd_of(a) : -1;

		if (fd < 0)
			must_look = true;
		else
			all[total++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	int64_t end_ns = timeout_ms < 0 ? INT64_MAX : cancel_now_ns() + (int64_t)timeout_ms * NS_PER_MS;

	for (;;) {
		if (cancel_check(c, st) < 0)
			return -1;
		int64_t left_ns = end_ns == INT64_MAX ? INT64_MAX : end_ns - cancel_now_ns();
		int wait_ms = cancel_remaining_ms(c);

		if (left_ns <= 0)
			wait_ms = 0;
		else if (left_ns != INT64_MAX && left_ns / NS_PER_MS < wait_ms)
			wait_ms = (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
		if (must_look && wait_ms > FALLBACK_MS)
			wait_ms = FALLBACK_MS;
		int ready = poll(all, total, wait_ms == INT_MAX ? -1 : wait_ms);

		if (ready < 0 && errno != EINTR)
			return status_set_errno(st, errno, "poll");
		int ready_fds = 0;

		for (unsigned i = 0; ready > 0 && i < count; i++) {
			fds[i].revents = all[i].revents;
			ready_fds += all[i].revents != 0;
		}
		if (cancel_check(c, st) < 0)
			return -1;
		if (ready_fds > 0)
			return ready_fds;
		if (left_ns <= 0 || (end_ns != INT64_MAX && cancel_now_ns() >= end_ns))
			return 0;
	}
}
