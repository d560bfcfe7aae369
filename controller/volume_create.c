/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CreateVolume.  The record is written first and the directory made second, so that a call that is cut off anywhere
 * leaves either nothing, or a record without a directory.  Such a record is no volume: the next call of that name
 * takes it over.  The other way round, a directory without its record would be a volume whose size nobody knows.
 */
#include "volume.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi/capability.h"
#include "record_store.h"
#include "storage/tree.h"
#include "volume_message.h"

#define PARAMETERS_BYTES_MAX 4096 /* CSI spec, size limits */

/* What the request asks for. */
struct wanted {
	const struct volume_call *call;
	const Csi__V1__CreateVolumeRequest *request;
	struct volume_params params;
	const char *volume_id;
	struct volume_id id; /* volume_id, read back */
	int64_t required_bytes, limit_bytes;
	int64_t capacity_bytes; /* what the answer says */
	bool has_new_record;    /* written by this call */
};

/* ---- the request */

static int check_name(const char *name, struct status *st)
{
	if (name[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "CreateVolume name must be provided");
	if (strlen(name) > RECORD_VOLUME_NAME_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "name is longer than %d bytes", RECORD_VOLUME_NAME_MAX);
	return 0;
}

static int read_capacity(struct wanted *wanted, struct status *st)
{
	const Csi__V1__CapacityRange *range = wanted->request->capacity_range;
	if (!range)
		return 0;
	if (range->required_bytes < 0 || range->limit_bytes < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "capacity range is negative");
	if (range->limit_bytes > 0 && range->limit_bytes < range->required_bytes)
		return status_set(st, STATUS_OUT_OF_RANGE, "capacity limit %lld is below the required %lld bytes",
				  (long long)range->limit_bytes, (long long)range->required_bytes);
	wanted->required_bytes = range->required_bytes;
	wanted->limit_bytes = range->limit_bytes;
	wanted->capacity_bytes = range->required_bytes > 0 ? range->required_bytes : range->limit_bytes;
	return 0;
}

/* The last element of the id.  csi-driver-nfs leaves it empty for `delete` even where its default policy is another one;
 * the word is written exactly where leaving it out would change the meaning. */
static const char *on_delete_element(const struct controller *controller, const struct volume_params *params)
{
	bool is_default = params->on_delete == ON_DELETE_UNSET;
	enum on_delete policy = is_default ? controller->default_on_delete : params->on_delete;
	if (policy == ON_DELETE_RETAIN || policy == ON_DELETE_ARCHIVE)
		return is_default ? controller->config.default_on_delete : params->on_delete_text;
	bool is_overriding = params->on_delete == ON_DELETE_DELETE &&
			     controller->default_on_delete != ON_DELETE_UNSET &&
			     controller->default_on_delete != ON_DELETE_DELETE;
	return is_overriding ? "delete" : "";
}

static int check_parameters_size(const Csi__V1__CreateVolumeRequest *request, struct status *st)
{
	size_t bytes = 0;
	for (size_t i = 0; i < request->n_parameters; i++)
		bytes += strlen(request->parameters[i]->key) + strlen(request->parameters[i]->value);
	if (bytes > PARAMETERS_BYTES_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "parameters are longer than %d bytes",
				  PARAMETERS_BYTES_MAX);
	return 0;
}

static int make_id(struct wanted *wanted, struct status *st)
{
	const struct volume_params *params = &wanted->params;
	const char *name = wanted->request->name;
	struct volume_id_parts parts = {
		.server = params->server,
		.share = params->share,
		.sub_dir = params->sub_dir ? params->sub_dir : name,
		.uuid = params->sub_dir ? name : "",
		.on_delete = on_delete_element(wanted->call->controller, params),
	};
	wanted->volume_id = volume_id_format(wanted->call->arena, &parts, st);
	if (!wanted->volume_id)
		return -1;
	return volume_id_parse(wanted->call->arena, wanted->volume_id, &wanted->id, st);
}

static int read_request(struct wanted *wanted, struct status *st)
{
	const Csi__V1__CreateVolumeRequest *request = wanted->request;
	struct arena *arena = wanted->call->arena;
	if (check_name(request->name, st) < 0 || check_parameters_size(request, st) < 0 ||
	    capability_check_all(request->volume_capabilities, request->n_volume_capabilities, st) < 0)
		return -1;
	const struct string_pair *pairs = STRING_PAIRS(arena, request->parameters, request->n_parameters);
	if (volume_params_parse(arena, VOLUME_PARAMS_CLASS, pairs, request->n_parameters, &wanted->params, st) < 0)
		return -1;
	if (request->n_mutable_parameters > 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "mutable parameter \"%s\" is not supported",
				  request->mutable_parameters[0]->key);
	if (request->volume_content_source)
		return status_set(st, STATUS_INVALID_ARGUMENT, "volume content source is not supported");
	if (read_capacity(wanted, st) < 0)
		return -1;
	return make_id(wanted, st);
}

/* ---- the record */

static void keep_parameters(const struct wanted *wanted, Csicore__VolumeRecord *record)
{
	const Csi__V1__CreateVolumeRequest *request = wanted->request;
	struct arena *arena = wanted->call->arena;
	record->parameters = arena_calloc(arena, request->n_parameters + 1, sizeof(*record->parameters));
	record->n_parameters = request->n_parameters;
	for (size_t i = 0; i < request->n_parameters; i++) {
		Csicore__Parameter *parameter = arena_alloc(arena, sizeof(*parameter));
		csicore__parameter__init(parameter);
		parameter->key = request->parameters[i]->key;
		parameter->value = request->parameters[i]->value;
		record->parameters[i] = parameter;
	}
}

static Csicore__VolumeRecord new_record(const struct wanted *wanted)
{
	const Csi__V1__VolumeCapability__MountVolume *mount = wanted->request->volume_capabilities[0]->mount;
	Csicore__VolumeRecord record = CSICORE__VOLUME_RECORD__INIT;
	record.name = (char *)volume_id_name(&wanted->id);
	record.volume_id = (char *)wanted->volume_id;
	record.sub_dir = (char *)wanted->id.sub_dir;
	record.capacity_bytes = wanted->capacity_bytes;
	record.created_at = time(NULL);
	record.mount_flags = mount->mount_flags;
	record.n_mount_flags = mount->n_mount_flags;
	record.version = RECORD_VERSION;
	keep_parameters(wanted, &record);
	return record;
}

/* Whether a directory stands at sub_dir. */
static int look_for_directory(struct export_use *use, const struct wanted *wanted, const char *sub_dir,
			      bool *ret_exists, struct status *st)
{
	struct path path;
	struct fs_dir *parent;
	struct fs_attr attr;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	*ret_exists = false;
	if (path_split(wanted->call->arena, "subDir", sub_dir, &path, st) < 0)
		return -1;
	if (path.count == 0)
		return 0;
	if (volume_open_parent(use, &path, wanted->call->cancel, &parent, &opened.dir, st) < 0 ||
	    fs_lookup(use->fs, parent, path.names[path.count - 1], wanted->call->cancel, &attr, st) < 0)
		return st->errnum == ENOENT || st->errnum == ENOTDIR || st->errnum == ELOOP ? 0 : -1;
	*ret_exists = attr.type == FS_DIRECTORY;
	return 0;
}

static bool is_same_directory(const struct wanted *wanted, const char *sub_dir)
{
	struct arena *arena = wanted->call->arena;
	return strcmp(path_normalize(arena, sub_dir), path_normalize(arena, wanted->id.sub_dir)) == 0;
}

static bool is_capacity_compatible(const struct wanted *wanted, int64_t capacity_bytes)
{
	return capacity_bytes >= wanted->required_bytes &&
	       (wanted->limit_bytes == 0 || capacity_bytes <= wanted->limit_bytes);
}

/* Puts record in the place of what is there; a share that refuses is served without a record. */
static int replace_record(struct export_use *use, const struct wanted *wanted, const Csicore__VolumeRecord *record,
			  struct status *st)
{
	if (record_store_replace(use, wanted->call->arena, record, wanted->call->cancel, st) == 0)
		return 0;
	return record_store_is_refusal(st) ? 0 : -1;
}

static int already_exists(const struct wanted *wanted, const Csicore__VolumeRecord *record, struct status *st)
{
	if (!is_same_directory(wanted, record->sub_dir))
		return status_set(st, STATUS_ALREADY_EXISTS, "volume %s already exists in directory %s", record->name,
				  record->sub_dir);
	return status_set(st, STATUS_ALREADY_EXISTS,
			  "volume %s already exists with %lld bytes, which is not within the range asked for",
			  record->name, (long long)record->capacity_bytes);
}

static bool has_parameter(const Csicore__VolumeRecord *record, const Csicore__Parameter *wanted)
{
	for (size_t i = 0; i < record->n_parameters; i++)
		if (strcmp(record->parameters[i]->key, wanted->key) == 0)
			return strcmp(record->parameters[i]->value, wanted->value) == 0;
	return false;
}

/* A map comes in any order. */
static bool has_parameters_of(const Csicore__VolumeRecord *record, const Csicore__VolumeRecord *other)
{
	for (size_t i = 0; i < other->n_parameters; i++)
		if (!has_parameter(record, other->parameters[i]))
			return false;
	return record->n_parameters == other->n_parameters;
}

/* There is a file by the record's name: this volume made before, another one, or a piece of one. */
static int meet_record(struct export_use *use, struct wanted *wanted, struct status *st)
{
	const struct volume_call *call = wanted->call;
	Csicore__VolumeRecord *found;
	Csicore__VolumeRecord fresh = new_record(wanted);
	if (record_store_read(use, call->arena, fresh.name, call->cancel, &found, st) < 0)
		return record_store_is_refusal(st) ? 0 : -1;
	if (!found)
		return replace_record(use, wanted, &fresh, st);
	if (is_same_directory(wanted, found->sub_dir) && is_capacity_compatible(wanted, found->capacity_bytes)) {
		wanted->capacity_bytes = found->capacity_bytes;
		if (strcmp(found->volume_id, wanted->volume_id) == 0 && has_parameters_of(found, &fresh))
			return 0;
		/* The default policy has changed since, which is part of the id, or the record is of before parameters
		 * were kept: it says what this call answers. */
		found->volume_id = (char *)wanted->volume_id;
		found->version = found->version > fresh.version ? found->version : fresh.version;
		found->parameters = fresh.parameters;
		found->n_parameters = fresh.n_parameters;
		return replace_record(use, wanted, found, st);
	}
	bool is_volume;
	if (look_for_directory(use, wanted, found->sub_dir, &is_volume, st) < 0)
		return -1;
	return is_volume ? already_exists(wanted, found, st) : replace_record(use, wanted, &fresh, st);
}

static int write_record(struct export_use *use, struct wanted *wanted, struct status *st)
{
	Csicore__VolumeRecord record = new_record(wanted);
	enum record_outcome outcome;
	const char *first = wanted->id.path.names[0];
	bool is_in_another = wanted->id.uuid[0] && strcmp(first, wanted->id.uuid) != 0;
	if (is_in_another && record_store_mark_shared(use, wanted->call->arena, first, wanted->call->cancel, st) < 0)
		return -1;
	if (record_store_create(use, wanted->call->arena, &record, wanted->call->cancel, &outcome, st) < 0)
		return -1;
	if (outcome == RECORD_EXISTS)
		return meet_record(use, wanted, st);
	wanted->has_new_record = outcome == RECORD_CREATED;
	if (outcome == RECORD_REFUSED && export_is_first_refusal(use->export))
		log_event(LOG_INFO, "share takes no volume records: sizes are not remembered",
			  LOG_TEXT("server", wanted->id.server), LOG_TEXT("share", wanted->id.share));
	return 0;
}

/* ---- the directory */

static struct fs_owner owner_of(const struct wanted *wanted)
{
	const struct volume_params *params = &wanted->params;
	uint32_t mode = params->has_mount_permissions ? params->mount_permissions
						      : wanted->call->controller->config.mount_permissions;
	return (struct fs_owner){
		.mode = mode ? mode : FS_KEEP,
		.uid = params->uid == VOLUME_PARAMS_KEEP_ID ? FS_KEEP : params->uid,
		.gid = params->gid == VOLUME_PARAMS_KEEP_ID ? FS_KEEP : params->gid,
	};
}

static bool has_owner(const struct fs_attr *attr, const struct fs_owner *owner)
{
	return (owner->mode == FS_KEEP || owner->mode == attr->mode) &&
	       (owner->uid == FS_KEEP || owner->uid == attr->uid) && (owner->gid == FS_KEEP || owner->gid == attr->gid);
}

/* A directory that was there before is the volume, as in csi-driver-nfs; the mode and owner asked for are set on it.  A
 * server that lets the controller change no mode is no reason to fail, but an owner that was asked for is a promise. */
static int adopt_directory(struct export_use *use, const struct wanted *wanted, struct fs_dir *parent, const char *name,
			   const struct fs_owner *owner, struct status *st)
{
	struct cancel *cancel = wanted->call->cancel;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_attr attr;
	if (fs_open_dir(use->fs, parent, name, cancel, &opened.dir, st) < 0)
		return -1;
	if (owner->mode == FS_KEEP && owner->uid == FS_KEEP && owner->gid == FS_KEEP)
		return 0;
	if (fs_get_attr(use->fs, opened.dir, cancel, &attr, st) < 0)
		return -1;
	if (has_owner(&attr, owner) || fs_set_owner(use->fs, opened.dir, owner, cancel, st) == 0)
		return 0;
	bool is_mode_only = owner->uid == FS_KEEP && owner->gid == FS_KEEP;
	return is_mode_only && (st->errnum == EPERM || st->errnum == EACCES || st->errnum == EROFS) ? 0 : -1;
}

/* The directory the volume's is made in; those above it are made where they are missing. */
static int open_or_make_parent(struct export_use *use, const struct wanted *wanted, struct fs_dir **ret_parent,
			       struct fs_dir **ret_opened, struct status *st)
{
	static const struct fs_owner keep = {FS_KEEP, FS_KEEP, FS_KEEP};
	const struct path *path = &wanted->id.path;
	struct cancel *cancel = wanted->call->cancel;
	struct fs_dir *root;
	if (volume_open_parent(use, path, cancel, ret_parent, ret_opened, st) == 0)
		return 0;
	if (st->errnum != ENOENT || path->count == 1)
		return -1;
	struct path above = {path->names, path->count - 1};
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0 ||
	    tree_make_path(use->fs, root, &above, &keep, cancel, ret_opened, st) < 0)
		return -1;
	*ret_parent = *ret_opened;
	return 0;
}

