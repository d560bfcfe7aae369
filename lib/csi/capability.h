/* SPDX-License-Identifier: Apache-2.0 */
/* Judges the volume capabilities of a request: access type, access mode, mount flags. */
#ifndef CSICORE_CSI_CAPABILITY_H
#define CSICORE_CSI_CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>

#include "csi.pb-c.h"

struct status;

/*
 * INVALID_ARGUMENT where the list is empty (`volume capabilities missing in request`), an entry has no access type or
 * no access mode, asks for block (`block volume capability not supported`), or its mount flags hold a NUL, a newline or
 * more than 4 KiB (CSI spec, size limits).
 */
int capability_check_all(Csi__V1__VolumeCapability *const *capabilities, size_t count, struct status *st);
int capability_check(const Csi__V1__VolumeCapability *capability, struct status *st);

/* True for the modes that only read (SINGLE_NODE_READER_ONLY, MULTI_NODE_READER_ONLY). */
bool capability_is_read_only(const Csi__V1__VolumeCapability *capability);

#endif
