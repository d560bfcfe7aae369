/* SPDX-License-Identifier: Apache-2.0 */
/* A list of the keys in use: there are never more than calls in flight, so a scan is all it takes. */
#include "base/slots.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct used_key {
	struct used_key *next;
	unsigned taken;
	char key[];
};

struct slots {
	pthread_mutex_t lock; /* guards keys and what hangs off it; a leaf lock, held for a scan */
	struct used_key *keys;
	unsigned slots_per_key;
};

struct slots *slots_new(unsigned slots_per_key)
{
	struct slots *s = memory_calloc(1, sizeof(*s));

	(void)pthread_mutex_init(&s->lock, NULL); /* cannot fail with default attributes on Linux */
	s->slots_per_key = slots_per_key;
	return s;
}

void slots_free(struct slots *s)
{
	if (!s)
		return;
	while (s->keys) {
		struct used_key *next = s->keys->next;

		free(s->keys);
		s->keys = next;
	}
	(void)pthread_mutex_destroy(&s->lock); /* nobody holds it any more */
	free(s);
}

static struct used_key **find(struct slots *s, const char *key)
{
	struct used_key **at = &s->keys;

	while (*at && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

static struct used_key *add(struct slots *s, const char *key)
{
	size_t size = strlen(key) + 1;
	struct used_key *used = memory_alloc(sizeof(*used) + size);

	memcpy(used->key, key, size);
	used->taken = 0;
	used->next = s->keys;
	s->keys = used;
	return used;
}

bool slots_try(struct slots *s, const char *key)
{
	(void)pthread_mutex_lock(&s->lock); /* a default mutex reports no error */
	struct used_key *used = *find(s, key);
	bool is_free = !used || used->taken < s->slots_per_key;

	if (is_free) {
		if (!used)
			used = add(s, key);
		used->taken++;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return is_free;
}

void slots_put(struct slots *s, const char *key)
{
	(void)pthread_mutex_lock(&s->lock);
	struct used_key **at = find(s, key);
	struct used_key *used = *at;

	if (used && --used->taken == 0) {
		*at = used->next;
		free(used);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

bool slots_is_used(struct slots *s, const char *key)
{
	(void)pthread_mutex_lock(&s->lock);
	bool is_used = *find(s, key) != NULL;

	(void)pthread_mutex_unlock(&s->lock);
	return is_used;
}

bool slot_take(struct slot *slot, struct slots *s, const char *key)
{
	if (!slots_try(s, key))
		return false;
	*slot = (struct slot){.slots = s, .key = key};
	return true;
}

void slot_release(struct slot *slot)
{
	if (slot->slots)
		slots_put(slot->slots, slot->key);
	*slot = (struct slot){0};
}
