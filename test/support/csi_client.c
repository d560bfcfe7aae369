/* SPDX-License-Identifier: Apache-2.0 */
/* One function an RPC: the message on the stack, the call, and the few fields of the reply that callers look at. */
#include "support/csi_client.h"

#include <assert.h>
#include <string.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi.pb-c.h"
#include "support/grpc_client.h"

struct csi_client {
	char *endpoint;
	struct grpc_client *connection; /* NULL between the calls of a client that connects anew */
	enum csi_client_connection kind;
	int timeout_ms, patience_ms;
};

#define PAUSE_MS 100 /* between repeated calls */

struct csi_client *csi_client_open(const char *endpoint, enum csi_client_connection connection, int timeout_ms,
				   struct status *st)
{
	struct grpc_client *first = grpc_client_open(endpoint, timeout_ms, st);
	if (!first)
		return NULL;
	struct csi_client *client = memory_calloc(1, sizeof(*client));
	*client = (struct csi_client){memory_strdup(endpoint), first, connection, timeout_ms, 0};
	return client;
}

void csi_client_close(struct csi_client *client)
{
	if (!client)
		return;
	if (client->connection)
		grpc_client_close(client->connection);
	free(client->endpoint);
	free(client);
}

void csi_client_set_timeout(struct csi_client *client, int timeout_ms)
{
	client->timeout_ms = timeout_ms;
}

void csi_client_set_patience(struct csi_client *client, int patience_ms)
{
	client->patience_ms = patience_ms;
}

static int call_once(struct csi_client *client, const char *path, const ProtobufCMessage *request,
		     const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **ret_reply, struct status *st)
{
	if (!client->connection)
		client->connection = grpc_client_open(client->endpoint, client->timeout_ms, st);
	if (!client->connection)
		return -1;
	int rc = grpc_client_call_message(client->connection, path, request, client->timeout_ms, reply_type, ret_reply,
					  st);
	if (client->kind == CSI_CLIENT_CONNECTS_ANEW)
		grpc_client_close(TAKE_POINTER(client->connection));
	return rc;
}

static int call(struct csi_client *client, const char *path, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **ret_reply, struct status *st)
{
	AUTO(cancel_release) struct cancel patience;
	struct status over;
	cancel_init(&patience, client->patience_ms);
	int rc = call_once(client, path, request, reply_type, ret_reply, st);
	while (rc < 0 && st->code == STATUS_UNAVAILABLE && cancel_poll(&patience, NULL, 0, PAUSE_MS, &over) == 0)
		rc = call_once(client, path, request, reply_type, ret_reply, st);
	return rc;
}

/* A call whose reply says nothing but that it worked. */
static int call_plain(struct csi_client *client, const char *path, const ProtobufCMessage *request,
		      const ProtobufCMessageDescriptor *reply_type, struct status *st)
{
	ProtobufCMessage *reply;
	if (call(client, path, request, reply_type, &reply, st) < 0)
		return -1;
	protobuf_c_message_free_unpacked(reply, NULL);
	return 0;
}

/* The shape that protobuf-c gives the entries of every map<string,string>. */
struct map_entry {
	ProtobufCMessage base;
	char *key;
	char *value;
};
static_assert(sizeof(struct map_entry) == sizeof(Csi__V1__CreateVolumeRequest__ParametersEntry), "entry shape");
static_assert(sizeof(struct map_entry) == sizeof(Csi__V1__NodePublishVolumeRequest__VolumeContextEntry), "entry shape");

/* A map field of these pairs: one block that the caller frees; the strings stay the pairs'. */
static void *map_entries(const ProtobufCMessageDescriptor *type, const struct string_pair *pairs, size_t count)
{
	struct map_entry **entries = memory_calloc(count + 1, sizeof(*entries) + sizeof(**entries));
	struct map_entry *values = (struct map_entry *)(entries + count + 1);
	for (size_t i = 0; i < count; i++) {
		protobuf_c_message_init(type, &values[i]);
		values[i].key = (char *)pairs[i].key;
		values[i].value = (char *)pairs[i].value;
		entries[i] = &values[i];
	}
	return entries;
}

/* The capability that Kubernetes sends for a ReadWriteMany volume. */
struct mount_capability {
	Csi__V1__VolumeCapability capability;
	Csi__V1__VolumeCapability__MountVolume mount;
	Csi__V1__VolumeCapability__AccessMode mode;
};

