/* SPDX-License-Identifier: Apache-2.0 */
/* The exports the controller knows and the generations of their handles. */
#include "export.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi/volume_id.h"
#include "server_health.h"
#include "storage/tree.h"
#include "sub_dir_cache.h"

#define OPEN_ARENA_BYTES (64 * 1024)
#define FOLDER_MODE 0700

static const char *const volumes_names[] = {CSICORE_FOLDER, "volumes"};
static const char *const trash_names[] = {CSICORE_FOLDER, "trash"};
static const char *const attached_names[] = {CSICORE_FOLDER, "attached"};
static const char *const jobs_names[] = {CSICORE_FOLDER, "jobs"};
static const struct path folder_paths[EXPORT_FOLDERS] = {
	[EXPORT_VOLUMES] = {(const char **)volumes_names, 2},
	[EXPORT_TRASH] = {(const char **)trash_names, 2},
	[EXPORT_ATTACHED] = {(const char **)attached_names, 2},
	[EXPORT_JOBS] = {(const char **)jobs_names, 2},
};

struct generation {
	unsigned use_count; /* exports->lock; the export's own pointer counts too */
	struct fs *fs;
	pthread_mutex_t lock;                /* guards dirs; never held across a call of fs */
	struct fs_dir *dirs[EXPORT_FOLDERS]; /* NULL until opened, then for good */
	struct arena arena;                  /* holds below */
	struct path below;                   /* from the root of fs to the export */
};

struct export
{
	struct exports *exports;
	struct export *next;
	struct export_key key;         /* owned */
	unsigned hold_count;           /* exports->lock */
	uint64_t last_used;            /* exports->lock; a count, not a time */
	struct generation *generation; /* exports->lock; NULL until the first use and after a stale handle */
	struct sub_dir_cache *sub_dirs;
	atomic_flag has_refused;
	atomic_bool is_reached;
};

struct exports {
	struct exports_config config;
	struct server_health *health;
	pthread_mutex_t lock; /* a leaf lock but for export_open_fs, which does not block */
	struct export *first;
	unsigned count;
	uint64_t clock;
};

struct exports *exports_new(const struct exports_config *config)
{
	struct exports *exports = memory_calloc(1, sizeof(*exports));
	exports->config = *config;
	exports->health = server_health_new(config->now_ns, config->is_quiet);
	(void)pthread_mutex_init(&exports->lock, NULL); /* cannot fail with default attributes on Linux */
	return exports;
}

static void generation_free(struct generation *generation)
{
	for (size_t i = 0; i < EXPORT_FOLDERS; i++)
		fs_close(generation->fs, generation->dirs[i]);
	fs_free(generation->fs);
	arena_release(&generation->arena);
	(void)pthread_mutex_destroy(&generation->lock); /* nobody holds it any more */
	free(generation);
}

static void export_free(struct export *export)
{
	if (export->generation)
		generation_free(export->generation);
	sub_dir_cache_free(export->sub_dirs);
	export_key_release(&export->key);
	free(export);
}

void exports_free(struct exports *exports)
{
	if (!exports)
		return;
	while (exports->first) {
		struct export *next = exports->first->next;
		export_free(exports->first);
		exports->first = next;
	}
	server_health_free(exports->health);
	(void)pthread_mutex_destroy(&exports->lock); /* nobody holds it any more */
	free(exports);
}

/* ---- the list; all with exports->lock held */

static struct export *find(struct exports *exports, const struct export_key *key)
{
	struct export *at = exports->first;
	while (at && !export_key_equals(&at->key, key))
		at = at->next;
	return at;
}

static struct export *add(struct exports *exports, const struct export_key *key)
{
	struct export *export = memory_calloc(1, sizeof(*export));
	export->exports = exports;
	export->key = export_key_copy(key);
	export->sub_dirs = sub_dir_cache_new();
	atomic_flag_clear(&export->has_refused);
	export->next = exports->first;
	exports->first = export;
	exports->count++;
	return export;
}

