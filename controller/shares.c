/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted array: shares are few, and looking is rare beside what is done on them. */
#include "shares.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"

/* Owned: what was said of it last at all, and what by --share; the latter is zeroed where that says nothing. */
struct share {
	struct export_key said[SHARE_OF_OPTION + 1];
};

struct shares {
	pthread_mutex_t lock; /* guards the rest; a leaf lock */
	struct share *items;
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
		export_key_release(&shares->items[i].said[SHARE_OF_CALL]);
		export_key_release(&shares->items[i].said[SHARE_OF_OPTION]);
	}
	(void)pthread_mutex_destroy(&shares->lock); /* nobody holds it any more */
	free(shares->items);
	free(shares);
}

/* Of a share, whatever its port. */
static int compare_share(const struct export_key *key, const char *server, const char *share)
{
	int order = strcmp(key->server, server);
	return order ? order : strcmp(key->share, share);
}

static int compare(const struct export_key *a, const struct export_key *b)
{
	int order = compare_share(a, b->server, b->share);
	return order ? order : (int)export_key_port(a) - (int)export_key_port(b);
}

/* Where key is, or would be. */
static size_t find(const struct shares *shares, const struct export_key *key)
{
	size_t low = 0, high = shares->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&shares->items[middle].said[SHARE_OF_CALL], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert(struct shares *shares, size_t at)
{
	if (shares->count == shares->capacity) {
		shares->capacity = shares->capacity ? 2 * shares->capacity : 8;
		shares->items = memory_realloc(shares->items, shares->capacity, sizeof(*shares->items));
	}
	memmove(shares->items + at + 1, shares->items + at, (shares->count - at) * sizeof(*shares->items));
	shares->items[at] = (struct share){0};
	shares->count++;
}

static void note(struct share *share, const struct export_key *key, enum share_origin origin)
{
	for (int i = SHARE_OF_CALL; i <= (int)origin; i++) {
		export_key_release(&share->said[i]);
		share->said[i] = export_key_copy(key);
	}
}

bool shares_add(struct shares *shares, const struct export_key *key, enum share_origin origin)
{
	(void)pthread_mutex_lock(&shares->lock); /* a default mutex reports no error */
	size_t at = find(shares, key);
	bool is_known = at < shares->count && compare(&shares->items[at].said[SHARE_OF_CALL], key) == 0;
	bool is_new = !is_known && shares->count < SHARES_MAX;
	if (is_new)
		insert(shares, at);
	if (is_new || (is_known && !export_key_is_plain(key)))
		note(&shares->items[at], key, origin);
	(void)pthread_mutex_unlock(&shares->lock);
	return is_new;
}

static struct export_key copy_to_arena(struct arena *arena, const struct export_key *key)
{
	struct export_key copy = *key;
	copy.server = arena_strdup(arena, key->server);
	copy.share = arena_strdup(arena, key->share);
	copy.options = key->options ? arena_strdup(arena, key->options) : NULL;
	return copy;
}

bool shares_next(struct shares *shares, struct arena *arena, const struct export_key *after, struct export_key *ret)
{
	(void)pthread_mutex_lock(&shares->lock);
	size_t at = 0;
	if (after) {
		struct export_key past_all_ports = {.server = after->server, .share = after->share};
		past_all_ports.nfs_port = UINT16_MAX;
		at = find(shares, &past_all_ports);
		if (at < shares->count && compare(&shares->items[at].said[SHARE_OF_CALL], &past_all_ports) == 0)
			at++;
	}
	bool is_there = at < shares->count;
	if (is_there)
		*ret = copy_to_arena(arena, &shares->items[at].said[SHARE_OF_CALL]);
	(void)pthread_mutex_unlock(&shares->lock);
	return is_there;
}

struct export_key *shares_find(struct shares *shares, struct arena *arena, const char *server, const char *share,
			       enum share_origin origin, size_t *ret_count)
{
	struct export_key lowest = {.server = server, .share = share, .nfs_port = 1};
	size_t count = 0;
	(void)pthread_mutex_lock(&shares->lock);
	size_t first = find(shares, &lowest), end = first;
	while (end < shares->count && compare_share(&shares->items[end].said[SHARE_OF_CALL], server, share) == 0)
		end++;
	struct export_key *ways = arena_calloc(arena, end - first + 1, sizeof(*ways));
	for (size_t i = first; i < end; i++)
		if (shares->items[i].said[origin].server)
			ways[count++] = copy_to_arena(arena, &shares->items[i].said[origin]);
	(void)pthread_mutex_unlock(&shares->lock);
	*ret_count = count;
	return ways;
}

const char **shares_below(struct shares *shares, struct arena *arena, const char *server, const char *path,
			  size_t *ret_count)
{
	const char *prefix = arena_printf(arena, "%s/", path);
	const struct export_key lowest = {.server = server, .share = prefix, .nfs_port = 1};
	size_t count = 0;
	(void)pthread_mutex_lock(&shares->lock);
	size_t first = find(shares, &lowest), end = first;
	while (end < shares->count && strcmp(shares->items[end].said[SHARE_OF_CALL].server, server) == 0 &&
	       strncmp(shares->items[end].said[SHARE_OF_CALL].share, prefix, strlen(prefix)) == 0)
		end++;
	const char **below = arena_calloc(arena, end - first + 1, sizeof(*below));
	for (size_t i = first; i < end; i++)
		below[count++] = arena_strdup(arena, shares->items[i].said[SHARE_OF_CALL].share);
	(void)pthread_mutex_unlock(&shares->lock);
	*ret_count = count;
	return below;
}
