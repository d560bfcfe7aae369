/* SPDX-License-Identifier: Apache-2.0 */
/*
 * starting_token and next_token of a list: a place in the folder of records of one share, as a text of fixed length.  It holds
 * for any controller that knows the share.
 */
#ifndef CSICORE_CSI_LIST_TOKEN_H
#define CSICORE_CSI_LIST_TOKEN_H

#include <stdint.h>

struct arena;

struct list_token {
	uint64_t share;            /* list_token_share() */
	uint64_t cookie, verifier; /* of struct fs_page; both 0 for the begin */
};

/* A number for the share and the port it is reached at. */
uint64_t list_token_share(const char *server, const char *share, uint16_t port);

/* In arena. */
const char *list_token_format(struct arena *arena, const struct list_token *token);
/* -1 where list_token_format() did not make text. */
int list_token_parse(const char *text, struct list_token *ret);

#endif
