/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted array: shares are few, and looking is rare beside what is done on them. */
#include "shares.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"

struct shares {
	pthread_mutex_t lock; /* guards the rest; a leaf lock */
	struct export_key *keys;
	size_t count, capacity;
};

struct shares *shares_new(void)
{
	struct shares *shares = memory_calloc(1, sizeof(*shares));
	(void)pthread_mutex_init(&shares->lock, NULL); /* cannot fail with default attributes on Linux */
	return shares;
}

void shares_free(struct shares *shares)
{
	if (!shares)
		return;
	for (size_t i = 0; i < shares->count; i++) {
		free((char *)shares->keys[i].server);
		free((char *)shares->keys[i].share);
	}
	(void)pthread_mutex_destroy(&shares->lock); /* nobody holds it any more */
	free(shares->keys);
	free(shares);
}

static int compare(const struct export_key *a, const struct export_key *b)
{
	int order = strcmp(a->server, b->server);
	return order ? order : strcmp(a->share, b->share);
}

/* Where key is, or would be. */
static size_t find(const struct shares *shares, const struct export_key *key)
{
	size_t low = 0, high = shares->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&shares->keys[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert(struct shares *shares, size_t at, const struct export_key *key)
{
	if (shares->count == shares->capacity) {
		shares->capacity = shares->capacity ? 2 * shares->capacity : 8;
		shares->keys = memory_realloc(shares->keys, shares->capacity, sizeof(*shares->keys));
	}
	memmove(shares->keys + at + 1, shares->keys + at, (shares->count - at) * sizeof(*shares->keys));
	shares->keys[at] = *key;
	shares->keys[at].server = memory_strdup(key->server);
	shares->keys[at].share = memory_strdup(key->share);
	shares->count++;
}

static void take_options(struct export_key *known, const struct export_key *key)
{
	known->version = key->version;
	known->nfs_port = key->nfs_port;
	known->mount_port = key->mount_port;
}

bool shares_add(struct shares *shares, const struct export_key *key)
{
	(void)pthread_mutex_lock(&shares->lock); /* a default mutex reports no error */
	size_t at = find(shares, key);
	bool is_known = at < shares->count && compare(&shares->keys[at], key) == 0;
	bool is_new = !is_known && shares->count < SHARES_MAX;
	if (is_new)
		insert(shares, at, key);
	else if (is_known && !export_key_is_plain(key))
		take_options(&shares->keys[at], key);
	(void)pthread_mutex_unlock(&shares->lock);
	return is_new;
}

bool shares_next(struct shares *shares, struct arena *arena, const struct export_key *after, struct export_key *ret)
{
	(void)pthread_mutex_lock(&shares->lock);
	size_t at = after ? find(shares, after) : 0;
	if (after && at < shares->count && compare(&shares->keys[at], after) == 0)
		at++;
	bool is_there = at < shares->count;
	if (is_there) {
		*ret = shares->keys[at];
		ret->server = arena_strdup(arena, ret->server);
		ret->share = arena_strdup(arena, ret->share);
	}
	(void)pthread_mutex_unlock(&shares->lock);
	return is_there;
}
