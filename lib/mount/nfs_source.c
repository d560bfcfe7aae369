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

char *nfs_source_server(struct arena *arena, const char *source)
{
	const char *colon = strstr(source, ":/");

	if (!colon)
		return NULL;
	if (source[0] == '[' && colon > source + 1 && colon[-1] == ']')
		return arena_strndup(arena, source + 1, (size_t)(colon - source) - 2);
	return arena_strndup(arena, source, (size_t)(colon - source));
}

bool nfs_source_is_same(struct arena *arena, const char *a, const char *b)
{
	const char *server_a = nfs_source_server(arena, a);
	const char *server_b = nfs_source_server(arena, b);

	if (!server_a || !server_b || strcasecmp(server_a, server_b) != 0)
		return false;
	return strcmp(path_normalize(arena, strstr(a, ":/") + 1), path_normalize(arena, strstr(b, ":/") + 1)) == 0;
}
