/* SPDX-License-Identifier: Apache-2.0 */
/* A list, newest first: a node has some hundred volumes, and calls are few. */
#include "node/publications.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"

struct entry {
	struct entry *next;
	struct publication publication; /* strings owned */
};

struct publications {
	pthread_mutex_t lock; /* guards what follows; a leaf lock */
	struct entry *newest;
	size_t count;
	size_t max;
};

struct publications *publications_new(size_t max)
{
	struct publications *publications = memory_calloc(1, sizeof(*publications));

	(void)pthread_mutex_init(&publications->lock, NULL); /* cannot fail with default attributes on Linux */
	publications->max = max;
	return publications;
}

static void free_entry(struct entry *entry)
{
	free((char *)entry->publication.target);
	free((char *)entry->publication.volume_id);
	free((char *)entry->publication.source);
	free(entry);
}

/* Unlinks and frees the entry at *at. */
static void drop(struct publications *publications, struct entry **at)
{
	struct entry *entry = *at;

	*at = entry->next;
	free_entry(entry);
	publications->count--;
}

void publications_free(struct publications *publications)
{
	if (!publications)
		return;
	while (publications->newest)
		drop(publications, &publications->newest);
	(void)pthread_mutex_destroy(&publications->lock); /* nobody holds it any more */
	free(publications);
}

static struct entry **find(struct publications *publications, const char *target)
{
	struct entry **at = &publications->newest;

	while (*at && strcmp((*at)->publication.target, target) != 0)
		at = &(*at)->next;
	return at;
}

static void drop_oldest(struct publications *publications)
{
	struct entry **at = &publications->newest;

	while ((*at)->next)
		at = &(*at)->next;
	drop(publications, at);
}

void publications_put(struct publications *publications, const struct publication *publication)
{
	struct entry *entry = memory_calloc(1, sizeof(*entry));

	entry->publication = *publication;
	entry->publication.target = memory_strdup(publication->target);
	entry->publication.volume_id = memory_strdup(publication->volume_id);
	entry->publication.source = memory_strdup(publication->source);
	(void)pthread_mutex_lock(&publications->lock); /* a default mutex reports no error */
	struct entry **old = find(publications, publication->target);

	if (*old)
		drop(publications, old);
	if (publications->count == publications->max)
		drop_oldest(publications);
	entry->next = publications->newest;
	publications->newest = entry;
	publications->count++;
	(void)pthread_mutex_unlock(&publications->lock);
}

void publications_remove(struct publications *publications, const char *target)
{
	(void)pthread_mutex_lock(&publications->lock);
	struct entry **at = find(publications, target);

	if (*at)
		drop(publications, at);
	(void)pthread_mutex_unlock(&publications->lock);
}

static struct publication copy(struct arena *arena, const struct publication *publication)
{
	return (struct publication){
		.target = arena_strdup(arena, publication->target),
		.volume_id = arena_strdup(arena, publication->volume_id),
		.source = arena_strdup(arena, publication->source),
		.is_single_writer = publication->is_single_writer,
	};
}

bool publications_find(struct publications *publications, struct arena *arena, const char *target,
		       struct publication *ret)
{
	(void)pthread_mutex_lock(&publications->lock);
	const struct entry *entry = *find(publications, target);

	if (entry)
		*ret = copy(arena, &entry->publication);
	(void)pthread_mutex_unlock(&publications->lock);
	return entry != NULL;
}

static bool is_elsewhere(const struct publication *publication, const char *volume_id, const char *target)
{
	return strcmp(publication->volume_id, volume_id) == 0 && strcmp(publication->target, target) != 0;
}

size_t publications_elsewhere(struct publications *publications, struct arena *arena, const char *volume_id,
			      const char *target, struct publication **ret)
{
	size_t count = 0;
	size_t filled = 0;

	(void)pthread_mutex_lock(&publications->lock);
	for (const struct entry *entry = publications->newest; entry; entry = entry->next)
		count += is_elsewhere(&entry->publication, volume_id, target);
	*ret = arena_calloc(arena, count + 1, sizeof(**ret));
	for (const struct entry *entry = publications->newest; entry; entry = entry->next) {
		if (is_elsewhere(&entry->publication, volume_id, target))
			(*ret)[filled++] = copy(arena, &entry->publication);
	}
	(void)pthread_mutex_unlock(&publications->lock);
	return count;
}
