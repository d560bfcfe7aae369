/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as root beside ./csi-controller and ./csi-node where $NFS_SERVER:$NFS_EXPORT is served by this machine's kernel. */
#include "guest/kernel_test.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* so that a test that hangs is the last line */
	int failed = run_publish_tests() + run_error_tests() + run_controller_tests() + run_restart_tests() +
		     run_dead_server_tests() + run_access_tests();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
