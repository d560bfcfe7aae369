/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--local-export SERVER:/SHARE=/DIR`: exports that are directories of this machine.  The controller works on the directory
 * itself, the node bind-mounts it instead of mounting NFS from its own kernel (which can deadlock).
 */
#ifndef CSICORE_CSI_LOCAL_EXPORTS_H
#define CSICORE_CSI_LOCAL_EXPORTS_H

#include "base/options.h"

struct arena;
struct status;

struct local_export {
	const char *server;
	const char *share;     /* normalised: "/a/b", "/" for the root */
	const char *directory; /* absolute */
};

struct local_exports {
	struct local_export items[OPTION_LIST_MAX];
	size_t count;
};

/* INVALID_ARGUMENT where a spelling is not SERVER:/SHARE=/DIR ([v6]:/SHARE=/DIR for an IPv6 literal) or one share has two. */
int local_exports_parse(struct arena *arena, const struct option_list *spellings, struct local_exports *ret,
			struct status *st);

/*
 * The directory of this machine behind server:share, or NULL where it is not local.  A share below a local export is found
 * too: *ret_below is what of it lies below that directory ("" for the export itself), for path_split.
 */
const char *local_exports_find(const struct local_exports *exports, struct arena *arena, const char *server,
			       const char *share, const char **ret_below);

#endif
