/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deadline and a stop sign that every wait observes.  A cancel belongs to whoever runs the operation; any thread may
 * trigger it.  A child (cancel_init_child) narrows the deadline of its parent and stops when the parent does.
 *
 * The event descriptor that wakes a poll is made at the first wait, so an operation that never waits costs no system call.
 */
#ifndef CSICORE_BASE_CANCEL_H
#define CSICORE_BASE_CANCEL_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct status;

#define CANCEL_NO_DEADLINE INT64_MAX

struct cancel {
	struct cancel *parent; /* outlives this one; NULL for a root */
	int64_t deadline_ns;   /* CLOCK_MONOTONIC; CANCEL_NO_DEADLINE for none */
	atomic_bool is_triggered;
	atomic_int event_fd; /* -1 until the first wait */
};

/* timeout_ms from now; negative for no deadline. */
void cancel_init(struct cancel *c, int64_t timeout_ms);
void cancel_init_child(struct cancel *c, struct cancel *parent, int64_t timeout_ms);
/* No other thread may use it any more. */
void cancel_release(struct cancel *c);

/* From any thread, any number of times. */
void cancel_trigger(struct cancel *c);

/* -1 with CANCELLED or DEADLINE_EXCEEDED once it is over, else 0.  Never blocks. */
int cancel_check(struct cancel *c, struct status *st);
bool cancel_is_over(struct cancel *c);
/* Milliseconds left, rounded up, 0 when over, INT_MAX at most (also where there is no deadline). */
int cancel_remaining_ms(struct cancel *c);

/*
 * poll(2) on fds (count up to CANCEL_POLL_MAX) until one is ready, timeout_ms passed (negative: no bound of its own) or
 * the cancel is over.  Returns the number of ready fds, 0 at timeout_ms, -1 with the status when it is over.
 */
#define CANCEL_POLL_MAX 16
int cancel_poll(struct cancel *c, struct pollfd *fds, unsigned count, int timeout_ms, struct status *st);

/* CLOCK_MONOTONIC now, in nanoseconds. */
int64_t cancel_now_ns(void);

#endif
