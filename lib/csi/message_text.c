/* SPDX-License-Identifier: Apache-2.0 */
/* Walks an unpacked message by its descriptor, as protobuf-c's own pack does. */
#include "csi/message_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

static void repair_string(char **string, struct arena *arena)
{
	size_t length = *string ? strlen(*string) : 0;

	if (utf8_is_valid(*string, length))
		return;
	char *repaired = arena_alloc(arena, UTF8_REPLACEMENT_BYTES * length + 1);

	repaired[utf8_repair(*string, length, repaired)] = '\0';
	*string = repaired;
}

static void repair_element(ProtobufCType type, void *element, struct arena *arena)
{
	if (type == PROTOBUF_C_TYPE_STRING)
		repair_string(element, arena);
	else if (*(ProtobufCMessage **)element)
		message_text_repair(*(ProtobufCMessage **)element, arena);
}

/* A oneof's members share their place, so only the one that its case names may be looked at. */
static bool is_other_case(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
		return false;
	return *(const uint32_t *)((const char *)message + field->quantifier_offset) != field->id;
}

static void repair_field(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, struct arena *arena)
{
	void *member = (char *)message + field->offset;

	if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
		return;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t count = *(const size_t *)((const char *)message + field->quantifier_offset);
		void **elements = *(void ***)member;

		for (size_t i = 0; i < count; i++)
			repair_element(field->type, &elements[i], arena);
	} else if (!is_other_case(message, field)) {
		repair_element(field->type, member, arena);
	}
}

void message_text_repair(ProtobufCMessage *message, struct arena *arena)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned i = 0; i < type->n_fields; i++)
		repair_field(message, &type->fields[i], arena);
}
