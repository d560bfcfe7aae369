/* SPDX-License-Identifier: Apache-2.0 */
/* An export that fills up (test/nfs/run makes it small). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "nfs/nfs_test.h"

#define CONTENT_BYTES 100000
#define INODES_MAX 1000

static int export_fd(void)
{
	int fd = open(getenv("CSICORE_TEST_NFS_DIR"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Takes all space but so much, behind the server's back. */
static void fill_space(size_t left)
{
	static const char zeros[4096];
	AUTO_CLOSE int dir = export_fd();
	AUTO_CLOSE int fd = openat(dir, "filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_CUR) - (off_t)left), 0);
}

static void free_space(void)
{
	AUTO_CLOSE int dir = export_fd();

	assert_int_equal(unlinkat(dir, "filler", 0), 0);
}

/* Takes all inodes; how many that were. */
static unsigned fill_inodes(void)
{
	AUTO_CLOSE int dir = export_fd();

	for (unsigned i = 0; i < INODES_MAX; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "inode-%u", i); /* fits */
		AUTO_CLOSE int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (fd < 0) {
			assert_int_equal(errno, ENOSPC);
			return i;
		}
	}
	fail_msg("the export is not small");
	return 0;
}

static void free_inodes(unsigned count)
{
	AUTO_CLOSE int dir = export_fd();

	for (unsigned i = 0; i < count; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "inode-%u", i); /* fits */
		assert_int_equal(unlinkat(dir, name, 0), 0);
	}
}

static void assert_exhausted(const struct world *w)
{
	assert_int_equal(w->st.code, STATUS_RESOURCE_EXHAUSTED);
	assert_int_equal(w->st.errnum, ENOSPC);
}

/* Where nothing fits, and where only the beginning does. */
static void a_file_that_does_not_fit_is_told_and_fits_once_there_is_room(void **state)
{
	static const size_t left[] = {0, CONTENT_BYTES / 2 / 4096 * 4096};
	static char content[CONTENT_BYTES];

	for (size_t i = 0; i < 4; i++) {
		struct world w;
		struct fs_attr attr;

		world_open(&w, nfs_versions[i / 2]);
		fill_space(left[i % 2]);
		assert_int_equal(fs_create_file(w.fs, w.root, "f", 0600, content, CONTENT_BYTES, &w.cancel, &w.st), -1);
		assert_exhausted(&w);
		/* The contract lets a file with less be left. */
		assert_true(fs_remove_file(w.fs, w.root, "f", &w.cancel, &w.st) == 0 || w.st.errnum == ENOENT);
		free_space();
		assert_int_equal(fs_create_file(w.fs, w.root, "f", 0600, content, CONTENT_BYTES, &w.cancel, &w.st), 0);
		assert_int_equal(fs_lookup(w.fs, w.root, "f", &w.cancel, &attr, &w.st), 0);
		assert_int_equal(attr.size_bytes, CONTENT_BYTES);
		assert_int_equal(fs_remove_file(w.fs, w.root, "f", &w.cancel, &w.st), 0);
		world_release(&w);
	}
}

static void a_directory_that_does_not_fit_is_not_there(void **state)
{
	const struct fs_owner owner = {.mode = 02770, .uid = 1000, .gid = 1000};

	for (size_t i = 0; i < 2; i++) {
		struct world w;
		struct fs_attr attr;

		world_open(&w, nfs_versions[i]);
		unsigned taken = fill_inodes();

		assert_int_equal(fs_make_dir(w.fs, w.root, "d", &owner, &w.cancel, &w.st), -1);
		assert_exhausted(&w);
		assert_int_equal(fs_lookup(w.fs, w.root, "d", &w.cancel, &attr, &w.st), -1);
		assert_int_equal(w.st.errnum, ENOENT);
		free_inodes(taken);
		assert_int_equal(fs_make_dir(w.fs, w.root, "d", &owner, &w.cancel, &w.st), 0);
		assert_int_equal(fs_remove_dir(w.fs, w.root, "d", &w.cancel, &w.st), 0);
		world_release(&w);
	}
}

static void what_fills_an_export_can_be_removed_from_it(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		struct fs_capacity capacity;
		const char *const filler = "filler";
		int errnum;

		world_open(&w, nfs_versions[i]);
		fill_space(0);
		assert_int_equal(fs_capacity(w.fs, w.root, &w.cancel, &capacity, &w.st), 0);
		assert_int_equal(capacity.available_bytes, 0);
		assert_int_equal(fs_remove_entries(w.fs, w.root, &filler, 1, &errnum, &w.cancel, &w.st), 0);
		assert_int_equal(errnum, 0);
		assert_int_equal(fs_capacity(w.fs, w.root, &w.cancel, &capacity, &w.st), 0);
		assert_true(capacity.available_bytes > 0);
		world_release(&w);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_file_that_does_not_fit_is_told_and_fits_once_there_is_room),
	cmocka_unit_test(a_directory_that_does_not_fit_is_not_there),
	cmocka_unit_test(what_fills_an_export_can_be_removed_from_it),
};
const struct nfs_group nfs_full = NFS_GROUP("full", tests);
