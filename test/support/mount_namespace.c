/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mount_namespace.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>

const char *mount_namespace_enter(void)
{
	if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return NULL;
	return strerror(errno);
}
