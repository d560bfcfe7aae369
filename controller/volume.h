/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a volume on an export, and what its RPCs share. */
#ifndef CSICORE_CONTROLLER_VOLUME_H
#define CSICORE_CONTROLLER_VOLUME_H

#include "controller.h"
#include "csi/record.h"
#include "csi/volume_id.h"

struct arena;
struct cancel;

/* What an RPC brings along. */
struct volume_call {
	struct controller *controller;
	struct arena *arena;
	struct cancel *cancel;
};

/* The whole of each RPC. */
int volume_create(const struct volume_call *call, const Csi__V1__CreateVolumeRequest *request,
		  Csi__V1__CreateVolumeResponse *response, struct status *st);
/* *ret_fate says in words what became of the directory, and is in call->arena; NULL where the id is none of this driver's. */
int volume_delete(const struct volume_call *call, const Csi__V1__DeleteVolumeRequest *request, const char **ret_fate,
		  struct status *st);
int volume_validate(const struct volume_call *call, const Csi__V1__ValidateVolumeCapabilitiesRequest *request,
		    Csi__V1__ValidateVolumeCapabilitiesResponse *response, struct status *st);
int volume_expand(const struct volume_call *call, const Csi__V1__ControllerExpandVolumeRequest *request,
		  Csi__V1__ControllerExpandVolumeResponse *response, struct status *st);
int volume_modify(const struct volume_call *call, const Csi__V1__ControllerModifyVolumeRequest *request,
		  struct status *st);
int volume_publish(const struct volume_call *call, const Csi__V1__ControllerPublishVolumeRequest *request,
		   Csi__V1__ControllerPublishVolumeResponse *response, struct status *st);
int volume_unpublish(const struct volume_call *call, const Csi__V1__ControllerUnpublishVolumeRequest *request,
		     struct status *st);

int volume_list(const struct volume_call *call, const Csi__V1__ListVolumesRequest *request,
		Csi__V1__ListVolumesResponse *response, struct status *st);
int volume_get(const struct volume_call *call, const Csi__V1__ControllerGetVolumeRequest *request,
	       Csi__V1__ControllerGetVolumeResponse *response, struct status *st);
int volume_get_health(const struct volume_call *call, const Csi__V1__ControllerGetVolumeHealthRequest *request,
		      Csi__V1__ControllerGetVolumeHealthResponse *response, struct status *st);
int volume_list_health(const struct volume_call *call, const Csi__V1__ControllerListVolumeHealthRequest *request,
		       Csi__V1__ControllerListVolumeHealthResponse *response, struct status *st);

/*
 * What a call that changes a volume holds meanwhile: its name, its directory (two volumes can share one) and one of the
 * server's slots; one that makes it, the directories above, too.
 */
struct volume_locks {
	struct slot name, directory, server;
	struct slot above[PATH_DEPTH_MAX];
};
/* ABORTED where the volume is busy; what words the message shows it by.  UNAVAILABLE where the server has its share of
 * calls waiting already.  locks is zeroed before. */
int volume_lock(const struct volume_call *call, const struct volume_id *id, const char *shown,
		struct volume_locks *locks, struct status *st);
/* In addition, where the volume is to be made: no volume that it lies in is changed meanwhile.  ABORTED. */
int volume_lock_above(const struct volume_call *call, const struct volume_id *id, const char *shown,
		      struct volume_locks *locks, struct status *st);
/* As volume_lock for what is done about one node: it keeps out what is done about the same one, and "" is one too. */
int volume_lock_node(const struct volume_call *call, const struct volume_id *id, const char *node_id,
		     struct volume_locks *locks, struct status *st);
void volume_locks_release(struct volume_locks *locks);
/* The volume alone, for work in the background. */
int volume_lock_volume(const struct volume_call *call, const struct volume_id *id, const char *shown,
		       struct volume_locks *locks, struct status *st);
/* The server's slot alone. */
int volume_lock_server(const struct volume_call *call, const char *server, struct slot *slot, struct status *st);

