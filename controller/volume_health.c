/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ControllerGetVolumeHealth and ControllerListVolumeHealth: whether a volume's server answers, its directory is there, and
 * there is room on its file system.
 */
#include <errno.h>
#include <time.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi/message_text.h"
#include "volume.h"
#include "volume_walk.h"

/* A record as young as this may be that of a volume which a call is still making. */
#define RECORD_YOUNG_S (15 * 60)

/* What is wrong with a volume; reason NULL: nothing. */
struct problem {
	Csi__V1__VolumeHealthErrorType type;
	const char *reason, *message;
};

static struct problem directory_is_gone(struct arena *arena, const struct volume_id *id)
{
	return (struct problem){CSI__V1__VOLUME_HEALTH_ERROR_TYPE__DATA_LOSS, "DirectoryMissing",
				arena_printf(arena, "the record of the volume is there, its directory %s is gone",
					     path_join(arena, &id->path))};
}

/* Why the volume cannot be looked at. */
static struct problem inaccessible(struct arena *arena, const struct status *why)
{
	static const struct {
		enum status_code code;
		const char *reason;
	} reasons[] = {
		{STATUS_UNAVAILABLE, "ServerUnavailable"},
		{STATUS_DEADLINE_EXCEEDED, "ServerUnavailable"},
		{STATUS_NOT_FOUND, "ShareNotFound"},
		{STATUS_PERMISSION_DENIED, "AccessDenied"},
	};
	struct problem problem = {CSI__V1__VOLUME_HEALTH_ERROR_TYPE__INACCESSIBLE, "ServerError",
				  arena_strdup(arena, why->message)};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == why->code)
			problem.reason = reasons[i].reason;
	return problem;
}

static struct problem problem_of_capacity(struct arena *arena, const struct fs_capacity *capacity)
{
	const Csi__V1__VolumeHealthErrorType degraded = CSI__V1__VOLUME_HEALTH_ERROR_TYPE__DEGRADED;
	if (capacity->total_bytes > 0 && capacity->available_bytes == 0)
		return (struct problem){degraded, "NoSpace",
					arena_printf(arena, "none of the %llu bytes of the export are available",
						     (unsigned long long)capacity->total_bytes)};
	if (capacity->total_files > 0 && capacity->free_files == 0)
		return (struct problem){degraded, "NoInodes",
					arena_printf(arena, "none of the %llu inodes of the export are free",
						     (unsigned long long)capacity->total_files)};
	return (struct problem){0};
}

/* Fails where there is no directory (volume_is_missing) or it cannot be looked at. */
static int look_at(struct export_use *use, struct arena *arena, const struct volume_id *id, struct cancel *cancel,
		   struct problem *ret, struct status *st)
{
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *dir;
	struct fs_capacity capacity;
	if (volume_open_directory(use, &id->path, cancel, &dir, &opened.dir, st) < 0 ||
	    fs_capacity(use->fs, dir, cancel, &capacity, st) < 0)
		return -1;
	*ret = problem_of_capacity(arena, &capacity);
	return 0;
}

/* Sets *ret_is_lost where the volume, whose directory is missing, should have one: a call that makes or deletes it may be running,
 * or have ended by now. */
static int check_lost(struct export_use *use, const struct volume_call *call, const struct volume_id *id,
		      struct cancel *cancel, bool *ret_is_lost, struct status *st)
{
	AUTO(volume_locks_release) struct volume_locks locks = {0};
	Csicore__VolumeRecord *record;
	struct status busy;
	if (volume_lock_volume(call, id, "", &locks, &busy) < 0)
		return 0;
	if (volume_read_record(use, call->arena, id, cancel, &record, st) < 0)
		return -1;
	*ret_is_lost = record != NULL;
	return 0;
}

static Csi__V1__VolumeHealth *health_message(struct arena *arena, const char *volume_id, const struct problem *problem)
{
	Csi__V1__VolumeHealth *health = arena_alloc(arena, sizeof(*health));
	csi__v1__volume_health__init(health);
	health->volume_id = arena_strdup(arena, volume_id);
	if (!problem->reason)
		return health;
	Csi__V1__VolumeHealth__VolumeHealthEntry *entry = arena_alloc(arena, sizeof(*entry));
	csi__v1__volume_health__volume_health_entry__init(entry);
	entry->status = problem->type;
	entry->reason = (char *)problem->reason;
	entry->message = (char *)problem->message;
	health->health_statuses = arena_alloc(arena, sizeof(*health->health_statuses));
	health->health_statuses[0] = entry;
	health->n_health_statuses = 1;
	return health;
}

