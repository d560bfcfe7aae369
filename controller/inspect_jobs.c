/* SPDX-License-Identifier: Apache-2.0 */
/* inspect jobs: work that outlived its call, by the journals on the share. */
#include "base/memory.h"
#include "base/status.h"
#include "csi/record.h"
#include "folder.h"
#include "inspect_command.h"

#define NS_PER_SECOND 1000000000
#define TEMPORARY_PREFIX '~' /* a journal that is being written */

static const struct inspect_column columns[] = {
	{"kind", "KIND", INSPECT_TEXT},
	{"id", "ID", INSPECT_TEXT},
	{"volume", "VOLUME", INSPECT_TEXT},
	{"createdAt", "CREATED", INSPECT_TIME},
	{"renewedAt", "RENEWED", INSPECT_TIME},
	{"files", "FILES", INSPECT_COUNT},
	{"directories", "DIRECTORIES", INSPECT_COUNT},
	{"bytes", "BYTES", INSPECT_BYTES},
	{"owner", "OWNER", INSPECT_TEXT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void add_row(struct inspect *inspect, const struct fs_entry *file, const Csicore__JobRecord *job)
{
	const struct inspect_cell cells[COLUMNS] = {
		INSPECT_CELL_TEXT(job ? job->kind : "damaged"),
		INSPECT_CELL_TEXT(job ? job->id : file->name),
		INSPECT_CELL_TEXT(job ? job->volume_id : NULL),
		INSPECT_CELL_NUMBER(job && job->created_at > 0 ? job->created_at : INSPECT_UNKNOWN),
		INSPECT_CELL_NUMBER(file->attr.mtime_ns / NS_PER_SECOND), /* each renewal is a new file */
		INSPECT_CELL_NUMBER(job ? (int64_t)job->files : INSPECT_UNKNOWN),
		INSPECT_CELL_NUMBER(job ? (int64_t)job->directories : INSPECT_UNKNOWN),
		INSPECT_CELL_NUMBER(job ? (int64_t)job->bytes : INSPECT_UNKNOWN),
		INSPECT_CELL_TEXT(job ? job->owner : NULL),
	};
	inspect_output_add(&inspect->output, cells);
}

static int read_job(struct inspect *inspect, struct export_use *use, const struct fs_entry *file, struct status *st)
{
	AUTO(strbuf_release) struct strbuf content;
	bool exists;
	strbuf_init(&content, RECORD_BYTES_MAX);
	if (folder_read_file(use, EXPORT_JOBS, file->name, &content, inspect->cancel, &exists, st) < 0)
		return -1;
	if (exists) /* else it has ended since it was listed */
		add_row(inspect, file, job_record_decode(&inspect->arena, content.data, content.length));
	return 0;
}

int inspect_jobs(struct inspect *inspect, struct export_use *use, struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	inspect_output_begin(&inspect->output, columns, COLUMNS);
	while (!page.is_end) {
		if (folder_list(use, EXPORT_JOBS, &page, inspect->cancel, st) < 0)
			return -1;
		for (size_t i = 0; i < page.count; i++)
			if (page.entries[i].name[0] != TEMPORARY_PREFIX &&
			    read_job(inspect, use, &page.entries[i], st) < 0)
				return -1;
	}
	return 0;
}
