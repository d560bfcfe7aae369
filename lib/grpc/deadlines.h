/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deadlines of all calls that a worker has or waits for, sorted, with one timer for the earliest.  Clients send much the
 * same timeout each time, so a new deadline nearly always goes to the end.  Loop thread only.
 */
#ifndef CSICORE_GRPC_DEADLINES_H
#define CSICORE_GRPC_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct loop;

/* Embedded in what the deadline is for; zeroed while it is in no list. */
struct grpc_deadline {
	int64_t at_ns; /* CLOCK_MONOTONIC */
	bool is_listed;
	TAILQ_ENTRY(grpc_deadline) link;
};

/* The deadline passed; it is in the list no more. */
typedef void grpc_deadline_passed(void *user, struct grpc_deadline *deadline);

struct grpc_deadlines {
	TAILQ_HEAD(grpc_deadline_list, grpc_deadline) list; /* earliest first */
	struct loop_timer *timer;
	int64_t timer_at_ns; /* when the timer will run; INT64_MAX while it is off */
	grpc_deadline_passed *passed;
	void *user;
};

void grpc_deadlines_init(struct grpc_deadlines *deadlines, struct loop *loop, grpc_deadline_passed *passed, void *user);
void grpc_deadlines_release(struct grpc_deadlines *deadlines);

/* at_ns may be CANCEL_NO_DEADLINE: then nothing is listed. */
void grpc_deadlines_add(struct grpc_deadlines *deadlines, struct grpc_deadline *deadline, int64_t at_ns);
/* Does nothing where it is not listed. */
void grpc_deadlines_remove(struct grpc_deadlines *deadlines, struct grpc_deadline *deadline);

#endif
