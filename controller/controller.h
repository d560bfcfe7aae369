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

struct controller_config {
	const char *driver_name;
	uint32_t mount_permissions;    /* of volumes whose parameters say nothing; 0: leave the mode alone */
	const char *default_on_delete; /* as it was typed: it goes into ids */
	bool removes_archived;         /* an archive that is in the way is removed */
	unsigned calls_per_server;     /* calls that may wait for one server */
	bool checks_capacity;          /* what an export cannot hold is refused */
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
	struct slots *servers;    /* calls_per_server slots each */
	/* Called once a share, that a call named and that was not known, has been reached; NULL for nobody. */
	void (*on_new_share)(struct controller *controller, const struct export_key *key);
};

/* INVALID_ARGUMENT where default_on_delete is no policy; as nodes_file_open.  Strings are borrowed. */
int controller_init(struct controller *controller, const struct controller_config *config, struct status *st);
/* No call runs any more. */
void controller_release(struct controller *controller);

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
