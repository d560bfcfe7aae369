/* SPDX-License-Identifier: Apache-2.0 */
/* Shares out of text. */
#include "csi/share_text.h"

#include <string.h>

#include "base/arena.h"
#include "base/path.h"
#include "base/status.h"

const char *share_text_split_server(struct arena *arena, const char *text, const char **ret_path)
{
	if (text[0] == '[') {
		const char *end = strchr(text, ']');
		if (!end || end == text + 1 || end[1] != ':' || end[2] != '/')
			return NULL;
		*ret_path = end + 2;
		return arena_strndup(arena, text + 1, (size_t)(end - text - 1));
	}
	const char *colon = strchr(text, ':');
	if (!colon || colon == text || colon[1] != '/')
		return NULL;
	*ret_path = colon + 1;
	return arena_strndup(arena, text, (size_t)(colon - text));
}

int share_text_parse(struct arena *arena, const char *text, struct share_text *ret, struct status *st)
{
	const char *path_text = NULL;
	const char *server = share_text_split_server(arena, text, &path_text);
	if (!server)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "invalid share \"%s\": it is written SERVER:/PATH or SERVER:/PATH,OPTIONS", text);
	size_t length = strcspn(path_text, ",");
	const char *options = path_text[length] ? path_text + length + 1 : "";
	struct path path;
	if (path_split(arena, "share", arena_strndup(arena, path_text, length), &path, st) < 0)
		return -1;
	*ret = (struct share_text){server, arena_printf(arena, "/%s", path_join(arena, &path)),
				   arena_strdup(arena, options)};
	return 0;
}
