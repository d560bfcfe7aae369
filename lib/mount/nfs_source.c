/* SPDX-License-Identifier: Apache-2.0 */
/* An IPv6 literal holds colons, so the server ends at the first ":/" and brackets are only decoration. */
#include "mount/nfs_source.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/path.h"

char *nfs_source_format(struct arena *arena, const char *server, const char *path)
{
	bool needs_brackets = strchr(server, ':') && server[0] != '[';

	return arena_printf(arena, needs_brackets ? "[%s]:%s" : "%s:%s", server, path);
}

static const char *server_of(struct arena *arena, const char *source, const char **ret_path)
{
	const char *colon = strstr(source, ":/");

	if (!colon)
		return NULL;
	*ret_path = path_normalize(arena, colon + 1);
	if (source[0] == '[' && colon > source + 1 && colon[-1] == ']')
		return arena_strndup(arena, source + 1, (size_t)(colon - source) - 2);
	return arena_strndup(arena, source, (size_t)(colon - source));
}

bool nfs_source_is_same(struct arena *arena, const char *a, const char *b)
{
	const char *path_a = NULL;
	const char *path_b = NULL;
	const char *server_a = server_of(arena, a, &path_a);
	const char *server_b = server_of(arena, b, &path_b);

	return server_a && server_b && strcasecmp(server_a, server_b) == 0 && strcmp(path_a, path_b) == 0;
}