/* Takes the export out of the list that nobody holds and that was used least recently; NULL where all are held. */
static struct export *take_oldest(struct exports *exports)
{
	struct export **oldest = NULL;
	for (struct export **at = &exports->first; *at; at = &(*at)->next)
		if ((*at)->hold_count == 0 && (!oldest || (*at)->last_used < (*oldest)->last_used))
			oldest = at;
	if (!oldest)
		return NULL;
	struct export *export = *oldest;
	*oldest = export->next;
	exports->count--;
	return export;
}

struct export *exports_get(struct exports *exports, const struct export_key *key, struct status *st)
{
	struct export *evicted = NULL;
	(void)pthread_mutex_lock(&exports->lock); /* a default mutex reports no error */
	struct export *export = find(exports, key);
	if (!export && exports->count >= exports->config.max)
		evicted = take_oldest(exports);
	if (!export && exports->count < exports->config.max)
		export = add(exports, key);
	if (export) {
		export->hold_count++;
		export->last_used = ++exports->clock;
	}
	(void)pthread_mutex_unlock(&exports->lock);
	if (evicted)
		export_free(evicted);
	if (!export)
		(void)status_set(st, STATUS_UNAVAILABLE, "all %u exports that may be open are in use",
				 exports->config.max);
	return export;
}

void exports_put(struct exports *exports, struct export *export)
{
	(void)pthread_mutex_lock(&exports->lock);
	export->hold_count--;
	(void)pthread_mutex_unlock(&exports->lock);
}

const struct export_key *export_key_of(const struct export *export)
{
	return &export->key;
}

void export_hold_release(struct export_hold *hold)
{
	if (hold->export)
		exports_put(hold->exports, hold->export);
}

/* ---- generations */

static struct generation *generation_new(struct export *export, struct status *st)
{
	struct generation *generation = memory_calloc(1, sizeof(*generation));
	const struct exports_config *config = &export->exports->config;
	arena_init(&generation->arena, OPEN_ARENA_BYTES);
	generation->fs = config->open(config->context, &export->key, &generation->arena, &generation->below, st);
	if (!generation->fs) {
		arena_release(&generation->arena);
		free(generation);
		return NULL;
	}
	(void)pthread_mutex_init(&generation->lock, NULL); /* cannot fail with default attributes on Linux */
	generation->use_count = 1;
	return generation;
}

/* One user of generation is gone; the last frees it. */
static void generation_put(struct exports *exports, struct generation *generation)
{
	(void)pthread_mutex_lock(&exports->lock);
	bool is_last = --generation->use_count == 0;
	(void)pthread_mutex_unlock(&exports->lock);
	if (is_last)
		generation_free(generation);
}

static int use_begin(struct export *export, struct export_use *ret_use, struct status *st)
{
	(void)pthread_mutex_lock(&export->exports->lock);
	if (!export->generation)
		export->generation = generation_new(export, st);
	struct generation *generation = export->generation;
	if (generation)
		generation->use_count++;
	(void)pthread_mutex_unlock(&export->exports->lock);
	if (!generation)
		return -1;
	*ret_use = (struct export_use){generation->fs, export, generation};
	return 0;
}

/* The next use begins with fresh handles; other operations finish with those they have. */
static void give_up(struct export_use *use)
{
	struct exports *exports = use->export->exports;
	(void)pthread_mutex_lock(&exports->lock);
	bool is_current = use->export->generation == use->generation;
	if (is_current)
		use->export->generation = NULL;
	(void)pthread_mutex_unlock(&exports->lock);
	if (is_current)
		generation_put(exports, use->generation);
}

static int run_on_server(struct export_use *use, export_operation *operation, void *context, struct cancel *cancel,
			 struct status *st)
{
	struct server_call call;
	if (server_call_begin(&call, use->export->exports->health, &use->export->key, use->fs, cancel, st) < 0)
		return -1;
	int result = operation(use, context, &call.cancel, st);
	server_call_end(&call, result < 0 ? st : NULL);
	return result;
}

