/* SPDX-License-Identifier: Apache-2.0 */
/* Names of directories. */
#include "inspect_names.h"

#include <string.h>

#include "base/arena.h"

#define UUID_LENGTH 36
#define OBJECT_NAME_MAX 253

static bool is_uuid(const char *text)
{
	for (size_t i = 0; i < UUID_LENGTH; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (is_dash ? text[i] != '-' : text[i] == '\0' || !strchr("0123456789abcdef", text[i]))
			return false;
	}
	return text[UUID_LENGTH] == '\0';
}

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

bool names_is_pv(const char *name)
{
	return has_prefix(name, "pvc-") && is_uuid(name + strlen("pvc-"));
}

bool names_is_snapshot(const char *name)
{
	return has_prefix(name, "snapshot-") && is_uuid(name + strlen("snapshot-"));
}

bool names_is_archive(const char *name)
{
	return has_prefix(name, "archived-");
}

bool names_is_object(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	if (strlen(name) > OBJECT_NAME_MAX)
		return false;
	for (;;) {
		size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
		if (length == 0 || name[0] == '-' || !strchr(letters, name[length - 1]))
			return false;
		name += length;
		if (*name == '\0')
			return true;
		if (*name++ != '.')
			return false;
	}
}

bool names_parse_provisioned(struct arena *arena, const char *name, struct provisioned_name *ret)
{
	const size_t pv_length = strlen("pvc-") + UUID_LENGTH;
	size_t length = strlen(name);
	if (length < pv_length + 4 || !names_is_pv(name + length - pv_length) || name[length - pv_length - 1] != '-')
		return false;
	struct provisioned_name parsed = {
		.both = arena_strndup(arena, name, length - pv_length - 1),
		.pv = arena_strdup(arena, name + length - pv_length),
	};
	const char *dash = strchr(parsed.both, '-');
	if (!dash || dash == parsed.both || dash[1] == '\0')
		return false;
	if (!strchr(dash + 1, '-')) {
		parsed.claim_namespace = arena_strndup(arena, parsed.both, (size_t)(dash - parsed.both));
		parsed.claim = dash + 1;
	}
	*ret = parsed;
	return true;
}
