/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archiving a deleted volume: one rename, but what may have to make room for it first, and the record that goes after it,
 * make it a job with a journal.  The journal names the directory by its file id and the record by its time: a volume that
 * was made anew under the same name since is not its business.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "reaper.h"
#include "storage/tree.h"
#include "trash.h"
#include "volume_deletion.h"

struct archive {
	struct deletion *deletion;
	struct path path; /* of the archive */
	struct fs_dir *parent, *archive_parent;
	const char *name, *archive_name;
};

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
static int rename_to_unused(struct export_use *use, const struct archive *archive, const char *archive_name,
			    struct status *st)
{
	struct cancel *cancel = archive->deletion->call->cancel;
	struct fs_attr attr;
	if (fs_lookup(use->fs, archive->archive_parent, archive_name, cancel, &attr, st) == 0)
		return status_set_errno(st, EEXIST, "archive as %s", archive_name);
	if (st->errnum != ENOENT)
		return -1;
	return fs_rename(use->fs, archive->parent, archive->name, archive->archive_parent, archive_name, cancel, st);
}

/* An archive that is in the way goes into the trash, as its volume would have. */
static int trash_old_archive(struct export_use *use, const struct archive *archive, struct status *st)
{
	const struct deletion *deletion = archive->deletion;
	const struct volume_call *call = deletion->call;
	const char *file = deletion_file_name(deletion);
	const char *entry = trash_new_entry(call->arena, file, controller_now(call->controller));
	enum trash_outcome outcome;
	Csicore__VolumeRecord record = CSICORE__VOLUME_RECORD__INIT;
	record.name = (char *)volume_id_name(&deletion->id);
	record.sub_dir = path_join(call->arena, &archive->path);
	if (call->controller->config.trash_retention_ms > 0 &&
	    trash_write_record(use, call->arena, entry, &record, call->cancel, st) < 0)
		return -1;
	return trash_put(use, archive->archive_parent, archive->archive_name, entry, reaper_in_place(call->controller),
			 call->cancel, &outcome, st);
}

/* Not an archive that is none: a volume can be called archived-x, and so can a share with volumes of its own. */
static int check_may_remove(struct export_use *use, const struct archive *archive, bool *ret_may_remove,
			    struct status *st)
{
	const struct deletion *deletion = archive->deletion;
	const struct volume_call *call = deletion->call;
	struct record_survey survey;
	bool exists;
	*ret_may_remove = false;
	if (!call->controller->config.removes_archived)
		return 0;
	if (record_store_survey(use, call->arena, "", &archive->path, call->cancel, &survey, st) < 0)
		return -1;
	*ret_may_remove = !survey.sharer && deletion_check_directory(use, deletion, &archive->path,
								     archive->archive_parent, &exists, st) == 0;
	return *ret_may_remove || survey.sharer || st->code == STATUS_FAILED_PRECONDITION ? 0 : -1;
}

/*
 * Something of the archive's name is there.  It is removed where the administrator said so; else this one gets the volume's
 * own name as a suffix, so that an earlier archive is never lost and a claim that is made and deleted again is not stuck.
 */
