/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ControllerPublishVolume and ControllerUnpublishVolume.  NFS needs no attaching: what they are for is that a volume of an access
 * mode for a single node is on one node alone, and that the node learns of mutable parameters.
 */
#include <string.h>

#include "attachments.h"
#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi/capability.h"
#include "mutable_params.h"
#include "volume_found.h"

struct publication {
	const struct volume_call *call;
	const Csi__V1__ControllerPublishVolumeRequest *request;
	Csi__V1__ControllerPublishVolumeResponse *response;
};

/* ---- where attachments are kept */

/*
 * Whether attachments of volume_id can be kept: on its share, under its name, both as the id tells them, as nothing else comes
 * with an unpublish.  The handle of a static volume may be anything, and look like an id.
 */
static bool has_attachments(struct arena *arena, const char *volume_id, struct volume_id *ret)
{
	struct status ignored;
	if (!strchr(volume_id, '#') || volume_id_parse(arena, volume_id, ret, &ignored) < 0)
		return false;
	return !ret->is_ambiguous && !ret->is_own_folder && ret->path.count > 0 && !strchr(ret->server, '/') &&
	       strlen(volume_id_name(ret)) <= RECORD_VOLUME_NAME_MAX;
}

static bool is_place_of(struct arena *arena, const struct volume_place *place, const struct volume_id *id)
{
	return strcmp(place->server, id->server) == 0 && strcmp(place->share, id->share) == 0 &&
	       strcmp(path_join(arena, &place->path), path_join(arena, &id->path)) == 0;
}

/* ---- publish */

static int check_node_id(struct arena *arena, const char *node_id, struct status *st)
{
	if (!path_is_name(record_file_name(arena, node_id)))
		return status_set(st, STATUS_INVALID_ARGUMENT, "node id is too long");
	return 0;
}

static int check_request(const struct publication *publication, struct status *st)
{
	const Csi__V1__ControllerPublishVolumeRequest *request = publication->request;
	if (request->volume_id[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	if (request->node_id[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "Node ID missing in request");
	if (!request->volume_capability)
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume capability missing in request");
	if (check_node_id(publication->call->arena, request->node_id, st) < 0)
		return -1;
	return capability_check(request->volume_capability, st);
}

static int check_node(const struct publication *publication, struct status *st)
{
	struct nodes_file *nodes = publication->call->controller->nodes;
	if (!nodes || nodes_file_has(nodes, publication->request->node_id))
		return 0;
	return status_set(st, STATUS_NOT_FOUND, "node %s does not exist", publication->request->node_id);
}

static void add_context(const struct publication *publication, const char *key, const char *value)
{
	Csi__V1__ControllerPublishVolumeResponse *response = publication->response;
	Csi__V1__ControllerPublishVolumeResponse__PublishContextEntry *entry =
		arena_alloc(publication->call->arena, sizeof(*entry));
	csi__v1__controller_publish_volume_response__publish_context_entry__init(entry);
	entry->key = (char *)key;
	entry->value = (char *)value;
	response->publish_context[response->n_publish_context++] = entry;
}

/* What the node cannot know from the volume context, which is as it was at the volume's creation. */
static void fill_context(const struct publication *publication, const Csicore__VolumeRecord *record)
{
	Csi__V1__ControllerPublishVolumeResponse *response = publication->response;
	const char *mount_options = mutable_params_get(record, "mountoptions");
	const char *mount_permissions = mutable_params_get(record, "mountpermissions");
	response->n_publish_context = 0;
	response->publish_context = arena_calloc(publication->call->arena, 2, sizeof(*response->publish_context));
	if (mount_options)
		add_context(publication, "mountOptions", mount_options);
	if (mount_permissions)
		add_context(publication, "mountPermissions", mount_permissions);
}

static int attach(struct export_use *use, struct volume_found *volume, void *context, struct status *st)
{
	const struct publication *publication = context;
	const struct volume_call *call = publication->call;
	const Csi__V1__ControllerPublishVolumeRequest *request = publication->request;
	Csicore__AttachmentRecord attachment = CSICORE__ATTACHMENT_RECORD__INIT;
	attachment.node_id = request->node_id;
	attachment.access_mode = (int32_t)request->volume_capability->access_mode->mode;
	attachment.is_read_only = request->readonly;
	if (check_node(publication, st) < 0 ||
	    attachments_add(use, call->arena, volume_id_name(&volume->id), &attachment, call->cancel, st) < 0)
		return -1;
	if (volume->record)
		fill_context(publication, volume->record);
	return 0;
}

/* Nothing can be kept of it: it is on every node that wants it. */
static int publish_anywhere(const struct publication *publication, const struct volume_place *place,
			    const struct volume_export *export, struct status *st)
{
	const Csi__V1__ControllerPublishVolumeRequest *request = publication->request;
	if (volume_check_place(publication->call, request->volume_id, place, export, st) < 0 ||
	    check_node(publication, st) < 0)
		return -1;
	if (!attachment_is_exclusive((int)request->volume_capability->access_mode->mode))
		return 0;
	return status_set(st, STATUS_FAILED_PRECONDITION,
			  "volume %s cannot be kept to one node: its id does not tell where it is", request->volume_id);
}

int volume_publish(const struct volume_call *call, const Csi__V1__ControllerPublishVolumeRequest *request,
		   Csi__V1__ControllerPublishVolumeResponse *response, struct status *st)
{
	struct publication publication = {call, request, response};
	struct volume_place place;
	struct volume_id id;
	if (check_request(&publication, st) < 0 ||
	    volume_find_place(call, request->volume_id,
			      STRING_PAIRS(call->arena, request->volume_context, request->n_volume_context),
			      request->n_volume_context, &place, st) < 0)
		return -1;
	const struct volume_export export = {
		.capability = request->volume_capability,
		.secrets = STRING_PAIRS(call->arena, request->secrets, request->n_secrets),
		.secret_count = request->n_secrets,
	};
	if (!has_attachments(call->arena, request->volume_id, &id) || !is_place_of(call->arena, &place, &id))
		return publish_anywhere(&publication, &place, &export, st);
	return volume_found_run(call, request->volume_id, request->node_id, &export, attach, &publication, st);
}

/* ---- unpublish */

struct detachment {
	const struct volume_call *call;
	const char *volume, *node_id;
};

static int detach(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	const struct detachment *detachment = context;
	return attachments_remove(use, detachment->call->arena, detachment->volume, detachment->node_id, cancel, st);
}

int volume_unpublish(const struct volume_call *call, const Csi__V1__ControllerUnpublishVolumeRequest *request,
		     struct status *st)
{
	struct volume_id id;
	if (request->volume_id[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	if (check_node_id(call->arena, request->node_id[0] ? request->node_id : "-", st) < 0)
		return -1;
	if (!has_attachments(call->arena, request->volume_id, &id))
		return 0;
	struct detachment detachment = {call, volume_id_name(&id), request->node_id};
	const struct volume_export export = {
		.server = id.server,
		.share = id.share,
		.id = &id,
		.secrets = STRING_PAIRS(call->arena, request->secrets, request->n_secrets),
		.secret_count = request->n_secrets,
	};
	AUTO(volume_locks_release) struct volume_locks locks = {0};
	AUTO(export_hold_release) struct export_hold hold = {0};
	if (volume_lock_node(call, &id, request->node_id, &locks, st) < 0 ||
	    volume_open_export(call, &export, &hold, st) < 0)
		return -1;
	return volume_run(call, hold.export, detach, &detachment, st);
}
