/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CreateVolume.  The record is written first and the directory made second, so that a call that is cut off anywhere
 * leaves either nothing, or a record without a directory.  Such a record is no volume: the next call of that name
 * takes it over.  The other way round, a directory without its record would be a volume whose size nobody knows.
 */
#include "volume.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "capacity.h"
#include "record_store.h"
#include "storage/tree.h"
#include "volume_wanted.h"

#define PARENT_ATTEMPTS 5

/* One call, and what came of it so far. */
struct creation {
	struct volume_wanted *wanted;
	const struct volume_call *call;
	bool has_new_record; /* written by this call */
};

/* ---- the record */

/* Whether a directory stands at sub_dir. */
static int look_for_directory(struct export_use *use, const struct volume_call *call, const char *sub_dir,
			      bool *ret_exists, struct status *st)
{
	struct path path;
	struct fs_dir *parent;
	struct fs_attr attr;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	*ret_exists = false;
	if (path_split(call->arena, "subDir", sub_dir, &path, st) < 0)
		return -1;
	if (path.count == 0)
		return 0;
	if (volume_open_parent(use, &path, call->cancel, &parent, &opened.dir, st) < 0 ||
	    fs_lookup(use->fs, parent, path.names[path.count - 1], call->cancel, &attr, st) < 0)
		return volume_is_missing(st) ? 0 : -1;
	*ret_exists = attr.type == FS_DIRECTORY;
	return 0;
}

/* The share refuses it. */
static int go_without_record(const struct volume_wanted *wanted, struct status *st)
{
	if (!wanted->needs_record)
		return 0;
	return status_set(st, STATUS_FAILED_PRECONDITION,
			  "share %s:%s takes no volume records: onDelete and mountOptions cannot be mutable parameters",
			  wanted->id.server, wanted->id.share);
}

