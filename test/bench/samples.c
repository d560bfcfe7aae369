/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles are the nearest rank: a time that was measured, nothing in between. */
#include "bench/samples.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

#define NS_IN_MS 1e6
#define NS_IN_SECOND 1e9

void samples_init(struct samples *samples, size_t count)
{
	*samples = (struct samples){memory_calloc(count, sizeof(int64_t)), count, 0};
}

void samples_release(struct samples *samples)
{
	free(samples->values_ns);
	*samples = (struct samples){0};
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static double percentile_ms(const struct samples *sorted, unsigned percent)
{
	size_t rank = (sorted->count * percent + 99) / 100;
	return (double)sorted->values_ns[rank ? rank - 1 : 0] / NS_IN_MS;
}

double samples_median_ms(struct samples *samples)
{
	qsort(samples->values_ns, samples->count, sizeof(*samples->values_ns), compare);
	return percentile_ms(samples, 50);
}

void samples_print_header(const char *title)
{
	printf("%-28s %6s %9s %9s %9s %9s %9s %9s\n", title, "n", "min ms", "median", "p90", "p99", "max", "per s");
}

void samples_print(struct samples *samples, const char *label)
{
	qsort(samples->values_ns, samples->count, sizeof(*samples->values_ns), compare);
	printf("  %-26s %6zu %9.3f %9.3f %9.3f %9.3f %9.3f %9.1f\n", label, samples->count, percentile_ms(samples, 0),
	       percentile_ms(samples, 50), percentile_ms(samples, 90), percentile_ms(samples, 99),
	       percentile_ms(samples, 100), (double)samples->count * NS_IN_SECOND / (double)samples->wall_ns);
}
