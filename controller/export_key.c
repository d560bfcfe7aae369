/* SPDX-License-Identifier: Apache-2.0 */
/* Export keys and the few mount options that matter to the controller. */
#include "export_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/parse.h"

#define NFS_PORT 2049
#define OPTION_VALUE_MAX 16 /* longer than any version or port */

typedef void set_option(struct export_key *key, const char *value);

/* "4.1" is version 4 to a client that speaks 4.0: the volumes are the same. */
static void set_version(struct export_key *key, const char *value)
{
	if (value[0] == '3' && value[1] == '\0')
		key->version = NFS_VERSION_3;
	else if (value[0] == '4' && (value[1] == '\0' || value[1] == '.'))
		key->version = NFS_VERSION_4;
}

static void set_port(uint16_t *port, const char *value)
{
	uint32_t number;
	if (parse_u32(value, 10, UINT16_MAX, &number) == 0)
		*port = (uint16_t)number;
}

static void set_nfs_port(struct export_key *key, const char *value)
{
	set_port(&key->nfs_port, value);
}

static void set_mount_port(struct export_key *key, const char *value)
{
	set_port(&key->mount_port, value);
}

static const struct {
	const char *name;
	set_option *set;
} table[] = {
	{"nfsvers", set_version},
	{"vers", set_version},
	{"port", set_nfs_port},
	{"mountport", set_mount_port},
};

static void read_option(struct export_key *key, const char *option, size_t length)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t name_length = strlen(table[i].name);
		if (length <= name_length || option[name_length] != '=' ||
		    strncmp(option, table[i].name, name_length) != 0)
			continue;
		size_t value_length = length - name_length - 1;
		char value[OPTION_VALUE_MAX] = "";
		if (value_length < sizeof(value)) {
			memcpy(value, option + name_length + 1, value_length);
			table[i].set(key, value);
		}
	}
}

void export_key_read_options(struct export_key *key, const char *options)
{
	for (const char *at = options; *at;) {
		size_t length = strcspn(at, ",");
		read_option(key, at, length);
		at += length;
		at += *at == ',';
	}
}

void export_key_keep_options(struct export_key *key, struct arena *arena, const char *options)
{
	export_key_read_options(key, options);
	if (!options[0])
		return;
	key->options =
		key->options ? arena_printf(arena, "%s,%s", key->options, options) : arena_strdup(arena, options);
}

uint16_t export_key_port(const struct export_key *key)
{
	return key->nfs_port ? key->nfs_port : NFS_PORT;
}

struct export_key export_key_copy(const struct export_key *key)
{
	struct export_key copy = *key;
	copy.server = memory_strdup(key->server);
	copy.share = memory_strdup(key->share);
	copy.options = key->options ? memory_strdup(key->options) : NULL;
	return copy;
}

void export_key_release(struct export_key *key)
{
	free((char *)key->server);
	free((char *)key->share);
	free((char *)key->options);
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool export_key_equals(const struct export_key *a, const struct export_key *b)
{
	return strcmp(a->server, b->server) == 0 && strcmp(a->share, b->share) == 0 && a->version == b->version &&
	       a->nfs_port == b->nfs_port && a->mount_port == b->mount_port && is_same_text(a->options, b->options);
}

bool export_key_is_plain(const struct export_key *key)
{
	return key->version == NFS_VERSION_ANY && key->nfs_port == 0 && key->mount_port == 0 && !key->options;
}
