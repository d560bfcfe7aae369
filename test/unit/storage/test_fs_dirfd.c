/* SPDX-License-Identifier: Apache-2.0 */
/* What only descriptors can get wrong; what every back end owes is in test/contract. */
#include "storage/fs_dirfd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "storage/tree.h"
#include "support/cmocka.h"

/* A folder with an export in it, so that there is an outside. */
struct world {
	char folder[32];
	int folder_fd, export_fd;
	struct fs *fs;
	struct fs_dir *root;
	struct cancel cancel;
	struct status st;
};

static int set_up(void **state)
{
	static struct world w;
	w = (struct world){.folder = "/tmp/csicore-dirfd-XXXXXX"};
	cancel_init(&w.cancel, -1);
	*state = &w;
	if (!mkdtemp(w.folder))
		return -1;
	w.folder_fd = open(w.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(w.folder_fd, "export", 0755) < 0 || mkdirat(w.folder_fd, "outside", 0755) < 0)
		return -1;
	w.export_fd = openat(w.folder_fd, "export", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w.fs = fs_dirfd_new(openat(w.folder_fd, "export", O_PATH | O_DIRECTORY | O_CLOEXEC));
	return fs_open_root(w.fs, &w.cancel, &w.root, &w.st);
}

static int tear_down(void **state)
{
	struct world *w = *state;
	fs_close(w->fs, w->root);
	fs_free(w->fs);
	(void)close(w->export_fd);
	(void)close(w->folder_fd);
	struct status st;
	struct fs *tmp = fs_dirfd_open("/tmp", &st);
	struct fs_dir *dir = NULL;
	int result = fs_open_root(tmp, &w->cancel, &dir, &st);
	if (result == 0)
		result = tree_remove(tmp, dir, w->folder + strlen("/tmp/"), NULL, &w->cancel, &st);
	fs_close(tmp, dir);
	fs_free(tmp);
	cancel_release(&w->cancel);
	return result;
}

static unsigned open_descriptor_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	unsigned count = 0;
	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count;
}

static unsigned inheritable_descriptor_count(void)
{
	unsigned count = 0;
	for (int fd = 0; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);
		count += flags >= 0 && !(flags & FD_CLOEXEC);
	}
	return count;
}

static void back_end_refuses_dotdot_even_where_no_name_is_judged(void **state)
{
	struct world *w = *state;
	struct fs_dir *dir = NULL;
	const char *ways_out[] = {"..", "../outside", "/", "./../outside"};
	for (size_t i = 0; i < sizeof(ways_out) / sizeof(ways_out[0]); i++) {
		assert_int_equal(w->fs->ops->open_dir(w->fs, w->root, ways_out[i], &w->cancel, &dir, &w->st), -1);
		assert_int_equal(w->st.errnum, EXDEV);
	}
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, 100);
	assert_int_equal(w->fs->ops->create_file(w->fs, w->root, "../outside/f", 0644, "", 0, &w->cancel, &w->st), -1);
	assert_int_equal(w->st.errnum, EXDEV);
	assert_int_equal(faccessat(w->folder_fd, "outside/f", F_OK, 0), -1);
}

static void new_directory_inherits_setgid_as_over_nfs(void **state)
{
	struct world *w = *state;
	struct stat stat;
	assert_int_equal(fchmodat(w->folder_fd, "export", 02775, 0), 0);
	assert_int_equal(fs_make_dir(w->fs, w->root, "as it comes", &FS_OWNER_KEEP, &w->cancel, &w->st), 0);
	assert_int_equal(fstatat(w->export_fd, "as it comes", &stat, 0), 0);
	assert_int_equal(stat.st_mode & 07777, 02755);
	const struct fs_owner exact = {0750, FS_KEEP, FS_KEEP};
	assert_int_equal(fs_make_dir(w->fs, w->root, "as asked", &exact, &w->cancel, &w->st), 0);
	assert_int_equal(fstatat(w->export_fd, "as asked", &stat, 0), 0);
	assert_int_equal(stat.st_mode & 07777, 0750);
}

static void directory_moved_out_of_the_export_leads_no_further_up(void **state)
{
	struct world *w = *state;
	struct fs_dir *dir = NULL, *up = NULL;
	assert_int_equal(fs_make_dir(w->fs, w->root, "moved", &FS_OWNER_KEEP, &w->cancel, &w->st), 0);
	assert_int_equal(fs_open_dir(w->fs, w->root, "moved", &w->cancel, &dir, &w->st), 0);
	assert_int_equal(renameat(w->export_fd, "moved", w->folder_fd, "outside/moved"), 0);
	assert_int_equal(w->fs->ops->open_dir(w->fs, dir, "..", &w->cancel, &up, &w->st), -1);
	assert_null(up);
	fs_close(w->fs, dir);
}

