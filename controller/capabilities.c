/* SPDX-License-Identifier: Apache-2.0 */
/* One table of the capabilities that the controller has. */
#include "capabilities.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"

#define NOTHING CONTROLLER_CAN(UNKNOWN)

static const struct row {
	unsigned type;
	const char *name;
	bool is_default;
	unsigned needs; /* the spec lets type be advertised only beside it */
} table[] = {
	{CONTROLLER_CAN(CREATE_DELETE_VOLUME), "create-delete-volume", true, NOTHING},
	{CONTROLLER_CAN(EXPAND_VOLUME), "expand-volume", true, NOTHING},
	{CONTROLLER_CAN(MODIFY_VOLUME), "modify-volume", true, NOTHING},
	{CONTROLLER_CAN(LIST_VOLUMES), "list-volumes", true, NOTHING},
	{CONTROLLER_CAN(GET_CAPACITY), "get-capacity", true, NOTHING},
	{CONTROLLER_CAN(GET_VOLUME), "get-volume", true, NOTHING},
	{CONTROLLER_CAN(SINGLE_NODE_MULTI_WRITER), "single-node-multi-writer", true, NOTHING},
	/* Of CSI 1.13: what was built for an earlier release may fail on a number that it does not know. */
	{CONTROLLER_CAN(GET_VOLUME_HEALTH), "get-volume-health", false, NOTHING},
	{CONTROLLER_CAN(LIST_VOLUME_HEALTH), "list-volume-health", false, CONTROLLER_CAN(GET_VOLUME_HEALTH)},
	{CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME), "publish-unpublish-volume", false, NOTHING},
	{CONTROLLER_CAN(PUBLISH_READONLY), "publish-readonly", false, CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME)},
	{CONTROLLER_CAN(LIST_VOLUMES_PUBLISHED_NODES), "list-volumes-published-nodes", false,
	 CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME)},
};

#define ROWS (sizeof(table) / sizeof(table[0]))

static uint32_t bit(unsigned type)
{
	return UINT32_C(1) << type;
}

static uint32_t default_types(void)
{
	uint32_t types = 0;
	for (size_t i = 0; i < ROWS; i++)
		types |= table[i].is_default ? bit(table[i].type) : 0;
	return types;
}

static const struct row *find_name(const char *name, size_t length)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
			return &table[i];
	return NULL;
}

static const char *name_of(unsigned type)
{
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].type == type)
			return table[i].name;
	return "?";
}

static bool is_sign(char c)
{
	return c == '+' || c == '-';
}

static int check_needs(const struct capabilities *capabilities, struct status *st)
{
	for (size_t i = 0; i < ROWS; i++)
		if (capabilities_have(capabilities, table[i].type) && table[i].needs != NOTHING &&
		    !capabilities_have(capabilities, table[i].needs))
			return status_set(st, STATUS_INVALID_ARGUMENT, "%s needs %s", table[i].name,
					  name_of(table[i].needs));
	return 0;
}

int capabilities_parse(const char *list, struct capabilities *ret, struct status *st)
{
	bool is_change = list[0] == '\0' || is_sign(list[0]);
	struct capabilities set = {is_change ? default_types() : 0};
	for (const char *at = list[0] ? list : NULL; at;) {
		const char *name = at + is_sign(*at);
		size_t length = strcspn(name, ",");
		const struct row *row = find_name(name, length);
		if (is_sign(*at) != is_change)
			return status_set(st, STATUS_INVALID_ARGUMENT, "either each name has a + or - or none has");
		if (!row)
			return status_set(st, STATUS_INVALID_ARGUMENT,
					  "\"%.*s\" is no capability of this controller: see csi-controller(8)",
					  (int)length, name);
		set.types = *at == '-' ? set.types & ~bit(row->type) : set.types | bit(row->type);
		at = name[length] ? name + length + 1 : NULL;
	}
	if (check_needs(&set, st) < 0)
		return -1;
	*ret = set;
	return 0;
}

bool capabilities_have(const struct capabilities *capabilities, unsigned type)
{
	return capabilities->types & bit(type);
}

void capabilities_add_attach(struct capabilities *capabilities)
{
	capabilities->types |= bit(CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME)) | bit(CONTROLLER_CAN(PUBLISH_READONLY));
	if (capabilities_have(capabilities, CONTROLLER_CAN(LIST_VOLUMES)))
		capabilities->types |= bit(CONTROLLER_CAN(LIST_VOLUMES_PUBLISHED_NODES));
}

int capabilities_check(const struct capabilities *capabilities, unsigned type, struct status *st)
{
	if (capabilities_have(capabilities, type))
		return 0;
	if (type == CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME))
		return status_set(st, STATUS_UNIMPLEMENTED, "this controller runs without --attach");
	return status_set(st, STATUS_UNIMPLEMENTED, "this controller does not offer %s: see its option --capabilities",
			  name_of(type));
}

void capabilities_fill(const struct capabilities *capabilities, struct arena *arena,
		       Csi__V1__ControllerGetCapabilitiesResponse *response)
{
	response->capabilities = arena_calloc(arena, ROWS, sizeof(*response->capabilities));
	for (size_t i = 0; i < ROWS; i++) {
		if (!capabilities_have(capabilities, table[i].type))
			continue;
		Csi__V1__ControllerServiceCapability *capability = arena_alloc(arena, sizeof(*capability));
		Csi__V1__ControllerServiceCapability__RPC *rpc = arena_alloc(arena, sizeof(*rpc));
		csi__v1__controller_service_capability__init(capability);
		csi__v1__controller_service_capability__rpc__init(rpc);
		rpc->type = (Csi__V1__ControllerServiceCapability__RPC__Type)table[i].type;
		capability->type_case = CSI__V1__CONTROLLER_SERVICE_CAPABILITY__TYPE_RPC;
		capability->rpc = rpc;
		response->capabilities[response->n_capabilities++] = capability;
	}
}
