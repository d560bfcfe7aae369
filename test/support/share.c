/* SPDX-License-Identifier: Apache-2.0 */
/* Plain paths: nobody races with a test that looks at its own directory. */
#include "support/share.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "csi/record.h"

#define LIST_BYTES_MAX (16 << 20)
#define OWN_FOLDER ".csicore"
#define RECORDS_FOLDER OWN_FOLDER "/volumes/"
#define ATTACHED_FOLDER OWN_FOLDER "/attached/"

static void check(int result, const char *what, const char *path)
{
	if (result >= 0)
		return;
	(void)fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
	abort();
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

void share_remove(const char *path)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		check(-1, "remove", path);
}

void share_make_anew(const char *path)
{
	share_remove(path);
	check(mkdir(path, 0755), "mkdir", path);
}

/* ---- planting */

static char *path_below(const char *share, const char *path)
{
	return memory_printf("%s/%s", share, path);
}

static void make_parents(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		check(mkdir(path, 0755) < 0 && errno != EEXIST ? -1 : 0, "mkdir", path);
		*slash = '/';
	}
}

void share_plant_dir(const char *share, const char *path)
{
	AUTO_FREE char *full = path_below(share, path);
	make_parents(full, strlen(share) + 1);
	check(mkdir(full, 0755), "mkdir", full);
}

void share_plant_file(const char *share, const char *path, const char *content)
{
	AUTO_FREE char *full = path_below(share, path);
	make_parents(full, strlen(share) + 1);
	AUTO_CLOSE int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	check(fd, "create", full);
	check((int)write(fd, content, strlen(content)), "write", full);
}

void share_plant_symlink(const char *share, const char *path, const char *target)
{
	AUTO_FREE char *full = path_below(share, path);
	make_parents(full, strlen(share) + 1);
	check(symlink(target, full), "symlink", full);
}

void share_remove_dir(const char *share, const char *path)
{
	AUTO_FREE char *full = path_below(share, path);
	check(rmdir(full), "rmdir", full);
}

/* ---- listing */

static void append_record(struct strbuf *list, const char *content, size_t length)
{
	AUTO(arena_release) struct arena arena;
	arena_init(&arena, 1 << 20);
	const Csicore__VolumeRecord *record = record_decode(&arena, content, length);
	if (!record) {
		strbuf_printf(list, " NO RECORD (%zu bytes)", length);
		return;
	}
	strbuf_printf(list, " {%s %s %s %lld", record->name, record->volume_id, record->sub_dir,
		      (long long)record->capacity_bytes);
	for (size_t i = 0; i < record->n_mount_flags; i++)
		strbuf_printf(list, " %s", record->mount_flags[i]);
	for (size_t i = 0; i < record->n_mutable_parameters; i++)
		strbuf_printf(list, " %s=%s", record->mutable_parameters[i]->key, record->mutable_parameters[i]->value);
	strbuf_printf(list, "}");
}

static void append_attachment(struct strbuf *list, const char *content, size_t length)
{
	AUTO(arena_release) struct arena arena;
	arena_init(&arena, 1 << 20);
	const Csicore__AttachmentRecord *record = attachment_record_decode(&arena, content, length);
	if (record)
		strbuf_printf(list, " {%s %d}", record->node_id, (int)record->access_mode);
	else
		strbuf_printf(list, " NO ATTACHMENT (%zu bytes)", length);
}

static bool is_in(const char *path, const char *folder)
{
	return strncmp(path, folder, strlen(folder)) == 0;
}

static void append_file(struct strbuf *list, const char *full, const char *path, const struct stat *stat)
{
	char content[4096];
	bool is_own = is_in(path, OWN_FOLDER "/");
	mode_t usual = is_own ? 0600 : 0644;
	AUTO_CLOSE int fd = open(full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, content, sizeof(content));
	strbuf_printf(list, "%s", path);
	if ((stat->st_mode & 07777) != usual)
		strbuf_printf(list, " %04o", stat->st_mode & 07777);
	const char *last_tilde = strrchr(path, '~');
	bool is_record = is_in(path, RECORDS_FOLDER) || (is_own && last_tilde && strcmp(last_tilde, "~record") == 0);
	if (is_record && length >= 0)
		append_record(list, content, (size_t)length);
	else if (is_in(path, ATTACHED_FOLDER) && length >= 0)
		append_attachment(list, content, (size_t)length);
	else
		strbuf_printf(list, " \"%.*s\"", (int)(length < 0 ? 0 : length), content);
}

/* Nothing is said of what has vanished. */
static void append_entry(struct strbuf *list, const char *full, const char *path, const struct stat *stat)
{
	char target[PATH_MAX];
	if (S_ISDIR(stat->st_mode)) {
		strbuf_printf(list, "%s/", path);
		if ((stat->st_mode & 07777) != 0755)
			strbuf_printf(list, " %04o", stat->st_mode & 07777);
	} else if (S_ISLNK(stat->st_mode)) {
		ssize_t length = readlink(full, target, sizeof(target));
		strbuf_printf(list, "%s -> %.*s", path, (int)(length < 0 ? 0 : length), target);
	} else {
		append_file(list, full, path, stat);
	}
	if (stat->st_uid != 0 || stat->st_gid != 0)
		strbuf_printf(list, " %u:%u", stat->st_uid, stat->st_gid);
	strbuf_printf(list, "\n");
}

/* .csicore and its folders, which are made at their first use. */
static bool is_own_folder(const char *path)
{
	size_t length = strlen(OWN_FOLDER);
	return strncmp(path, OWN_FOLDER, length) == 0 &&
	       (path[length] == '\0' || (path[length] == '/' && !strchr(path + length + 1, '/')));
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void append_below(struct strbuf *list, const char *share, const char *path)
{
	struct dirent **entries;
	AUTO_FREE char *directory = path_below(share, path);
	int count = scandir(directory, &entries, NULL, compare_names);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		AUTO_FREE char *below = *path ? memory_printf("%s/%s", path, name) : memory_strdup(name);
		AUTO_FREE char *full = path_below(share, below);
		struct stat stat;
		bool is_self = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
		bool is_there = !is_self && lstat(full, &stat) == 0;
		bool is_directory = is_there && S_ISDIR(stat.st_mode);
		if (is_there && !(is_directory && is_own_folder(below)))
			append_entry(list, full, below, &stat);
		if (is_directory)
			append_below(list, share, below);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

char *share_list(const char *share)
{
	struct strbuf list;
	strbuf_init(&list, LIST_BYTES_MAX);
	append_below(&list, share, "");
	char *copy = memory_strdup(list.length ? list.data : "");
	strbuf_release(&list);
	return copy;
}
