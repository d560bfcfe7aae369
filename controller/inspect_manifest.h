/* SPDX-License-Identifier: Apache-2.0 */
/* A PersistentVolume for a directory that is there already, as YAML or JSON for `kubectl apply -f`. */
#ifndef CSICORE_CONTROLLER_INSPECT_MANIFEST_H
#define CSICORE_CONTROLLER_INSPECT_MANIFEST_H

#include "csi/string_pairs.h"

struct inspect_manifest {
	const char *name, *driver_name, *volume_id;
	const struct string_pair *attributes; /* what the node mounts the volume by */
	size_t attribute_count;
	const char *capacity; /* a quantity */
	const char *storage_class;
	const char *claim_namespace, *claim; /* NULL: whichever claim asks for it */
	char *const *mount_options;
	size_t mount_option_count;
};

/* The text, with its last newline, in arena. */
const char *inspect_manifest_yaml(struct arena *arena, const struct inspect_manifest *manifest);
const char *inspect_manifest_json(struct arena *arena, const struct inspect_manifest *manifest);

#endif
