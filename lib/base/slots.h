/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded use of named things, try-only: nobody ever waits here.  With one slot per key it is a set of locks (a volume
 * that is busy); with more it bounds how many workers one server may hold.  Thread-safe.
 */
#ifndef CSICORE_BASE_SLOTS_H
#define CSICORE_BASE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

struct slots;

struct slots *slots_new(unsigned slots_per_key);
/* Nobody holds a slot any more.  NULL is fine. */
void slots_free(struct slots *s);

/* Takes one slot of key; false where all are taken.  The key is copied. */
bool slots_try(struct slots *s, const char *key);
/* Gives back a slot that slots_try gave. */
void slots_put(struct slots *s, const char *key);
/* Whether anybody holds a slot of key. */
bool slots_is_used(struct slots *s, const char *key);

/* A held slot as an owning variable: AUTO(slot_release) struct slot slot = {0}; released once, empty is fine. */
struct slot {
	struct slots *slots;
	const char *key; /* lives longer than the slot */
};
bool slot_take(struct slot *slot, struct slots *s, const char *key);
void slot_release(struct slot *slot);

#endif
