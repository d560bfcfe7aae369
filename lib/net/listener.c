/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libuv stops accepting while one accepted connection is not taken from it, which is how a full set makes further ones wait
 * in the kernel's backlog until an idle connection has gone.  When descriptors run out it closes those in the backlog, so that the loop does not spin.
 */
#include "net/listener.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/memory.h"
#include "base/status.h"
#include "net/connection.h"
#include "net/endpoint.h"
#include "net/loop.h"

struct listener {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tcp_t tcp;
	} uv;
	struct connection_set *set;
	listener_trouble *on_trouble;
	void *user;
	bool is_paused; /* a connection waits for room in the set */
	char path[sizeof(((struct endpoint *)0)->path)];
	struct stat file; /* of the socket at path, as we made it */
};

static void accept_one(struct listener *listener)
{
	struct status st;

	if (connection_set_accept(listener->set, &listener->uv.stream, &st) < 0)
		listener->on_trouble(listener->user, &st);
}

static void on_connection(uv_stream_t *stream, int rc)
{
	struct listener *listener = stream->data;
	struct status st;

	if (rc < 0) {
		(void)status_set_errno(&st, -rc, "accept a connection"); /* always -1 */
		listener->on_trouble(listener->user, &st);
	} else if (connection_set_count(listener->set) < CONNECTION_MAX) {
		accept_one(listener);
	} else {
		listener->is_paused = true;
		connection_set_make_room(listener->set);
		(void)status_set(&st, STATUS_RESOURCE_EXHAUSTED,
				 "%d connections are open, further ones wait until an idle one has gone",
				 CONNECTION_MAX);
		listener->on_trouble(listener->user, &st);
	}
}

void listener_resume(struct listener *listener)
{
	if (!listener->is_paused || connection_set_count(listener->set) >= CONNECTION_MAX)
		return;
	listener->is_paused = false;
	accept_one(listener);
}

/* Takes fd in any case. */
static int start(struct listener *listener, struct loop *loop, int fd, bool is_tcp)
{
	struct uv_loop_s *uv = loop_uv(loop);
	int rc = is_tcp ? uv_tcp_init(uv, &listener->uv.tcp) : uv_pipe_init(uv, &listener->uv.pipe, 0);

	if (rc < 0)
		abort(); /* neither makes a descriptor yet, so neither can fail */
	listener->uv.handle.data = listener;
	rc = is_tcp ? uv_tcp_open(&listener->uv.tcp, fd) : uv_pipe_open(&listener->uv.pipe, fd);
	if (rc < 0)
		(void)close(fd); /* it is not libuv's yet */
	return rc < 0 ? rc : uv_listen(&listener->uv.stream, ENDPOINT_BACKLOG, on_connection);
}

struct listener *listener_open(struct loop *loop, const struct endpoint *endpoint, struct connection_set *set,
			       listener_trouble *on_trouble, void *user, struct status *st)
{
	int fd = -1;

	if (endpoint_listen(endpoint, &fd, st) < 0)
		return NULL;
	struct listener *listener = memory_calloc(1, sizeof(*listener));

	listener->set = set;
	listener->on_trouble = on_trouble;
	listener->user = user;
	memcpy(listener->path, endpoint->path, sizeof(listener->path));
	if (listener->path[0] && lstat(listener->path, &listener->file) < 0)
		listener->path[0] = '\0'; /* somebody removed it already */
	int rc = start(listener, loop, fd, !endpoint->path[0]);

	if (rc < 0) {
		(void)status_set_errno(st, -rc, "listen"); /* always -1 */
		listener_close(listener);
		return NULL;
	}
	return listener;
}

static void free_listener(uv_handle_t *handle)
{
	free(handle->data);
}

static void remove_own_file(const struct listener *listener)
{
	struct stat now;

	if (listener->path[0] && lstat(listener->path, &now) == 0 && now.st_dev == listener->file.st_dev &&
	    now.st_ino == listener->file.st_ino)
		(void)unlink(listener->path); /* a file that stays is taken for stale by the next start */
}

void listener_close(struct listener *listener)
{
	if (!listener)
		return;
	remove_own_file(listener);
	uv_close(&listener->uv.handle, free_listener);
}
