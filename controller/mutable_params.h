/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mutable parameters in a volume's record: keys in lower case, one entry each, in no order.  Keys of the sidecars about
 * the claim are none.  Whether keys and values are good is volume_params_parse()'s to say, before.
 */
#ifndef CSICORE_CONTROLLER_MUTABLE_PARAMS_H
#define CSICORE_CONTROLLER_MUTABLE_PARAMS_H

#include <stdbool.h>

#include "csi/record.h"
#include "csi/string_pairs.h"
#include "csi/volume_params.h"

/* Sets pairs in the record; an empty value takes an entry out.  Entries are made in arena.  True where that changed the record. */
bool mutable_params_apply(struct arena *arena, Csicore__VolumeRecord *record, const struct string_pair *pairs,
			  size_t count);

/* The value of key (in lower case), NULL where there is none. */
const char *mutable_params_get(const Csicore__VolumeRecord *record, const char *key);

/* True where params ask for something that only a record remembers, and not the directory. */
bool mutable_params_need_record(const struct volume_params *params);

/* True where both records have the same mutable parameters. */
bool mutable_params_equal(const Csicore__VolumeRecord *a, const Csicore__VolumeRecord *b);

#endif
