/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DeleteVolume.  The directory goes first, into the trash by one rename, the record second, parents that became empty last:
 * whatever a call that is cut off leaves behind, the next one of the same id finishes.
 */
#include <errno.h>
#include <string.h>

#include "attachments.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "folder.h"
#include "mutable_params.h"
#include "reaper.h"
#include "storage/tree.h"
#include "trash.h"
#include "volume_deletion.h"

const char *deletion_file_name(const struct deletion *deletion)
{
	const char *name = volume_id_name(&deletion->id);
	size_t length = strlen(name);
	return record_file_name(deletion->call->arena,
				length > RECORD_VOLUME_NAME_MAX ? name + length - RECORD_VOLUME_NAME_MAX : name);
}

static bool can_have_record(const struct deletion *deletion)
{
	size_t length = strlen(volume_id_name(&deletion->id));
	return length > 0 && length <= RECORD_VOLUME_NAME_MAX;
}

/* ---- what the share says of the volume */

int deletion_read_record(struct export_use *use, struct deletion *deletion, struct status *st)
{
	const struct volume_call *call = deletion->call;
	Csicore__VolumeRecord *record = NULL;
	deletion->record = NULL;
	deletion->is_elsewhere = false;
	if (can_have_record(deletion) &&
	    record_store_read(use, call->arena, volume_id_name(&deletion->id), call->cancel, &record, st) < 0 &&
	    !record_store_is_refusal(st))
		return -1;
	if (!record)
		return 0;
	deletion->is_elsewhere = !volume_is_record_of(call->arena, record, &deletion->id);
	if (deletion->is_elsewhere)
		return 0;
	deletion->record = record;
	const char *policy = mutable_params_get(record, "ondelete");
	if (policy)
		(void)on_delete_parse(policy, &deletion->policy); /* a word of a later version changes nothing */
	return 0;
}

/* *ret_file_id is 0 where there is no directory of the volume. */
static int find_directory(struct export_use *use, const struct deletion *deletion, uint64_t *ret_file_id,
			  struct status *st)
{
	const struct path *path = &deletion->id.path;
	struct cancel *cancel = deletion->call->cancel;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *parent;
	struct fs_attr attr;
	bool exists = volume_open_parent(use, path, cancel, &parent, &opened.dir, st) == 0 &&
		      fs_lookup(use->fs, parent, path->names[path->count - 1], cancel, &attr, st) == 0;
	*ret_file_id = exists ? attr.file_id : 0;
	return exists || st->errnum == ENOENT ? 0 : -1;
}

static bool is_without_sub_dir(const struct volume_id *id)
{
	return id->uuid[0] == '\0' && id->path.count == 1 && strcmp(id->path.names[0], id->sub_dir) == 0;
}

int deletion_survey(struct export_use *use, struct deletion *deletion, struct status *st)
{
	const struct volume_call *call = deletion->call;
	const char *name = volume_id_name(&deletion->id);
	deletion->survey = (struct record_survey){0};
	deletion->is_marked = false;
	/* Only where it is marked, as it would be by now if it has a record; a repeated call is about nothing. */
	if (is_without_sub_dir(&deletion->id)) {
		uint64_t file_id = 0;
		if ((deletion->record
			     ? record_store_is_shared(use, call->arena, name, call->cancel, &deletion->is_marked, st)
			     : find_directory(use, deletion, &file_id, st)) < 0)
			return -1;
		if (!deletion->is_marked && file_id == 0)
			return 0;
	}
	if (record_store_survey(use, call->arena, name, &deletion->id.path, call->cancel, &deletion->survey, st) == 0)
		return 0;
	/* As with csi-driver-nfs, on a share that keeps no records for this controller. */
	return is_without_sub_dir(&deletion->id) && record_store_is_refusal(st) ? 0 : -1;
}

bool deletion_keeps_directory(const struct deletion *deletion)
{
	if (deletion->survey.sharer)
		log_event(LOG_INFO, "directory kept: another volume uses it", LOG_TEXT("volume", deletion->volume_id),
			  LOG_TEXT("other", deletion->survey.sharer));
	return deletion->survey.sharer != NULL;
}

int deletion_remove_record(struct export_use *use, const struct deletion *deletion, struct status *st)
{
	const struct volume_call *call = deletion->call;
	/* An id made by hand can carry another volume's name. */
	if (!can_have_record(deletion) || deletion->is_elsewhere)
		return 0;
	return record_store_remove(use, call->arena, volume_id_name(&deletion->id), call->cancel, st);
}

