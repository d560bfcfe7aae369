/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DeleteVolume.  The data goes first (out of sight by one rename, then removed, or archived), the record second, parents
 * that became empty last: whatever a call that is cut off leaves behind, the next one of the same id finishes.
 */
#include "volume.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi/record.h"
#include "record_store.h"
#include "storage/tree.h"
#include "trash.h"

struct deletion {
	const struct volume_call *call;
	const char *volume_id;
	struct volume_id id;
	enum on_delete policy;
	bool is_marked;              /* as one that others lie in */
	struct record_survey survey; /* of its directory */
};

/* What identifies the volume in the trash; a name too long for a record of its own is known by its end. */
static const char *trash_entry(const struct deletion *deletion)
{
	const char *name = volume_id_name(&deletion->id);
	size_t length = strlen(name);
	return record_file_name(deletion->call->arena,
				length > RECORD_VOLUME_NAME_MAX ? name + length - RECORD_VOLUME_NAME_MAX : name);
}

/* The same for an archive that is in the way of the volume's own. */
static const char *archive_trash_entry(const struct deletion *deletion)
{
	return arena_printf(deletion->call->arena, "~%s", trash_entry(deletion));
}

static bool has_record(const struct deletion *deletion)
{
	size_t length = strlen(volume_id_name(&deletion->id));
	return length > 0 && length <= RECORD_VOLUME_NAME_MAX;
}

static int remove_directory(struct export_use *use, const struct deletion *deletion, struct status *st)
{
	const struct path *path = &deletion->id.path;
	const char *name = path->names[path->count - 1];
	struct cancel *cancel = deletion->call->cancel;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *parent = NULL;
	if (volume_open_parent(use, path, cancel, &parent, &opened.dir, st) < 0 && st->errnum != ENOENT)
		return -1;
	return trash_remove(use, parent, name, trash_entry(deletion), cancel, st);
}

/* ---- archive */

/* `archived-` goes before the first name: ns/claim becomes archived-ns/claim. */
static struct path archive_path(const struct deletion *deletion)
{
	struct arena *arena = deletion->call->arena;
	const struct path *path = &deletion->id.path;
	struct path archive = {arena_calloc(arena, path->count, sizeof(char *)), path->count};
	for (size_t i = 0; i < path->count; i++)
		archive.names[i] = i == 0 ? arena_printf(arena, "archived-%s", path->names[0]) : path->names[i];
	return archive;
}

/* A rename that replaces nothing, as a rename alone would replace a file or an empty directory.  EEXIST. */
static int rename_to_unused(struct export_use *use, struct fs_dir *parent, const char *name,
			    struct fs_dir *archive_parent, const char *archive_name, struct cancel *cancel,
			    struct status *st)
{
	struct fs_attr attr;
	if (fs_lookup(use->fs, archive_parent, archive_name, cancel, &attr, st) == 0)
		return status_set_errno(st, EEXIST, "archive as %s", archive_name);
	return st->errnum == ENOENT ? fs_rename(use->fs, parent, name, archive_parent, archive_name, cancel, st) : -1;
}

/*
 * Something of the archive's name is there.  It is removed where the administrator said so; else this one gets the volume's own name
 * as a suffix, so that an earlier archive is never lost and a claim that is made and deleted again is not stuck.
 */
static int rename_beside_archive(struct export_use *use, const struct deletion *deletion, struct fs_dir *parent,
				 const char *name, struct fs_dir *archive_parent, const char *archive_name,
				 struct status *st)
{
	struct arena *arena = deletion->call->arena;
	struct cancel *cancel = deletion->call->cancel;
	const struct path archive = archive_path(deletion);
	const bool may_remove = deletion->call->controller->config.removes_archived;
	struct record_survey survey = {0}; /* a volume can be called archived-x */
	if (may_remove && record_store_survey(use, arena, "", &archive, cancel, &survey, st) < 0)
		return -1;
	if (may_remove && !survey.sharer) {
		if (trash_remove(use, archive_parent, archive_name, archive_trash_entry(deletion), cancel, st) < 0)
			return status_prefix(st, "failed to delete archived subdirectory %s", archive_name);
		return fs_rename(use->fs, parent, name, archive_parent, archive_name, cancel, st);
	}
	const char *unique = arena_printf(arena, "%s-%s", archive_name, record_file_name(arena, deletion->id.uuid));
	if (deletion->id.uuid[0] && path_is_name(unique)) {
		int result = rename_to_unused(use, parent, name, archive_parent, unique, cancel, st);
		if (result == 0 || st->errnum != EEXIST)
			return result;
	}
	return status_set(st, STATUS_FAILED_PRECONDITION,
			  "%s exists already: remove it, or run the controller with --remove-archived-volume-path",
			  path_join(arena, &archive));
}

