/* SPDX-License-Identifier: Apache-2.0 */
/* The times that one operation took, and the row that tells of them. */
#ifndef CSICORE_BENCH_SAMPLES_H
#define CSICORE_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
	int64_t *values_ns; /* count of them; each is written by one thread */
	size_t count;
	int64_t wall_ns; /* what the phases took in which they were made */
};

void samples_init(struct samples *samples, size_t count);
void samples_release(struct samples *samples);

double samples_median_ms(struct samples *samples);
void samples_print_header(const char *title);
/* min, median, p90, p99 and max in milliseconds, and how many were done a second. */
void samples_print(struct samples *samples, const char *label);

#endif
