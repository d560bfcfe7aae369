/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protobuf-c gives each map<string,string> field an entry type of its own, all of one shape.  Code that handles
 * parameters, volume contexts and secrets alike works on these pairs instead.
 */
#ifndef CSICORE_CSI_STRING_PAIRS_H
#define CSICORE_CSI_STRING_PAIRS_H

#include <stddef.h>

#include "base/arena.h"

struct string_pair {
	const char *key;
	const char *value;
};

/* The pairs of a map field (an array of count entry pointers) in the arena, with room for one more; key and value still point into the message.
 * As protobuf wants it, a later entry of the same key wins: STRING_PAIRS keeps the order, look-ups go from the end. */
#define STRING_PAIRS(arena, entries, count) \
	({ \
		struct string_pair *pairs_ = arena_calloc((arena), (count) + 1, sizeof(*pairs_)); \
		for (size_t i_ = 0; i_ < (count); i_++) \
			pairs_[i_] = (struct string_pair){(entries)[i_]->key, (entries)[i_]->value}; \
		pairs_; \
	})

#endif