static int open_archive_parent(struct export_use *use, const struct path *archive, struct cancel *cancel,
			       struct fs_dir **ret_parent, struct fs_dir **ret_opened, struct status *st)
{
	static const struct fs_owner keep = {FS_KEEP, FS_KEEP, FS_KEEP};
	struct path above = {archive->names, archive->count - 1};
	struct fs_dir *root;
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0)
		return -1;
	*ret_parent = root;
	*ret_opened = NULL;
	if (above.count == 0)
		return 0;
	if (tree_make_path(use->fs, root, &above, &keep, cancel, ret_opened, st) < 0)
		return -1;
	*ret_parent = *ret_opened;
	return 0;
}

/* A directory that is gone was archived by an earlier call, or is no more: both are done. */
static int archive_directory(struct export_use *use, const struct deletion *deletion, struct status *st)
{
	struct cancel *cancel = deletion->call->cancel;
	const struct path *path = &deletion->id.path;
	const struct path archive = archive_path(deletion);
	const char *name = path->names[path->count - 1];
	const char *archive_name = archive.names[archive.count - 1];
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	AUTO(opened_dir_close) struct opened_dir archive_opened = {use->fs, NULL};
	struct fs_dir *parent, *archive_parent;
	struct fs_attr attr;
	if (volume_open_parent(use, path, cancel, &parent, &opened.dir, st) < 0 ||
	    fs_lookup(use->fs, parent, name, cancel, &attr, st) < 0)
		return st->errnum == ENOENT ? 0 : -1;
	if (open_archive_parent(use, &archive, cancel, &archive_parent, &archive_opened.dir, st) < 0)
		return -1;
	int result = rename_to_unused(use, parent, name, archive_parent, archive_name, cancel, st);
	if (result == 0 || st->errnum != EEXIST)
		return result;
	return rename_beside_archive(use, deletion, parent, name, archive_parent, archive_name, st);
}

/* What an earlier call was removing when it was cut off. */
static int finish_archive_trash(struct export_use *use, const struct deletion *deletion, struct status *st)
{
	if (!deletion->call->controller->config.removes_archived)
		return 0;
	return trash_remove(use, NULL, NULL, archive_trash_entry(deletion), deletion->call->cancel, st);
}

/* ---- the whole */

/* subDirs are often shared, and not knowing is no leave to delete; a volume without one only where it is marked. */
static int survey_records(struct export_use *use, struct deletion *deletion, struct status *st)
{
	const struct volume_call *call = deletion->call;
	const char *name = volume_id_name(&deletion->id);
	deletion->survey = (struct record_survey){0};
	deletion->is_marked = false;
	if (deletion->id.uuid[0] == '\0') {
		if (record_store_is_shared(use, call->arena, name, call->cancel, &deletion->is_marked, st) < 0)
			return -1;
		if (!deletion->is_marked)
			return 0;
	}
	return record_store_survey(use, call->arena, name, &deletion->id.path, call->cancel, &deletion->survey, st);
}

static int put_away_data(struct export_use *use, const struct deletion *deletion, struct status *st)
{
	if (deletion->survey.sharer) {
		log_event(LOG_INFO, "directory kept: another volume uses it", LOG_TEXT("volume", deletion->volume_id),
			  LOG_TEXT("other", deletion->survey.sharer));
		return 0;
	}
	if (deletion->policy == ON_DELETE_ARCHIVE) {
		if (archive_directory(use, deletion, st) < 0 || finish_archive_trash(use, deletion, st) < 0)
			return status_prefix(st, "archive subdirectory(%s) failed", deletion->id.sub_dir);
		return 0;
	}
	if (remove_directory(use, deletion, st) < 0)
		return status_prefix(st, "delete subdirectory(%s) failed", deletion->id.sub_dir);
	return 0;
}

