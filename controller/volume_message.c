/* SPDX-License-Identifier: Apache-2.0 */
/* From a request, a record or an id to the volume of an answer. */
#include "volume_message.h"

#include <strings.h>

#include "base/status.h"

static void add_context(struct arena *arena, Csi__V1__Volume *volume, const char *key, const char *value)
{
	Csi__V1__Volume__VolumeContextEntry *entry = arena_alloc(arena, sizeof(*entry));
	csi__v1__volume__volume_context_entry__init(entry);
	entry->key = arena_strdup(arena, key);
	entry->value = arena_strdup(arena, value);
	volume->volume_context[volume->n_volume_context++] = entry;
}

Csi__V1__Volume *volume_message_new(struct arena *arena, const char *volume_id, int64_t capacity_bytes,
				    const struct string_pair *parameters, size_t count, const char *sub_dir)
{
	Csi__V1__Volume *volume = arena_alloc(arena, sizeof(*volume));
	csi__v1__volume__init(volume);
	volume->volume_id = arena_strdup(arena, volume_id);
	volume->capacity_bytes = capacity_bytes;
	volume->volume_context = arena_calloc(arena, count + 1, sizeof(*volume->volume_context));
	bool has_sub_dir = false;
	for (size_t i = 0; i < count; i++) {
		bool is_sub_dir = strcasecmp(parameters[i].key, "subdir") == 0;
		add_context(arena, volume, parameters[i].key, is_sub_dir ? sub_dir : parameters[i].value);
		has_sub_dir = has_sub_dir || is_sub_dir;
	}
	if (!has_sub_dir)
		add_context(arena, volume, "subdir", sub_dir);
	return volume;
}

static Csi__V1__Volume *message_of_place(struct arena *arena, const char *volume_id, int64_t capacity_bytes,
					 const struct volume_id *id)
{
	const struct string_pair place[] = {{"server", id->server}, {"share", id->share}};
	return volume_message_new(arena, volume_id, capacity_bytes, place, 2, id->sub_dir);
}

Csi__V1__Volume *volume_message_of_record(struct arena *arena, const Csicore__VolumeRecord *record,
					  const struct volume_id *id)
{
	const struct string_pair *parameters = STRING_PAIRS(arena, record->parameters, record->n_parameters);
	struct volume_params params;
	struct status unread; /* none were kept, or a later version has kept such as this one does not know */
	if (volume_params_parse(arena, VOLUME_PARAMS_CLASS, parameters, record->n_parameters, &params, &unread) < 0)
		return message_of_place(arena, record->volume_id, record->capacity_bytes, id);
	return volume_message_new(arena, record->volume_id, record->capacity_bytes, parameters, record->n_parameters,
				  params.sub_dir ? params.sub_dir : record->name);
}

Csi__V1__Volume *volume_message_of_id(struct arena *arena, const char *volume_id, const struct volume_id *id)
{
	return message_of_place(arena, volume_id, 0, id);
}
