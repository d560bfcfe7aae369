/* SPDX-License-Identifier: Apache-2.0 */
#include "node/volume_source.h"

#include <string.h>
#include <sys/mount.h>

#include "base/arena.h"
#include "base/path.h"
#include "base/status.h"
#include "csi/capability.h"
#include "csi/local_exports.h"
#include "csi/volume_params.h"
#include "mount/nfs_options.h"
#include "mount/nfs_source.h"
#include "node/node.h"

/* external-provisioner puts this into the context of the volumes that it made. */
#define PROVISIONER_IDENTITY_KEY "storage.kubernetes.io/csiProvisionerIdentity"

static bool is_provisioned(const struct string_pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(pairs[i].key, PROVISIONER_IDENTITY_KEY) == 0)
			return true;
	}
	return false;
}

/* What ControllerPublishVolume says of the volume as it is now; the volume context is as it was made.  NULL for nothing. */
static const char *find_published(const Csi__V1__NodePublishVolumeRequest *request, const char *key)
{
	for (size_t i = 0; i < request->n_publish_context; i++) {
		if (strcmp(request->publish_context[i]->key, key) == 0)
			return request->publish_context[i]->value;
	}
	return NULL;
}

static int parse_options(struct arena *arena, const Csi__V1__NodePublishVolumeRequest *request,
			 const struct volume_params *params, struct nfs_options **ret_options, struct status *st)
{
	const Csi__V1__VolumeCapability__MountVolume *mount = request->volume_capability->mount;
	const char *published = find_published(request, "mountOptions");
	const char **texts = arena_calloc(arena, mount->n_mount_flags + 2, sizeof(*texts));
	struct nfs_options *options = arena_calloc(arena, 1, sizeof(*options));
	size_t count = 0;

	for (; count < mount->n_mount_flags; count++)
		texts[count] = mount->mount_flags[count];
	if (params->mount_options)
		texts[count++] = params->mount_options;
	if (published)
		texts[count++] = published;
	if (nfs_options_parse(arena, texts, count, options, st) < 0)
		return -1;
	*ret_options = options;
	return 0;
}

/* The volume's directory on its server: share and sub_dir, with no way out of the share. */
static int parse_path(struct arena *arena, const struct volume_params *params, const char **ret_path, struct status *st)
{
	const char *whole =
		params->sub_dir ? arena_printf(arena, "%s/%s", params->share, params->sub_dir) : params->share;
	struct path names;

	if (path_split(arena, "volume source", whole, &names, st) < 0)
		return -1;
	*ret_path = path_normalize(arena, whole);
	return 0;
}

/* "[fd00::1]" is what users write who know mount(8). */
static const char *without_brackets(struct arena *arena, const char *server)
{
	size_t length = strlen(server);

	if (length > 2 && server[0] == '[' && server[length - 1] == ']')
		return arena_strndup(arena, server + 1, length - 2);
	return server;
}

static void find_local(const struct node *node, struct arena *arena, struct volume_source *source)
{
	source->local.directory = local_exports_find(node->local_exports, arena, source->nfs.server, source->nfs.path,
						     &source->local.below);
	if (!source->local.directory)
		return;
	source->is_local = true;
	source->local.attributes = source->nfs.options->attributes;
	source->local.ownership = source->nfs.ownership;
}

/* What the root of the volume is to have; NULL for nothing, as where it is read-only. */
static const struct mount_ownership *parse_ownership(const struct node *node, struct arena *arena,
						     const struct volume_params *params, bool may_chown)
{
	struct mount_ownership *ownership = arena_alloc(arena, sizeof(*ownership));

	*ownership = (struct mount_ownership){
		.uid = may_chown ? params->uid : MOUNT_KEEP_ID,
		.gid = may_chown ? params->gid : MOUNT_KEEP_ID,
		.mode = params->has_mount_permissions ? params->mount_permissions : node->mount_permissions,
	};
	bool is_some = ownership->mode != 0 || ownership->uid != MOUNT_KEEP_ID || ownership->gid != MOUNT_KEEP_ID;

	return is_some ? ownership : NULL;
}

int volume_source_parse(const struct node *node, struct arena *arena, const Csi__V1__NodePublishVolumeRequest *request,
			struct volume_source *ret, struct status *st)
{
	struct string_pair *pairs = STRING_PAIRS(arena, request->volume_context, request->n_volume_context);
	size_t pair_count = request->n_volume_context;
	const char *published_mode = find_published(request, "mountPermissions");
	struct volume_source source = {0};
	struct volume_params params;
	struct nfs_options *options = NULL;

	if (published_mode)
		pairs[pair_count++] = (struct string_pair){"mountPermissions", published_mode};
	if (volume_params_parse(arena, VOLUME_PARAMS_ATTRIBUTES, pairs, pair_count, &params, st) < 0 ||
	    parse_path(arena, &params, &source.nfs.path, st) < 0 ||
	    parse_options(arena, request, &params, &options, st) < 0)
		return -1;
	if (request->readonly || capability_is_read_only(request->volume_capability))
		options->attributes.flags |= MOUNT_ATTR_RDONLY;
	source.is_read_only = options->attributes.flags & MOUNT_ATTR_RDONLY;
	source.nfs.server = without_brackets(arena, params.server);
	source.nfs.options = options;
	source.name = nfs_source_format(arena, source.nfs.server, source.nfs.path);
	if (!source.is_read_only)
		source.nfs.ownership = parse_ownership(node, arena, &params, !is_provisioned(pairs, pair_count));
	find_local(node, arena, &source);
	*ret = source;
	return 0;
}

int volume_source_mount(const struct volume_source *source, struct mounter *mounter, const char *target,
			struct cancel *cancel, struct status *st)
{
	if (source->is_local)
		return mounter->ops->mount_local(mounter, &source->local, target, cancel, st);
	return mounter->ops->mount_nfs(mounter, &source->nfs, target, cancel, st);
}

int volume_source_is_mounted(const struct volume_source *source, struct mounter *mounter, struct arena *arena,
			     const struct mount_entry *entry, const char *target, bool *ret_is_mounted,
			     struct status *st)
{
	bool is_nfs = strcmp(entry->type, "nfs") == 0 || strcmp(entry->type, "nfs4") == 0;

	/* A local export may have been mounted over NFS, before it was named one. */
	if (source->is_local && !is_nfs)
		return mounter->ops->is_local(mounter, &source->local, target, ret_is_mounted, st);
	*ret_is_mounted = is_nfs && nfs_source_is_same(arena, entry->source, source->name);
	return 0;
}