/* Up to the share, or to a directory that is another volume's: that one is no empty parent, however empty it is. */
static int remove_empty_parents(struct export_use *use, const struct deletion *deletion, struct status *st)
{
	const struct path *path = &deletion->id.path;
	size_t kept = deletion->survey.volume_above;
	struct path above = {path->names + kept, path->count - 1 - kept};
	struct path first = {path->names, kept + 1};
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *base;
	if (above.count == 0 || deletion->policy == ON_DELETE_ARCHIVE)
		return 0;
	if (volume_open_parent(use, &first, deletion->call->cancel, &base, &opened.dir, st) < 0)
		return st->errnum == ENOENT ? 0 : -1;
	if (tree_remove_empty(use->fs, base, &above, deletion->call->cancel, st) < 0)
		return status_prefix(st, "failed to remove empty directories");
	return 0;
}

static int delete_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct deletion *deletion = context;
	if (survey_records(use, deletion, st) < 0 || put_away_data(use, deletion, st) < 0)
		return -1;
	/* An id made by hand can carry another volume's name. */
	if (has_record(deletion) && !deletion->survey.is_elsewhere &&
	    record_store_remove(use, deletion->call->arena, volume_id_name(&deletion->id), cancel, st) < 0)
		return -1;
	if (deletion->is_marked &&
	    record_store_unmark(use, deletion->call->arena, volume_id_name(&deletion->id), cancel, st) < 0)
		return -1;
	return remove_empty_parents(use, deletion, st);
}

/* An id that names the share itself or the driver's folder was made by hand (or by csi-driver-nfs from `subDir: /`): deleting
 * it would take every other volume along. */
static int check_is_deletable(const struct deletion *deletion, struct status *st)
{
	if (deletion->id.path.count == 0)
		return status_set(st, STATUS_FAILED_PRECONDITION,
				  "volume id \"%s\" names the share itself, which is never deleted: "
				  "set the volume's reclaim policy to Retain",
				  deletion->volume_id);
	if (deletion->id.is_ambiguous)
		return status_set(st, STATUS_FAILED_PRECONDITION,
				  "volume id \"%s\" is ambiguous, a '#' is part of one of its elements: "
				  "remove the directory by hand",
				  deletion->volume_id);
	if (deletion->id.is_own_folder)
		return status_set(st, STATUS_FAILED_PRECONDITION,
				  "volume id \"%s\" names the driver's own folder, which is never deleted",
				  deletion->volume_id);
	return 0;
}

int volume_delete(const struct volume_call *call, const Csi__V1__DeleteVolumeRequest *request, struct status *st)
{
	struct deletion deletion = {.call = call, .volume_id = request->volume_id};
	struct status unparsable;
	if (request->volume_id[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "volume id is empty");
	if (volume_id_parse(call->arena, request->volume_id, &deletion.id, &unparsable) < 0) {
		log_event(LOG_WARNING, "volume is none of this driver's: nothing to delete",
			  LOG_TEXT("volume", request->volume_id), LOG_TEXT("why", unparsable.message));
		return 0;
	}
	bool is_default = deletion.id.on_delete == ON_DELETE_UNSET;
	deletion.policy = is_default ? call->controller->default_on_delete : deletion.id.on_delete;
	if (deletion.policy == ON_DELETE_RETAIN)
		return 0;
	if (check_is_deletable(&deletion, st) < 0)
		return -1;
	AUTO(volume_locks_release) struct volume_locks locks = {0};
	if (volume_lock(call, &deletion.id, request->volume_id, &locks, st) < 0)
		return -1;
	const struct volume_export export = {.server = deletion.id.server,
					     .share = deletion.id.share,
					     .secrets = STRING_PAIRS(call->arena, request->secrets, request->n_secrets),
					     .secret_count = request->n_secrets,
					     .id = &deletion.id};
	AUTO(export_hold_release) struct export_hold hold = {0};
	if (volume_open_export(call, &export, &hold, st) < 0)
		return -1;
	return export_run(hold.export, delete_on_export, &deletion, call->cancel, st);
}
