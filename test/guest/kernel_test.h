/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of tests on a kernel NFS server; each returns how many tests failed. */
#ifndef CSICORE_TEST_KERNEL_TEST_H
#define CSICORE_TEST_KERNEL_TEST_H

#include "guest/kernel_fixture.h"

int run_publish_tests(void);
int run_error_tests(void);
int run_controller_tests(void);
int run_restart_tests(void);
int run_dead_server_tests(void);
int run_access_tests(void);

#endif
