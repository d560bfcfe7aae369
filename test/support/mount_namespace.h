/* SPDX-License-Identifier: Apache-2.0 */
/* A mount namespace of one's own, for tests that mount for real. */
#ifndef CSICORE_TEST_MOUNT_NAMESPACE_H
#define CSICORE_TEST_MOUNT_NAMESPACE_H

/* Moves the process into one; nothing mounted there is seen outside.  NULL, or why it is not possible. */
const char *mount_namespace_enter(void);

#endif
