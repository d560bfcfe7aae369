/* SPDX-License-Identifier: Apache-2.0 */
/* The PersistentVolume as a tree of JSON values, and the two ways to write it. */
#include "inspect_manifest.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "inspect_text.h"

#define TEXT_BYTES_MAX (1024 * 1024) /* many times the longest names there are */

/* ---- the tree */

/* value becomes object's; NULL is left out. */
static void put(json_t *object, const char *key, json_t *value)
{
	if (value)
		(void)json_object_set_new(object, key, value); /* no memory is its only failure */
}

static void put_text(json_t *object, const char *key, const char *text)
{
	put(object, key, json_string(text));
}

/* The annotation is what the external-provisioner knows its volumes by, should the reclaim policy become Delete one day. */
static json_t *metadata_of(const struct inspect_manifest *manifest)
{
	json_t *annotations = json_object();
	json_t *metadata = json_object();
	put_text(annotations, "pv.kubernetes.io/provisioned-by", manifest->driver_name);
	put_text(metadata, "name", manifest->name);
	put(metadata, "annotations", annotations);
	return metadata;
}

static json_t *array_of(const char *const *texts, size_t count)
{
	json_t *array = count > 0 ? json_array() : NULL;
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, json_string(texts[i])); /* as above */
	return array;
}

static json_t *claim_of(const struct inspect_manifest *manifest)
{
	if (!manifest->claim)
		return NULL;
	json_t *claim = json_object();
	put_text(claim, "apiVersion", "v1");
	put_text(claim, "kind", "PersistentVolumeClaim");
	put_text(claim, "namespace", manifest->claim_namespace);
	put_text(claim, "name", manifest->claim);
	return claim;
}

static json_t *source_of(const struct inspect_manifest *manifest)
{
	json_t *attributes = json_object();
	json_t *source = json_object();
	put_text(attributes, "server", manifest->server);
	put_text(attributes, "share", manifest->share);
	put_text(attributes, "subDir", manifest->sub_dir);
	put_text(source, "driver", manifest->driver_name);
	put_text(source, "volumeHandle", manifest->volume_id);
	put(source, "volumeAttributes", attributes);
	return source;
}

static json_t *tree_of(const struct inspect_manifest *manifest)
{
	static const char *const access_modes[] = {"ReadWriteMany"};
	json_t *capacity = json_object();
	json_t *spec = json_object();
	json_t *tree = json_object();
	put_text(capacity, "storage", manifest->capacity);
	put(spec, "capacity", capacity);
	put(spec, "accessModes", array_of(access_modes, 1));
	put_text(spec, "persistentVolumeReclaimPolicy", "Retain");
	put_text(spec, "storageClassName", manifest->storage_class);
	put(spec, "mountOptions", array_of(manifest->mount_options, manifest->mount_option_count));
	put(spec, "claimRef", claim_of(manifest));
	put(spec, "csi", source_of(manifest));
	put_text(tree, "apiVersion", "v1");
	put_text(tree, "kind", "PersistentVolume");
	put(tree, "metadata", metadata_of(manifest));
	put(tree, "spec", spec);
	return tree;
}

/* ---- YAML: objects of plain keys, arrays of strings, strings */

static void put_value(struct strbuf *text, struct arena *arena, json_t *value, int indent);

static void put_object(struct strbuf *text, struct arena *arena, json_t *object, int indent)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		(void)strbuf_printf(text, "%*s%s:", indent, "", key);
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
	json_t *tree = tree_of(manifest);
	strbuf_init(&text, TEXT_BYTES_MAX);
	put_object(&text, arena, tree, 0);
	json_decref(tree);
	return arena_strdup(arena, strbuf_text(&text));
}

const char *inspect_manifest_json(struct arena *arena, const struct inspect_manifest *manifest)
{
	json_t *tree = tree_of(manifest);
	AUTO_FREE char *text = json_dumps(tree, JSON_INDENT(2));
	json_decref(tree);
	return arena_printf(arena, "%s\n", text);
}
