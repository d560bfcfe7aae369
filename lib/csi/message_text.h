/* SPDX-License-Identifier: Apache-2.0 */
/* Repairs the strings of a message that is about to be sent: gRPC clients refuse a whole reply for one bad byte. */
#ifndef CSICORE_CSI_MESSAGE_TEXT_H
#define CSICORE_CSI_MESSAGE_TEXT_H

#include <protobuf-c/protobuf-c.h>

struct arena;

/*
 * Points every string in message (and in the messages inside it) that is not UTF-8 to a copy in the arena with U+FFFD in place
 * of the bad bytes.  The strings themselves are not written to.
 */
void message_text_repair(ProtobufCMessage *message, struct arena *arena);

#endif
