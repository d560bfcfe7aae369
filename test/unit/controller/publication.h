/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of ControllerPublishVolume and ControllerUnpublishVolume in one line. */
#ifndef CSICORE_TEST_CONTROLLER_PUBLICATION_H
#define CSICORE_TEST_CONTROLLER_PUBLICATION_H

#include "world.h"

#define MODE(name) CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__##name

static inline Csi__V1__ControllerPublishVolumeRequest *publish_request(struct world *world, const char *volume_id,
								       const char *node_id,
								       Csi__V1__VolumeCapability__AccessMode__Mode mode)
{
	Csi__V1__ControllerPublishVolumeRequest *request = arena_alloc(&world->arena, sizeof(*request));
	csi__v1__controller_publish_volume_request__init(request);
	request->volume_id = (char *)volume_id;
	request->node_id = (char *)node_id;
	request->volume_capability = mount_capability(world, NULL);
	request->volume_capability->access_mode->mode = mode;
	return request;
}

/* With the status and answer of the caller's, for several at once. */
static inline int publish_on(struct controller *controller, struct world *world,
			     const Csi__V1__ControllerPublishVolumeRequest *request,
			     Csi__V1__ControllerPublishVolumeResponse *response, struct status *st)
{
	struct volume_call call = {controller, &world->arena, &world->cancel};
	csi__v1__controller_publish_volume_response__init(response);
	return volume_publish(&call, request, response, st);
}

static inline int publish(struct world *world, const char *volume_id, const char *node_id,
			  Csi__V1__VolumeCapability__AccessMode__Mode mode)
{
	Csi__V1__ControllerPublishVolumeResponse response;
	return publish_on(&world->controller, world, publish_request(world, volume_id, node_id, mode), &response,
			  &world->st);
}

static inline int unpublish(struct world *world, const char *volume_id, const char *node_id)
{
	struct volume_call call = world_call(world);
	Csi__V1__ControllerUnpublishVolumeRequest request;
	csi__v1__controller_unpublish_volume_request__init(&request);
	request.volume_id = (char *)volume_id;
	request.node_id = (char *)node_id;
	return volume_unpublish(&call, &request, &world->st);
}

#endif
