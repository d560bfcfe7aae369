/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect orphans: what on a share belongs to no volume.  A directory without a record is no rubbish: csi-driver-nfs
 * writes none, and people make directories.  So this says what it may be, and removes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "folder.h"
#include "inspect_command.h"
#include "inspect_names.h"
#include "inspect_survey.h"

#define NS_PER_SECOND 1000000000

static const struct inspect_column columns[] = {
	{"kind", "KIND", INSPECT_TEXT},
	{"name", "NAME", INSPECT_TEXT},
	{"modifiedAt", "MODIFIED", INSPECT_TIME},
	{"note", "NOTE", INSPECT_TEXT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void add_row(struct inspect *inspect, const char *kind, const char *name, int64_t modified_at, const char *note)
{
	const struct inspect_cell cells[COLUMNS] = {
		INSPECT_CELL_TEXT(kind),
		INSPECT_CELL_TEXT(name),
		INSPECT_CELL_NUMBER(modified_at),
		INSPECT_CELL_TEXT(note),
	};
	inspect_output_add(&inspect->output, cells);
}

/* ---- directories */

/* The directories of all records, in order. */
struct known {
	const char **paths;
	size_t count;
};

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct known known_of(struct arena *arena, const struct survey *survey)
{
	struct known known = {arena_calloc(arena, survey->file_count + 1, sizeof(char *)), 0};
	for (size_t i = 0; i < survey->file_count; i++)
		if (survey->files[i].directory)
			known.paths[known.count++] = survey->files[i].directory;
	if (known.count > 1)
		qsort(known.paths, known.count, sizeof(char *), compare_paths);
	return known;
}

static bool is_volume(const struct known *known, const char *path)
{
	return known->count > 0 && bsearch(&path, known->paths, known->count, sizeof(char *), compare_paths) != NULL;
}

/* Whether some volume lies below path. */
static bool is_above_volume(const struct known *known, struct arena *arena, const char *path)
{
	const char *below = arena_printf(arena, "%s/", path);
	size_t low = 0;
	size_t high = known->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(known->paths[middle], below) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < known->count && strncmp(known->paths[low], below, strlen(below)) == 0;
}

static const char *directory_note(struct arena *arena, const char *path, bool is_at_root)
{
	const char *name = strrchr(path, '/');
	struct provisioned_name ignored;
	name = name ? name + 1 : path;
	if (is_at_root && names_is_archive(name))
		return "archive of a deleted volume";
	if (names_is_snapshot(name))
		return "no record: a snapshot of csi-driver-nfs, by its name";
	if (names_is_pv(name))
		return "no record: made by csi-driver-nfs, by its name, or by a controller that could write none";
	if (names_parse_provisioned(arena, name, &ignored))
		return "no record: made by nfs-subdir-external-provisioner, by its name; adopt makes it a volume";
	return "no record: made by csi-driver-nfs, or by hand; adopt makes it a volume";
}

/* What a look into a directory needs: those that hold volumes are gone through, all others are a finding as a whole. */
struct search {
	struct inspect *inspect;
	struct export_use *use;
	struct known known;
	struct arena *arena;
};

static int search_below(struct search *search, const char *path, struct status *st);

static int look_at(struct search *search, const char *path, bool is_at_root, int64_t modified_at, struct status *st)
{
	if (is_volume(&search->known, path))
		return 0;
	if (is_above_volume(&search->known, search->arena, path))
		return search_below(search, path, st);
	add_row(search->inspect, "directory", path, modified_at, directory_note(search->arena, path, is_at_root));
	return 0;
}

static int search_below(struct search *search, const char *text, struct status *st)
{
	struct fs *fs = search->use->fs;
	struct cancel *cancel = search->inspect->cancel;
	AUTO(fs_page_release) struct fs_page page;
	AUTO(opened_dir_close) struct opened_dir opened = {fs, NULL};
	struct fs_dir *root;
	struct path path;
	fs_page_init(&page);
	if (path_split(search->arena, "directory", text, &path, st) < 0 ||
	    export_open_folder(search->use, EXPORT_ROOT, false, cancel, &root, st) < 0 ||
	    fs_open_path(fs, root, &path, cancel, &opened.dir, st) < 0)
		return -1;
	while (!page.is_end) {
		if (fs_read_dir(fs, opened.dir, &page, cancel, st) < 0)
			return -1;
		for (size_t i = 0; i < page.count; i++) {
			const struct fs_entry *entry = &page.entries[i];
			const char *below = arena_printf(search->arena, "%s/%s", text, entry->name);
			if (entry->attr.type == FS_DIRECTORY &&
			    look_at(search, below, false, entry->attr.mtime_ns / NS_PER_SECOND, st) < 0)
				return -1;
		}
	}
	return 0;
}

/* ---- files in the folder of records */

static void look_at_file(struct inspect *inspect, const struct survey *survey, const struct survey_file *file)
{
	switch (file->kind) {
	case RECORD_FILE_VOLUME:
		if (file->state != SURVEY_OK)
			add_row(inspect, "record", file->record ? file->record->name : file->name, file->modified_at,
				file->state == SURVEY_MISSING
					? "directory missing: its creation or deletion runs, was cut off, or it was "
					  "removed by hand"
					: survey_state_text(file->state));
		return;
	case RECORD_FILE_TEMPORARY:
		add_row(inspect, "temporary file", file->name, file->modified_at,
			"a change of a record that runs, or was cut off; the next one replaces it");
		return;
	case RECORD_FILE_MARK:
		if (!survey_find_file(survey, record_store_marked_file(file->name)))
			add_row(inspect, "mark", file->name, file->modified_at,
				"of a volume that has no record: left by a deletion that was cut off");
		return;
	case RECORD_FILE_OTHER:
		add_row(inspect, "unknown", file->name, file->modified_at,
			"nothing the driver puts beside its records");
		return;
	}
}

/* ---- attachments */

/* Each is a folder by the name of its volume's record. */
static int look_at_attachments(struct inspect *inspect, struct export_use *use, const struct survey *survey,
			       struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	while (!page.is_end) {
		if (folder_list(use, EXPORT_ATTACHED, &page, inspect->cancel, st) < 0)
			return -1;
		for (size_t i = 0; i < page.count; i++)
			if (!survey_find_file(survey, page.entries[i].name))
				add_row(inspect, "attachment", page.entries[i].name,
					page.entries[i].attr.mtime_ns / NS_PER_SECOND,
					"of a volume that has no record: one of csi-driver-nfs, or deleted while it "
					"was published");
	}
	return 0;
}

int inspect_orphans(struct inspect *inspect, struct export_use *use, struct status *st)
{
	struct survey survey;
	inspect_output_begin(&inspect->output, columns, COLUMNS);
	if (survey_share(use, &inspect->arena, inspect->cancel, &survey, st) < 0)
		return -1;
	struct search search = {inspect, use, known_of(&inspect->arena, &survey), &inspect->arena};
	for (size_t i = 0; i < survey.root_count; i++) {
		const struct survey_entry *entry = &survey.root[i];
		if (entry->type == FS_DIRECTORY && look_at(&search, entry->name, true, entry->modified_at, st) < 0)
			return -1;
	}
	for (size_t i = 0; i < survey.file_count; i++)
		look_at_file(inspect, &survey, &survey.files[i]);
	return look_at_attachments(inspect, use, &survey, st);
}
