/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A controller over one export in memory, and requests in one line.  Whatever server and share a request names, it gets that
 * export (only the server called dead does not answer); the tree outlives the controller, so a new controller finds what an
 * earlier one left.
 */
#ifndef CSICORE_TEST_CONTROLLER_WORLD_H
#define CSICORE_TEST_CONTROLLER_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/log.h"
#include "base/status.h"
#include "controller/jobs.h"
#include "controller/volume.h"
#include "csi/record.h"
#include "support/cmocka.h"
#include "support/fs_memory.h"

#define GIB (1LL << 30)

struct world {
	struct fs *fs;
	const struct fs_ops *memory_ops;
	struct fs_ops kept_ops; /* memory_ops, but free keeps the tree */
	struct controller_config config;
	struct controller controller;
	struct arena arena;
	struct cancel cancel;
	struct status st;
	unsigned open_count;        /* file systems opened */
	struct export_key last_key; /* of the last of them; strings of the controller */
	const char *fate;           /* of the directory of the volume that was deleted last */
};

static inline void world_keep_tree(struct fs *fs)
{
	(void)fs; /* the world frees it */
}

static inline struct fs *world_open(void *context, const struct export_key *key, struct arena *arena,
				    struct path *ret_below, struct status *st)
{
	struct world *world = context;
	if (strcmp(key->server, "dead") == 0) {
		(void)status_set(st, STATUS_UNAVAILABLE, "server dead does not answer");
		return NULL;
	}
	world->open_count++;
	world->last_key = *key;
	*ret_below = (struct path){NULL, 0};
	return world->fs;
}

/* The clock of all worlds: seconds since the epoch. */
#define WORLD_START 1767225600
static int64_t world_seconds = WORLD_START;
static inline int64_t world_now(void)
{
	return world_seconds;
}

/* Does the work in the background that is due now or in a moment, here. */
static inline void world_run_jobs(struct world *world)
{
	jobs_run_due(world->controller.jobs, 10 * 1000);
}

static inline void world_start_controller(struct world *world)
{
	assert_int_equal(controller_init(&world->controller, &world->config, &world->st), 0);
}

/* As after a crash and a new start: nothing is remembered but what is on the export. */
static inline void world_restart_controller(struct world *world)
{
	controller_release(&world->controller);
	assert_int_equal(fs_memory_open_count(world->fs), 0);
	world_start_controller(world);
}

static inline int world_init(struct world *world)
{
	*world = (struct world){.fs = fs_memory_new()};
	world_seconds = WORLD_START;
	world->memory_ops = world->fs->ops;
	world->kept_ops = *world->fs->ops;
	world->kept_ops.free = world_keep_tree;
	world->fs->ops = &world->kept_ops;
	world->config = (struct controller_config){
		.driver_name = "nfs.csicore.io",
		.default_on_delete = "",
		.calls_per_server = 4,
		.jobs_per_server = 2,
		.owner = "controller-1",
		.now_s = world_now,
		.exports = {world_open, world, 4},
	};
	arena_init(&world->arena, 1 << 20);
	cancel_init(&world->cancel, -1);
	log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
	world_start_controller(world);
	return 0;
}

static inline int world_release(struct world *world)
{
	controller_release(&world->controller);
	assert_int_equal(fs_memory_open_count(world->fs), 0);
	world->fs->ops = world->memory_ops;
	fs_free(world->fs);
	cancel_release(&world->cancel);
	arena_release(&world->arena);
	return 0;
}

static inline struct volume_call world_call(struct world *world)
{
	return (struct volume_call){&world->controller, &world->arena, &world->cancel};
}

/* ---- requests */

static inline Csi__V1__VolumeCapability *mount_capability(struct world *world, const char *mount_flag)
{
	Csi__V1__VolumeCapability *capability = arena_alloc(&world->arena, sizeof(*capability));
	Csi__V1__VolumeCapability__MountVolume *mount = arena_alloc(&world->arena, sizeof(*mount));
	Csi__V1__VolumeCapability__AccessMode *access_mode = arena_alloc(&world->arena, sizeof(*access_mode));
	csi__v1__volume_capability__init(capability);
	csi__v1__volume_capability__mount_volume__init(mount);
	csi__v1__volume_capability__access_mode__init(access_mode);
	access_mode->mode = CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_MULTI_WRITER;
	capability->access_mode = access_mode;
	capability->access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT;
	capability->mount = mount;
	if (mount_flag) {
		mount->mount_flags = arena_calloc(&world->arena, 1, sizeof(char *));
		mount->mount_flags[0] = arena_strdup(&world->arena, mount_flag);
		mount->n_mount_flags = 1;
	}
	return capability;
}

