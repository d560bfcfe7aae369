/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many volumes on one share: made, listed and deleted by many callers at once.  CSICORE_TEST_VOLUMES says how many; the
 * benchmark takes 10,000.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"
#include "support/cmocka.h"
#include "support/csi_client.h"
#include "support/program.h"
#include "support/share.h"

#define TIMEOUT_MS 60000
#define CALLERS 16
#define VOLUMES_DEFAULT 1500
#define PAGE_ENTRIES 97
#define SETTLE_TIMEOUT_MS 60000

static const char *executable, *scratch;
static char *share, *local_option;
static struct program program;
static unsigned volume_count = VOLUMES_DEFAULT;

/* ---- callers */

typedef int volume_call(struct csi_client *client, unsigned volume, struct status *st);

struct crowd {
	volume_call *call;
	unsigned step, first; /* volumes first, first + step, ... */
	atomic_uint next;
	atomic_bool has_failed;
	struct status failure; /* of the first to fail */
};

static struct csi_client *open_client(void)
{
	struct status st;
	struct csi_client *client = csi_client_open(program.endpoint, CSI_CLIENT_KEEPS_CONNECTION, TIMEOUT_MS, &st);
	if (!client)
		fail_msg("%s", st.message);
	return client;
}

static void *call_for_each(void *argument)
{
	struct crowd *crowd = argument;
	struct csi_client *client = open_client();
	unsigned volume;
	while ((volume = crowd->first + crowd->step * atomic_fetch_add(&crowd->next, 1)) < volume_count) {
		struct status st;
		if (crowd->call(client, volume, &st) < 0 && !atomic_exchange(&crowd->has_failed, true))
			crowd->failure = st;
	}
	csi_client_close(client);
	return NULL;
}

struct started_crowd {
	struct crowd crowd;
	pthread_t threads[CALLERS];
};

static void crowd_start(struct started_crowd *started, volume_call *call, unsigned first, unsigned step)
{
	started->crowd = (struct crowd){.call = call, .first = first, .step = step};
	for (unsigned i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&started->threads[i], NULL, call_for_each, &started->crowd), 0);
}

static void crowd_wait(struct started_crowd *started)
{
	for (unsigned i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_join(started->threads[i], NULL), 0);
	if (started->crowd.has_failed)
		fail_msg("%s", started->crowd.failure.message);
}

static void for_each_volume(volume_call *call)
{
	struct started_crowd started;
	crowd_start(&started, call, 0, 1);
	crowd_wait(&started);
}

static int create_volume(struct csi_client *client, unsigned number, struct status *st)
{
	static const struct string_pair parameters[] = {{"server", "here"}, {"share", "/share"}};
	AUTO_FREE char *name = memory_printf("pvc-%05u", number);
	const struct csi_volume_spec spec = {
		.name = name, .parameters = parameters, .parameter_count = 2, .required_bytes = 1000 + number};
	struct csi_volume volume;
	if (csi_client_create_volume(client, &spec, &volume, st) < 0)
		return -1;
	csi_volume_release(&volume);
	return 0;
}

static int delete_volume(struct csi_client *client, unsigned number, struct status *st)
{
	AUTO_FREE char *id = memory_printf("here#share#pvc-%05u##", number);
	return csi_client_delete_volume(client, id, st);
}

/* ---- lists */

struct census {
	unsigned char *seen; /* how often each volume was */
	unsigned strangers;
};

static void count_volume(void *context, const char *volume_id, int64_t capacity_bytes)
{
	struct census *census = context;
	unsigned number;
	if (sscanf(volume_id, "here#share#pvc-%u##", &number) == 1 && number < volume_count &&
	    capacity_bytes == 1000 + number)
		census->seen[number]++;
	else
		census->strangers++;
}