int export_run(struct export *export, export_operation *operation, void *context, struct cancel *cancel,
	       struct status *st)
{
	for (bool is_repeat = false;; is_repeat = true) {
		struct status attempt; /* failures on the way to success are not the caller's */
		struct export_use use;
		if (use_begin(export, &use, st) < 0)
			return -1;
		int result = run_on_server(&use, operation, context, cancel, &attempt);
		bool is_stale = result < 0 && attempt.errnum == ESTALE;
		if (is_stale)
			give_up(&use);
		generation_put(export->exports, use.generation);
		if (is_stale && !is_repeat)
			continue;
		if (result < 0)
			*st = attempt;
		return result;
	}
}

int export_missing_is_stale(struct status *st)
{
	if (st->errnum == ENOENT) {
		st->errnum = ESTALE;
		st->code = status_code_of_errno(ESTALE);
	}
	return -1;
}

struct sub_dir_cache *export_sub_dirs(struct export *export)
{
	return export->sub_dirs;
}

bool export_is_reached(struct export *export)
{
	return atomic_load(&export->is_reached);
}

bool export_note_reached(struct export *export)
{
	return !atomic_exchange(&export->is_reached, true);
}

bool export_is_first_refusal(struct export *export)
{
	return !atomic_flag_test_and_set(&export->has_refused);
}

/* ---- folders */

static int open_root(struct generation *generation, struct cancel *cancel, struct fs_dir **ret_dir, struct status *st)
{
	struct fs_dir *root;
	int result = fs_open_root(generation->fs, cancel, &root, st);
	if (result == 0 && generation->below.count > 0) {
		result = fs_open_path(generation->fs, root, &generation->below, cancel, ret_dir, st);
		fs_close(generation->fs, root);
	} else if (result == 0) {
		*ret_dir = root;
	}
	/* An export that is missing says nothing of what is in it: to callers, ENOENT is about an entry of the export. */
	if (result < 0 && st->errnum != ESTALE)
		st->errnum = 0;
	return result;
}

static int open_below_root(struct export_use *use, const struct path *path, bool is_made, struct cancel *cancel,
			   struct fs_dir **ret_dir, struct status *st)
{
	static const struct fs_owner private = {FOLDER_MODE, FS_KEEP, FS_KEEP};
	struct fs_dir *root;
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0)
		return -1;
	if (fs_open_path(use->fs, root, path, cancel, ret_dir, st) == 0)
		return 0;
	if (st->errnum != ENOENT || !is_made)
		return -1;
	return tree_make_path(use->fs, root, path, &private, cancel, ret_dir, st);
}

/* Keeps dir for the generation, or closes it where another thread was first; returns the one that is kept. */
static struct fs_dir *keep_dir(struct generation *generation, enum export_folder folder, struct fs_dir *dir)
{
	(void)pthread_mutex_lock(&generation->lock);
	struct fs_dir *kept = generation->dirs[folder];
	if (!kept)
		generation->dirs[folder] = dir;
	(void)pthread_mutex_unlock(&generation->lock);
	if (!kept)
		return dir;
	fs_close(generation->fs, dir);
	return kept;
}

int export_open_folder(struct export_use *use, enum export_folder folder, bool is_made, struct cancel *cancel,
		       struct fs_dir **ret_dir, struct status *st)
{
	struct generation *generation = use->generation;
	(void)pthread_mutex_lock(&generation->lock);
	struct fs_dir *dir = generation->dirs[folder];
	(void)pthread_mutex_unlock(&generation->lock);
	if (!dir) {
		int result = folder == EXPORT_ROOT
				     ? open_root(generation, cancel, &dir, st)
				     : open_below_root(use, &folder_paths[folder], is_made, cancel, &dir, st);
		if (result < 0)
			return -1;
		dir = keep_dir(generation, folder, dir);
	}
	*ret_dir = dir;
	return 0;
}
