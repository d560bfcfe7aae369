/* SPDX-License-Identifier: Apache-2.0 */
/* ValidateVolumeCapabilities: the volume has to be there, and then every capability but block is confirmed. */
#include "volume.h"

#include <strings.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi/capability.h"

static const char *find_pair(const struct string_pair *pairs, size_t count, const char *key)
{
	for (size_t i = count; i > 0; i--)
		if (strcasecmp(pairs[i - 1].key, key) == 0)
			return pairs[i - 1].value;
	return NULL;
}

int volume_find_place(const struct volume_call *call, const char *volume_id, const struct string_pair *context,
		      size_t count, struct volume_place *ret, struct status *st)
{
	if (find_pair(context, count, "server")) {
		struct volume_params params;
		struct path path;
		if (volume_params_parse(call->arena, VOLUME_PARAMS_ATTRIBUTES, context, count, &params, st) < 0 ||
		    path_split(call->arena, "subDir", params.sub_dir ? params.sub_dir : "", &path, st) < 0)
			return -1;
		*ret = (struct volume_place){params.server, path_normalize(call->arena, params.share), path};
		return 0;
	}
	struct volume_id id;
	if (volume_read_id(call->arena, volume_id, &id, st) < 0)
		return -1;
	*ret = (struct volume_place){id.server, id.share, id.path};
	return 0;
}

static int look_up(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	const struct path *path = context;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *dir;
	return volume_open_directory(use, path, cancel, &dir, &opened.dir, st);
}

int volume_check_place(const struct volume_call *call, const char *volume_id, const struct volume_place *place,
		       const struct volume_export *export, struct status *st)
{
	AUTO(slot_release) struct slot server = {0};
	if (volume_lock_server(call, place->server, &server, st) < 0)
		return -1;
	struct volume_export way = *export;
	way.server = place->server;
	way.share = place->share;
	AUTO(export_hold_release) struct export_hold hold = {0};
	if (volume_open_export(call, &way, &hold, st) < 0)
		return -1;
	if (volume_run(call, hold.export, look_up, (void *)&place->path, st) == 0)
		return 0;
	if (volume_is_missing(st))
		st->code = STATUS_NOT_FOUND;
	return status_prefix(st, "volume %s", volume_id);
}

static int check_exists(const struct volume_call *call, const Csi__V1__ValidateVolumeCapabilitiesRequest *request,
			struct status *st)
{
	struct volume_place place;
	const struct string_pair *context =
		STRING_PAIRS(call->arena, request->volume_context, request->n_volume_context);
	const struct volume_export export = {.capability = request->volume_capabilities[0],
					     .secrets = STRING_PAIRS(call->arena, request->secrets, request->n_secrets),
					     .secret_count = request->n_secrets};
	if (volume_find_place(call, request->volume_id, context, request->n_volume_context, &place, st) < 0)
		return -1;
	return volume_check_place(call, request->volume_id, &place, &export, st);
}

static bool asks_for_block(const Csi__V1__ValidateVolumeCapabilitiesRequest *request)
{
	for (size_t i = 0; i < request->n_volume_capabilities; i++)
		if (request->volume_capabilities[i]->access_type_case == CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK)
			return true;
	return false;
}

/* Spec: what is well formed and not supported is an answer without `confirmed`, not an error. */
static const char *find_unsupported(struct arena *arena, const Csi__V1__ValidateVolumeCapabilitiesRequest *request)
{
	const struct string_pair *pairs =
		STRING_PAIRS(arena, request->mutable_parameters, request->n_mutable_parameters);
	struct volume_params ignored;
	struct status bad;
	if (asks_for_block(request))
		return "block volume capability not supported";
	if (volume_params_parse(arena, VOLUME_PARAMS_MUTABLE, pairs, request->n_mutable_parameters, &ignored, &bad) < 0)
		return arena_strdup(arena, bad.message);
	return NULL;
}

static int check_request(const Csi__V1__ValidateVolumeCapabilitiesRequest *request, struct status *st)
{
	if (request->volume_id[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	if (asks_for_block(request))
		return 0;
	return capability_check_all(request->volume_capabilities, request->n_volume_capabilities, st);
}

/* The maps have entry types of their own, of one shape; the answer is the request's own entries. */
#define COPY_MAP(arena, from, to, field, entry_init) \
	do { \
		(to)->field = arena_calloc((arena), (from)->n_##field + 1, sizeof(*(to)->field)); \
		(to)->n_##field = (from)->n_##field; \
		for (size_t i_ = 0; i_ < (from)->n_##field; i_++) { \
			(to)->field[i_] = arena_alloc((arena), sizeof(*(to)->field[i_])); \
			entry_init((to)->field[i_]); \
			(to)->field[i_]->key = (from)->field[i_]->key; \
			(to)->field[i_]->value = (from)->field[i_]->value; \
		} \
	} while (0)

static void confirm(struct arena *arena, const Csi__V1__ValidateVolumeCapabilitiesRequest *request,
		    Csi__V1__ValidateVolumeCapabilitiesResponse *response)
{
	Csi__V1__ValidateVolumeCapabilitiesResponse__Confirmed *confirmed = arena_alloc(arena, sizeof(*confirmed));
	csi__v1__validate_volume_capabilities_response__confirmed__init(confirmed);
	confirmed->volume_capabilities = request->volume_capabilities;
	confirmed->n_volume_capabilities = request->n_volume_capabilities;
	COPY_MAP(arena, request, confirmed, volume_context,
		 csi__v1__validate_volume_capabilities_response__confirmed__volume_context_entry__init);
	COPY_MAP(arena, request, confirmed, parameters,
		 csi__v1__validate_volume_capabilities_response__confirmed__parameters_entry__init);
	COPY_MAP(arena, request, confirmed, mutable_parameters,
		 csi__v1__validate_volume_capabilities_response__confirmed__mutable_parameters_entry__init);
	response->confirmed = confirmed;
}

int volume_validate(const struct volume_call *call, const Csi__V1__ValidateVolumeCapabilitiesRequest *request,
		    Csi__V1__ValidateVolumeCapabilitiesResponse *response, struct status *st)
{
	if (check_request(request, st) < 0 || check_exists(call, request, st) < 0)
		return -1;
	const char *unsupported = find_unsupported(call->arena, request);
	if (unsupported)
		response->message = (char *)unsupported;
	else
		confirm(call->arena, request, response);
	return 0;
}
