/* SPDX-License-Identifier: Apache-2.0 */
/* A table of small buckets; a full bucket gives up its slots in turn. */
#include "sub_dir_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/memory.h"

#define BUCKETS 2048
#define BUCKET_SLOTS 4

struct known_file {
	uint64_t file_id, size_bytes;
	int64_t mtime_ns;
	char *sub_dir; /* owned; NULL: the slot is empty */
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

void sub_dir_cache_free(struct sub_dir_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; cache->buckets && i < BUCKETS; i++)
		for (size_t j = 0; j < BUCKET_SLOTS; j++)
			free(cache->buckets[i].slots[j].sub_dir);
	free(cache->buckets);
	(void)pthread_mutex_destroy(&cache->lock); /* nobody holds it any more */
	free(cache);
}

/* File ids count up on many servers and are hashes on others: the upper bits of a multiplication spread both. */
static struct bucket *bucket_of(struct sub_dir_cache *cache, const struct fs_attr *attr)
{
	return &cache->buckets[(attr->file_id * 0x9e3779b97f4a7c15U) >> 32 & (BUCKETS - 1)];
}

static struct known_file *find(struct bucket *bucket, const struct fs_attr *attr)
{
	for (size_t i = 0; i < BUCKET_SLOTS; i++) {
		struct known_file *file = &bucket->slots[i];
		if (file->sub_dir && file->file_id == attr->file_id && file->size_bytes == attr->size_bytes &&
		    file->mtime_ns == attr->mtime_ns)
			return file;
	}
	return NULL;
}

const char *sub_dir_cache_get(struct sub_dir_cache *cache, struct arena *arena, const struct fs_attr *attr)
{
	(void)pthread_mutex_lock(&cache->lock); /* a default mutex reports no error */
	const struct known_file *file = cache->buckets ? find(bucket_of(cache, attr), attr) : NULL;
	const char *sub_dir = file ? arena_strdup(arena, file->sub_dir) : NULL;
	(void)pthread_mutex_unlock(&cache->lock);
	return sub_dir;
}

void sub_dir_cache_put(struct sub_dir_cache *cache, const struct fs_attr *attr, const char *sub_dir)
{
	(void)pthread_mutex_lock(&cache->lock);
	if (!cache->buckets)
		cache->buckets = memory_calloc(BUCKETS, sizeof(*cache->buckets));
	struct bucket *bucket = bucket_of(cache, attr);
	struct known_file *file = find(bucket, attr);
	if (!file)
		file = &bucket->slots[bucket->next++ % BUCKET_SLOTS];
	free(file->sub_dir);
	*file = (struct known_file){attr->file_id, attr->size_bytes, attr->mtime_ns, memory_strdup(sub_dir)};
	(void)pthread_mutex_unlock(&cache->lock);
}
