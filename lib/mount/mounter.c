/* SPDX-License-Identifier: Apache-2.0 */
/* What all mounters share. */
#include "mount/mounter.h"

#include <stddef.h>

static const char *const way_names[] = {
	[UNMOUNT_NONE] = "none",
	[UNMOUNT_CLEAN] = "clean",
	[UNMOUNT_FORCED] = "forced",
	[UNMOUNT_DETACHED] = "detached",
};

void mounter_free(struct mounter *m)
{
	if (m)
		m->ops->free(m);
}

const char *unmount_way_name(enum unmount_way way)
{
	return (size_t)way < sizeof(way_names) / sizeof(way_names[0]) ? way_names[way] : "unknown";
}
