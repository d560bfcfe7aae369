/* SPDX-License-Identifier: Apache-2.0 */
/* What every test of the contract stands on: its own directory on the export, and two ways into it. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "contract/contract.h"
#include "support/fs_memory.h"

/* Makes the test's own directory through the back end, opens it there and on this machine. */
static int enter_own_directory(struct contract_world *w)
{
	static unsigned number;
	(void)snprintf(w->dir_name, sizeof(w->dir_name), "test-%u", ++number);
	if (fs_open_root(w->fs, &w->cancel, &w->root, &w->st) < 0 ||
	    fs_make_dir(w->fs, w->root, w->dir_name, FS_KEEP_OWNER, &w->cancel, &w->st) < 0 ||
	    fs_open_dir(w->fs, w->root, w->dir_name, &w->cancel, &w->dir, &w->st) < 0)
		return -1;
	if (w->local_root_fd < 0)
		return 0;
	w->local_fd = openat(w->local_root_fd, w->dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return w->local_fd < 0 ? status_set_errno(&w->st, errno, "open %s on this machine", w->dir_name) : 0;
}

static int set_up_as(void **state, unsigned uid)
{
	struct contract_world *w = memory_calloc(1, sizeof(*w));
	w->backend = *state;
	w->local_root_fd = w->local_fd = -1;
	cancel_init(&w->cancel, 20000);
	*state = w;
	int result = w->backend->open(w, uid);
	if (result < 0 && uid != CONTRACT_SELF)
		return 0; /* contract_begin skips */
	if (result == 0 && enter_own_directory(w) == 0)
		return 0;
	print_error("set-up: %s\n", w->st.message);
	return -1;
}

int contract_set_up(void **state)
{
	return set_up_as(state, CONTRACT_SELF);
}

int contract_set_up_as_nobody(void **state)
{
	return set_up_as(state, CONTRACT_NOBODY);
}

struct contract_world *contract_begin(void **state)
{
	struct contract_world *w = *state;
	if (!w->fs) {
		print_message("skipped: %s\n", w->st.message);
		skip();
	}
	return w;
}

void contract_need_chown(const struct contract_world *w)
{
	if (w->local_fd >= 0 && geteuid() != 0) {
		print_message("skipped: only root may give directories away\n");
		skip();
	}
}

int contract_tear_down(void **state)
{
	struct contract_world *w = *state;
	*state = (void *)w->backend;
	if (w->fs) {
		fs_close(w->fs, w->dir);
		fs_close(w->fs, w->root);
		w->backend->close(w);
	}
	if (w->local_fd >= 0)
		(void)close(w->local_fd); /* only looked through */
	cancel_release(&w->cancel);
	free(w);
	return 0;
}

/* Where fs_memory has the entry; the caller frees. */
static char *memory_path(const struct contract_world *w, const char *name)
{
	return memory_printf("%s/%s", w->dir_name, name);
}

void contract_plant_dir(struct contract_world *w, const char *name)
{
	if (w->local_fd >= 0) {
		assert_int_equal(mkdirat(w->local_fd, name, 0755), 0);
		return;
	}
	AUTO_FREE char *path = memory_path(w, name);
	fs_memory_plant_dir(w->fs, path, 0755);
}

void contract_plant_file(struct contract_world *w, const char *name, const char *content)
{
	if (w->local_fd >= 0) {
		AUTO_CLOSE int fd = openat(w->local_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, content, strlen(content)), strlen(content));
		return;
	}
	AUTO_FREE char *path = memory_path(w, name);
	fs_memory_plant_file(w->fs, path, content);
}

void contract_plant_link(struct contract_world *w, const char *name, const char *empty_file)
{
	if (w->local_fd >= 0)
		assert_int_equal(linkat(w->local_fd, empty_file, w->local_fd, name, 0), 0);
	else
		contract_plant_file(w, name, "");
}

void contract_plant_symlink(struct contract_world *w, const char *name, const char *target)
{
	if (w->local_fd >= 0) {
		assert_int_equal(symlinkat(target, w->local_fd, name), 0);
		return;
	}
	AUTO_FREE char *path = memory_path(w, name);
	fs_memory_plant_symlink(w->fs, path, target);
}

void contract_plant_fifo(struct contract_world *w, const char *name)
{
	if (w->local_fd >= 0) {
		assert_int_equal(mkfifoat(w->local_fd, name, 0644), 0);
		return;
	}
	AUTO_FREE char *path = memory_path(w, name);
	fs_memory_plant_other(w->fs, path);
}

void contract_plant_all_types(struct contract_world *w)
{
	contract_plant_dir(w, "dir");
	contract_plant_file(w, "file", "content");
	contract_plant_fifo(w, "fifo");
	contract_plant_symlink(w, "to-dir", "dir");
	contract_plant_symlink(w, "to-file", "file");
	contract_plant_symlink(w, "to-nothing", "nothing");
	contract_plant_symlink(w, "to-itself", "to-itself");
}

int contract_make_dir(struct contract_world *w, const char *name)
{
	return fs_make_dir(w->fs, w->dir, name, FS_KEEP_OWNER, &w->cancel, &w->st);
}

struct fs_dir *contract_open_dir(struct contract_world *w, const char *name)
{
	struct fs_dir *dir = NULL;
	assert_works(w, fs_open_dir(w->fs, w->dir, name, &w->cancel, &dir, &w->st));
	return dir;
}

struct fs_attr contract_lookup(struct contract_world *w, const char *name)
{
	struct fs_attr attr = {0};
	assert_works(w, fs_lookup(w->fs, w->dir, name, &w->cancel, &attr, &w->st));
	return attr;
}

bool contract_exists(struct contract_world *w, const char *name)
{
	struct fs_attr attr;
	if (fs_lookup(w->fs, w->dir, name, &w->cancel, &attr, &w->st) == 0)
		return true;
	assert_int_equal(w->st.errnum, ENOENT);
	return false;
}

void contract_assert_content(struct contract_world *w, struct fs_dir *dir, const char *name, const char *expected)
{
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, 1 << 20);
	assert_works(w, fs_read_file(w->fs, dir, name, &content, &w->cancel, &w->st));
	assert_string_equal(strbuf_text(&content), expected);
}
