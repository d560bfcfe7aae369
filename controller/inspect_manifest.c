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

/* ---- the tree; a key whose value is NULL is left out */

static json_t *mount_options_of(const struct inspect_manifest *manifest)
{
	if (manifest->mount_option_count == 0)
		return NULL;
	json_t *options = json_array();
	for (size_t i = 0; i < manifest->mount_option_count; i++)
		(void)json_array_append_new(options, json_string(manifest->mount_options[i]));
	return options;
}

static json_t *claim_of(const struct inspect_manifest *manifest)
{
	if (!manifest->claim)
		return NULL;
	return json_pack("{ss ss ss ss}", "apiVersion", "v1", "kind", "PersistentVolumeClaim", "namespace",
			 manifest->claim_namespace, "name", manifest->claim);
}

/* The annotation is what the external-provisioner knows its volumes by, should the reclaim policy become Delete one day. */
static json_t *tree_of(const struct inspect_manifest *manifest)
{
	json_t *metadata = json_pack("{ss s{ss}}", "name", manifest->name, "annotations",
				     "pv.kubernetes.io/provisioned-by", manifest->driver_name);
	json_t *csi = json_pack("{ss ss s{ss ss ss}}", "driver", manifest->driver_name, "volumeHandle",
				manifest->volume_id, "volumeAttributes", "server", manifest->server, "share",
				manifest->share, "subDir", manifest->sub_dir);
	json_t *spec = json_pack("{s{ss} s[s] ss ss so* so* so}", "capacity", "storage", manifest->capacity,
				 "accessModes", "ReadWriteMany", "persistentVolumeReclaimPolicy", "Retain",
				 "storageClassName", manifest->storage_class, "mountOptions",
				 mount_options_of(manifest), "claimRef", claim_of(manifest), "csi", csi);
	return json_pack("{ss ss so so}", "apiVersion", "v1", "kind", "PersistentVolume", "metadata", metadata, "spec",
			 spec);
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