static inline void add_parameter(struct world *world, Csi__V1__CreateVolumeRequest *request, const char *key,
				 const char *value)
{
	Csi__V1__CreateVolumeRequest__ParametersEntry *entry = arena_alloc(&world->arena, sizeof(*entry));
	csi__v1__create_volume_request__parameters_entry__init(entry);
	entry->key = arena_strdup(&world->arena, key);
	entry->value = arena_strdup(&world->arena, value);
	request->parameters[request->n_parameters++] = entry;
}

static inline void add_mutable_parameter(struct world *world, Csi__V1__CreateVolumeRequest *request, const char *key,
					 const char *value)
{
	Csi__V1__CreateVolumeRequest__MutableParametersEntry *entry = arena_alloc(&world->arena, sizeof(*entry));
	csi__v1__create_volume_request__mutable_parameters_entry__init(entry);
	entry->key = arena_strdup(&world->arena, key);
	entry->value = arena_strdup(&world->arena, value);
	request->mutable_parameters[request->n_mutable_parameters++] = entry;
}

#define REQUEST_PARAMETERS_MAX 8

/* server srv, share /share, one mount capability, no size. */
static inline Csi__V1__CreateVolumeRequest *create_request(struct world *world, const char *name)
{
	Csi__V1__CreateVolumeRequest *request = arena_alloc(&world->arena, sizeof(*request));
	csi__v1__create_volume_request__init(request);
	request->name = arena_strdup(&world->arena, name);
	request->volume_capabilities = arena_calloc(&world->arena, 1, sizeof(*request->volume_capabilities));
	request->volume_capabilities[0] = mount_capability(world, NULL);
	request->n_volume_capabilities = 1;
	request->parameters = arena_calloc(&world->arena, REQUEST_PARAMETERS_MAX, sizeof(*request->parameters));
	request->mutable_parameters =
		arena_calloc(&world->arena, REQUEST_PARAMETERS_MAX, sizeof(*request->mutable_parameters));
	add_parameter(world, request, "server", "srv");
	add_parameter(world, request, "share", "/share");
	return request;
}

static inline Csi__V1__CreateVolumeRequest *create_request_in(struct world *world, const char *name,
							      const char *sub_dir)
{
	Csi__V1__CreateVolumeRequest *request = create_request(world, name);
	add_parameter(world, request, "subDir", sub_dir);
	return request;
}

static inline void set_capacity(struct world *world, Csi__V1__CreateVolumeRequest *request, int64_t required_bytes,
				int64_t limit_bytes)
{
	Csi__V1__CapacityRange *range = arena_alloc(&world->arena, sizeof(*range));
	csi__v1__capacity_range__init(range);
	range->required_bytes = required_bytes;
	range->limit_bytes = limit_bytes;
	request->capacity_range = range;
}

/* ---- calls; the status is world->st */

/* The volume made; NULL where the call failed. */
static inline const Csi__V1__Volume *create(struct world *world, const Csi__V1__CreateVolumeRequest *request)
{
	struct volume_call call = world_call(world);
	Csi__V1__CreateVolumeResponse response;
	csi__v1__create_volume_response__init(&response);
	return volume_create(&call, request, &response, &world->st) < 0 ? NULL : response.volume;
}

/* The share is known as if a call had named it. */
static inline void know_share(struct world *world, const char *server, const char *share)
{
	const struct export_key key = {.server = server, .share = share};
	assert_true(shares_add(world->controller.shares, &key, SHARE_OF_CALL));
}

static inline int delete_id(struct world *world, const char *volume_id)
{
	struct volume_call call = world_call(world);
	Csi__V1__DeleteVolumeRequest request;
	csi__v1__delete_volume_request__init(&request);
	request.volume_id = (char *)volume_id;
	return volume_delete(&call, &request, &world->fate, &world->st);
}

/* The size answered; -1 where the call failed. */
static inline int64_t expand(struct world *world, const char *volume_id, int64_t required_bytes, int64_t limit_bytes)
{
	struct volume_call call = world_call(world);
	Csi__V1__CapacityRange range;
	Csi__V1__ControllerExpandVolumeRequest request;
	Csi__V1__ControllerExpandVolumeResponse response;
	csi__v1__capacity_range__init(&range);
	csi__v1__controller_expand_volume_request__init(&request);
	csi__v1__controller_expand_volume_response__init(&response);
	range.required_bytes = required_bytes;
	range.limit_bytes = limit_bytes;
	request.volume_id = (char *)volume_id;
	request.capacity_range = &range;
	return volume_expand(&call, &request, &response, &world->st) < 0 ? -1 : response.capacity_bytes;
}