int deletion_remove_mark(struct export_use *use, const struct deletion *deletion, struct status *st)
{
	const struct volume_call *call = deletion->call;
	if (!deletion->is_marked)
		return 0;
	return record_store_unmark(use, call->arena, volume_id_name(&deletion->id), call->cancel, st);
}

/* ---- into the trash */

/* A directory can be the share of another StorageClass, with volumes of its own, or have one at path below it. */
static int check_is_no_share(struct export_use *use, const struct deletion *deletion, struct fs_dir *dir,
			     const struct path *path, struct status *st)
{
	struct arena *arena = deletion->call->arena;
	struct cancel *cancel = deletion->call->cancel;
	struct path volumes = {arena_calloc(arena, path->count + 2, sizeof(char *)), path->count + 2};
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	AUTO(fs_page_release) struct fs_page page;
	bool has_record = false;
	fs_page_init(&page);
	for (size_t i = 0; i < path->count; i++)
		volumes.names[i] = path->names[i];
	volumes.names[path->count] = CSICORE_FOLDER;
	volumes.names[path->count + 1] = "volumes";
	if (fs_open_path(use->fs, dir, &volumes, cancel, &opened.dir, st) < 0)
		return st->errnum == ENOENT || folder_is_refusal(st) ? 0 : -1;
	while (!page.is_end && !has_record) {
		if (fs_read_dir(use->fs, opened.dir, &page, cancel, st) < 0)
			return -1;
		for (size_t i = 0; i < page.count && !has_record; i++)
			has_record = record_store_file_kind(&page.entries[i]) == RECORD_FILE_VOLUME;
	}
	return has_record ? status_set(st, STATUS_FAILED_PRECONDITION,
				       "the directory is a share itself, with volumes recorded in %s: delete those "
				       "first, or remove that folder",
				       path_join(arena, &volumes))
			  : 0;
}

static int check_has_no_share(struct export_use *use, const struct deletion *deletion, const struct path *path,
			      struct fs_dir *dir, struct status *st)
{
	const struct volume_call *call = deletion->call;
	const struct volume_id *id = &deletion->id;
	static const struct path itself = {NULL, 0};
	const char *base = path_normalize(call->arena,
					  arena_printf(call->arena, "%s/%s", id->share, path_join(call->arena, path)));
	size_t count;
	const char **shares = shares_below(call->controller->shares, call->arena, id->server, base, &count);
	if (check_is_no_share(use, deletion, dir, &itself, st) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct path below;
		if (path_split(call->arena, "share", shares[i] + strlen(base), &below, st) < 0 ||
		    check_is_no_share(use, deletion, dir, &below, st) < 0)
			return -1;
	}
	return 0;
}

/* Whatever else than a directory stands there is no share, nor is what the driver may not look into. */
int deletion_check_directory(struct export_use *use, const struct deletion *deletion, const struct path *path,
			     struct fs_dir *parent, bool *ret_exists, struct status *st)
{
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	const char *name = path->names[path->count - 1];
	*ret_exists = true;
	if (fs_open_dir(use->fs, parent, name, deletion->call->cancel, &opened.dir, st) == 0)
		return check_has_no_share(use, deletion, path, opened.dir, st);
	*ret_exists = st->errnum != ENOENT;
	return !*ret_exists || folder_is_refusal(st) ? 0 : -1;
}

/* What an entry of the trash needs to be restored by, where the volume never had a record. */
static int write_record(struct export_use *use, const struct deletion *deletion, const char *entry, struct status *st)
{
	const struct volume_call *call = deletion->call;
	Csicore__VolumeRecord record = CSICORE__VOLUME_RECORD__INIT;
	if (deletion->record || call->controller->config.trash_retention_ms == 0)
		return 0;
	record.name = (char *)volume_id_name(&deletion->id);
	record.volume_id = (char *)deletion->volume_id;
	record.sub_dir = (char *)deletion->id.sub_dir;
	return trash_write_record(use, call->arena, entry, &record, call->cancel, st);
}

static int put_away_directory(struct export_use *use, const struct deletion *deletion, const char *entry,
			      enum trash_outcome *ret_outcome, struct status *st)
{
	const struct volume_call *call = deletion->call;
	const struct path *path = &deletion->id.path;
	const char *name = path->names[path->count - 1];
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *parent;
	bool exists = volume_open_parent(use, path, call->cancel, &parent, &opened.dir, st) == 0;
	if (!exists && st->errnum != ENOENT)
		return -1;
	if (exists && deletion_check_directory(use, deletion, path, parent, &exists, st) < 0)
		return -1;
	*ret_outcome = TRASH_MISSING;
	if (exists &&
	    (write_record(use, deletion, entry, st) < 0 ||
	     trash_put(use, parent, name, entry, reaper_in_place(call->controller), call->cancel, ret_outcome, st) < 0))
		return -1;
	return 0;
}

