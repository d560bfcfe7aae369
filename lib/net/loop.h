/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread's event loop with its timers, wake-ups and signals.  Callbacks run on the thread in loop_run(); nothing here may be
 * called from another thread but loop_wakeup_send().  While nothing is due, the loop sleeps without end.
 */
#ifndef CSICORE_NET_LOOP_H
#define CSICORE_NET_LOOP_H

#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_wakeup;
struct loop_signal;
struct status;
struct uv_loop_s;

typedef void loop_callback(void *user);

struct loop *loop_new(struct status *st);
/* All timers, wake-ups and signals on it were freed before.  NULL is fine, also below. */
void loop_free(struct loop *loop);
/* Until loop_stop(), which takes effect at the end of the current round, also where it came before. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* For the rest of lib/net. */
struct uv_loop_s *loop_uv(struct loop *loop);

struct loop_timer *loop_timer_new(struct loop *loop, loop_callback *callback, void *user);
/* Once, timeout_ms from now; a timer that runs is set anew. */
void loop_timer_start(struct loop_timer *timer, int64_t timeout_ms);
void loop_timer_free(struct loop_timer *timer);

/* callback runs soon after one or more loop_wakeup_send(), which any thread may call until loop_wakeup_free(). */
struct loop_wakeup *loop_wakeup_new(struct loop *loop, loop_callback *callback, void *user, struct status *st);
void loop_wakeup_send(struct loop_wakeup *wakeup);
void loop_wakeup_free(struct loop_wakeup *wakeup);

/* callback runs for each signal of that number that the process gets. */
struct loop_signal *loop_signal_new(struct loop *loop, int number, loop_callback *callback, void *user,
				    struct status *st);
void loop_signal_free(struct loop_signal *signal);

#endif
