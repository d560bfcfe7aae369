/* SPDX-License-Identifier: Apache-2.0 */
/* Everything about a CreateVolumeRequest that needs no server. */
#include "volume_wanted.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/arena.h"
#include "base/status.h"
#include "csi/capability.h"
#include "mutable_params.h"
#include "volume_message.h"

/* ---- the request */

/* CSI spec, CreateVolumeRequest.name: none of C0 but tab and the two line breaks, DEL, none of C1. */
static bool has_control_character(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		if ((*at < ' ' && !strchr("\t\n\r", *at)) || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0))
			return true;
	return false;
}

static int check_name(const char *name, struct status *st)
{
	if (name[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "CreateVolume name must be provided");
	if (strlen(name) > RECORD_VOLUME_NAME_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "name is longer than %d bytes", RECORD_VOLUME_NAME_MAX);
	if (has_control_character(name))
		return status_set(st, STATUS_INVALID_ARGUMENT, "name holds a control character");
	return 0;
}

static int read_capacity(struct volume_wanted *wanted, struct status *st)
{
	const Csi__V1__CapacityRange *range = wanted->request->capacity_range;
	if (!range)
		return 0;
	if (volume_check_capacity_range(range, st) < 0)
		return -1;
	wanted->required_bytes = range->required_bytes;
	wanted->limit_bytes = range->limit_bytes;
	wanted->capacity_bytes = range->required_bytes > 0 ? range->required_bytes : range->limit_bytes;
	return 0;
}

/* The last element of the id.  csi-driver-nfs leaves it empty for `delete` even where its default policy is another one;
 * the word is written exactly where leaving it out would change the meaning. */
static const char *on_delete_element(const struct controller *controller, const struct volume_params *params)
{
	bool is_default = params->on_delete == ON_DELETE_UNSET;
	enum on_delete policy = is_default ? controller->default_on_delete : params->on_delete;
	if (policy == ON_DELETE_RETAIN || policy == ON_DELETE_ARCHIVE)
		return is_default ? controller->config.default_on_delete : params->on_delete_text;
	bool is_overriding = params->on_delete == ON_DELETE_DELETE &&
			     controller->default_on_delete != ON_DELETE_UNSET &&
			     controller->default_on_delete != ON_DELETE_DELETE;
	return is_overriding ? "delete" : "";
}

static int make_id(struct volume_wanted *wanted, struct status *st)
{
	const struct volume_params *params = &wanted->params;
	const char *name = wanted->request->name;
	struct volume_id_parts parts = {
		.server = params->server,
		.share = params->share,
		.sub_dir = params->sub_dir ? params->sub_dir : name,
		.uuid = params->sub_dir ? name : "",
		.on_delete = on_delete_element(wanted->call->controller, params),
	};
	wanted->volume_id = volume_id_format(wanted->call->arena, &parts, st);
	if (!wanted->volume_id)
		return -1;
	return volume_id_parse(wanted->call->arena, wanted->volume_id, &wanted->id, st);
}

/* The parameters as the user wrote them; a mode that is the mutable parameters' is the controller's to set, and the node
 * told to leave it alone. */
static void make_context(struct volume_wanted *wanted, const struct string_pair *pairs, size_t count,
			 bool is_mode_mutable)
{
	struct string_pair *context = arena_calloc(wanted->call->arena, count + 1, sizeof(*context));
	bool is_settled = !is_mode_mutable;
	for (size_t i = 0; i < count; i++) {
		bool is_mode = is_mode_mutable && strcasecmp(pairs[i].key, "mountPermissions") == 0;
		context[i] = is_mode ? (struct string_pair){pairs[i].key, "0"} : pairs[i];
		is_settled = is_settled || is_mode;
	}
	if (!is_settled)
		context[count++] = (struct string_pair){"mountPermissions", "0"};
	wanted->context = context;
	wanted->context_count = count;
}

/* What the mutable ones say of the directory wins over the StorageClass; the rest is for the record and no part of the id. */
static int read_parameters(struct volume_wanted *wanted, struct status *st)
{
	const Csi__V1__CreateVolumeRequest *request = wanted->request;
	struct arena *arena = wanted->call->arena;
	const size_t count = request->n_parameters, mutable_count = request->n_mutable_parameters;
	const struct string_pair *pairs = STRING_PAIRS(arena, request->parameters, count);
	const struct string_pair *mutable_pairs = STRING_PAIRS(arena, request->mutable_parameters, mutable_count);
	struct volume_params params;
	if (volume_params_check_size("parameters", pairs, count, st) < 0 ||
	    volume_params_check_size("mutable parameters", mutable_pairs, mutable_count, st) < 0 ||
	    volume_params_parse(arena, VOLUME_PARAMS_CLASS, pairs, count, &wanted->params, st) < 0 ||
	    volume_params_parse(arena, VOLUME_PARAMS_MUTABLE, mutable_pairs, mutable_count, &params, st) < 0)
		return -1;
	make_context(wanted, pairs, count, params.has_mount_permissions);
	wanted->owner = volume_owner_of(wanted->call->controller, &wanted->params);
	volume_owner_change(&wanted->owner, &params);
	wanted->needs_record = mutable_params_need_record(&params);
	(void)mutable_params_apply(arena, &wanted->record, mutable_pairs, mutable_count);
	return 0;
}

static void make_record(struct volume_wanted *wanted)
{
	const Csi__V1__CreateVolumeRequest *request = wanted->request;
	const Csi__V1__VolumeCapability__MountVolume *mount = request->volume_capabilities[0]->mount;
	struct arena *arena = wanted->call->arena;
	Csicore__VolumeRecord *record = &wanted->record;
	record->version = RECORD_VERSION;
	record->name = (char *)volume_id_name(&wanted->id);
	record->volume_id = (char *)wanted->volume_id;
	record->sub_dir = (char *)wanted->id.sub_dir;
	record->capacity_bytes = wanted->capacity_bytes;
	record->created_at = time(NULL);
	record->mount_flags = mount->mount_flags;
	record->n_mount_flags = mount->n_mount_flags;
	record->parameters = arena_calloc(arena, wanted->context_count + 1, sizeof(*record->parameters));
	record->n_parameters = wanted->context_count;
	for (size_t i = 0; i < wanted->context_count; i++) {
		record->parameters[i] = arena_alloc(arena, sizeof(*record->parameters[i]));
		csicore__parameter__init(record->parameters[i]);
		record->parameters[i]->key = (char *)wanted->context[i].key;
		record->parameters[i]->value = (char *)wanted->context[i].value;
	}
}

int volume_wanted_read(const struct volume_call *call, const Csi__V1__CreateVolumeRequest *request,
		       struct volume_wanted *ret, struct status *st)
{
	struct volume_wanted wanted = {.call = call, .request = request, .record = CSICORE__VOLUME_RECORD__INIT};
	if (check_name(request->name, st) < 0 ||
	    capability_check_all(request->volume_capabilities, request->n_volume_capabilities, st) < 0 ||
	    read_parameters(&wanted, st) < 0)
		return -1;
	if (request->volume_content_source)
		return status_set(st, STATUS_INVALID_ARGUMENT, "volume content source is not supported");
	if (read_capacity(&wanted, st) < 0 || make_id(&wanted, st) < 0)
		return -1;
	make_record(&wanted);
	*ret = wanted;
	return 0;
}

/* ---- a record of that name */

static bool is_capacity_compatible(const struct volume_wanted *wanted, int64_t capacity_bytes)
{
	return capacity_bytes >= wanted->required_bytes &&
	       (wanted->limit_bytes == 0 || capacity_bytes <= wanted->limit_bytes);
}

int volume_wanted_check(const struct volume_wanted *wanted, const Csicore__VolumeRecord *record, struct status *st)
{
	if (!volume_is_record_of(wanted->call->arena, record, &wanted->id))
		return status_set(st, STATUS_ALREADY_EXISTS, "volume %s already exists in directory %s", record->name,
				  record->sub_dir);
	if (!is_capacity_compatible(wanted, record->capacity_bytes))
		return status_set(st, STATUS_ALREADY_EXISTS,
				  "volume %s already exists with %lld bytes, which is not within the range asked for",
				  record->name, (long long)record->capacity_bytes);
	if (!mutable_params_equal(&wanted->record, record))
		return status_set(st, STATUS_ALREADY_EXISTS, "volume %s already exists with other mutable parameters",
				  record->name);
	return 0;
}

/* ---- the answer */

void volume_wanted_answer(const struct volume_wanted *wanted, Csi__V1__CreateVolumeResponse *response)
{
	response->volume = volume_message_new(wanted->call->arena, wanted->volume_id, wanted->capacity_bytes,
					      wanted->context, wanted->context_count,
					      wanted->params.sub_dir ? wanted->params.sub_dir : wanted->request->name);
}
