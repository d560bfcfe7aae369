/* SPDX-License-Identifier: Apache-2.0 */
/* inspect id decode and id encode: volume ids of every form there was. */
#include <string.h>

#include "base/status.h"
#include "inspect_command.h"

static const struct inspect_column columns[] = {
	{"form", "FORM", INSPECT_TEXT},     {"server", "SERVER", INSPECT_TEXT}, {"share", "SHARE", INSPECT_TEXT},
	{"subDir", "SUBDIR", INSPECT_TEXT}, {"name", "NAME", INSPECT_TEXT},     {"onDelete", "ONDELETE", INSPECT_TEXT},
	{"path", "PATH", INSPECT_TEXT},     {"note", "NOTE", INSPECT_TEXT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static size_t count_elements(const char *id)
{
	size_t count = 1;
	for (; *id; id++)
		count += *id == '#';
	return count;
}

/* server#share#name#name#source, of csi-driver-nfs: the last is a volume, not a policy. */
static bool is_snapshot(const struct volume_id *id, size_t element_count)
{
	return element_count == 5 && id->is_ambiguous && id->uuid[0] && strcmp(id->sub_dir, id->uuid) == 0;
}

static const char *form_of(const struct volume_id *id, size_t element_count)
{
	static const char *const forms[] = {
		[1] = "server/share/subdir: csi-driver-nfs v3.0",
		[2] = "server/share/subdir: csi-driver-nfs v3.0",
		[3] = "server#share#subdir: csi-driver-nfs v3.1 and v4.0, or a static volume's",
		[4] = "server#share#subdir#name: csi-driver-nfs v4.1 and v4.2",
		[5] = "server#share#subdir#name#ondelete: csicore, and csi-driver-nfs since v4.3",
	};
	if (is_snapshot(id, element_count))
		return "server#share#snapshot#snapshot#source: a snapshot of csi-driver-nfs";
	return element_count < sizeof(forms) / sizeof(forms[0]) ? forms[element_count] : "more than five elements";
}

/* What stands against deleting the volume; NULL for nothing. */
static const char *note_of(const struct volume_id *id, size_t element_count)
{
	if (is_snapshot(id, element_count))
		return "no volume";
	if (id->path.count == 0)
		return "names the share itself: can be mounted, is never deleted";
	if (id->is_ambiguous)
		return "ambiguous, a '#' is part of an element: can be mounted, is never deleted";
	if (id->is_own_folder)
		return "lies in the driver's own folder, is never deleted";
	return NULL;
}

static const char *on_delete_word(enum on_delete policy)
{
	static const char *const words[] = {NULL, "delete", "retain", "archive"};
	return words[policy];
}

/* As it is mounted: an IPv6 literal in brackets. */
static const char *path_of(struct arena *arena, const struct volume_id *id)
{
	bool is_literal = strchr(id->server, ':') != NULL;
	const char *above = strcmp(id->share, "/") == 0 && id->path.count > 0 ? "" : id->share;
	return arena_printf(arena, "%s%s%s:%s%s%s", is_literal ? "[" : "", id->server, is_literal ? "]" : "", above,
			    id->path.count > 0 ? "/" : "", path_join(arena, &id->path));
}

static const char *or_unknown(const char *text)
{
	return text[0] ? text : NULL;
}

int inspect_id_decode(struct inspect *inspect, struct export_use *use, struct status *st)
{
	const char *text = inspect->arguments.items[0];
	struct volume_id id;
	(void)use; /* no share is asked */
	if (volume_id_parse(&inspect->arena, text, &id, st) < 0)
		return -1;
	size_t element_count = count_elements(text);
	const struct inspect_cell cells[COLUMNS] = {
		INSPECT_CELL_TEXT(form_of(&id, element_count)),
		INSPECT_CELL_TEXT(id.server),
		INSPECT_CELL_TEXT(id.share),
		INSPECT_CELL_TEXT(or_unknown(id.sub_dir)),
		INSPECT_CELL_TEXT(or_unknown(volume_id_name(&id))),
		INSPECT_CELL_TEXT(on_delete_word(id.on_delete)),
		INSPECT_CELL_TEXT(path_of(&inspect->arena, &id)),
		INSPECT_CELL_TEXT(note_of(&id, element_count)),
	};
	inspect_output_begin(&inspect->output, columns, COLUMNS);
	inspect_output_add(&inspect->output, cells);
	return 0;
}

static const struct inspect_column encoded_columns[] = {{"id", "ID", INSPECT_TEXT}};

int inspect_id_encode(struct inspect *inspect, struct export_use *use, struct status *st)
{
	const char *on_delete = inspect->on_delete ? inspect->on_delete : "";
	enum on_delete ignored;
	(void)use; /* no share is asked */
	if (!inspect->name && !inspect->sub_dir)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--name or --subdir is missing");
	if (on_delete_parse(on_delete, &ignored) < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--ondelete: \"%s\" is not delete, retain or archive",
				  on_delete);
	const struct volume_id_parts parts = {
		.server = inspect->share.server,
		.share = inspect->share.share,
		.sub_dir = inspect->sub_dir ? inspect->sub_dir : inspect->name,
		.uuid = inspect->sub_dir && inspect->name ? inspect->name : "",
		.on_delete = on_delete,
	};
	const char *id = volume_id_format(&inspect->arena, &parts, st);
	if (!id)
		return -1;
	if (inspect->format == INSPECT_TABLE) {
		inspect->text = arena_printf(&inspect->arena, "%s\n", id);
		return 0;
	}
	inspect_output_begin(&inspect->output, encoded_columns, 1);
	inspect_output_add(&inspect->output, &INSPECT_CELL_TEXT(id));
	return 0;
}