static int rename_beside_archive(struct export_use *use, const struct archive *archive, struct status *st)
{
	const struct deletion *deletion = archive->deletion;
	const struct volume_call *call = deletion->call;
	bool may_remove;
	if (check_may_remove(use, archive, &may_remove, st) < 0)
		return -1;
	if (may_remove) {
		if (trash_old_archive(use, archive, st) < 0)
			return status_prefix(st, "failed to delete archived subdirectory %s", archive->archive_name);
		return rename_to_unused(use, archive, archive->archive_name, st);
	}
	const char *suffix = record_file_name(call->arena, deletion->id.uuid);
	const char *unique = arena_printf(call->arena, "%s-%s", archive->archive_name, suffix);
	if (deletion->id.uuid[0] && path_is_name(unique)) {
		int result = rename_to_unused(use, archive, unique, st);
		if (result == 0 || st->errnum != EEXIST)
			return result;
	}
	return status_set(st, STATUS_FAILED_PRECONDITION,
			  "%s exists already: remove it, or run the controller with --remove-archived-volume-path",
			  path_join(call->arena, &archive->path));
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

/* A directory that is gone, or another one by now, was archived by an earlier run. */
static int archive_directory(struct export_use *use, struct deletion *deletion, struct status *st)
{
	struct cancel *cancel = deletion->call->cancel;
	const struct path *path = &deletion->id.path;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	AUTO(opened_dir_close) struct opened_dir archive_opened = {use->fs, NULL};
	struct archive archive = {.deletion = deletion, .path = archive_path(deletion)};
	struct fs_attr attr;
	bool exists;
	archive.name = path->names[path->count - 1];
	archive.archive_name = archive.path.names[path->count - 1];
	if (volume_open_parent(use, path, cancel, &archive.parent, &opened.dir, st) < 0 ||
	    fs_lookup(use->fs, archive.parent, archive.name, cancel, &attr, st) < 0)
		return st->errnum == ENOENT ? 0 : -1;
	if (attr.file_id != deletion->directory_id)
		return 0;
	if (deletion_check_directory(use, deletion, path, archive.parent, &exists, st) < 0)
		return -1;
	if (open_archive_parent(use, &archive.path, cancel, &archive.archive_parent, &archive_opened.dir, st) < 0)
		return -1;
	int result = rename_to_unused(use, &archive, archive.archive_name, st);
	if (result == 0 || st->errnum != EEXIST)
		return result;
	return rename_beside_archive(use, &archive, st);
}

static int archive_volume(struct export_use *use, struct deletion *deletion, const Csicore__JobRecord *record,
			  struct status *st)
{
	if (deletion_read_record(use, deletion, st) < 0 || deletion_survey(use, deletion, st) < 0)
		return -1;
	if (!deletion_keeps_directory(deletion) && archive_directory(use, deletion, st) < 0)
		return status_prefix(st, "archive subdirectory(%s) failed", deletion->id.sub_dir);
	if (deletion->record && deletion->record->created_at != record->volume_created_at)
		return 0;
	return deletion_remove_record(use, deletion, st) < 0 ? -1 : deletion_remove_mark(use, deletion, st);
}

static int run_archive(struct export_use *use, struct job_run *run, struct cancel *cancel, struct status *st)
{
	const struct volume_call call = {run->user, run->arena, cancel};
	struct deletion deletion = {
		.call = &call, .volume_id = run->record->volume_id, .directory_id = run->record->directory_id};
	AUTO(volume_locks_release) struct volume_locks locks = {0};
	if (volume_id_parse(run->arena, deletion.volume_id, &deletion.id, st) < 0)
		return -1;
	if (deletion.id.path.count == 0 || deletion.id.is_own_folder || deletion.id.is_ambiguous)
		return status_set(st, STATUS_FAILED_PRECONDITION, "\"%s\" names no volume", deletion.volume_id);
	if (volume_lock_volume(&call, &deletion.id, deletion.volume_id, &locks, st) < 0 ||
	    archive_volume(use, &deletion, run->record, st) < 0)
		return -1;
	reaper_note_deletion(run->user, run->key);
	return 0;
}

const struct job_kind archive_kind = {"archive", true, run_archive};

static const char *label_of(const struct deletion *deletion)
{
	return trash_entry_label(deletion->call->arena, deletion_file_name(deletion));
}

int archive_await(const struct deletion *deletion, const struct export_key *key, struct status *st)
{
	const struct volume_call *call = deletion->call;
	Csicore__JobRecord record = CSICORE__JOB_RECORD__INIT;
	record.created_at = controller_now(call->controller);
	record.volume_id = (char *)deletion->volume_id;
	record.directory_id = deletion->directory_id;
	record.volume_created_at = deletion->record ? deletion->record->created_at : 0;
	const char *id = arena_printf(call->arena, "%s~%" PRIx64, label_of(deletion), deletion->directory_id);
	const struct job_spec spec = {&archive_kind, key, id, &record};
	return jobs_await(call->controller->jobs, &spec, call->cancel, st);
}

int archive_join(const struct deletion *deletion, struct status *st)
{
	const struct volume_call *call = deletion->call;
	const char *prefix = arena_printf(call->arena, "%s~", label_of(deletion));
	return jobs_join(call->controller->jobs, &archive_kind, deletion->id.server, deletion->id.share, prefix,
			 call->cancel, st);
}