static int make_directory(struct export_use *use, const struct wanted *wanted, struct status *st)
{
	const struct path *path = &wanted->id.path;
	const char *name = path->names[path->count - 1];
	const struct fs_owner owner = owner_of(wanted);
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *parent;
	if (open_or_make_parent(use, wanted, &parent, &opened.dir, st) < 0)
		return -1;
	if (fs_make_dir(use->fs, parent, name, &owner, wanted->call->cancel, st) == 0)
		return 0;
	if (st->errnum == EEXIST)
		return adopt_directory(use, wanted, parent, name, &owner, st);
	return export_missing_is_stale(st);
}

/* The server has refused the directory: nobody may ever ask for this volume again, so its record goes too.  Where the server
 * does not answer, the record stays for the repeat to find. */
static void take_back_record(struct export_use *use, const struct wanted *wanted, const struct status *why)
{
	bool is_unanswered = why->code == STATUS_UNAVAILABLE || why->code == STATUS_DEADLINE_EXCEEDED ||
			     why->code == STATUS_CANCELLED;
	struct status ignored; /* a record without a directory does no harm */
	if (wanted->has_new_record && !is_unanswered)
		(void)record_store_remove(use, wanted->call->arena, volume_id_name(&wanted->id), wanted->call->cancel,
					  &ignored);
}

