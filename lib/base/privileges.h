/* SPDX-License-Identifier: Apache-2.0 */
/* Least privilege for a process: keeps the named capabilities, drops all others for good (libcap-ng's only user). */
#ifndef CSICORE_BASE_PRIVILEGES_H
#define CSICORE_BASE_PRIVILEGES_H

#include <stddef.h>

struct status;

/*
 * Keeps in the effective and permitted sets those of capabilities[count] (CAP_SYS_ADMIN ... of linux/capability.h) that the
 * process has, drops all others and the bounding set as far as it may, and sets no_new_privs.  ret_description gets
 * what is left ("sys_admin", "none"), at most size bytes with the NUL.
 */
int privileges_drop(const int *capabilities, size_t count, char *ret_description, size_t size, struct status *st);

#endif