static const char *fate_of(const struct deletion *deletion, enum trash_outcome outcome, const char *entry)
{
	const struct volume_call *call = deletion->call;
	if (outcome != TRASH_MOVED)
		return outcome == TRASH_MISSING ? "was gone already" : "removed";
	return call->controller->config.trash_retention_ms > 0 ? arena_printf(call->arena, "in the trash as %s", entry)
							       : "removed in the background";
}

static int put_away(struct export_use *use, struct deletion *deletion, struct status *st)
{
	const struct volume_call *call = deletion->call;
	enum trash_outcome outcome;
	deletion->fate = "kept for another volume";
	if (deletion_keeps_directory(deletion))
		return deletion_remove_record(use, deletion, st);
	const char *entry =
		trash_new_entry(call->arena, deletion_file_name(deletion), controller_now(call->controller));
	AUTO(slot_release) struct slot arrival = {0};
	(void)slot_take(&arrival, call->controller->volumes,
			reaper_arrival(call->arena, entry)); /* a name of its own */
	if (put_away_directory(use, deletion, entry, &outcome, st) < 0)
		return status_prefix(st, "delete subdirectory(%s) failed", deletion->id.sub_dir);
	deletion->fate = fate_of(deletion, outcome, entry);
	/* What is to go at once needs no record, and one that came after the reaper would be left over. */
	if (!deletion->record || outcome == TRASH_REMOVED || call->controller->config.trash_retention_ms == 0)
		return deletion_remove_record(use, deletion, st);
	entry = outcome == TRASH_MOVED ? entry : NULL; /* else it is gone, or an earlier call has put it there */
	return trash_put_record(use, call->arena, entry, deletion->record->name, call->cancel, st);
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
	if (above.count == 0)
		return 0;
	if (volume_open_parent(use, &first, deletion->call->cancel, &base, &opened.dir, st) < 0)
		return st->errnum == ENOENT ? 0 : -1;
	if (tree_remove_empty(use->fs, base, &above, deletion->call->cancel, st) < 0)
		return status_prefix(st, "failed to remove empty directories");
	return 0;
}

/* ---- the whole */

/* An id that names the share itself or the driver's folder was made by hand (or by csi-driver-nfs from `subDir: /`): deleting
 * it would take every other volume along. */
static int check_id(const struct deletion *deletion, struct status *st)
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

static enum on_delete policy_of_id(const struct deletion *deletion)
{
	enum on_delete policy = deletion->id.on_delete;
	return policy == ON_DELETE_UNSET ? deletion->call->controller->default_on_delete : policy;
}

/* Where publishing is served, a volume that a node has is in use. */
static int check_is_unpublished(struct export_use *use, const struct deletion *deletion, struct status *st)
{
	const struct volume_call *call = deletion->call;
	const struct capabilities *capabilities = &call->controller->config.capabilities;
	if (!capabilities_have(capabilities, CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME)) || !can_have_record(deletion))
		return 0;
	return attachments_check_none(use, call->arena, volume_id_name(&deletion->id), call->cancel, st);
}

/* The directory stays.  So does a record that alone keeps it: from a repeat of this call, or from the deletion of another volume. */
static int retain(struct export_use *use, struct deletion *deletion, struct status *st)
{
	if (policy_of_id(deletion) != ON_DELETE_RETAIN || !deletion->record)
		return 0;
	if (deletion_survey(use, deletion, st) < 0)
		return -1;
	if (deletion->survey.sharer || deletion->survey.volume_above > 0)
		return 0;
	return deletion_remove_record(use, deletion, st) < 0 ? -1 : deletion_remove_mark(use, deletion, st);
}

