/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges the strings of a protobuf message while they are still on the wire.  protobuf-c checks neither that a string is
 * UTF-8 nor that it holds no NUL, and once it has unpacked a string, what stood behind a NUL is out of sight.
 */
#ifndef CSICORE_CSI_WIRE_TEXT_H
#define CSICORE_CSI_WIRE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

struct status;

#define WIRE_TEXT_DEPTH_MAX 32 /* messages in messages */

/*
 * -1 with INVALID_ARGUMENT where a string field of the message (or of one inside it) is not UTF-8 or holds a NUL, with INTERNAL
 * where the bytes are no protobuf message at all.  Fields the descriptor does not know are skipped.
 */
int wire_text_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t length, struct status *st);

#endif
