/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket that several threads draw from.  It may be drawn into debt: what is taken goes through at once where
 * nothing is owed, however much it is, and whoever comes next waits until that is paid for.  So batches of any size keep
 * the rate, and nothing is saved up while nobody takes.
 */
#ifndef CSICORE_BASE_RATE_LIMIT_H
#define CSICORE_BASE_RATE_LIMIT_H

struct cancel;
struct rate_limit;
struct status;

/* NULL, which is no limit, for per_second 0. */
struct rate_limit *rate_limit_new(unsigned per_second);
/* Nobody waits any more.  NULL is fine. */
void rate_limit_free(struct rate_limit *limit);

/* Takes count tokens.  Waits while others owe; -1 once cancel is over, and then nothing is taken. */
int rate_limit_take(struct rate_limit *limit, unsigned count, struct cancel *cancel, struct status *st);

#endif
