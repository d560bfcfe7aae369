/* SPDX-License-Identifier: Apache-2.0 */
/* What the RPCs of a volume share: locks and the way to its directory. */
#include "volume.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "record_store.h"

int volume_lock_server(const struct volume_call *call, const char *server, struct slot *slot, struct status *st)
{
	if (slot_take(slot, call->controller->servers, server))
		return 0;
	return status_set(st, STATUS_UNAVAILABLE, "server %s is busy: %u calls are waiting for it", server,
			  call->controller->config.calls_per_server);
}

static int is_busy(const char *shown, struct status *st)
{
	return status_set(st, STATUS_ABORTED, "An operation with the given Volume ID %s already exists", shown);
}

/* The key of the directory that the first count names of the volume's path lead to. */
static const char *directory_key(const struct volume_call *call, const struct volume_id *id, size_t count)
{
	const struct path path = {id->path.names, count};
	return arena_printf(call->arena, "directory %s:%s %s", id->server, id->share, path_join(call->arena, &path));
}

int volume_lock_volume(const struct volume_call *call, const struct volume_id *id, const char *shown,
		       struct volume_locks *locks, struct status *st)
{
	struct controller *controller = call->controller;
	const char *name = arena_printf(call->arena, "name %s", volume_id_name(id));
	const char *directory = directory_key(call, id, id->path.count);
	if (slot_take(&locks->name, controller->volumes, name) &&
	    slot_take(&locks->directory, controller->volumes, directory) &&
	    !slots_is_used(controller->parents, directory))
		return 0;
	return is_busy(shown, st);
}

/* Who makes a volume says so before it looks, and who deletes one above does, too: one of them sees the other. */
int volume_lock_above(const struct volume_call *call, const struct volume_id *id, const char *shown,
		      struct volume_locks *locks, struct status *st)
{
	struct controller *controller = call->controller;
	for (size_t count = 1; count < id->path.count; count++) {
		const char *directory = directory_key(call, id, count);
		(void)slot_take(&locks->above[count - 1], controller->parents, directory); /* there are enough */
		if (slots_is_used(controller->volumes, directory))
			return is_busy(shown, st);
	}
	return 0;
}

int volume_lock(const struct volume_call *call, const struct volume_id *id, const char *shown,
		struct volume_locks *locks, struct status *st)
{
	if (volume_lock_volume(call, id, shown, locks, st) < 0)
		return -1;
	return volume_lock_server(call, id->server, &locks->server, st);
}

int volume_lock_node(const struct volume_call *call, const struct volume_id *id, const char *node_id,
		     struct volume_locks *locks, struct status *st)
{
	const char *name = arena_printf(call->arena, "node %s#%s", node_id, volume_id_name(id));
	if (!slot_take(&locks->name, call->controller->volumes, name))
		return is_busy(volume_id_name(id), st);
	return volume_lock_server(call, id->server, &locks->server, st);
}

void volume_locks_release(struct volume_locks *locks)
{
	for (size_t i = 0; i < PATH_DEPTH_MAX; i++)
		slot_release(&locks->above[i]);
	slot_release(&locks->server);
	slot_release(&locks->directory);
	slot_release(&locks->name);
}

int volume_read_id(struct arena *arena, const char *volume_id, struct volume_id *ret, struct status *st)
{
	struct status unparsable;
	if (volume_id[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	if (volume_id_parse(arena, volume_id, ret, &unparsable) < 0)
		return status_set(st, STATUS_NOT_FOUND, "volume %s does not exist: %s", volume_id, unparsable.message);
	if (ret->is_own_folder)
		return status_set(st, STATUS_NOT_FOUND, "volume %s does not exist: it names the driver's own folder",
				  volume_id);
	return 0;
}

bool volume_is_record_of(struct arena *arena, const Csicore__VolumeRecord *record, const struct volume_id *id)
{
	return strcmp(path_normalize(arena, record->sub_dir), path_normalize(arena, id->sub_dir)) == 0;
}

int volume_read_record(struct export_use *use, struct arena *arena, const struct volume_id *id, struct cancel *cancel,
		       Csicore__VolumeRecord **ret_record, struct status *st)
{
	const char *name = volume_id_name(id);
	Csicore__VolumeRecord *record = NULL;
	bool has_name = name[0] != '\0' && strlen(name) <= RECORD_VOLUME_NAME_MAX;
	if (has_name && record_store_read(use, arena, name, cancel, &record, st) < 0 && !record_store_is_refusal(st))
		return -1;
	*ret_record = record && volume_is_record_of(arena, record, id) ? record : NULL;
	return 0;
}

struct run {
	struct volume_call *call;
	export_operation *operation;
	void *context;
};

static int run_in_call(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	const struct run *run = context;
	struct cancel *outer = run->call->cancel;
	run->call->cancel = cancel;
	int result = run->operation(use, run->context, cancel, st);
	run->call->cancel = outer;
	return result;
}

int volume_run(const struct volume_call *call, struct export *export, export_operation *operation, void *context,
	       struct status *st)
{
	/* A call belongs to one thread, and it is on its caller's stack, where it is not const. */
	struct run run = {(struct volume_call *)call, operation, context};
	return export_run(export, run_in_call, &run, call->cancel, st);
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

int volume_check_capacity_range(const Csi__V1__CapacityRange *range, struct status *st)
{
	if (range->required_bytes < 0 || range->limit_bytes < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "capacity range is negative");
	if (range->limit_bytes > 0 && range->limit_bytes < range->required_bytes)
		return status_set(st, STATUS_OUT_OF_RANGE, "capacity limit %lld is below the required %lld bytes",
				  (long long)range->limit_bytes, (long long)range->required_bytes);
	return 0;
}

struct fs_owner volume_owner_of(const struct controller *controller, const struct volume_params *params)
{
	struct fs_owner owner = FS_OWNER_KEEP;
	if (!params->has_mount_permissions && controller->config.mount_permissions)
		owner.mode = controller->config.mount_permissions;
	volume_owner_change(&owner, params);
	return owner;
}

void volume_owner_change(struct fs_owner *owner, const struct volume_params *params)
{
	if (params->has_mount_permissions)
		owner->mode = params->mount_permissions ? params->mount_permissions : FS_KEEP;
	if (params->uid != VOLUME_PARAMS_KEEP_ID)
		owner->uid = params->uid;
	if (params->gid != VOLUME_PARAMS_KEEP_ID)
		owner->gid = params->gid;
}

int volume_open_directory(struct export_use *use, const struct path *path, struct cancel *cancel,
			  struct fs_dir **ret_dir, struct fs_dir **ret_opened, struct status *st)
{
	if (path->count == 0) {
		*ret_opened = NULL;
		return export_open_folder(use, EXPORT_ROOT, false, cancel, ret_dir, st);
	}
	struct fs_dir *root;
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0 ||
	    fs_open_path(use->fs, root, path, cancel, ret_opened, st) < 0)
		return -1;
	*ret_dir = *ret_opened;
	return 0;
}

bool volume_is_missing(const struct status *st)
{
	return st->errnum == ENOENT || st->errnum == ENOTDIR || st->errnum == ELOOP;
}

void opened_dir_close(struct opened_dir *opened)
{
	fs_close(opened->fs, opened->dir);
	opened->dir = NULL;
}
