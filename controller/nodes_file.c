/* SPDX-License-Identifier: Apache-2.0 */
/* The text of the file is kept as it is and searched line by line: nodes are thousands at most, and calls rare. */
#include "nodes_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"

/* Which file, as it was when it was read: one that is changed or replaced differs. */
struct version {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed_at;
};

struct nodes_file {
	char *path;
	pthread_mutex_t lock; /* guards the rest; a leaf lock */
	struct version version;
	char *text; /* owned */
	size_t length;
};

static struct version version_of(const struct stat *stat)
{
	return (struct version){stat->st_dev, stat->st_ino, stat->st_size, stat->st_ctim};
}

static bool is_same_version(const struct version *a, const struct version *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed_at.tv_sec == b->changed_at.tv_sec && a->changed_at.tv_nsec == b->changed_at.tv_nsec;
}

static int read_whole(int fd, char *text, size_t limit_bytes, size_t *ret_length)
{
	size_t length = 0;
	while (length < limit_bytes) {
		ssize_t got = read(fd, text + length, limit_bytes - length);
		if (got < 0 && errno != EINTR)
			return -1;
		if (got == 0)
			break;
		length += got > 0 ? (size_t)got : 0;
	}
	*ret_length = length;
	return 0;
}

static int load(struct nodes_file *nodes, struct status *st)
{
	struct stat stat;
	AUTO_CLOSE int fd = open(nodes->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat) < 0)
		return status_set_errno(st, errno, "nodes file %s", nodes->path);
	if (!S_ISREG(stat.st_mode) || stat.st_size > NODES_FILE_BYTES_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "nodes file %s is no file of at most %d bytes",
				  nodes->path, NODES_FILE_BYTES_MAX);
	AUTO_FREE char *text = memory_alloc((size_t)stat.st_size + 1);
	size_t length;
	if (read_whole(fd, text, (size_t)stat.st_size, &length) < 0)
		return status_set_errno(st, errno, "nodes file %s", nodes->path);
	free(nodes->text);
	nodes->text = TAKE_POINTER(text);
	nodes->length = length;
	nodes->version = version_of(&stat);
	return 0;
}

struct nodes_file *nodes_file_open(const char *path, struct status *st)
{
	struct nodes_file *nodes = memory_calloc(1, sizeof(*nodes));
	nodes->path = memory_strdup(path);
	(void)pthread_mutex_init(&nodes->lock, NULL); /* cannot fail with default attributes on Linux */
	if (load(nodes, st) == 0)
		return nodes;
	nodes_file_close(nodes);
	return NULL;
}

void nodes_file_close(struct nodes_file *nodes)
{
	if (!nodes)
		return;
	(void)pthread_mutex_destroy(&nodes->lock); /* nobody holds it any more */
	free(nodes->text);
	free(nodes->path);
	free(nodes);
}

static void refresh(struct nodes_file *nodes)
{
	struct stat now;
	struct status why;
	if (stat(nodes->path, &now) == 0) {
		struct version version = version_of(&now);
		if (is_same_version(&version, &nodes->version) || load(nodes, &why) == 0)
			return;
	} else {
		(void)status_set_errno(&why, errno, "nodes file %s", nodes->path);
	}
	log_event(LOG_WARNING, "nodes file cannot be read: the nodes known before are used",
		  LOG_TEXT("why", why.message));
}

static bool has_line(const struct nodes_file *nodes, const char *node_id)
{
	size_t id_length = strlen(node_id);
	for (size_t at = 0; at < nodes->length;) {
		const char *line = nodes->text + at;
		const char *newline = memchr(line, '\n', nodes->length - at);
		size_t length = newline ? (size_t)(newline - line) : nodes->length - at;
		at += length + 1;
		while (length > 0 && strchr(" \t\r", line[length - 1]))
			length--;
		if (length == id_length && line[0] != '#' && memcmp(line, node_id, length) == 0)
			return true;
	}
	return false;
}

bool nodes_file_has(struct nodes_file *nodes, const char *node_id)
{
	(void)pthread_mutex_lock(&nodes->lock); /* a default mutex reports no error */
	refresh(nodes);
	bool has = node_id[0] && has_line(nodes, node_id);
	(void)pthread_mutex_unlock(&nodes->lock);
	return has;
}