/* Page by page; returns how many there were. */
static unsigned take_census(int max_entries, struct census *census)
{
	unsigned pages = 0;
	struct csi_client *client = open_client();
	*census = (struct census){memory_calloc(volume_count, 1), 0};
	char *token = memory_strdup("");
	do {
		struct status st;
		char *next;
		if (csi_client_list_volumes(client, max_entries, token, count_volume, census, &next, &st) < 0)
			fail_msg("page %u: %s", pages, st.message);
		free(token);
		token = next;
		pages++;
	} while (token[0]);
	free(token);
	csi_client_close(client);
	return pages;
}

/* Volumes first, first + step, ... are there exactly once each. */
static void assert_all_once(int max_entries, unsigned first, unsigned step, unsigned *ret_pages)
{
	struct census census;
	*ret_pages = take_census(max_entries, &census);
	assert_int_equal(census.strangers, 0);
	for (unsigned i = first; i < volume_count; i += step)
		if (census.seen[i] != 1)
			fail_msg("volume %u is listed %u times", i, census.seen[i]);
	free(census.seen);
}

/* ---- tests */

static void assert_memory_is_bounded(const char *after)
{
	long peak_kib = program_peak_kib(&program);
	print_message("peak resident memory after %s %u volumes: %.1f MiB\n", after, volume_count,
		      (double)peak_kib / 1024);
	assert_in_range(peak_kib, 1, PROGRAM_PEAK_KIB_MAX);
}

static void all_volumes_are_listed_once(void **state)
{
	unsigned pages;
	assert_all_once(PAGE_ENTRIES, 0, 1, &pages);
	assert_int_equal(pages, (volume_count + PAGE_ENTRIES - 1) / PAGE_ENTRIES);
	assert_all_once(0, 0, 1, &pages);
	assert_memory_is_bounded("making and listing");
}

static void volumes_that_stay_are_listed_once_while_others_go(void **state)
{
	unsigned pages;
	struct started_crowd started;
	crowd_start(&started, delete_volume, 1, 2);
	assert_all_once(PAGE_ENTRIES, 0, 2, &pages);
	crowd_wait(&started);
	assert_all_once(PAGE_ENTRIES, 0, 2, &pages);
}

static void nothing_is_left_of_volumes_that_are_deleted(void **state)
{
	for_each_volume(delete_volume);
	AUTO_FREE char *left = share_list(share);
	for (int waited_ms = 0; waited_ms < SETTLE_TIMEOUT_MS && left[0]; waited_ms += 10) {
		(void)nanosleep(&(struct timespec){0, 10000000}, NULL); /* a shorter pause does no harm */
		free(left);
		left = share_list(share);
	}
	assert_string_equal(left, "");
	assert_memory_is_bounded("deleting");
}

static int start(void **state)
{
	struct status st;
	const char *const arguments[] = {local_option, "--log-level=error", NULL};
	share_make_anew(share);
	if (program_start(&program, executable, scratch, "controller", PROGRAM_AS_ROOT, arguments, &st) < 0)
		fail_msg("%s", st.message);
	for_each_volume(create_volume);
	return 0;
}

static int stop(void **state)
{
	assert_int_equal(program_stop(&program), EXIT_SUCCESS);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc != 3) {
		(void)fprintf(stderr, "usage: many CSI-CONTROLLER SCRATCH-DIRECTORY\n");
		return EXIT_FAILURE;
	}
	executable = argv[1];
	scratch = argv[2];
	const char *wanted = getenv("CSICORE_TEST_VOLUMES");
	int64_t number;
	if (wanted && parse_i64(wanted, 1, 99999, &number) == 0)
		volume_count = (unsigned)number;
	(void)umask(022);
	share = memory_printf("%s/share", scratch);
	local_option = memory_printf("--local-export=here:/share=%s", share);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_volumes_are_listed_once),
		cmocka_unit_test(volumes_that_stay_are_listed_once_while_others_go),
		cmocka_unit_test(nothing_is_left_of_volumes_that_are_deleted),
	};
	int failed = cmocka_run_group_tests(tests, start, stop);
	free(local_option);
	free(share);
	return failed;
}