static void magic_links_are_symlinks_and_never_followed(void **state)
{
	struct world *w = *state;
	struct fs *proc = fs_dirfd_open("/proc/self", &w->st);
	struct fs_dir *root = NULL, *dir = NULL;
	assert_int_equal(fs_open_root(proc, &w->cancel, &root, &w->st), 0);
	struct fs_attr attr;
	assert_int_equal(fs_lookup(proc, root, "root", &w->cancel, &attr, &w->st), 0);
	assert_int_equal(attr.type, FS_SYMLINK);
	assert_int_equal(fs_open_dir(proc, root, "root", &w->cancel, &dir, &w->st), -1);
	assert_int_equal(w->st.errnum, ELOOP);
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, 100);
	assert_int_equal(fs_read_file(proc, root, "exe", &content, &w->cancel, &w->st), -1);
	assert_int_equal(w->st.errnum, ELOOP);
	fs_close(proc, root);
	fs_free(proc);
}

static void files_that_report_no_size_are_read_to_their_end(void **state)
{
	struct world *w = *state;
	struct fs *proc = fs_dirfd_open("/proc/self", &w->st);
	struct fs_dir *root = NULL;
	assert_int_equal(fs_open_root(proc, &w->cancel, &root, &w->st), 0);
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, 1 << 20);
	assert_int_equal(fs_read_file(proc, root, "status", &content, &w->cancel, &w->st), 0);
	assert_non_null(strstr(strbuf_text(&content), "Pid:"));
	fs_close(proc, root);
	fs_free(proc);
}

static void open_of_a_missing_directory_or_of_a_file_says_so(void **state)
{
	struct world *w = *state;
	assert_null(fs_dirfd_open("/nonexistent/export", &w->st));
	assert_int_equal(w->st.code, STATUS_NOT_FOUND);
	assert_null(fs_dirfd_open("/proc/self/status", &w->st));
	assert_int_equal(w->st.code, STATUS_FAILED_PRECONDITION);
	assert_non_null(strstr(w->st.message, "/proc/self/status"));
}

static void export_is_the_descriptor_wherever_its_path_goes(void **state)
{
	struct world *w = *state;
	assert_int_equal(renameat(w->folder_fd, "export", w->folder_fd, "renamed"), 0);
	assert_int_equal(symlinkat("outside", w->folder_fd, "export"), 0);
	assert_int_equal(fs_make_dir(w->fs, w->root, "d", &FS_OWNER_KEEP, &w->cancel, &w->st), 0);
	assert_int_equal(faccessat(w->folder_fd, "renamed/d", F_OK, 0), 0);
	assert_int_equal(faccessat(w->folder_fd, "outside/d", F_OK, 0), -1);
}

static void descriptors_are_given_back_and_never_inherited(void **state)
{
	struct world *w = *state;
	unsigned before = open_descriptor_count(), inheritable_before = inheritable_descriptor_count();
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, 100);
	struct fs *fs = fs_dirfd_new(fcntl(w->export_fd, F_DUPFD_CLOEXEC, 0));
	struct fs_dir *root = NULL, *dir = NULL;
	assert_int_equal(fs_open_root(fs, &w->cancel, &root, &w->st), 0);
	assert_int_equal(fs_make_dir(fs, root, "d", &FS_OWNER_KEEP, &w->cancel, &w->st), 0);
	assert_int_equal(fs_make_dir(fs, root, "d", &FS_OWNER_KEEP, &w->cancel, &w->st), -1);
	assert_int_equal(fs_open_dir(fs, root, "d", &w->cancel, &dir, &w->st), 0);
	assert_int_equal(open_descriptor_count(), before + 3);
	assert_int_equal(inheritable_descriptor_count(), inheritable_before);
	assert_int_equal(fs_create_file(fs, dir, "f", 0644, "abc", 3, &w->cancel, &w->st), 0);
	assert_int_equal(fs_read_file(fs, dir, "f", &content, &w->cancel, &w->st), 0);
	assert_int_equal(fs_rename(fs, dir, "f", root, "f", &w->cancel, &w->st), 0);
	fs_close(fs, dir);
	fs_close(fs, root);
	fs_free(fs);
	assert_int_equal(open_descriptor_count(), before);
}