static Csi__V1__VolumeCapability *mount_capability_fill(struct mount_capability *c, const char *const *mount_flags,
							size_t count)
{
	csi__v1__volume_capability__init(&c->capability);
	csi__v1__volume_capability__mount_volume__init(&c->mount);
	csi__v1__volume_capability__access_mode__init(&c->mode);
	c->mode.mode = CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_MULTI_WRITER;
	c->mount.mount_flags = (char **)mount_flags;
	c->mount.n_mount_flags = count;
	c->capability.access_mode = &c->mode;
	c->capability.access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT;
	c->capability.mount = &c->mount;
	return &c->capability;
}

int csi_client_get_plugin_name(struct csi_client *client, char **ret_name, struct status *st)
{
	Csi__V1__GetPluginInfoRequest request = CSI__V1__GET_PLUGIN_INFO_REQUEST__INIT;
	ProtobufCMessage *reply;
	if (call(client, "/csi.v1.Identity/GetPluginInfo", &request.base,
		 &csi__v1__get_plugin_info_response__descriptor, &reply, st) < 0)
		return -1;
	*ret_name = memory_strdup(((Csi__V1__GetPluginInfoResponse *)reply)->name);
	protobuf_c_message_free_unpacked(reply, NULL);
	return 0;
}

static void volume_remember(const Csi__V1__Volume *volume, const struct csi_volume_spec *spec, struct csi_volume *ret)
{
	*ret = (struct csi_volume){.id = memory_strdup(volume->volume_id)};
	ret->context = memory_calloc(volume->n_volume_context + 1, sizeof(*ret->context));
	for (size_t i = 0; i < volume->n_volume_context; i++)
		ret->context[ret->context_count++] = (struct string_pair){
			memory_strdup(volume->volume_context[i]->key), memory_strdup(volume->volume_context[i]->value)};
	ret->mount_flags = memory_calloc(spec->mount_flag_count + 1, sizeof(*ret->mount_flags));
	for (size_t i = 0; i < spec->mount_flag_count; i++)
		ret->mount_flags[ret->mount_flag_count++] = memory_strdup(spec->mount_flags[i]);
}

void csi_volume_release(struct csi_volume *volume)
{
	free(volume->id);
	for (size_t i = 0; i < volume->context_count; i++) {
		free((char *)volume->context[i].key);
		free((char *)volume->context[i].value);
	}
	free(volume->context);
	for (size_t i = 0; i < volume->mount_flag_count; i++)
		free(volume->mount_flags[i]);
	free(volume->mount_flags);
	*volume = (struct csi_volume){0};
}

const char *csi_volume_context(const struct csi_volume *volume, const char *key)
{
	for (size_t i = 0; i < volume->context_count; i++)
		if (strcasecmp(volume->context[i].key, key) == 0)
			return volume->context[i].value;
	return "";
}

int csi_client_create_volume(struct csi_client *controller, const struct csi_volume_spec *spec, struct csi_volume *ret,
			     struct status *st)
{
	struct mount_capability storage;
	Csi__V1__VolumeCapability *capability =
		mount_capability_fill(&storage, spec->mount_flags, spec->mount_flag_count);
	AUTO_FREE void *parameters = map_entries(&csi__v1__create_volume_request__parameters_entry__descriptor,
						 spec->parameters, spec->parameter_count);
	Csi__V1__CapacityRange range = CSI__V1__CAPACITY_RANGE__INIT;
	range.required_bytes = spec->required_bytes;
	Csi__V1__CreateVolumeRequest request = CSI__V1__CREATE_VOLUME_REQUEST__INIT;
	request.name = (char *)spec->name;
	request.capacity_range = spec->required_bytes ? &range : NULL;
	request.volume_capabilities = &capability;
	request.n_volume_capabilities = 1;
	request.parameters = parameters;
	request.n_parameters = spec->parameter_count;
	ProtobufCMessage *reply;
	if (call(controller, "/csi.v1.Controller/CreateVolume", &request.base,
		 &csi__v1__create_volume_response__descriptor, &reply, st) < 0)
		return -1;
	const Csi__V1__Volume *volume = ((Csi__V1__CreateVolumeResponse *)reply)->volume;
	int rc = 0;
	if (volume)
		volume_remember(volume, spec, ret);
	else
		rc = status_set(st, STATUS_INTERNAL, "CreateVolume answered without a volume");
	protobuf_c_message_free_unpacked(reply, NULL);
	return rc;
}

