/* SPDX-License-Identifier: Apache-2.0 */
/* Identity answers from memory: its clients give it one second. */
#include "csi/identity.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"

#define NAME_BYTES_MAX 63

CSI_DEFINE_SERVICE(identity_service, "csi.v1.Identity", IDENTITY_METHODS)

int get_plugin_info(struct grpc_call *call, const Csi__V1__GetPluginInfoRequest *request,
		    Csi__V1__GetPluginInfoResponse *response, struct status *st)
{
	const struct csi_driver *driver = grpc_call_user(call);

	response->name = arena_strdup(grpc_call_arena(call), driver->name);
	response->vendor_version = arena_strdup(grpc_call_arena(call), driver->version);
	return 0;
}

/* The same from both programs: capabilities are the driver's, not one instance's (CSI spec, GetPluginCapabilities).  Volumes
 * grow while they are mounted: nothing on a node has to. */
int get_plugin_capabilities(struct grpc_call *call, const Csi__V1__GetPluginCapabilitiesRequest *request,
			    Csi__V1__GetPluginCapabilitiesResponse *response, struct status *st)
{
	static Csi__V1__PluginCapability__Service service = {
		PROTOBUF_C_MESSAGE_INIT(&csi__v1__plugin_capability__service__descriptor),
		CSI__V1__PLUGIN_CAPABILITY__SERVICE__TYPE__CONTROLLER_SERVICE};
	static Csi__V1__PluginCapability__VolumeExpansion expansion = {
		PROTOBUF_C_MESSAGE_INIT(&csi__v1__plugin_capability__volume_expansion__descriptor),
		CSI__V1__PLUGIN_CAPABILITY__VOLUME_EXPANSION__TYPE__ONLINE};
	static Csi__V1__PluginCapability capabilities[] = {
		{PROTOBUF_C_MESSAGE_INIT(&csi__v1__plugin_capability__descriptor),
		 CSI__V1__PLUGIN_CAPABILITY__TYPE_SERVICE,
		 {.service = &service}},
		{PROTOBUF_C_MESSAGE_INIT(&csi__v1__plugin_capability__descriptor),
		 CSI__V1__PLUGIN_CAPABILITY__TYPE_VOLUME_EXPANSION,
		 {.volume_expansion = &expansion}},
	};
	static Csi__V1__PluginCapability *list[] = {&capabilities[0], &capabilities[1]};

	response->capabilities = list;
	response->n_capabilities = sizeof(list) / sizeof(list[0]);
	return 0;
}

int probe(struct grpc_call *call, const Csi__V1__ProbeRequest *request, Csi__V1__ProbeResponse *response,
	  struct status *st)
{
	Google__Protobuf__BoolValue *ready = arena_alloc(grpc_call_arena(call), sizeof(*ready));

	google__protobuf__bool_value__init(ready);
	ready->value = true;
	response->ready = ready;
	return 0;
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int csi_driver_name_check(const char *name, struct status *st)
{
	size_t length = strlen(name);
	bool is_good =
		length > 0 && length <= NAME_BYTES_MAX && is_alphanumeric(name[0]) && is_alphanumeric(name[length - 1]);

	for (size_t i = 0; is_good && i < length; i++)
		is_good = is_alphanumeric(name[i]) || name[i] == '.' || name[i] == '-';
	if (!is_good)
		return status_set(
			st, STATUS_INVALID_ARGUMENT,
			"driver name \"%s\" must be 1 to %d letters, digits, '-' and '.', and begin and end with "
			"a letter or digit",
			name, NAME_BYTES_MAX);
	return 0;
}
