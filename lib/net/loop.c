/* SPDX-License-Identifier: Apache-2.0 */
/* libuv closes a handle in the next round, so each of these objects is freed by its handle's close callback. */
#include "net/loop.h"

#include <stdlib.h>
#include <uv.h>

#include "base/memory.h"
#include "base/status.h"

struct loop {
	uv_loop_t uv;
};

struct loop_timer {
	uv_timer_t uv;
	loop_callback *callback;
	void *user;
};

struct loop_wakeup {
	uv_async_t uv;
	loop_callback *callback;
	void *user;
};

struct loop_signal {
	uv_signal_t uv;
	loop_callback *callback;
	void *user;
};

struct loop *loop_new(struct status *st)
{
	struct loop *loop = memory_alloc(sizeof(*loop));
	int rc = uv_loop_init(&loop->uv);

	if (rc < 0) {
		free(loop);
		(void)status_set_errno(st, -rc, "start an event loop");
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0) /* only close callbacks are left to run */
		continue;                              /* a late loop_stop() ended this run before them */
	if (uv_loop_close(&loop->uv) != 0)
		abort(); /* a handle was not freed: a use after free to come */
	free(loop);
}

void loop_run(struct loop *loop)
{
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* tells whether handles are left, which they are */
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
	return &loop->uv;
}

static void free_handle(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_timer(uv_timer_t *handle)
{
	struct loop_timer *timer = handle->data;

	timer->callback(timer->user);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_callback *callback, void *user)
{
	struct loop_timer *timer = memory_alloc(sizeof(*timer));

	(void)uv_timer_init(&loop->uv, &timer->uv); /* cannot fail */
	timer->uv.data = timer;
	timer->callback = callback;
	timer->user = user;
	return timer;
}

void loop_timer_start(struct loop_timer *timer, int64_t timeout_ms)
{
	/* The loop's own clock stands still while callbacks run. */
	uv_update_time(timer->uv.loop);
	(void)uv_timer_start(&timer->uv, on_timer, timeout_ms > 0 ? (uint64_t)timeout_ms : 0,
			     0); /* fails only closed */
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer)
		uv_close((uv_handle_t *)&timer->uv, free_handle);
}

static void on_wakeup(uv_async_t *handle)
{
	struct loop_wakeup *wakeup = handle->data;

	wakeup->callback(wakeup->user);
}

struct loop_wakeup *loop_wakeup_new(struct loop *loop, loop_callback *callback, void *user, struct status *st)
{
	struct loop_wakeup *wakeup = memory_alloc(sizeof(*wakeup));
	int rc = uv_async_init(&loop->uv, &wakeup->uv, on_wakeup);

	if (rc < 0) {
		free(wakeup);
		(void)status_set_errno(st, -rc, "make a wake-up for the event loop");
		return NULL;
	}
	wakeup->uv.data = wakeup;
	wakeup->callback = callback;
	wakeup->user = user;
	return wakeup;
}

void loop_wakeup_send(struct loop_wakeup *wakeup)
{
	(void)uv_async_send(&wakeup->uv); /* fails only on a handle of another type */
}

void loop_wakeup_free(struct loop_wakeup *wakeup)
{
	if (wakeup)
		uv_close((uv_handle_t *)&wakeup->uv, free_handle);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct loop_signal *signal = handle->data;

	signal->callback(signal->user);
}

struct loop_signal *loop_signal_new(struct loop *loop, int number, loop_callback *callback, void *user,
				    struct status *st)
{
	struct loop_signal *signal = memory_alloc(sizeof(*signal));
	int rc = uv_signal_init(&loop->uv, &signal->uv);

	if (rc < 0) {
		free(signal);
		(void)status_set_errno(st, -rc, "handle signal %d", number);
		return NULL;
	}
	signal->uv.data = signal;
	signal->callback = callback;
	signal->user = user;
	rc = uv_signal_start(&signal->uv, on_signal, number);
	if (rc < 0) {
		loop_signal_free(signal);
		(void)status_set_errno(st, -rc, "handle signal %d", number);
		return NULL;
	}
	return signal;
}

void loop_signal_free(struct loop_signal *signal)
{
	if (signal)
		uv_close((uv_handle_t *)&signal->uv, free_handle);
}
