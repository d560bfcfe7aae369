/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests on a kernel NFS server share: both programs running, a client for each, and the volumes' directory on the
 * server's disk ($NFS_EXPORT), which is this machine's.  Each group of tests starts the programs anew.
 */
#ifndef CSICORE_TEST_KERNEL_FIXTURE_H
#define CSICORE_TEST_KERNEL_FIXTURE_H

#include <stdbool.h>

#include "base/status.h"
#include "support/cmocka.h"
#include "support/csi_client.h"
#include "support/mounts_seen.h"
#include "support/program.h"

#define PATH_BYTES 512
#define CALL_TIMEOUT_MS 60000

struct fixture {
	const char *server, *export; /* $NFS_SERVER, $NFS_EXPORT */
	char directory[PATH_BYTES];  /* sockets, logs and targets */
	struct program controller, node;
	struct csi_client *controller_client, *node_client;
};

struct fixture *fixture_get(void);
/* For cmocka_run_group_tests. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* csi-node alone; fail the test where it does not start, or does not end with 0. */
void fixture_start_node(void);
void fixture_stop_node(void);

/* Fails the test with the status's words. */
#define assert_ok(call, st) \
	do { \
		if ((call) < 0) \
			fail_msg("%s: %s: %s", #call, status_code_name((st)->code), (st)->message); \
	} while (0)
#define assert_fails(call, st, expected_code) \
	do { \
		assert_int_equal(call, -1); \
		if ((st)->code != (expected_code)) \
			fail_msg("%s: %s: %s", #call, status_code_name((st)->code), (st)->message); \
	} while (0)
/* Fails the test where the message lacks the words. */
#define assert_message(st, words) \
	do { \
		if (!strstr((st)->message, words)) \
			fail_msg("\"%s\" is not in: %s", words, (st)->message); \
	} while (0)

/* A volume of the name on the export, made with one mount flag (NULL: none) and pairs more parameters. */
void create_volume(const char *name, const char *mount_flag, const struct string_pair *pairs, size_t pair_count,
		   struct csi_volume *ret);
void delete_volume(struct csi_volume *volume);

/* Where the volume is on the server's disk, where it is published; valid until the next call of the same function. */
const char *server_path(const char *below_export);
const char *target_path(const char *name);

bool path_exists(const char *path);
/* The text through whatever is mounted there, on the disk when this returns; errno or 0. */
int write_file(const char *directory, const char *name, const char *text);
void assert_file_holds(const char *directory, const char *name, const char *text);

#endif
