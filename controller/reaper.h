/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reaper empties the trash of each share, once what lies there has been kept as long as --trash-retention says: a job
 * for each share, whose journal is the trash itself.  It keeps to a rate for each server, and several controllers may reap
 * one share.
 */
#ifndef CSICORE_CONTROLLER_REAPER_H
#define CSICORE_CONTROLLER_REAPER_H

#include "jobs.h"

struct arena;
struct controller;
struct reaper;

/* per_second: entries removed in a second of each server; 0: no limit. */
struct reaper *reaper_new(unsigned per_second);
/* NULL is fine. */
void reaper_free(struct reaper *reaper);

/*
 * The slot of controller->volumes that a deletion holds while its directory is in the trash as entry and its record not yet: the
 * reaper leaves the entry alone meanwhile, as the record would come to lie there alone.
 */
const char *reaper_arrival(struct arena *arena, const char *entry);

/* Has the share's trash looked through soon. */
void reaper_ask(struct controller *controller, const struct export_key *key);
/* The same once what was deleted just now may be removed. */
void reaper_note_deletion(struct controller *controller, const struct export_key *key);

/* How a call removes what does not go into the trash, the options of trash_put: NULL where it is to be kept there. */
const struct tree_options *reaper_in_place(const struct controller *controller);

#endif
