/* SPDX-License-Identifier: Apache-2.0 */
/* A server that starts again (test/ganesha/run --grace): what was known to it, and what was on its way. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/parse.h"
#include "nfs/nfs_test.h"

#define FILES 1000

/* Kills the server that runs now; another takes its place. */
static void reboot(void)
{
	char text[32] = "";
	uint32_t pid = 0;
	FILE *file = fopen(getenv("CSICORE_TEST_NFS_PID_FILE"), "re");

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	(void)fclose(file); /* only read */
	text[strcspn(text, "\n")] = '\0';
	assert_int_equal(parse_u32(text, 10, INT32_MAX, &pid), 0);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

/* Repeats a call that failed because the server is away; false once it did not fail or failed for another reason. */
static bool must_repeat(struct world *w, int result)
{
	bool is_away = w->st.errnum == ECONNREFUSED || w->st.errnum == ECONNRESET;

	if (result == 0 || !is_away || cancel_is_over(&w->cancel))
		return false;
	(void)usleep(20000);
	return true;
}

static void open_patiently(struct world *w, enum nfs_version version)
{
	const struct fs_libnfs_config config = server_config(version);
	int result;

	world_init(w, &config);
	do
		result = world_open_root(w);
	while (must_repeat(w, result));
	if (result < 0)
		fail_msg("%s", w->st.message);
}

static int create_patiently(struct world *w, const char *name)
{
	int result;

	do
		result = fs_create_file(w->fs, w->root, name, 0600, "x", 1, &w->cancel, &w->st);
	while (must_repeat(w, result));
	return result;
}

/* In the grace period an open is put off: no failure for the caller. */
static void a_file_is_created_once_the_grace_period_is_over(void **state)
{
	struct world w;

	open_patiently(&w, NFS_VERSION_4);
	assert_int_equal(create_patiently(&w, "before"), 0);
	reboot();
	assert_int_equal(create_patiently(&w, "after"), 0);
	assert_int_equal(fs_remove_file(w.fs, w.root, "before", &w.cancel, &w.st), 0);
	assert_int_equal(fs_remove_file(w.fs, w.root, "after", &w.cancel, &w.st), 0);
	world_release(&w);
}

static void handles_outlive_a_reboot_and_those_of_removed_directories_are_stale(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		AUTO_FREE char *gone = memory_printf("%s/gone", getenv("CSICORE_TEST_NFS_DIR"));
		struct world w;
		struct fs_attr attr;
		int result;

		open_patiently(&w, nfs_versions[i]);
		struct fs_dir *dir = world_make_files(&w, "gone", 0);

		reboot();
		assert_int_equal(rmdir(gone), 0);
		do
			result = fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st);
		while (must_repeat(&w, result));
		assert_int_equal(result, 0);
		assert_int_equal(fs_make_dir(w.fs, dir, "d", &FS_OWNER_KEEP, &w.cancel, &w.st), -1);
		assert_int_equal(w.st.errnum, ESTALE);
		fs_close(w.fs, dir);
		world_release(&w);
	}
}

/* A thread that removes files while the server goes down. */
struct removal {
	struct world *w;
	struct fs_dir *dir;
	int result;
};

static void *remove_files(void *data)
{
	struct removal *r = data;

	r->result = world_remove_files(r->w, r->dir, FILES);
	return NULL;
}

static void a_removal_that_a_reboot_cut_off_is_finished_by_repeating(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		pthread_t thread;

		open_patiently(&w, nfs_versions[i]);
		struct removal r = {.w = &w, .dir = world_make_files(&w, "cut", FILES)};
		uint64_t before = fs_libnfs_round_trips(w.fs);

		assert_int_equal(pthread_create(&thread, NULL, remove_files, &r), 0);
		while (fs_libnfs_round_trips(w.fs) == before)
			(void)usleep(100); /* the first are on their way */
		reboot();
		assert_int_equal(pthread_join(thread, NULL), 0);
		while (must_repeat(&w, r.result))
			r.result = world_remove_files(&w, r.dir, FILES);
		assert_int_equal(r.result, 0);
		fs_close(w.fs, r.dir);
		assert_int_equal(fs_remove_dir(w.fs, w.root, "cut", &w.cancel, &w.st), 0);
		world_release(&w);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_file_is_created_once_the_grace_period_is_over),
	cmocka_unit_test(handles_outlive_a_reboot_and_those_of_removed_directories_are_stale),
	cmocka_unit_test(a_removal_that_a_reboot_cut_off_is_finished_by_repeating),
};
const struct nfs_group nfs_reboots = NFS_GROUP("reboots", tests);