int csi_client_delete_volume(struct csi_client *controller, const char *volume_id, struct status *st)
{
	Csi__V1__DeleteVolumeRequest request = CSI__V1__DELETE_VOLUME_REQUEST__INIT;
	request.volume_id = (char *)volume_id;
	return call_plain(controller, "/csi.v1.Controller/DeleteVolume", &request.base,
			  &csi__v1__delete_volume_response__descriptor, st);
}

int csi_client_validate_volume(struct csi_client *controller, const char *volume_id, struct status *st)
{
	struct mount_capability storage;
	Csi__V1__VolumeCapability *capability = mount_capability_fill(&storage, NULL, 0);
	Csi__V1__ValidateVolumeCapabilitiesRequest request = CSI__V1__VALIDATE_VOLUME_CAPABILITIES_REQUEST__INIT;
	request.volume_id = (char *)volume_id;
	request.volume_capabilities = &capability;
	request.n_volume_capabilities = 1;
	ProtobufCMessage *reply;
	if (call(controller, "/csi.v1.Controller/ValidateVolumeCapabilities", &request.base,
		 &csi__v1__validate_volume_capabilities_response__descriptor, &reply, st) < 0)
		return -1;
	const Csi__V1__ValidateVolumeCapabilitiesResponse *answer = (const void *)reply;
	int rc = answer->confirmed ? 0 : status_set(st, STATUS_UNKNOWN, "not confirmed: %s", answer->message);
	protobuf_c_message_free_unpacked(reply, NULL);
	return rc;
}

int csi_client_list_volumes(struct csi_client *controller, int max_entries, const char *token, csi_volume_seen *seen,
			    void *context, char **ret_next_token, struct status *st)
{
	Csi__V1__ListVolumesRequest request = CSI__V1__LIST_VOLUMES_REQUEST__INIT;
	request.max_entries = max_entries;
	request.starting_token = (char *)token;
	ProtobufCMessage *reply;
	if (call(controller, "/csi.v1.Controller/ListVolumes", &request.base,
		 &csi__v1__list_volumes_response__descriptor, &reply, st) < 0)
		return -1;
	const Csi__V1__ListVolumesResponse *page = (const void *)reply;
	for (size_t i = 0; i < page->n_entries; i++)
		seen(context, page->entries[i]->volume->volume_id, page->entries[i]->volume->capacity_bytes);
	*ret_next_token = memory_strdup(page->next_token);
	protobuf_c_message_free_unpacked(reply, NULL);
	return 0;
}

int csi_client_expand_volume(struct csi_client *controller, const char *volume_id, int64_t required_bytes,
			     int64_t *ret_capacity_bytes, struct status *st)
{
	Csi__V1__CapacityRange range = CSI__V1__CAPACITY_RANGE__INIT;
	Csi__V1__ControllerExpandVolumeRequest request = CSI__V1__CONTROLLER_EXPAND_VOLUME_REQUEST__INIT;
	range.required_bytes = required_bytes;
	request.volume_id = (char *)volume_id;
	request.capacity_range = &range;
	ProtobufCMessage *reply;
	if (call(controller, "/csi.v1.Controller/ControllerExpandVolume", &request.base,
		 &csi__v1__controller_expand_volume_response__descriptor, &reply, st) < 0)
		return -1;
	*ret_capacity_bytes = ((const Csi__V1__ControllerExpandVolumeResponse *)reply)->capacity_bytes;
	protobuf_c_message_free_unpacked(reply, NULL);
	return 0;
}

int csi_client_modify_volume(struct csi_client *controller, const char *volume_id,
			     const struct string_pair *mutable_parameters, size_t count, struct status *st)
{
	AUTO_FREE void *parameters =
		map_entries(&csi__v1__controller_modify_volume_request__mutable_parameters_entry__descriptor,
			    mutable_parameters, count);
	Csi__V1__ControllerModifyVolumeRequest request = CSI__V1__CONTROLLER_MODIFY_VOLUME_REQUEST__INIT;
	request.volume_id = (char *)volume_id;
	request.mutable_parameters = parameters;
	request.n_mutable_parameters = count;
	return call_plain(controller, "/csi.v1.Controller/ControllerModifyVolume", &request.base,
			  &csi__v1__controller_modify_volume_response__descriptor, st);
}