/* ---- one volume */

struct checkup {
	const struct volume_call *call;
	const struct volume_id *id;
	struct problem problem; /* result */
};

static int check_up(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct checkup *checkup = context;
	struct status why;
	bool is_lost = false;
	if (look_at(use, checkup->call->arena, checkup->id, cancel, &checkup->problem, &why) == 0)
		return 0;
	if (volume_is_missing(&why) && check_lost(use, checkup->call, checkup->id, cancel, &is_lost, st) < 0)
		return -1;
	if (is_lost) {
		checkup->problem = directory_is_gone(checkup->call->arena, checkup->id);
		return 0;
	}
	*st = why;
	return -1;
}

int volume_get_health(const struct volume_call *call, const Csi__V1__ControllerGetVolumeHealthRequest *request,
		      Csi__V1__ControllerGetVolumeHealthResponse *response, struct status *st)
{
	struct volume_id id;
	if (volume_read_id(call->arena, request->volume_id, &id, st) < 0)
		return -1;
	const struct volume_export export = {.server = id.server,
					     .share = id.share,
					     .secrets = STRING_PAIRS(call->arena, request->secrets, request->n_secrets),
					     .secret_count = request->n_secrets,
					     .id = &id};
	struct checkup checkup = {.call = call, .id = &id};
	AUTO(slot_release) struct slot server = {0};
	AUTO(export_hold_release) struct export_hold hold = {0};
	if (volume_lock_server(call, id.server, &server, st) < 0)
		return -1;
	if (volume_open_export(call, &export, &hold, st) < 0 ||
	    volume_run(call, hold.export, check_up, &checkup, st) < 0) {
		if (volume_is_missing(st))
			return status_set(st, STATUS_NOT_FOUND, "volume %s does not exist", request->volume_id);
		if (cancel_is_over(call->cancel) || st->code == STATUS_FAILED_PRECONDITION)
			return -1;
		checkup.problem = inaccessible(call->arena, st);
	}
	response->volume_health = health_message(call->arena, request->volume_id, &checkup.problem);
	return 0;
}

/* ---- all volumes */

struct listing {
	const struct volume_call *call;
	Csi__V1__ControllerListVolumeHealthResponse *response;
};

/* Not of the one volume, but of its server or of the call. */
static bool is_of_server(const struct status *st)
{
	return st->code == STATUS_UNAVAILABLE || st->code == STATUS_DEADLINE_EXCEEDED || st->code == STATUS_CANCELLED ||
	       st->errnum == ESTALE;
}

static int add_unhealthy(void *context, struct export_use *use, const Csicore__VolumeRecord *record,
			 const struct volume_id *id, struct cancel *cancel, size_t *ret_bytes, struct status *st)
{
	struct listing *listing = context;
	struct arena *arena = listing->call->arena;
	struct problem problem = {0};
	bool is_young = time(NULL) - record->created_at < RECORD_YOUNG_S;
	bool is_lost = false;
	struct status why;
	if (look_at(use, arena, id, cancel, &problem, &why) < 0) {
		if (!volume_is_missing(&why) && is_of_server(&why)) {
			*st = why;
			return -1;
		}
		if (!volume_is_missing(&why))
			problem = inaccessible(arena, &why);
		else if (!is_young && check_lost(use, listing->call, id, cancel, &is_lost, st) < 0)
			return -1;
		if (is_lost)
			problem = directory_is_gone(arena, id);
	}
	if (!problem.reason)
		return 0;
	Csi__V1__VolumeHealth *health = health_message(arena, record->volume_id, &problem);
	message_text_repair(&health->base, arena);
	listing->response->entries[listing->response->n_entries++] = health;
	*ret_bytes = csi__v1__volume_health__get_packed_size(health);
	return 0;
}

int volume_list_health(const struct volume_call *call, const Csi__V1__ControllerListVolumeHealthRequest *request,
		       Csi__V1__ControllerListVolumeHealthResponse *response, struct status *st)
{
	struct listing listing = {call, response};
	const char *next_token;
	response->entries = arena_calloc(call->arena, VOLUME_WALK_RECORDS_MAX, sizeof(*response->entries));
	if (volume_walk(call, request->max_entries, request->starting_token, add_unhealthy, &listing, &next_token, st) <
	    0)
		return -1;
	response->next_token = (char *)next_token;
	return 0;
}
