/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The volumes of all shares that are known, in pages: share after share in their order, record after record in the order of
 * the server's own listing.  A volume is listed by the share that its id names; what is no record of the driver, or may not
 * be read, is passed over.
 *
 * A share that cannot be listed fails the whole page, since who takes a list (external-attacher, the health monitor) takes a
 * volume that is missing in it for gone.  Callers repeat; a share that is gone for good is forgotten when the controller starts
 * anew without it.
 */
#ifndef CSICORE_CONTROLLER_VOLUME_WALK_H
#define CSICORE_CONTROLLER_VOLUME_WALK_H

#include "csi/record.h"
#include "volume.h"

/* Records that one page looks at, each of them read from the server; entries are no more. */
#define VOLUME_WALK_RECORDS_MAX 500

/*
 * Adds what is to be said of a volume to the answer; *ret_bytes is what that takes encoded, 0 where nothing was added.  record
 * and id live until it returns.  Failing ends the walk.  It may come again for a volume after failing with ESTALE.
 */
typedef int volume_walk_visit(void *context, struct export_use *use, const Csicore__VolumeRecord *record,
			      const struct volume_id *id, struct cancel *cancel, size_t *ret_bytes, struct status *st);

/*
 * One page: until max_entries (0: no limit of the caller's) or a bound of its own is reached, in entries, encoded bytes or
 * time.  *ret_next_token ("" after the last volume) is in the call's arena.  INVALID_ARGUMENT for a negative max_entries,
 * ABORTED for a starting_token that is not or no longer good.
 */
int volume_walk(const struct volume_call *call, int32_t max_entries, const char *starting_token,
		volume_walk_visit *visit, void *context, const char **ret_next_token, struct status *st);

#endif