static int create_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct wanted *wanted = context;
	if (write_record(use, wanted, st) < 0)
		return -1;
	if (make_directory(use, wanted, st) == 0)
		return 0;
	if (st->errnum != ESTALE) /* or it is tried again */
		take_back_record(use, wanted, st);
	return status_prefix(st, "failed to make subdirectory");
}

/* ---- the answer */

static void fill_response(const struct wanted *wanted, Csi__V1__CreateVolumeResponse *response)
{
	const Csi__V1__CreateVolumeRequest *request = wanted->request;
	struct arena *arena = wanted->call->arena;
	response->volume = volume_message_new(arena, wanted->volume_id, wanted->capacity_bytes,
					      STRING_PAIRS(arena, request->parameters, request->n_parameters),
					      request->n_parameters,
					      wanted->params.sub_dir ? wanted->params.sub_dir : request->name);
}

int volume_create(const struct volume_call *call, const Csi__V1__CreateVolumeRequest *request,
		  Csi__V1__CreateVolumeResponse *response, struct status *st)
{
	struct wanted wanted = {.call = call, .request = request};
	if (read_request(&wanted, st) < 0)
		return -1;
	AUTO(volume_locks_release) struct volume_locks locks = {0};
	if (volume_lock(call, &wanted.id, request->name, &locks, st) < 0)
		return -1;
	const struct volume_export export = {.server = wanted.id.server,
					     .share = wanted.id.share,
					     .capability = request->volume_capabilities[0],
					     .is_new = true};
	AUTO(export_hold_release) struct export_hold hold = {0};
	if (volume_open_export(call, &export, &hold, st) < 0 ||
	    export_run(hold.export, create_on_export, &wanted, call->cancel, st) < 0)
		return -1;
	fill_response(&wanted, response);
	return 0;
}
