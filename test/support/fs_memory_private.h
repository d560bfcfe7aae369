/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of fs_memory and its controls for tests share. */
#ifndef CSICORE_TEST_SUPPORT_FS_MEMORY_PRIVATE_H
#define CSICORE_TEST_SUPPORT_FS_MEMORY_PRIVATE_H

#include <pthread.h>

#include "base/strbuf.h"
#include "support/fs_memory.h"
#include "support/memory_tree.h"

struct fs_memory {
	struct fs fs;
	pthread_mutex_t mutex; /* all below */
	struct memory_tree tree;
	struct fs_capacity capacity;
	unsigned page_entries;
	unsigned operations, open_count, open_peak;
	struct strbuf log;
	unsigned fail_in; /* operations until the fault; 0: none planned */
	int fail_errno;
	enum fs_memory_fault fault;
	fs_memory_hook *hook;
	void *hook_data;
};

static inline struct fs_memory *fs_memory_lock(struct fs *fs)
{
	struct fs_memory *self = (struct fs_memory *)fs;
	(void)pthread_mutex_lock(&self->mutex); /* a plain mutex, unlocked by its locker: cannot fail */
	return self;
}

static inline void fs_memory_unlock(struct fs_memory *self)
{
	(void)pthread_mutex_unlock(&self->mutex); /* as above */
}

#endif
