/* SPDX-License-Identifier: Apache-2.0 */
/* The timer is never moved for a deadline that goes away; it finds out when it runs. */
#include "grpc/deadlines.h"

#include "base/cancel.h"
#include "net/loop.h"

static void arm(struct grpc_deadlines *deadlines, int64_t now_ns)
{
	const struct grpc_deadline *first = TAILQ_FIRST(&deadlines->list);

	if (!first || first->at_ns >= deadlines->timer_at_ns)
		return;
	deadlines->timer_at_ns = first->at_ns;
	loop_timer_start(deadlines->timer, (first->at_ns - now_ns + 999999) / 1000000);
}

static void on_timer(void *user)
{
	struct grpc_deadlines *deadlines = user;
	int64_t now_ns = cancel_now_ns();
	struct grpc_deadline *first;

	deadlines->timer_at_ns = INT64_MAX;
	while ((first = TAILQ_FIRST(&deadlines->list)) != NULL && first->at_ns <= now_ns) {
		grpc_deadlines_remove(deadlines, first);
		deadlines->passed(deadlines->user, first);
	}
	arm(deadlines, now_ns);
}

void grpc_deadlines_init(struct grpc_deadlines *deadlines, struct loop *loop, grpc_deadline_passed *passed, void *user)
{
	TAILQ_INIT(&deadlines->list);
	deadlines->timer = loop_timer_new(loop, on_timer, deadlines);
	deadlines->timer_at_ns = INT64_MAX;
	deadlines->passed = passed;
	deadlines->user = user;
}

void grpc_deadlines_release(struct grpc_deadlines *deadlines)
{
	loop_timer_free(deadlines->timer);
	deadlines->timer = NULL;
}

void grpc_deadlines_add(struct grpc_deadlines *deadlines, struct grpc_deadline *deadline, int64_t at_ns)
{
	struct grpc_deadline *before = TAILQ_LAST(&deadlines->list, grpc_deadline_list);

	if (at_ns == CANCEL_NO_DEADLINE)
		return;
	deadline->at_ns = at_ns;
	deadline->is_listed = true;
	while (before && before->at_ns > at_ns)
		before = TAILQ_PREV(before, grpc_deadline_list, link);
	if (before)
		TAILQ_INSERT_AFTER(&deadlines->list, before, deadline, link);
	else
		TAILQ_INSERT_HEAD(&deadlines->list, deadline, link);
	arm(deadlines, cancel_now_ns());
}

void grpc_deadlines_remove(struct grpc_deadlines *deadlines, struct grpc_deadline *deadline)
{
	if (deadline->is_listed)
		TAILQ_REMOVE(&deadlines->list, deadline, link);
	deadline->is_listed = false;
}
