/* SPDX-License-Identifier: Apache-2.0 */
/* Exports that are directories of this machine: parsed once at start, looked up at each call. */
#include "csi/local_exports.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/path.h"
#include "base/status.h"
#include "csi/share_text.h"

static int bad_spelling(const char *spelling, struct status *st)
{
	return status_set(st, STATUS_INVALID_ARGUMENT,
			  "invalid local export \"%s\": it is written SERVER:/SHARE=/DIRECTORY", spelling);
}

/* "/a//b/" -> "/a/b", with ".." refused. */
static const char *normalize(struct arena *arena, const char *what, const char *text, struct status *st)
{
	struct path path;
	if (path_split(arena, what, text, &path, st) < 0)
		return NULL;
	return arena_printf(arena, "/%s", path_join(arena, &path));
}

static int parse_one(struct arena *arena, const char *spelling, struct local_export *ret, struct status *st)
{
	const char *rest = NULL;
	const char *server = share_text_split_server(arena, spelling, &rest);
	if (!server)
		return bad_spelling(spelling, st);
	/* The last "=/" ends the share: a share may hold '=', and a directory begins with '/'. */
	const char *equals = NULL;
	for (const char *at = strstr(rest, "=/"); at; at = strstr(at + 1, "=/"))
		equals = at;
	if (!equals)
		return bad_spelling(spelling, st);
	const char *share = normalize(arena, "share", arena_strndup(arena, rest, (size_t)(equals - rest)), st);
	const char *directory = share ? normalize(arena, "directory", equals + 1, st) : NULL;
	if (!directory)
		return status_prefix(st, "local export \"%s\"", spelling);
	*ret = (struct local_export){server, share, directory};
	return 0;
}

int local_exports_parse(struct arena *arena, const struct option_list *spellings, struct local_exports *ret,
			struct status *st)
{
	struct local_exports exports = {.count = 0};
	for (size_t i = 0; i < spellings->count; i++) {
		struct local_export *new = &exports.items[exports.count];
		if (parse_one(arena, spellings->items[i], new, st) < 0)
			return -1;
		for (size_t j = 0; j < exports.count; j++)
			if (strcasecmp(exports.items[j].server, new->server) == 0 &&
			    strcmp(exports.items[j].share, new->share) == 0)
				return status_set(st, STATUS_INVALID_ARGUMENT,
						  "local export %s:%s is given two directories", new->server,
						  new->share);
		exports.count++;
	}
	*ret = exports;
	return 0;
}

/* What of share lies below base ("" for base itself), or NULL where it is not below it.  Both are normalised. */
static const char *below(const char *base, const char *share)
{
	size_t length = strcmp(base, "/") == 0 ? 0 : strlen(base);
	if (strncmp(base, share, length) != 0 || (share[length] != '\0' && share[length] != '/'))
		return NULL;
	return share[length] == '/' ? share + length + 1 : share + length;
}

const char *local_exports_find(const struct local_exports *exports, struct arena *arena, const char *server,
			       const char *share, const char **ret_below)
{
	const char *normalized = path_normalize(arena, share);
	const struct local_export *best = NULL;
	const char *best_below = NULL;
	for (size_t i = 0; i < exports->count; i++) {
		const struct local_export *item = &exports->items[i];
		const char *rest = strcasecmp(item->server, server) == 0 ? below(item->share, normalized) : NULL;
		if (rest && (!best || strlen(item->share) > strlen(best->share))) {
			best = item;
			best_below = rest;
		}
	}
	if (!best)
		return NULL;
	*ret_below = best_below;
	return best->directory;
}
