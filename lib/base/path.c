/* SPDX-License-Identifier: Apache-2.0 */
/* Paths from outside are judged here, once, and leave as a list of names. */
#include "base/path.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"

bool path_is_name(const char *name)
{
	size_t length = strlen(name);

	return length >= 1 && length <= PATH_NAME_MAX && !strchr(name, '/') && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

/* csi-driver-nfs refuses "a\..\b" too: its check counts a backslash as a separator. */
static bool has_traversal(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "/\\");

		if (length == 2 && text[0] == '.' && text[1] == '.')
			return true;
		text += length;
		text += *text != '\0';
	}
	return false;
}

int path_split(struct arena *arena, const char *what, const char *text, struct path *ret_path, struct status *st)
{
	struct path path = {.names = arena_calloc(arena, PATH_DEPTH_MAX, sizeof(char *))};

	if (has_traversal(text))
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "invalid %s \"%s\": path contains directory traversal sequence", what, text);
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, "/");

		if (length > PATH_NAME_MAX)
			return status_set(st, STATUS_INVALID_ARGUMENT,
					  "invalid %s: a name in it is longer than %d bytes", what, PATH_NAME_MAX);
		if (length > 0 && !(length == 1 && at[0] == '.')) {
			if (path.count == PATH_DEPTH_MAX)
				return status_set(st, STATUS_INVALID_ARGUMENT, "invalid %s: more than %d names deep",
						  what, PATH_DEPTH_MAX);
			path.names[path.count++] = arena_strndup(arena, at, length);
		}
		at += length;
		at += *at == '/';
	}
	*ret_path = path;
	return 0;
}

char *path_join(struct arena *arena, const struct path *path)
{
	size_t size = 1;

	for (size_t i = 0; i < path->count; i++)
		size += strlen(path->names[i]) + 1;
	char *text = arena_alloc(arena, size);
	char *end = text;

	for (size_t i = 0; i < path->count; i++) {
		size_t length = strlen(path->names[i]);

		if (i > 0)
			*end++ = '/';
		memcpy(end, path->names[i], length);
		end += length;
	}
	*end = '\0';
	return text;
}

char *path_normalize(struct arena *arena, const char *text)
{
	char *normal = arena_alloc(arena, strlen(text) + 2);
	char *end = normal;

	for (const char *at = text; *at;) {
		size_t length = strcspn(at, "/");

		if (length > 0 && !(length == 1 && at[0] == '.')) {
			*end++ = '/';
			memcpy(end, at, length);
			end += length;
		}
		at += length;
		at += *at == '/';
	}
	if (end == normal)
		*end++ = '/';
	*end = '\0';
	return normal;
}
