/* SPDX-License-Identifier: Apache-2.0 */
/* Which export of which server, and those mount options that decide how it is reached. */
#ifndef CSICORE_CONTROLLER_EXPORT_KEY_H
#define CSICORE_CONTROLLER_EXPORT_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/fs_libnfs.h"

struct arena;

struct export_key {
	const char *server;
	const char *share; /* normalised: "/a/b", "/" for the server's root */
	enum nfs_version version;
	uint16_t nfs_port, mount_port; /* 0: not given */
	const char *options;           /* all mount options, where the kernel is to mount with them; else NULL */
};

/*
 * Reads nfsvers=, vers=, port= and mountport= out of mount options ("a,b=c", as in one mount flag); the later of two wins.
 * All other options, and values that are no number of theirs, are the node's business and ignored here.
 */
void export_key_read_options(struct export_key *key, const char *options);

/* The same for a back end that goes by every option: all of them are kept in options, a text in arena, too. */
void export_key_keep_options(struct export_key *key, struct arena *arena, const char *options);

/* The port of the server: 2049 where none is given. */
uint16_t export_key_port(const struct export_key *key);

/* With strings of its own, given back by export_key_release. */
struct export_key export_key_copy(const struct export_key *key);
void export_key_release(struct export_key *key);

/* True where both reach the same export in the same way. */
bool export_key_equals(const struct export_key *a, const struct export_key *b);
/* True where no mount option said how to reach it. */
bool export_key_is_plain(const struct export_key *key);

#endif
