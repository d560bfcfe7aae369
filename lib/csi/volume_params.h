/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a volume as users write them: StorageClass parameters at CreateVolume, volumeAttributes (the volume
 * context) at NodePublishVolume, mutable parameters at CreateVolume and ControllerModifyVolume.  One table of keys serves
 * all; names and messages are csi-driver-nfs's.
 */
#ifndef CSICORE_CSI_VOLUME_PARAMS_H
#define CSICORE_CSI_VOLUME_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csi/string_pairs.h"

struct status;

enum on_delete { ON_DELETE_UNSET, ON_DELETE_DELETE, ON_DELETE_RETAIN, ON_DELETE_ARCHIVE };

/* "", delete, retain or archive, in any case; -1 for another word. */
int on_delete_parse(const char *text, enum on_delete *ret);

#define VOLUME_PARAMS_KEEP_ID UINT32_MAX /* uid, gid: not given */

struct volume_params {
	const char *server;         /* empty in mutable parameters only */
	const char *share;          /* as written; "" where absent */
	const char *sub_dir;        /* templates resolved; NULL where absent or written empty */
	const char *sub_dir_key;    /* the key as the user spelt it, NULL where absent */
	const char *on_delete_text; /* as the user typed it; "" where absent */
	enum on_delete on_delete;
	uint32_t mount_permissions; /* 0: leave the mode alone */
	bool has_mount_permissions;
	uint32_t uid, gid;
	const char *mount_options;                      /* not of a StorageClass: one string, NULL where absent */
	const char *pvc_name, *pvc_namespace, *pv_name; /* NULL where absent */
};

enum volume_params_kind {
	VOLUME_PARAMS_CLASS,      /* StorageClass: an unknown key is refused */
	VOLUME_PARAMS_ATTRIBUTES, /* volumeAttributes: an unknown key is ignored, share is required */
	VOLUME_PARAMS_MUTABLE,    /* VolumeAttributesClass: an unknown key is refused, none is required */
};

/* True for keys that the sidecars add about the claim (csi.storage.k8s.io/...), in any case; no mutable parameters. */
bool volume_params_is_metadata(const char *key);

/*
 * Keys are compared without case; of two entries of one key the later wins.  Strings of *ret point into the request or the
 * arena.  INVALID_ARGUMENT with csi-driver-nfs's words for a missing server, an unknown key, a bad onDelete,
 * mountPermissions (octal), uid or gid, and a share or subDir that holds "..".  Mutable mount options hold no line break
 * and no more than a mount flag may; what they mean is the node's to judge.  Whether a volume id can be made of them
 * (no '#', not the share itself) is volume_id_format()'s to say.
 */
int volume_params_parse(struct arena *arena, enum volume_params_kind kind, const struct string_pair *pairs,
			size_t count, struct volume_params *ret, struct status *st);

/* INVALID_ARGUMENT where the pairs are more than CSI lets a map be; what names them. */
int volume_params_check_size(const char *what, const struct string_pair *pairs, size_t count, struct status *st);

#endif
