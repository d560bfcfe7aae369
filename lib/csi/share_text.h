/* SPDX-License-Identifier: Apache-2.0 */
/* A share as people write it: SERVER:/PATH, with mount options after a comma where they are wanted. */
#ifndef CSICORE_CSI_SHARE_TEXT_H
#define CSICORE_CSI_SHARE_TEXT_H

struct arena;
struct status;

struct share_text {
	const char *server;  /* an IPv6 literal without its brackets */
	const char *share;   /* normalised: "/a/b", "/" for the server's root */
	const char *options; /* what follows the first comma: "nfsvers=3,port=2049"; "" for none */
};

/* Strings of *ret are in the arena.  INVALID_ARGUMENT where text is not SERVER:/PATH[,OPTIONS] or PATH holds "..". */
int share_text_parse(struct arena *arena, const char *text, struct share_text *ret, struct status *st);

/* The server before ":/", in the arena, and in *ret_path where its path begins in text; NULL where text is not of that form. */
const char *share_text_split_server(struct arena *arena, const char *text, const char **ret_path);

#endif