/* key NULL: no mutable parameters at all; key2 NULL: one. */
static inline int modify_two(struct world *world, const char *volume_id, const char *key, const char *value,
			     const char *key2, const char *value2)
{
	struct volume_call call = world_call(world);
	Csi__V1__ControllerModifyVolumeRequest request;
	Csi__V1__ControllerModifyVolumeRequest__MutableParametersEntry entries[2];
	Csi__V1__ControllerModifyVolumeRequest__MutableParametersEntry *list[] = {&entries[0], &entries[1]};
	for (int i = 0; i < 2; i++) {
		csi__v1__controller_modify_volume_request__mutable_parameters_entry__init(&entries[i]);
		entries[i].key = (char *)(i == 0 ? key : key2);
		entries[i].value = (char *)(i == 0 ? value : value2);
	}
	csi__v1__controller_modify_volume_request__init(&request);
	request.volume_id = (char *)volume_id;
	request.mutable_parameters = list;
	request.n_mutable_parameters = (key != NULL) + (key2 != NULL);
	return volume_modify(&call, &request, &world->st);
}

static inline int modify(struct world *world, const char *volume_id, const char *key, const char *value)
{
	return modify_two(world, volume_id, key, value, NULL, NULL);
}

static inline void assert_failed(const struct world *world, enum status_code code, const char *message)
{
	assert_string_equal(status_code_name(world->st.code), status_code_name(code));
	if (message)
		assert_string_equal(world->st.message, message);
}

/* The whole tree, one path a line. */
static inline void assert_tree(struct world *world, const char *expected)
{
	char *list = fs_memory_list(world->fs, "");
	assert_string_equal(list, expected);
	free(list);
}

static inline Csicore__VolumeRecord *record_at(struct world *world, const char *path)
{
	struct fs_attr attr;
	const char *content = fs_memory_content(world->fs, path);
	if (!content || !fs_memory_attr(world->fs, path, &attr))
		return NULL;
	return record_decode(&world->arena, content, attr.size_bytes);
}

/* The mutable parameter of a volume's record; NULL where there is no record, or none in it. */
static inline const char *mutable_of(struct world *world, const char *name, const char *key)
{
	const char *file = record_file_name(&world->arena, name);
	Csicore__VolumeRecord *record = record_at(world, arena_printf(&world->arena, ".csicore/volumes/%s", file));
	for (size_t i = 0; record && i < record->n_mutable_parameters; i++)
		if (strcmp(record->mutable_parameters[i]->key, key) == 0)
			return record->mutable_parameters[i]->value;
	return NULL;
}

/* A file of the folder of records with that content, in the place of what is there. */
static inline void plant_in_folder(struct world *world, const char *file, const void *bytes, size_t length)
{
	static const char *const names[] = {".csicore", "volumes"};
	static const struct path path = {(const char **)names, 2};
	struct fs_dir *root, *folder;
	if (!fs_memory_exists(world->fs, ".csicore/volumes"))
		fs_memory_plant_dir(world->fs, ".csicore/volumes", 0700);
	fs_memory_unplant(world->fs, arena_printf(&world->arena, ".csicore/volumes/%s", file));
	assert_int_equal(fs_open_root(world->fs, &world->cancel, &root, &world->st), 0);
	assert_int_equal(fs_open_path(world->fs, root, &path, &world->cancel, &folder, &world->st), 0);
	assert_int_equal(fs_create_file(world->fs, folder, file, 0600, bytes, length, &world->cancel, &world->st), 0);
	fs_close(world->fs, folder);
	fs_close(world->fs, root);
}

static inline void plant_record(struct world *world, const Csicore__VolumeRecord *record)
{
	size_t length;
	const uint8_t *bytes = record_encode(&world->arena, record, &length);
	plant_in_folder(world, record_file_name(&world->arena, record->name), bytes, length);
}

/* The value of a key of volume's context, NULL where it has none. */
static inline const char *context_of(const Csi__V1__Volume *volume, const char *key)
{
	for (size_t i = 0; i < volume->n_volume_context; i++)
		if (strcmp(volume->volume_context[i]->key, key) == 0)
			return volume->volume_context[i]->value;
	return NULL;
}

#endif