static int delete_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct deletion *deletion = context;
	deletion->policy = policy_of_id(deletion);
	if (deletion_read_record(use, deletion, st) < 0)
		return -1;
	deletion->fate = "retained";
	if (deletion->policy == ON_DELETE_RETAIN)
		return retain(use, deletion, st);
	if (check_is_unpublished(use, deletion, st) < 0)
		return -1;
	if (deletion->policy == ON_DELETE_ARCHIVE && find_directory(use, deletion, &deletion->directory_id, st) < 0)
		return status_prefix(st, "archive subdirectory(%s) failed", deletion->id.sub_dir);
	deletion->fate = "left to job archive";
	if (deletion->policy == ON_DELETE_ARCHIVE && deletion->directory_id != 0)
		return 0;
	deletion->fate = "was gone already";
	if (deletion_survey(use, deletion, st) < 0)
		return -1;
	/* What is missing was archived by an earlier call, or is no more: both are done. */
	if (deletion->policy == ON_DELETE_ARCHIVE)
		return deletion_remove_record(use, deletion, st) < 0 ? -1 : deletion_remove_mark(use, deletion, st);
	if (put_away(use, deletion, st) < 0 || deletion_remove_mark(use, deletion, st) < 0)
		return -1;
	return remove_empty_parents(use, deletion, st);
}

/* A server that is no more must not keep the cluster's volumes on it for ever: what is retained can be given up without it. */
static int give_up_unreached(const struct deletion *deletion, const struct status *st)
{
	bool is_unreached = st->code == STATUS_UNAVAILABLE || st->code == STATUS_DEADLINE_EXCEEDED ||
			    st->code == STATUS_NOT_FOUND || st->code == STATUS_PERMISSION_DENIED;
	if (!is_unreached || deletion->policy != ON_DELETE_RETAIN || policy_of_id(deletion) != ON_DELETE_RETAIN)
		return -1;
	log_event(LOG_WARNING, "volume is retained, with its record, as its share cannot be reached",
		  LOG_TEXT("volume", deletion->volume_id), LOG_TEXT("why", st->message));
	return 0;
}

/* A volume that is busy because it is being archived is waited for. */
static int lock_or_join(const struct deletion *deletion, struct volume_locks *locks, struct status *st)
{
	const struct volume_call *call = deletion->call;
	if (volume_lock(call, &deletion->id, deletion->volume_id, locks, st) == 0)
		return 0;
	volume_locks_release(locks);
	if (st->code != STATUS_ABORTED || archive_join(deletion, st) < 0)
		return -1;
	return volume_lock(call, &deletion->id, deletion->volume_id, locks, st);
}

static int delete_found(struct deletion *deletion, const Csi__V1__DeleteVolumeRequest *request, struct status *st)
{
	const struct volume_call *call = deletion->call;
	AUTO(export_hold_release) struct export_hold hold = {0};
	AUTO(volume_locks_release) struct volume_locks locks = {0};
	const struct volume_export export = {.server = deletion->id.server,
					     .share = deletion->id.share,
					     .secrets = STRING_PAIRS(call->arena, request->secrets, request->n_secrets),
					     .secret_count = request->n_secrets,
					     .id = &deletion->id};
	if (lock_or_join(deletion, &locks, st) < 0)
		return -1;
	if (volume_open_export(call, &export, &hold, st) < 0 ||
	    volume_run(call, hold.export, delete_on_export, deletion, st) < 0)
		return give_up_unreached(deletion, st);
	if (deletion->policy == ON_DELETE_DELETE || deletion->policy == ON_DELETE_UNSET)
		reaper_note_deletion(call->controller, export_key_of(hold.export));
	if (deletion->policy != ON_DELETE_ARCHIVE || deletion->directory_id == 0)
		return 0;
	/* The job locks the volume itself, as it may outlive this call. */
	slot_release(&locks.directory);
	slot_release(&locks.name);
	return archive_await(deletion, export_key_of(hold.export), st);
}

int volume_delete(const struct volume_call *call, const Csi__V1__DeleteVolumeRequest *request, const char **ret_fate,
		  struct status *st)
{
	struct deletion deletion = {.call = call, .volume_id = request->volume_id};
	struct status unparsable;
	if (request->volume_id[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "volume id is empty");
	if (volume_id_parse(call->arena, request->volume_id, &deletion.id, &unparsable) < 0) {
		log_event(LOG_WARNING, "volume is none of this driver's: nothing to delete",
			  LOG_TEXT("volume", request->volume_id), LOG_TEXT("why", unparsable.message));
		*ret_fate = NULL;
		return 0;
	}
	deletion.policy = policy_of_id(&deletion);
	/* What is never deleted can be retained, whatever its record says. */
	deletion.fate = "retained";
	int result = check_id(&deletion, st);
	if (result < 0 ? deletion.policy != ON_DELETE_RETAIN : delete_found(&deletion, request, st) < 0)
		return -1;
	*ret_fate = deletion.fate;
	return 0;
}
