/* SPDX-License-Identifier: Apache-2.0 */
/* A table of small buckets; a full bucket gives up its slots in turn. */
#include "sub_dir_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"

#define BUCKETS 2048
#define BUCKET_SLOTS 4

struct known_file {
	uint64_t file_id, size_bytes;
	int64_t mtime_ns;
	char *name, *sub_dir; /* owned; NULL: the slot is empty */
};

struct bucket {
	struct known_file slots[BUCKET_SLOTS];
	unsigned next; /* the slot that goes next, modulo BUCKET_SLOTS */
};

struct sub_dir_cache {
	pthread_mutex_t lock;   /* guards buckets; a leaf lock */
	struct bucket *buckets; /* NULL until something is put */
};

struct sub_dir_cache *sub_dir_cache_new(void)
{
	struct sub_dir_cache *cache = memory_calloc(1, sizeof(*cache));
	(void)pthread_mutex_init(&cache->lock, NULL); /* cannot fail with default attributes on Linux */
	return cache;
}

static void forget(struct known_file *known)
{
	free(known->name);
	free(known->sub_dir);
	*known = (struct known_file){0};
}

void sub_dir_cache_free(struct sub_dir_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; cache->buckets && i < BUCKETS; i++)
		for (size_t j = 0; j < BUCKET_SLOTS; j++)
			forget(&cache->buckets[i].slots[j]);
	free(cache->buckets);
	(void)pthread_mutex_destroy(&cache->lock); /* nobody holds it any more */
	free(cache);
}

/* File ids count up on many servers and are hashes on others: the upper bits of a multiplication spread both. */
static struct bucket *bucket_of(struct sub_dir_cache *cache, const struct fs_attr *attr)
{
	return &cache->buckets[(attr->file_id * 0x9e3779b97f4a7c15U) >> 32 & (BUCKETS - 1)];
}

static struct known_file *find(struct bucket *bucket, const struct fs_entry *file)
{
	for (size_t i = 0; i < BUCKET_SLOTS; i++) {
		struct known_file *known = &bucket->slots[i];
		if (known->name && known->file_id == file->attr.file_id && known->size_bytes == file->attr.size_bytes &&
		    known->mtime_ns == file->attr.mtime_ns && strcmp(known->name, file->name) == 0)
			return known;
	}
	return NULL;
}

const char *sub_dir_cache_get(struct sub_dir_cache *cache, struct arena *arena, const struct fs_entry *file)
{
	(void)pthread_mutex_lock(&cache->lock); /* a default mutex reports no error */
	const struct known_file *known = cache->buckets ? find(bucket_of(cache, &file->attr), file) : NULL;
	const char *sub_dir = known ? arena_strdup(arena, known->sub_dir) : NULL;
	(void)pthread_mutex_unlock(&cache->lock);
	return sub_dir;
}

void sub_dir_cache_put(struct sub_dir_cache *cache, const struct fs_entry *file, const char *sub_dir)
{
	const struct fs_attr *attr = &file->attr;
	(void)pthread_mutex_lock(&cache->lock);
	if (!cache->buckets)
		cache->buckets = memory_calloc(BUCKETS, sizeof(*cache->buckets));
	struct bucket *bucket = bucket_of(cache, attr);
	struct known_file *known = find(bucket, file);
	if (!known)
		known = &bucket->slots[bucket->next++ % BUCKET_SLOTS];
	forget(known);
	*known = (struct known_file){attr->file_id, attr->size_bytes, attr->mtime_ns, memory_strdup(file->name),
				     memory_strdup(sub_dir)};
	(void)pthread_mutex_unlock(&cache->lock);
}
