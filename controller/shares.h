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

/* Copies key.  True where the share was not known.  One that is known gets the options of key, unless that is plain. */
bool shares_add(struct shares *shares, const struct export_key *key);
/* The share after the one given (NULL: the first) with its options, strings in arena; false after the last. */
bool shares_next(struct shares *shares, struct arena *arena, const struct export_key *after, struct export_key *ret);

#endif