static void pages_hold_no_more_than_512_entries(void **state)
{
	struct world *w = *state;
	for (unsigned i = 0; i < 1100; i++) {
		char name[16];
		(void)snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(symlinkat("x", w->export_fd, name), 0);
	}
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	size_t expected[] = {512, 512, 76};
	for (int i = 0; i < 3; i++) {
		assert_false(page.is_end);
		assert_int_equal(fs_read_dir(w->fs, w->root, &page, &w->cancel, &w->st), 0);
		assert_int_equal(page.count, expected[i]);
	}
	assert_true(page.is_end);
}

/* A failed listing can be repeated from where it was. */
static void failed_listing_keeps_its_place(void **state)
{
	struct world *w = *state;
	assert_int_equal(mkdirat(w->export_fd, "d", 0755), 0);
	struct fs_dir *dir = NULL;
	assert_int_equal(fs_open_dir(w->fs, w->root, "d", &w->cancel, &dir, &w->st), 0);
	assert_int_equal(unlinkat(w->export_fd, "d", AT_REMOVEDIR), 0);
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	page.cookie = 12345;
	assert_int_equal(fs_read_dir(w->fs, dir, &page, &w->cancel, &w->st), -1);
	assert_int_equal(w->st.errnum, ESTALE);
	assert_int_equal(page.cookie, 12345);
	assert_int_equal(page.count, 0);
	fs_close(w->fs, dir);
}

/* Exchanges the directory v/d and the symlink v/s again and again until told to stop. */
struct swapper {
	pthread_t thread;
	int export_fd;
	atomic_bool is_stopping;
};

static void *swap_for_ever(void *data)
{
	struct swapper *self = data;
	while (!atomic_load(&self->is_stopping))
		(void)renameat2(self->export_fd, "v/d", self->export_fd, "v/s", RENAME_EXCHANGE); /* may be gone */
	return NULL;
}

static void plant_swapped_tree(const struct world *w)
{
	/* Any of these may be left from the round before. */
	(void)mkdirat(w->export_fd, "v", 0755);
	(void)mkdirat(w->export_fd, "v/d", 0755);
	if (symlinkat("../../outside", w->export_fd, "v/s") < 0)
		assert_int_equal(errno, EEXIST);
	for (char c = 'a'; c <= 'e'; c++) {
		const char path[] = {'v', '/', 'd', '/', c, '\0'};
		(void)mkdirat(w->export_fd, path, 0755);
	}
}

static void symlink_swapped_in_while_a_tree_is_removed_never_leads_outside(void **state)
{
	struct world *w = *state;
	assert_int_equal(mkdirat(w->folder_fd, "outside/a", 0755), 0);
	assert_int_equal(mkdirat(w->folder_fd, "outside/b", 0755), 0);
	struct swapper swapper = {.export_fd = w->export_fd};
	assert_int_equal(pthread_create(&swapper.thread, NULL, swap_for_ever, &swapper), 0);
	for (unsigned round = 0; round < 300; round++) {
		plant_swapped_tree(w);
		(void)tree_remove(w->fs, w->root, "v", NULL, &w->cancel,
				  &w->st); /* either outcome; the next round repeats it */
	}
	atomic_store(&swapper.is_stopping, true);
	(void)pthread_join(swapper.thread, NULL); /* joinable and not this one */
	assert_int_equal(tree_remove(w->fs, w->root, "v", NULL, &w->cancel, &w->st), 0);
	assert_int_equal(faccessat(w->folder_fd, "outside/a", F_OK, 0), 0);
	assert_int_equal(faccessat(w->folder_fd, "outside/b", F_OK, 0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(back_end_refuses_dotdot_even_where_no_name_is_judged),
		TEST(new_directory_inherits_setgid_as_over_nfs),
		TEST(directory_moved_out_of_the_export_leads_no_further_up),
		TEST(magic_links_are_symlinks_and_never_followed),
		TEST(files_that_report_no_size_are_read_to_their_end),
		TEST(open_of_a_missing_directory_or_of_a_file_says_so),
		TEST(export_is_the_descriptor_wherever_its_path_goes),
		TEST(descriptors_are_given_back_and_never_inherited),
		TEST(pages_hold_no_more_than_512_entries),
		TEST(failed_listing_keeps_its_place),
		TEST(symlink_swapped_in_while_a_tree_is_removed_never_leads_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
