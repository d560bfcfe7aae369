/* SPDX-License-Identifier: Apache-2.0 */
/* Entries are few (the keys are known): every look-up walks them. */
#include "mutable_params.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static size_t find(const Csicore__VolumeRecord *record, const char *key)
{
	size_t i = 0;
	while (i < record->n_mutable_parameters && strcasecmp(record->mutable_parameters[i]->key, key) != 0)
		i++;
	return i;
}

static Csicore__Parameter *new_entry(struct arena *arena, const struct string_pair *pair)
{
	Csicore__Parameter *entry = arena_alloc(arena, sizeof(*entry));
	csicore__parameter__init(entry);
	entry->key = arena_strdup(arena, pair->key);
	for (char *at = entry->key; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	entry->value = (char *)pair->value;
	return entry;
}

/* The list has room for one more. */
static void apply_one(struct arena *arena, Csicore__VolumeRecord *record, const struct string_pair *pair)
{
	Csicore__Parameter **list = record->mutable_parameters;
	size_t at = find(record, pair->key);
	bool is_found = at < record->n_mutable_parameters;
	if (pair->value[0]) {
		list[at] = new_entry(arena, pair);
		record->n_mutable_parameters += is_found ? 0 : 1;
	} else if (is_found) {
		list[at] = list[--record->n_mutable_parameters];
	}
}

bool mutable_params_apply(struct arena *arena, Csicore__VolumeRecord *record, const struct string_pair *pairs,
			  size_t count)
{
	const Csicore__VolumeRecord before = *record;
	record->mutable_parameters =
		arena_calloc(arena, before.n_mutable_parameters + count + 1, sizeof(*record->mutable_parameters));
	for (size_t i = 0; i < before.n_mutable_parameters; i++)
		record->mutable_parameters[i] = before.mutable_parameters[i];
	for (size_t i = 0; i < count; i++)
		if (!volume_params_is_metadata(pairs[i].key))
			apply_one(arena, record, &pairs[i]);
	return !mutable_params_equal(&before, record);
}

const char *mutable_params_get(const Csicore__VolumeRecord *record, const char *key)
{
	size_t at = find(record, key);
	return at < record->n_mutable_parameters ? record->mutable_parameters[at]->value : NULL;
}

bool mutable_params_need_record(const struct volume_params *params)
{
	return params->on_delete_text[0] || (params->mount_options && params->mount_options[0]);
}

bool mutable_params_equal(const Csicore__VolumeRecord *a, const Csicore__VolumeRecord *b)
{
	if (a->n_mutable_parameters != b->n_mutable_parameters)
		return false;
	for (size_t i = 0; i < a->n_mutable_parameters; i++) {
		const char *value = mutable_params_get(b, a->mutable_parameters[i]->key);
		if (!value || strcmp(a->mutable_parameters[i]->value, value) != 0)
			return false;
	}
	return true;
}
