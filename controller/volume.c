/* SPDX-License-Identifier: Apache-2.0 */
/* What the RPCs of a volume share: locks and the way to its directory. */
#include "volume.h"

#include "base/arena.h"
#include "base/status.h"

int volume_lock_server(const struct volume_call *call, const char *server, struct slot *slot, struct status *st)
{
	if (slot_take(slot, call->controller->servers, server))
		return 0;
	return status_set(st, STATUS_UNAVAILABLE, "server %s is busy: %u calls are waiting for it", server,
			  call->controller->config.calls_per_server);
}

int volume_lock(const struct volume_call *call, const struct volume_id *id, const char *shown,
		struct volume_locks *locks, struct status *st)
{
	struct controller *controller = call->controller;
	const char *name = arena_printf(call->arena, "name %s", volume_id_name(id));
	const char *directory = arena_printf(call->arena, "directory %s:%s %s", id->server, id->share,
					     path_join(call->arena, &id->path));
	if (!slot_take(&locks->name, controller->volumes, name) ||
	    !slot_take(&locks->directory, controller->volumes, directory))
		return status_set(st, STATUS_ABORTED, "An operation with the given Volume ID %s already exists", shown);
	return volume_lock_server(call, id->server, &locks->server, st);
}

void volume_locks_release(struct volume_locks *locks)
{
	slot_release(&locks->server);
	slot_release(&locks->directory);
	slot_release(&locks->name);
}

int volume_open_parent(struct export_use *use, const struct path *path, struct cancel *cancel,
		       struct fs_dir **ret_parent, struct fs_dir **ret_opened, struct status *st)
{
	struct fs_dir *parent;
	struct fs_dir *opened = NULL;
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &parent, st) < 0)
		return -1;
	if (path->count > 1) {
		struct path above = {path->names, path->count - 1};
		if (fs_open_path(use->fs, parent, &above, cancel, &opened, st) < 0)
			return -1;
		parent = opened;
	}
	*ret_parent = parent;
	*ret_opened = opened;
	return 0;
}

void opened_dir_close(struct opened_dir *opened)
{
	fs_close(opened->fs, opened->dir);
	opened->dir = NULL;
}