/* The export that a call is about, and what the call says of the way to it. */
struct volume_export {
	const char *server, *share;                  /* share normalised */
	const Csi__V1__VolumeCapability *capability; /* whose mount flags count; NULL and block: none */
	const struct string_pair *secrets;           /* of the request: mountOptions among them counts too */
	size_t secret_count;
	const struct volume_id *id; /* of the volume, whose record may tell the way; NULL where that is not known */
	bool is_new;                /* the volume is to be made: what earlier calls said is none of its business */
};

/*
 * Holds the export, which has been reached: *ret_hold is released by the caller.  Without mount options in the call, the way is
 * that of --share or of an earlier call, else that of the volume's record once a plain one has reached the share.
 * FAILED_PRECONDITION where two servers are known that differ by their port alone, and neither call nor record tells which.
 */
int volume_open_export(const struct volume_call *call, const struct volume_export *what, struct export_hold *ret_hold,
		       struct status *st);

/* The id of a call about a volume that has to exist: INVALID_ARGUMENT where it is empty, NOT_FOUND where it can be no volume's. */
int volume_read_id(struct arena *arena, const char *volume_id, struct volume_id *ret, struct status *st);
/* Whether record is about the directory that id names: an id made by hand can carry another volume's name. */
bool volume_is_record_of(struct arena *arena, const Csicore__VolumeRecord *record, const struct volume_id *id);
/* The volume's record; NULL where there is none, it may not be read, or it is about another directory. */
int volume_read_record(struct export_use *use, struct arena *arena, const struct volume_id *id, struct cancel *cancel,
		       Csicore__VolumeRecord **ret_record, struct status *st);

/* Where a volume is: as its context says, whatever its id looks like (static volumes); without one, as its id does. */
struct volume_place {
	const char *server, *share;
	struct path path;
};
int volume_find_place(const struct volume_call *call, const char *volume_id, const struct string_pair *context,
		      size_t count, struct volume_place *ret, struct status *st);
/* NOT_FOUND where there is no directory.  export says what the request tells of the way (capability, secrets). */
int volume_check_place(const struct volume_call *call, const char *volume_id, const struct volume_place *place,
		       const struct volume_export *export, struct status *st);

/* export_run for a call: meanwhile call->cancel is the operation's, which is over, too, when the server turns out to be down. */
int volume_run(const struct volume_call *call, struct export *export, export_operation *operation, void *context,
	       struct status *st);

/* Opens the directory that holds the last name of path (count >= 1): the root itself, or the directory at the other names.
 * *ret_opened is what the caller has to fs_close, NULL for the root. */
int volume_open_parent(struct export_use *use, const struct path *path, struct cancel *cancel,
		       struct fs_dir **ret_parent, struct fs_dir **ret_opened, struct status *st);

/* The directory at path, which is the root where path has no name; *ret_opened as above. */
int volume_open_directory(struct export_use *use, const struct path *path, struct cancel *cancel,
			  struct fs_dir **ret_dir, struct fs_dir **ret_opened, struct status *st);
/* Whether one of those two failed because there is no directory at path: missing, something else, or behind a symlink. */
bool volume_is_missing(const struct status *st);

/* INVALID_ARGUMENT, and OUT_OF_RANGE where the limit is below what is required. */
int volume_check_capacity_range(const Csi__V1__CapacityRange *range, struct status *st);

/* The owner and mode that parameters of a StorageClass ask for. */
struct fs_owner volume_owner_of(const struct controller *controller, const struct volume_params *params);
/* Sets in owner what mutable parameters ask for. */
void volume_owner_change(struct fs_owner *owner, const struct volume_params *params);

/* A directory handle as an owning variable: AUTO(opened_dir_close) struct opened_dir opened = {fs, NULL}; */
struct opened_dir {
	struct fs *fs;
	struct fs_dir *dir;
};
void opened_dir_close(struct opened_dir *opened);

#endif
