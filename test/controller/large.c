/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A volume of 100,000 files: its deletion answers without touching them, the reaper is stopped in the middle of them, and the
 * next start goes on unasked, all in the memory that a small program has.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "support/cmocka.h"
#include "support/csi_client.h"
#include "support/program.h"

#define TIMEOUT_MS 30000
#define DIRECTORIES 100
#define FILES_PER_DIRECTORY 1000
#define EMPTY_VOLUMES 20
#define SETTLE_TIMEOUT_MS 60000

static const char *executable, *scratch;
static char *export_directory, *trash;
static char local_option[512];
static struct program controller;
static struct csi_client *client;
static struct status st;

static void start(const char *option)
{
	const char *const arguments[] = {local_option, option, "--share=here:/share", NULL};
	if (program_start(&controller, executable, scratch, "controller", PROGRAM_AS_NOBODY, arguments, &st) < 0)
		fail_msg("%s", st.message);
	client = csi_client_open(controller.endpoint, CSI_CLIENT_KEEPS_CONNECTION, TIMEOUT_MS, &st);
	if (!client)
		fail_msg("%s", st.message);
}

static void stop(void)
{
	csi_client_close(client);
	client = NULL;
	long peak_kib = program_peak_kib(&controller);
	if (peak_kib > PROGRAM_PEAK_KIB_MAX)
		fail_msg("%ld KiB were resident", peak_kib);
	assert_int_equal(program_stop(&controller), EXIT_SUCCESS);
}

static char *create(const char *name)
{
	const struct string_pair parameters[] = {{"server", "here"}, {"share", "/share"}, {"mountPermissions", "0777"}};
	const struct csi_volume_spec spec = {.name = name, .parameters = parameters, .parameter_count = 3};
	struct csi_volume volume;
	if (csi_client_create_volume(client, &spec, &volume, &st) < 0)
		fail_msg("%s", st.message);
	char *id = memory_strdup(volume.id);
	csi_volume_release(&volume);
	return id;
}

/* How long the call took. */
static int64_t delete_us(const char *volume_id)
{
	struct timespec from, to;
	(void)clock_gettime(CLOCK_MONOTONIC, &from); /* cannot fail */
	if (csi_client_delete_volume(client, volume_id, &st) < 0)
		fail_msg("%s", st.message);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
}

static int compare(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
	return (first > second) - (first < second);
}

static int64_t delete_empty_volumes(void)
{
	int64_t us[EMPTY_VOLUMES];
	for (int i = 0; i < EMPTY_VOLUMES; i++) {
		AUTO_FREE char *name = memory_printf("empty-%d", i);
		AUTO_FREE char *id = create(name);
		us[i] = delete_us(id);
	}
	qsort(us, EMPTY_VOLUMES, sizeof(us[0]), compare);
	return us[EMPTY_VOLUMES / 2];
}

/* As the driver's user, who is to remove them. */
static void fill(const char *name)
{
	for (int d = 0; d < DIRECTORIES; d++) {
		AUTO_FREE char *path = memory_printf("%s/%s/%d", export_directory, name, d);
		assert_int_equal(mkdir(path, 0777), 0);
		assert_int_equal(chmod(path, 0777), 0);
		AUTO_CLOSE int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		for (int f = 0; f < FILES_PER_DIRECTORY; f++) {
			char file[16];
			(void)snprintf(file, sizeof(file), "%d", f);
			AUTO_CLOSE int fd = openat(directory, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
			assert_true(fd >= 0);
		}
	}
}

/* What is in the trash; with is_begun, only what is being removed. */
static unsigned trash_count(bool is_begun)
{
	unsigned count = 0;
	DIR *directory = opendir(trash);
	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory));)
		count += is_begun ? entry->d_name[0] == '~' : entry->d_name[0] != '.';
	(void)closedir(directory); /* it was only read */
	return count;
}

static void wait_for_count(bool is_begun, unsigned count)
{
	for (int waited_ms = 0; trash_count(is_begun) != count; waited_ms += 10) {
		if (waited_ms > SETTLE_TIMEOUT_MS)
			fail_msg("%u entries are in the trash, not %u", trash_count(is_begun), count);
		(void)nanosleep(&(struct timespec){0, 10 * 1000000}, NULL); /* a shorter pause does no harm */
	}
}

static void large_volume_is_deleted_at_once_and_removed_across_a_restart(void **state)
{
	start("--reaper-rate=5000");
	int64_t empty_us = delete_empty_volumes();
	AUTO_FREE char *id = create("large");
	fill("large");
	sync(); /* or the first request that waits for the disk waits for all of that */
	int64_t large_us = delete_us(id);
	print_message("DeleteVolume: %lld us empty, %lld us with %d files\n", (long long)empty_us, (long long)large_us,
		      DIRECTORIES * FILES_PER_DIRECTORY);
	AUTO_FREE char *path = memory_printf("%s/large", export_directory);
	assert_int_equal(access(path, F_OK), -1);
	wait_for_count(true, 1);
	stop(); /* at that rate it would take 20 s */
	assert_int_equal(trash_count(true), 1);
	start("--reaper-rate=0");
	wait_for_count(false, 0);
	stop();
}

static void kept_volume_is_in_the_trash_after_a_restart(void **state)
{
	start("--trash-retention=1h");
	AUTO_FREE char *id = create("kept");
	(void)delete_us(id);
	stop();
	start("--trash-retention=1h");
	AUTO_FREE char *other = create("other"); /* a call, which is answered while the share is looked through */
	(void)delete_us(other);
	stop();
	assert_int_equal(trash_count(false), 4); /* two directories, two records */
	start("--trash-retention=0s");
	wait_for_count(false, 0);
	stop();
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_volume_is_deleted_at_once_and_removed_across_a_restart),
		cmocka_unit_test(kept_volume_is_in_the_trash_after_a_restart),
	};
	if (argc != 3) {
		(void)fprintf(stderr, "usage: large CSI-CONTROLLER DIRECTORY\n");
		return EXIT_FAILURE;
	}
	executable = argv[1];
	scratch = argv[2];
	export_directory = memory_printf("%.*s/export", (int)(strrchr(scratch, '/') - scratch), scratch);
	trash = memory_printf("%s/.csicore/trash", export_directory);
	(void)snprintf(local_option, sizeof(local_option), "--local-export=here:/share=%s", export_directory);
	if (geteuid() != 0) {
		print_message("skipped: root starts it as another user\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