/* In the place of what is there. */
static int replace_record(struct export_use *use, const struct creation *creation, struct status *st)
{
	const struct volume_call *call = creation->call;
	if (record_store_replace(use, call->arena, &creation->wanted->record, call->cancel, st) == 0)
		return 0;
	return record_store_is_refusal(st) ? go_without_record(creation->wanted, st) : -1;
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

/*
 * The record of this volume made before says what this call answers: the default policy, which is part of the id, may have
 * changed since, or the record is of before parameters were kept.  A record_change.
 */
static int note_answer(void *context, Csicore__VolumeRecord *record, bool *ret_is_changed, struct status *st)
{
	const Csicore__VolumeRecord *fresh = context;
	*ret_is_changed = strcmp(record->volume_id, fresh->volume_id) != 0 || !has_parameters_of(record, fresh);
	record->volume_id = fresh->volume_id;
	record->version = record->version > fresh->version ? record->version : fresh->version;
	record->parameters = fresh->parameters;
	record->n_parameters = fresh->n_parameters;
	return 0;
}

/* There is a file by the record's name: this volume made before, another one, or a piece of one. */
static int meet_record(struct export_use *use, struct creation *creation, struct status *st)
{
	const struct volume_call *call = creation->call;
	struct volume_wanted *wanted = creation->wanted;
	enum record_outcome outcome;
	Csicore__VolumeRecord *found;
	bool is_volume;
	if (record_store_read(use, call->arena, wanted->record.name, call->cancel, &found, st) < 0)
		return record_store_is_refusal(st) ? go_without_record(wanted, st) : -1;
	if (!found)
		return replace_record(use, creation, st);
	if (volume_wanted_check(wanted, found, st) == 0) {
		wanted->capacity_bytes = found->capacity_bytes;
		if (strcmp(found->volume_id, wanted->volume_id) == 0 && has_parameters_of(found, &wanted->record))
			return 0;
		return record_store_update(use, call->arena, found->name, note_answer, &wanted->record, call->cancel,
					   &outcome, st);
	}
	struct status lookup;
	if (look_for_directory(use, call, found->sub_dir, &is_volume, &lookup) < 0) {
		*st = lookup;
		return -1;
	}
	return is_volume ? -1 : replace_record(use, creation, st);
}

static int write_record(struct export_use *use, struct creation *creation, struct status *st)
{
	const struct volume_call *call = creation->call;
	const struct volume_id *id = &creation->wanted->id;
	enum record_outcome outcome;
	if (record_store_create(use, call->arena, &creation->wanted->record, call->cancel, &outcome, st) < 0)
		return -1;
	if (outcome == RECORD_EXISTS)
		return meet_record(use, creation, st);
	creation->has_new_record = outcome == RECORD_CREATED;
	if (outcome == RECORD_CREATED)
		return 0;
	if (export_is_first_refusal(use->export))
		log_event(LOG_WARNING, "share takes no volume records: sizes are not remembered, volumes not listed",
			  LOG_TEXT("server", id->server), LOG_TEXT("share", id->share));
	return go_without_record(creation->wanted, st);
}

/* ---- the directory */

static bool has_owner(const struct fs_attr *attr, const struct fs_owner *owner)
{
	return (owner->mode == FS_KEEP || owner->mode == attr->mode) &&
	       (owner->uid == FS_KEEP || owner->uid == attr->uid) && (owner->gid == FS_KEEP || owner->gid == attr->gid);
}

/* What is in the directory of a volume without subDir may be other volumes. */
static int mark_if_used(struct export_use *use, const struct creation *creation, struct fs_dir *dir, struct status *st)
{
	const struct volume_call *call = creation->call;
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	if (creation->wanted->id.uuid[0])
		return 0;
	int result = fs_read_dir(use->fs, dir, &page, call->cancel, st);
	if (result < 0 && st->errnum != EACCES)
		return -1;
	if (result == 0 && page.count == 0 && page.is_end)
		return 0;
	return record_store_mark_shared(use, call->arena, creation->wanted->record.name, call->cancel, st);
}

/* A directory that was there before is the volume, as in csi-driver-nfs; the mode and owner asked for are set on it.  A
 * server that lets the controller change no mode is no reason to fail, but an owner that was asked for is a promise. */
static int adopt_directory(struct export_use *use, const struct creation *creation, struct fs_dir *parent,
			   const char *name, struct status *st)
{
	const struct fs_owner *owner = &creation->wanted->owner;
	struct cancel *cancel = creation->call->cancel;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_attr attr;
	if (fs_open_dir(use->fs, parent, name, cancel, &opened.dir, st) < 0 ||
	    mark_if_used(use, creation, opened.dir, st) < 0)
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
static int open_or_make_parent(struct export_use *use, const struct creation *creation, struct fs_dir **ret_parent,
			       struct fs_dir **ret_opened, struct status *st)
{
	static const struct fs_owner keep = {FS_KEEP, FS_KEEP, FS_KEEP};
	const struct path *path = &creation->wanted->id.path;
	struct cancel *cancel = creation->call->cancel;
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

static int try_to_make_directory(struct export_use *use, const struct creation *creation, struct status *st)
{
	const struct path *path = &creation->wanted->id.path;
	const char *name = path->names[path->count - 1];
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *parent;
	if (open_or_make_parent(use, creation, &parent, &opened.dir, st) < 0)
		return -1;
	if (fs_make_dir(use->fs, parent, name, &creation->wanted->owner, creation->call->cancel, st) == 0)
		return 0;
	return st->errnum == EEXIST ? adopt_directory(use, creation, parent, name, st) : -1;
}

/* Whoever deletes a volume beside this one removes the parent when it finds it empty, at any moment until this one is there. */
static int make_directory(struct export_use *use, const struct creation *creation, struct status *st)
{
	for (unsigned attempt = 1;; attempt++) {
		if (try_to_make_directory(use, creation, st) == 0)
			return 0;
		bool is_gone = st->errnum == ENOENT || st->errnum == ESTALE;
		if (!is_gone || creation->wanted->id.path.count == 1 || attempt == PARENT_ATTEMPTS)
			return export_missing_is_stale(st);
	}
}

/* The volume without subDir that this one lies in, if any. */
static int mark_outer(struct export_use *use, const struct creation *creation, struct status *st)
{
	const struct volume_call *call = creation->call;
	const char *first = creation->wanted->id.path.names[0];
	bool is_volume;
	if (strcmp(first, creation->wanted->record.name) == 0)
		return 0;
	if (record_store_has(use, call->arena, first, call->cancel, &is_volume, st) < 0)
		return -1;
	return is_volume ? record_store_mark_shared(use, call->arena, first, call->cancel, st) : 0;
}

/* The server has refused the directory: nobody may ever ask for this volume again, so its record goes too.  Where the server
 * does not answer, the record stays for the repeat to find. */
static void take_back_record(struct export_use *use, const struct creation *creation, const struct status *why)
{
	bool is_unanswered = why->code == STATUS_UNAVAILABLE || why->code == STATUS_DEADLINE_EXCEEDED ||
			     why->code == STATUS_CANCELLED;
	struct status ignored; /* a record without a directory does no harm */
	if (creation->has_new_record && !is_unanswered)
		(void)record_store_remove(use, creation->call->arena, creation->wanted->record.name,
					  creation->call->cancel, &ignored);
}

/* --check-capacity; a volume that is there already has its space. */
static int check_capacity(struct export_use *use, const struct creation *creation, struct status *st)
{
	const struct volume_wanted *wanted = creation->wanted;
	const struct path above = {wanted->id.path.names, wanted->id.path.count - 1};
	struct status refusal;
	bool is_there;
	if (capacity_check(use, &above, wanted->capacity_bytes, 0, creation->call->cancel, &refusal) == 0)
		return 0;
	if (look_for_directory(use, creation->call, wanted->id.sub_dir, &is_there, st) < 0)
		return -1;
	if (is_there)
		return 0;
	*st = refusal;
	return -1;
}

/* A share that root may not write to is what most first volumes fail on. */
static int explain_refusal(struct status *st)
{
	const struct status why = *st;
	bool is_refused = why.errnum == EACCES || why.errnum == EPERM;
	return status_set_cause(
		st, why.code, why.errnum, "failed to make subdirectory: %s%s", why.message,
		is_refused ? ": the server has to let the controller's user do that (\"no_root_squash\" in "
			     "exports(5), or --nfs-uid and --nfs-gid of a user that may)"
			   : "");
}

static int create_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct creation *creation = context;
	if (creation->call->controller->config.checks_capacity && check_capacity(use, creation, st) < 0)
		return status_prefix(st, "share %s:%s", creation->wanted->id.server, creation->wanted->id.share);
	if (write_record(use, creation, st) < 0)
		return -1;
	if (make_directory(use, creation, st) == 0)
		return mark_outer(use, creation, st);
	if (st->errnum != ESTALE) /* or it is tried again */
		take_back_record(use, creation, st);
	return explain_refusal(st);
}

int volume_create(const struct volume_call *call, const Csi__V1__CreateVolumeRequest *request,
		  Csi__V1__CreateVolumeResponse *response, struct status *st)
{
	struct volume_wanted wanted;
	struct creation creation = {.wanted = &wanted, .call = call};
	if (volume_wanted_read(call, request, &wanted, st) < 0)
		return -1;
	AUTO(volume_locks_release) struct volume_locks locks = {0};
	if (volume_lock(call, &wanted.id, request->name, &locks, st) < 0 ||
	    volume_lock_above(call, &wanted.id, request->name, &locks, st) < 0)
		return -1;
	const struct volume_export export = {.server = wanted.id.server,
					     .share = wanted.id.share,
					     .capability = request->volume_capabilities[0],
					     .is_new = true};
	AUTO(export_hold_release) struct export_hold hold = {0};
	if (volume_open_export(call, &export, &hold, st) < 0 ||
	    volume_run(call, hold.export, create_on_export, &creation, st) < 0)
		return -1;
	volume_wanted_answer(&wanted, response);
	return 0;
}
