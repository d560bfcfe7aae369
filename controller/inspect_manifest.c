/* SPDX-License-Identifier: Apache-2.0 */
/* The PersistentVolume as a tree of JSON values, and the two ways to write it. */
#include "inspect_manifest.h"

#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "inspect_text.h"

#define TEXT_BYTES_MAX (1024 * 1024) /* many times the longest names there are */

/* ---- the tree */

/* A tree that grows; texts of others are repaired in arena on their way in. */
static void put(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new(object, key, value); /* no memory is its only failure */
}

static void put_text(struct arena *arena, json_t *object, const char *key, const char *text)
{
	put(object, inspect_text_repaired(arena, key), json_string(inspect_text_repaired(arena, text)));
}

/* The annotation is what the external-provisioner knows its volumes by, should the reclaim policy become Delete one day. */
static json_t *metadata_of(struct arena *arena, const struct inspect_manifest *manifest)
{
	json_t *annotations = json_object();
	json_t *metadata = json_object();
	put_text(arena, annotations, "pv.kubernetes.io/provisioned-by", manifest->driver_name);
	put_text(arena, metadata, "name", manifest->name);
	put(metadata, "annotations", annotations);
	return metadata;
}

static json_t *mount_options_of(struct arena *arena, const struct inspect_manifest *manifest)
{
	json_t *options = json_array();
	for (size_t i = 0; i < manifest->mount_option_count; i++)
		(void)json_array_append_new(
			options, json_string(inspect_text_repaired(arena, manifest->mount_options[i]))); /* as above */
	return options;
}

static json_t *claim_of(struct arena *arena, const struct inspect_manifest *manifest)
{
	json_t *claim = json_object();
	put_text(arena, claim, "apiVersion", "v1");
	put_text(arena, claim, "kind", "PersistentVolumeClaim");
	put_text(arena, claim, "namespace", manifest->claim_namespace);
	put_text(arena, claim, "name", manifest->claim);
	return claim;
}

static json_t *source_of(struct arena *arena, const struct inspect_manifest *manifest)
{
	json_t *attributes = json_object();
	json_t *source = json_object();
	for (size_t i = 0; i < manifest->attribute_count; i++)
		put_text(arena, attributes, manifest->attributes[i].key, manifest->attributes[i].value);
	put_text(arena, source, "driver", manifest->driver_name);
	put_text(arena, source, "volumeHandle", manifest->volume_id);
	put(source, "volumeAttributes", attributes);
	return source;
}

static json_t *tree_of(struct arena *arena, const struct inspect_manifest *manifest)
{
	json_t *capacity = json_object();
	json_t *access_modes = json_array();
	json_t *spec = json_object();
	json_t *tree = json_object();
	put_text(arena, capacity, "storage", manifest->capacity);
	(void)json_array_append_new(access_modes, json_string("ReadWriteMany")); /* as above */
	put(spec, "capacity", capacity);
	put(spec, "accessModes", access_modes);
	put_text(arena, spec, "persistentVolumeReclaimPolicy", "Retain");
	put_text(arena, spec, "storageClassName", manifest->storage_class);
	if (manifest->mount_option_count > 0)
		put(spec, "mountOptions", mount_options_of(arena, manifest));
	if (manifest->claim)
		put(spec, "claimRef", claim_of(arena, manifest));
	put(spec, "csi", source_of(arena, manifest));
	put_text(arena, tree, "apiVersion", "v1");
	put_text(arena, tree, "kind", "PersistentVolume");
	put(tree, "metadata", metadata_of(arena, manifest));
	put(tree, "spec", spec);
	return tree;
}

/* ---- YAML: objects, arrays of strings, strings */

static void put_value(struct strbuf *text, struct arena *arena, json_t *value, int indent);

/* A key of other characters is quoted, as are all values. */
static const char *key_text(struct arena *arena, const char *key)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ./-";
	return key[0] && key[strspn(key, plain)] == '\0' ? key : inspect_text_quoted(arena, key);
}

static void put_object(struct strbuf *text, struct arena *arena, json_t *object, int indent)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		(void)strbuf_printf(text, "%*s%s:", indent, "", key_text(arena, key));
		put_value(text, arena, value, indent + 2);
	}
}

static void put_value(struct strbuf *text, struct arena *arena, json_t *value, int indent)
{
	if (json_is_string(value)) {
		(void)strbuf_printf(text, " %s\n", inspect_text_quoted(arena, json_string_value(value)));
		return;
	}
	(void)strbuf_putc(text, '\n');
	if (json_is_object(value))
		put_object(text, arena, value, indent);
	for (size_t i = 0; i < json_array_size(value); i++) {
		(void)strbuf_printf(text, "%*s-", indent, "");
		put_value(text, arena, json_array_get(value, i), indent + 2);
	}
}

const char *inspect_manifest_yaml(struct arena *arena, const struct inspect_manifest *manifest)
{
	AUTO(strbuf_release) struct strbuf text;
	json_t *tree = tree_of(arena, manifest);
	strbuf_init(&text, TEXT_BYTES_MAX);
	put_object(&text, arena, tree, 0);
	json_decref(tree);
	return arena_strdup(arena, strbuf_text(&text));
}

const char *inspect_manifest_json(struct arena *arena, const struct inspect_manifest *manifest)
{
	json_t *tree = tree_of(arena, manifest);
	AUTO_FREE char *text = json_dumps(tree, JSON_INDENT(2));
	json_decref(tree);
	return arena_printf(arena, "%s\n", text);
}
