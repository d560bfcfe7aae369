/* SPDX-License-Identifier: Apache-2.0 */
#include "nfs/nfs_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/parse.h"

#define FILES_MAX 4096

const enum nfs_version nfs_versions[2] = {NFS_VERSION_3, NFS_VERSION_4};

uint32_t nfs_test_number(const char *variable)
{
	const char *text = getenv(variable);
	uint32_t number = 0;

	if (!text || parse_u32(text, 10, UINT32_MAX, &number) < 0)
		fail_msg("%s is not set: run this through test/ganesha/run", variable);
	return number;
}

struct fs_libnfs_config server_config(enum nfs_version version)
{
	return (struct fs_libnfs_config){
		.server = getenv("CSICORE_TEST_NFS_SERVER"),
		.share = getenv("CSICORE_TEST_NFS_SHARE"),
		.version = version,
		.nfs_port = (uint16_t)nfs_test_number("CSICORE_TEST_NFS_PORT"),
		.mount_port = (uint16_t)nfs_test_number("CSICORE_TEST_MOUNT_PORT"),
		.connect_timeout_ms = LONG_MS,
		.reply_timeout_ms = LONG_MS,
		.connection_max = 4,
	};
}

void world_init(struct world *w, const struct fs_libnfs_config *config)
{
	*w = (struct world){.fs = fs_libnfs_new(config)};
	cancel_init(&w->cancel, LONG_MS);
}

int world_open_root(struct world *w)
{
	return fs_open_root(w->fs, &w->cancel, &w->root, &w->st);
}

void world_open(struct world *w, enum nfs_version version)
{
	const struct fs_libnfs_config config = server_config(version);

	world_init(w, &config);
	if (world_open_root(w) < 0)
		fail_msg("%s", w->st.message);
}

void world_release(struct world *w)
{
	fs_close(w->fs, w->root);
	fs_free(w->fs);
	cancel_release(&w->cancel);
}

#define NAME_BYTES 32

static void file_name(char name[NAME_BYTES], unsigned index)
{
	(void)snprintf(name, NAME_BYTES, "file-%u", index); /* fits */
}

struct fs_dir *world_make_files(struct world *w, const char *name, unsigned count)
{
	AUTO_FREE char *path = memory_printf("%s/%s", getenv("CSICORE_TEST_NFS_DIR"), name);
	struct fs_dir *dir = NULL;

	assert_int_equal(mkdir(path, 0755), 0);
	AUTO_CLOSE int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < count; i++) {
		char file[NAME_BYTES];

		file_name(file, i);
		AUTO_CLOSE int fd = openat(dir_fd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

		assert_true(fd >= 0);
	}
	assert_int_equal(fs_open_dir(w->fs, w->root, name, &w->cancel, &dir, &w->st), 0);
	return dir;
}

int world_remove_files(struct world *w, struct fs_dir *dir, unsigned count)
{
	static char names[FILES_MAX][NAME_BYTES];
	static const char *pointers[FILES_MAX];
	static int errnums[FILES_MAX];

	assert_in_range(count, 1, FILES_MAX);
	for (unsigned i = 0; i < count; i++) {
		file_name(names[i], i);
		pointers[i] = names[i];
	}
	int result = fs_remove_entries(w->fs, dir, pointers, count, errnums, &w->cancel, &w->st);

	for (unsigned i = 0; i < count; i++)
		assert_true(errnums[i] == 0 || (result < 0 && errnums[i] == FS_NOT_TRIED));
	return result;
}
