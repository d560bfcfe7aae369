/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a share as a whole. */
#include "inspect_survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi/volume_id.h"
#include "volume.h"

#define NS_PER_SECOND 1000000000

/* An array that grows in an arena: what it outgrows is as much again at most. */
struct list {
	void *items;
	size_t count, capacity;
};

static void *list_add(struct arena *arena, struct list *list, size_t item_size)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 64;
		void *items = arena_calloc(arena, capacity, item_size);
		if (list->count > 0)
			memcpy(items, list->items, list->count * item_size);
		list->items = items;
		list->capacity = capacity;
	}
	return (char *)list->items + list->count++ * item_size;
}

/* Both structs begin with their name. */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void list_sort(struct list *list, size_t item_size)
{
	if (list->count > 1)
		qsort(list->items, list->count, item_size, compare_names);
}

/* ---- the root */

static int read_root(struct export_use *use, struct arena *arena, struct cancel *cancel, struct survey *survey,
		     struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	struct list list = {NULL, 0, 0};
	struct fs_dir *root;
	fs_page_init(&page);
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0)
		return -1;
	while (!page.is_end) {
		if (fs_read_dir(use->fs, root, &page, cancel, st) < 0)
			return -1;
		for (size_t i = 0; i < page.count; i++) {
			const struct fs_entry *entry = &page.entries[i];
			if (strcmp(entry->name, CSICORE_FOLDER) == 0)
				continue;
			struct survey_entry *new = list_add(arena, &list, sizeof(*new));
			*new = (struct survey_entry){arena_strdup(arena, entry->name), entry->attr.type,
						     entry->attr.mtime_ns / NS_PER_SECOND};
		}
	}
	list_sort(&list, sizeof(struct survey_entry));
	survey->root = list.items;
	survey->root_count = list.count;
	return 0;
}

static const void *find(const void *items, size_t count, size_t item_size, const char *name)
{
	return count == 0 ? NULL : bsearch(&name, items, count, item_size, compare_names);
}

/* ---- the records */

static enum survey_state state_of_type(enum fs_type type)
{
	return type == FS_DIRECTORY ? SURVEY_OK : SURVEY_NOT_A_DIRECTORY;
}

/* 0 where what failed is an answer too. */
static int state_of_failure(const struct status *st, enum survey_state *ret_state)
{
	switch (st->errnum) {
	case ENOENT:
		*ret_state = SURVEY_MISSING;
		return 0;
	case ENOTDIR:
	case ELOOP:
		*ret_state = SURVEY_NOT_A_DIRECTORY;
		return 0;
	case EACCES:
	case EPERM:
		*ret_state = SURVEY_REFUSED;
		return 0;
	default:
		return -1;
	}
}

/* A directory deeper than the root, or one that has been made since that was read, costs a look-up of its own. */
static int find_directory(struct export_use *use, const struct survey *survey, const struct path *path,
			  struct cancel *cancel, enum survey_state *ret_state, struct status *st)
{
	const struct survey_entry *first =
		find(survey->root, survey->root_count, sizeof(*survey->root), path->names[0]);
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *parent;
	struct fs_attr attr;
	if (first && path->count == 1) {
		*ret_state = state_of_type(first->type);
		return 0;
	}
	if (volume_open_parent(use, path, cancel, &parent, &opened.dir, st) == 0 &&
	    fs_lookup(use->fs, parent, path->names[path->count - 1], cancel, &attr, st) == 0) {
		*ret_state = state_of_type(attr.type);
		return 0;
	}
	return state_of_failure(st, ret_state);
}

static int read_volume(struct export_use *use, struct arena *arena, struct cancel *cancel, const struct survey *survey,
		       struct survey_file *file, struct status *st)
{
	Csicore__VolumeRecord *record;
	struct status no_path;
	if (record_store_read_file(use, arena, file->name, cancel, &record, st) < 0)
		return state_of_failure(st, &file->state);
	file->state = SURVEY_DAMAGED;
	file->record = record;
	if (!record)
		return 0;
	file->state = SURVEY_NO_PLACE;
	if (path_split(arena, "subDir", record->sub_dir, &file->path, &no_path) < 0 || file->path.count == 0)
		return 0;
	file->directory = path_join(arena, &file->path);
	return find_directory(use, survey, &file->path, cancel, &file->state, st);
}

static int read_records(struct export_use *use, struct arena *arena, struct cancel *cancel, struct survey *survey,
			struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	struct list list = {NULL, 0, 0};
	fs_page_init(&page);
	while (!page.is_end) {
		if (record_store_list(use, &page, cancel, st) < 0)
			return -1;
		for (size_t i = 0; i < page.count; i++) {
			const struct fs_entry *entry = &page.entries[i];
			struct survey_file *file = list_add(arena, &list, sizeof(*file));
			*file = (struct survey_file){
				.name = arena_strdup(arena, entry->name),
				.kind = record_store_file_kind(entry),
				.modified_at = entry->attr.mtime_ns / NS_PER_SECOND,
			};
			if (file->kind == RECORD_FILE_VOLUME && read_volume(use, arena, cancel, survey, file, st) < 0)
				return -1;
		}
	}
	list_sort(&list, sizeof(struct survey_file));
	survey->files = list.items;
	survey->file_count = list.count;
	return 0;
}

int survey_share(struct export_use *use, struct arena *arena, struct cancel *cancel, struct survey *ret,
		 struct status *st)
{
	struct survey survey = {NULL, 0, NULL, 0};
	if (read_root(use, arena, cancel, &survey, st) < 0 || read_records(use, arena, cancel, &survey, st) < 0)
		return -1;
	*ret = survey;
	return 0;
}

const struct survey_file *survey_find_file(const struct survey *survey, const char *name)
{
	return find(survey->files, survey->file_count, sizeof(*survey->files), name);
}

const char *survey_state_text(enum survey_state state)
{
	static const char *const texts[] = {
		[SURVEY_OK] = "ok",
		[SURVEY_MISSING] = "directory missing",
		[SURVEY_NOT_A_DIRECTORY] = "not a directory",
		[SURVEY_NO_PLACE] = "names no directory",
		[SURVEY_DAMAGED] = "record damaged",
		[SURVEY_REFUSED] = "may not be read",
	};
	return texts[state];
}
