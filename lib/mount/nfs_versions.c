/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of a few dozen servers, searched from end to end: a node knows hardly more. */
#include "mount/nfs_versions.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct entry {
	char *server; /* NULL: unused */
	char version[NFS_VERSION_BYTES];
};

struct nfs_versions {
	pthread_mutex_t lock; /* guards what follows; a leaf lock */
	struct entry entries[NFS_VERSIONS_SERVERS_MAX];
	size_t oldest; /* the entry that the next new server takes */
};

struct nfs_versions *nfs_versions_new(void)
{
	struct nfs_versions *versions = memory_calloc(1, sizeof(*versions));

	(void)pthread_mutex_init(&versions->lock, NULL); /* cannot fail with default attributes on Linux */
	return versions;
}

void nfs_versions_free(struct nfs_versions *versions)
{
	if (!versions)
		return;
	for (size_t i = 0; i < NFS_VERSIONS_SERVERS_MAX; i++)
		free(versions->entries[i].server);
	(void)pthread_mutex_destroy(&versions->lock); /* nobody holds it any more */
	free(versions);
}

static struct entry *find(struct nfs_versions *versions, const char *server)
{
	for (size_t i = 0; i < NFS_VERSIONS_SERVERS_MAX; i++) {
		struct entry *entry = &versions->entries[i];

		if (entry->server && strcmp(entry->server, server) == 0)
			return entry;
	}
	return NULL;
}

bool nfs_versions_get(struct nfs_versions *versions, const char *server, char ret_version[NFS_VERSION_BYTES])
{
	(void)pthread_mutex_lock(&versions->lock); /* a default mutex reports no error */
	const struct entry *entry = find(versions, server);

	if (entry)
		memcpy(ret_version, entry->version, NFS_VERSION_BYTES);
	(void)pthread_mutex_unlock(&versions->lock);
	return entry != NULL;
}

static struct entry *replace_oldest(struct nfs_versions *versions, const char *server)
{
	struct entry *entry = &versions->entries[versions->oldest];

	versions->oldest = (versions->oldest + 1) % NFS_VERSIONS_SERVERS_MAX;
	free(entry->server);
	entry->server = memory_strdup(server);
	return entry;
}

void nfs_versions_put(struct nfs_versions *versions, const char *server, const char *version)
{
	size_t size = strlen(version) + 1;

	if (size > NFS_VERSION_BYTES)
		return;
	(void)pthread_mutex_lock(&versions->lock);
	struct entry *entry = find(versions, server);

	if (!entry)
		entry = replace_oldest(versions, server);
	memcpy(entry->version, version, size);
	(void)pthread_mutex_unlock(&versions->lock);
}
