/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volume ids are csi-driver-nfs's, so that either driver can take over from the other:
 *
 *   {server}#{share}#{subDir}#{uuid}#{onDelete}
 *
 * server, share and subDir without leading and trailing slashes; uuid is CreateVolumeRequest.name where a subDir was
 * given, else empty (then subDir is that name).  There is no escaping, so '#' is refused in every element.  The CSI limit
 * of 128 bytes is not enforced: a name of 128 bytes, which is legal, makes a longer id already.
 */
#ifndef CSICORE_CSI_VOLUME_ID_H
#define CSICORE_CSI_VOLUME_ID_H

#include "base/path.h"
#include "csi/volume_params.h"

struct arena;
struct status;

/* The folder on a share that is the driver's own; no volume lies in it. */
#define CSICORE_FOLDER ".csicore"

struct volume_id {
	const char *server;
	const char *share;        /* normalised: "/a/b", "/" for the server's root */
	const char *sub_dir;      /* as in the id */
	struct path path;         /* sub_dir's names; count 0 in hand-made ids that name the share itself */
	const char *uuid;         /* "" where no subDir was given */
	enum on_delete on_delete; /* UNSET: the driver's default at the time of the deletion */
	bool is_own_folder;       /* it lies in a CSICORE_FOLDER, of this share or of one below or above it */
	bool is_ambiguous;        /* more than five elements, or the fifth is no policy: some element holds a '#' */
};

/*
 * Reads the five-element form and every earlier one: three or four elements (v3.1, v4.0 to v4.2) and
 * server/share/subdir (v3.0).  INVALID_ARGUMENT for anything else, and where share, subDir or uuid holds "..".  Strings of *ret are in the arena.
 */
int volume_id_parse(struct arena *arena, const char *text, struct volume_id *ret, struct status *st);

/* The name of the volume (CreateVolumeRequest.name) as far as its id tells it. */
const char *volume_id_name(const struct volume_id *id);

struct volume_id_parts {
	const char *server, *share;
	const char *sub_dir;   /* templates resolved */
	const char *uuid;      /* "" where no subDir was given */
	const char *on_delete; /* the text of the last element */
};

/*
 * The id in the arena.  NULL with INVALID_ARGUMENT where no id can be made: an element holds '#' or "..", or subDir names
 * the share itself ("/", ".") or the driver's own folder.
 */
const char *volume_id_format(struct arena *arena, const struct volume_id_parts *parts, struct status *st);

#endif
