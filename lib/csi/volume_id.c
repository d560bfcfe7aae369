/* SPDX-License-Identifier: Apache-2.0 */
/* Volume ids, current and historical. */
#include "csi/volume_id.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/status.h"

enum { ELEMENT_SERVER, ELEMENT_SHARE, ELEMENT_SUB_DIR, ELEMENT_UUID, ELEMENT_ON_DELETE, ELEMENTS };

/* text without the slashes at both ends. */
static const char *trim_slashes(struct arena *arena, const char *text)
{
	while (*text == '/')
		text++;
	size_t length = strlen(text);
	while (length > 0 && text[length - 1] == '/')
		length--;
	return arena_strndup(arena, text, length);
}

/* Splits at '#'; returns how many elements there are, of which ELEMENTS are kept. */
static size_t split_elements(struct arena *arena, const char *text, const char *elements[ELEMENTS])
{
	for (size_t count = 0;; text++) {
		size_t length = strcspn(text, "#");
		if (count < ELEMENTS)
			elements[count] = arena_strndup(arena, text, length);
		count++;
		text += length;
		if (*text == '\0')
			return count;
	}
}

/* Other cases too: some servers do not tell them apart. */
static bool has_own_folder(const struct path *path)
{
	for (size_t i = 0; i < path->count; i++)
		if (strcasecmp(path->names[i], CSICORE_FOLDER) == 0)
			return true;
	return false;
}

/* server/share/subdir of v3.0: the first name, the last name, and all between them; false where it is not that form. */
static bool split_slashes(struct arena *arena, const char *text, const char *elements[ELEMENTS])
{
	const char *first = strchr(text, '/');
	const char *last = strrchr(text, '/');
	if (!first || first == text || last == first || last[1] == '\0')
		return false;
	elements[ELEMENT_SERVER] = arena_strndup(arena, text, (size_t)(first - text));
	elements[ELEMENT_SHARE] = arena_strndup(arena, first + 1, (size_t)(last - first - 1));
	elements[ELEMENT_SUB_DIR] = arena_strdup(arena, last + 1);
	return true;
}

int volume_id_parse(struct arena *arena, const char *text, struct volume_id *ret, struct status *st)
{
	const char *elements[ELEMENTS];
	size_t count = split_elements(arena, text, elements);
	for (size_t i = count; i < ELEMENTS; i++)
		elements[i] = i > ELEMENT_SUB_DIR ? "" : NULL;
	if (!elements[ELEMENT_SUB_DIR] && !split_slashes(arena, text, elements))
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is not a volume id of this driver", text);

	struct volume_id id = {
		.server = elements[ELEMENT_SERVER],
		.sub_dir = elements[ELEMENT_SUB_DIR],
		.uuid = elements[ELEMENT_UUID],
	};
	struct path share, ignored;
	if (id.server[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "volume id \"%s\" names no server", text);
	if (path_split(arena, "baseDir", elements[ELEMENT_SHARE], &share, st) < 0 ||
	    path_split(arena, "subDir", id.sub_dir, &id.path, st) < 0 ||
	    path_split(arena, "uuid", id.uuid, &ignored, st) < 0)
		return -1;
	id.share = path_normalize(arena, elements[ELEMENT_SHARE]);
	id.is_own_folder = has_own_folder(&share) || has_own_folder(&id.path);
	id.is_ambiguous = count > ELEMENTS || on_delete_parse(elements[ELEMENT_ON_DELETE], &id.on_delete) < 0;
	*ret = id;
	return 0;
}

const char *volume_id_name(const struct volume_id *id)
{
	return id->uuid[0] ? id->uuid : id->sub_dir;
}

static int check_elements(const struct volume_id_parts *parts, struct status *st)
{
	const struct {
		const char *what;
		const char *text;
	} elements[] = {
		{"server", parts->server}, {"share", parts->share},        {"subDir", parts->sub_dir},
		{"name", parts->uuid},     {"onDelete", parts->on_delete},
	};
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (strchr(elements[i].text, '#'))
			return status_set(st, STATUS_INVALID_ARGUMENT,
					  "invalid %s \"%s\": '#' separates the elements of a volume id",
					  elements[i].what, elements[i].text);
	return 0;
}

static int check_place(struct arena *arena, const char *share, const char *sub_dir, struct status *st)
{
	struct path above, path;
	if (path_split(arena, "share", share, &above, st) < 0 || path_split(arena, "subDir", sub_dir, &path, st) < 0)
		return -1;
	if (path.count == 0)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "invalid subDir \"%s\": it names the share itself, which cannot be a volume",
				  sub_dir);
	if (has_own_folder(&above) || has_own_folder(&path))
		return status_set(st, STATUS_INVALID_ARGUMENT, "invalid %s \"%s\": %s is the driver's own folder",
				  has_own_folder(&path) ? "subDir" : "share", has_own_folder(&path) ? sub_dir : share,
				  CSICORE_FOLDER);
	return 0;
}

const char *volume_id_format(struct arena *arena, const struct volume_id_parts *parts, struct status *st)
{
	struct path ignored;
	const char *server = trim_slashes(arena, parts->server);
	if (check_elements(parts, st) < 0 || check_place(arena, parts->share, parts->sub_dir, st) < 0 ||
	    path_split(arena, "name", parts->uuid, &ignored, st) < 0)
		return NULL;
	if (server[0] == '\0') {
		(void)status_set(st, STATUS_INVALID_ARGUMENT, "server is a required parameter");
		return NULL;
	}
	return arena_printf(arena, "%s#%s#%s#%s#%s", server, trim_slashes(arena, parts->share),
			    trim_slashes(arena, parts->sub_dir), parts->uuid, parts->on_delete);
}
