/* SPDX-License-Identifier: Apache-2.0 */
/* The bucket is one moment: until when what was taken is owed. */
#include "base/rate_limit.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/memory.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

struct rate_limit {
	pthread_mutex_t lock; /* a leaf lock */
	int64_t paid_ns;      /* guarded by lock; CLOCK_MONOTONIC: from then on nothing is owed */
	unsigned per_second;
};

struct rate_limit *rate_limit_new(unsigned per_second)
{
	if (per_second == 0)
		return NULL;
	struct rate_limit *limit = memory_calloc(1, sizeof(*limit));
	(void)pthread_mutex_init(&limit->lock, NULL); /* cannot fail with default attributes on Linux */
	limit->per_second = per_second;
	return limit;
}

void rate_limit_free(struct rate_limit *limit)
{
	if (!limit)
		return;
	(void)pthread_mutex_destroy(&limit->lock); /* nobody holds it any more */
	free(limit);
}

/* Takes count tokens where nothing is owed; else returns how long to wait for that. */
static int64_t try_take(struct rate_limit *limit, unsigned count)
{
	(void)pthread_mutex_lock(&limit->lock); /* a default mutex reports no error */
	int64_t now = cancel_now_ns();
	int64_t owed_ns = limit->paid_ns - now;
	if (owed_ns <= 0)
		limit->paid_ns = now + count * NS_PER_S / limit->per_second;
	(void)pthread_mutex_unlock(&limit->lock); /* as above */
	return owed_ns > 0 ? owed_ns : 0;
}

int rate_limit_take(struct rate_limit *limit, unsigned count, struct cancel *cancel, struct status *st)
{
	for (;;) {
		if (cancel_check(cancel, st) < 0)
			return -1;
		int64_t owed_ns = limit ? try_take(limit, count) : 0;
		if (owed_ns == 0)
			return 0;
		int64_t wait_ms = (owed_ns + NS_PER_MS - 1) / NS_PER_MS;
		if (cancel_poll(cancel, NULL, 0, wait_ms < INT_MAX ? (int)wait_ms : INT_MAX, st) < 0)
			return -1;
	}
}
