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

/* The same from both programs: capabilities are the driver's, not one instance's (CSI spec, GetPluginCapabilities). */
int get_plugin_capabilities(struct grpc_call *call, const Csi__V1__GetPluginCapabilitiesRequest *request,
			    Csi__V1__GetPluginCapabilitiesResponse *response, struct status *st)
{
	struct arena *arena = grpc_call_arena(call);
	Csi__V1__PluginCapability__Service *service = arena_alloc(arena, sizeof(*service));
	Csi__V1__PluginCapability *capability = arena_alloc(arena, sizeof(*capability));

	csi__v1__plugin_capability__service__init(service);
	service->type = CSI__V1__PLUGIN_CAPABILITY__SERVICE__TYPE__CONTROLLER_SERVICE;
	csi__v1__plugin_capability__init(capability);
	capability->type_case = CSI__V1__PLUGIN_CAPABILITY__TYPE_SERVICE;
	capability->service = service;
	response->capabilities = arena_memdup(arena, &capability, sizeof(capability));
	response->n_capabilities = 1;
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
