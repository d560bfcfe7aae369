/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Controller service.  Handlers are a thin skin over the functions of volume.h, which know nothing of gRPC and are
 * tested without it.
 */
#ifndef CSICORE_CONTROLLER_CONTROLLER_H
#define CSICORE_CONTROLLER_CONTROLLER_H

#include "base/slots.h"
#include "capabilities.h"
#include "csi/identity.h"
#include "csi/service.h"
#include "csi/volume_params.h"
#include "export.h"
#include "nodes_file.h"
#include "shares.h"

struct jobs;
struct reaper;

struct controller_config {
	const char *driver_name;
	uint32_t mount_permissions;    /* of volumes whose parameters say nothing; 0: leave the mode alone */
	const char *default_on_delete; /* as it was typed: it goes into ids */
	bool removes_archived;         /* an archive that is in the way is removed */
	unsigned calls_per_server;     /* calls that may wait for one server */
	bool checks_capacity;          /* what an export cannot hold is refused */
	unsigned jobs_per_server;      /* work in the background on one server */
	unsigned reaper_rate;          /* entries that the reaper removes of one server in a second; 0: no limit */
	int64_t trash_retention_ms;
	const char *owner;      /* what this controller signs its journals with */
	int64_t (*now_s)(void); /* seconds since the epoch; NULL: time(2) */
	struct capabilities capabilities;
	const struct export_key *shares; /* of --share */
	size_t share_count;
	const char *nodes_file; /* NULL: any node may be there */
	struct exports_config exports;
};

struct controller {
	struct csi_driver driver; /* first: Identity reads it */
	struct controller_config config;
	enum on_delete default_on_delete;
	struct shares *shares; /* of --share, and those that calls named */
	struct exports *exports;
	struct nodes_file *nodes; /* NULL: any node may be there */
	struct slots *volumes;    /* one slot each: a volume's name, its directory, and each node it is published to */
	struct slots *parents;    /* directories that a volume is being made below; any number of slots each */
	struct slots *servers;    /* calls_per_server slots each */
	struct jobs *jobs;
	struct reaper *reaper;
	/* Called once a share, that a call named and that was not known, has been reached; NULL for nobody. */
	void (*on_new_share)(struct controller *controller, const struct export_key *key);
};

/* INVALID_ARGUMENT where default_on_delete is no policy; as nodes_file_open.  Strings are borrowed. */
int controller_init(struct controller *controller, const struct controller_config *config, struct status *st);
/* Begins the work in the background, with what earlier controllers have left on the shares that are known. */
void controller_start(struct controller *controller);
/* Ends it.  -1 with DEADLINE_EXCEEDED where it hangs for longer than timeout_ms. */
int controller_stop(struct controller *controller, int64_t timeout_ms, struct status *st);
/* No call runs any more, and nothing in the background. */
void controller_release(struct controller *controller);

/* Seconds since the epoch. */
int64_t controller_now(const struct controller *controller);

#define CONTROLLER_METHODS(M) \
	M(CreateVolume, create_volume, GRPC_ON_WORKER) \
	M(DeleteVolume, delete_volume, GRPC_ON_WORKER) \
	M(ValidateVolumeCapabilities, validate_volume_capabilities, GRPC_ON_WORKER) \
	M(ControllerExpandVolume, controller_expand_volume, GRPC_ON_WORKER) \
	M(ControllerModifyVolume, controller_modify_volume, GRPC_ON_WORKER) \
	M(ListVolumes, list_volumes, GRPC_ON_WORKER) \
	M(GetCapacity, get_capacity, GRPC_ON_WORKER) \
	M(ControllerGetVolume, controller_get_volume, GRPC_ON_WORKER) \
	M(ControllerGetVolumeHealth, controller_get_volume_health, GRPC_ON_WORKER) \
	M(ControllerListVolumeHealth, controller_list_volume_health, GRPC_ON_WORKER) \
	M(ControllerPublishVolume, controller_publish_volume, GRPC_ON_WORKER) \
	M(ControllerUnpublishVolume, controller_unpublish_volume, GRPC_ON_WORKER) \
	M(ControllerGetCapabilities, controller_get_capabilities, GRPC_ON_LOOP)
CSI_DECLARE_HANDLERS(CONTROLLER_METHODS)

extern const struct grpc_service controller_service;

#endif
