/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shares the controller knows: those of --share, and those that calls have named since it started.  Kept in the order
 * of server and share, so that a list of volumes can go on where it ended, in another process too.  Thread-safe.
 */
#ifndef CSICORE_CONTROLLER_SHARES_H
#define CSICORE_CONTROLLER_SHARES_H

#include <stdbool.h>

#include "export_key.h"

struct arena;
struct shares;

/* Past it, shares that calls name are served and not remembered. */
#define SHARES_MAX 4096

struct shares *shares_new(void);
/* NULL is fine. */
void shares_free(struct shares *shares);

/* Whose word a share is known by. */
enum share_origin { SHARE_OF_CALL, SHARE_OF_OPTION };

/*
 * Copies key.  True where the share was not known, or not at this port of its server.  One that is known gets the options of
 * key, unless that is plain; what --share said of it is kept beside those of calls.
 */
bool shares_add(struct shares *shares, const struct export_key *key, enum share_origin origin);
/*
 * The share after the one given (NULL: the first) with its options, strings in arena; false after the last.  One that is known
 * at several ports comes once: volume ids cannot tell those apart.
 */
bool shares_next(struct shares *shares, struct arena *arena, const struct export_key *after, struct export_key *ret);
/* The ways to a share: an array of *ret_count keys in arena, one for each port; with SHARE_OF_OPTION those of --share only. */
struct export_key *shares_find(struct shares *shares, struct arena *arena, const char *server, const char *share,
			       enum share_origin origin, size_t *ret_count);

/* The shares of server in the directory at path (as shares are written) below it, *ret_count of them, in arena. */
const char **shares_below(struct shares *shares, struct arena *arena, const char *server, const char *path,
			  size_t *ret_count);

#endif