int csi_client_attach_volume(struct csi_client *controller, const char *volume_id, const char *node_id,
			     struct status *st)
{
	struct mount_capability storage;
	Csi__V1__ControllerPublishVolumeRequest request = CSI__V1__CONTROLLER_PUBLISH_VOLUME_REQUEST__INIT;
	request.volume_id = (char *)volume_id;
	request.node_id = (char *)node_id;
	request.volume_capability = mount_capability_fill(&storage, NULL, 0);
	request.volume_capability->access_mode->mode =
		CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_WRITER;
	return call_plain(controller, "/csi.v1.Controller/ControllerPublishVolume", &request.base,
			  &csi__v1__controller_publish_volume_response__descriptor, st);
}

int csi_client_detach_volume(struct csi_client *controller, const char *volume_id, const char *node_id,
			     struct status *st)
{
	Csi__V1__ControllerUnpublishVolumeRequest request = CSI__V1__CONTROLLER_UNPUBLISH_VOLUME_REQUEST__INIT;
	request.volume_id = (char *)volume_id;
	request.node_id = (char *)node_id;
	return call_plain(controller, "/csi.v1.Controller/ControllerUnpublishVolume", &request.base,
			  &csi__v1__controller_unpublish_volume_response__descriptor, st);
}

int csi_client_publish_volume(struct csi_client *node, const struct csi_volume *volume, const char *target_path,
			      bool is_read_only, struct status *st)
{
	struct mount_capability storage;
	AUTO_FREE void *context = map_entries(&csi__v1__node_publish_volume_request__volume_context_entry__descriptor,
					      volume->context, volume->context_count);
	Csi__V1__NodePublishVolumeRequest request = CSI__V1__NODE_PUBLISH_VOLUME_REQUEST__INIT;
	request.volume_id = volume->id;
	request.target_path = (char *)target_path;
	request.volume_capability =
		mount_capability_fill(&storage, (const char *const *)volume->mount_flags, volume->mount_flag_count);
	request.readonly = is_read_only;
	request.volume_context = context;
	request.n_volume_context = volume->context_count;
	return call_plain(node, "/csi.v1.Node/NodePublishVolume", &request.base,
			  &csi__v1__node_publish_volume_response__descriptor, st);
}

int csi_client_unpublish_volume(struct csi_client *node, const char *volume_id, const char *target_path,
				struct status *st)
{
	Csi__V1__NodeUnpublishVolumeRequest request = CSI__V1__NODE_UNPUBLISH_VOLUME_REQUEST__INIT;
	request.volume_id = (char *)volume_id;
	request.target_path = (char *)target_path;
	return call_plain(node, "/csi.v1.Node/NodeUnpublishVolume", &request.base,
			  &csi__v1__node_unpublish_volume_response__descriptor, st);
}

int csi_client_get_volume_stats(struct csi_client *node, const char *volume_id, const char *volume_path,
				struct csi_volume_stats *ret, struct status *st)
{
	Csi__V1__NodeGetVolumeStatsRequest request = CSI__V1__NODE_GET_VOLUME_STATS_REQUEST__INIT;
	request.volume_id = (char *)volume_id;
	request.volume_path = (char *)volume_path;
	ProtobufCMessage *reply;
	if (call(node, "/csi.v1.Node/NodeGetVolumeStats", &request.base,
		 &csi__v1__node_get_volume_stats_response__descriptor, &reply, st) < 0)
		return -1;
	const Csi__V1__NodeGetVolumeStatsResponse *stats = (Csi__V1__NodeGetVolumeStatsResponse *)reply;
	*ret = (struct csi_volume_stats){0};
	for (size_t i = 0; i < stats->n_usage; i++) {
		const Csi__V1__VolumeUsage *usage = stats->usage[i];
		if (usage->unit == CSI__V1__VOLUME_USAGE__UNIT__INODES) {
			ret->total_inodes = usage->total;
		} else if (usage->unit == CSI__V1__VOLUME_USAGE__UNIT__BYTES) {
			ret->total_bytes = usage->total;
			ret->available_bytes = usage->available;
			ret->used_bytes = usage->used;
		}
	}
	protobuf_c_message_free_unpacked(reply, NULL);
	return 0;
}
