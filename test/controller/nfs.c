/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi-controller as it runs in a cluster: a process without privilege, one gRPC socket, a real NFS server
 * (test/ganesha/run), beside an export that is a local directory.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "support/cmocka.h"
#include "support/csi_client.h"
#include "support/program.h"

#define TIMEOUT_MS 10000
#define GIB (1LL << 30)

static const char *executable;
static const char *scratch;         /* socket and log */
static char local_export[PATH_MAX]; /* a directory behind --local-export */
static struct program controller;
static struct csi_client *client;
static struct status st;

static const char *nfs_server, *nfs_share, *nfs_dir;
static char mount_flags[3][64]; /* NFSv3, NFSv4, the version left open */

static const char *required_variable(const char *name)
{
	const char *value = getenv(name);
	if (!value) {
		(void)fprintf(stderr, "%s is not set: run this through test/controller/run\n", name);
		exit(EXIT_FAILURE);
	}
	return value;
}

static int start(void **state)
{
	char local_option[PATH_MAX + 64];
	(void)snprintf(local_option, sizeof(local_option), "--local-export=here:/local=%s", local_export);
	const char *const arguments[] = {local_option, "--connect-timeout=2s", "--reply-timeout=2s", NULL};
	if (program_start(&controller, executable, scratch, "controller", PROGRAM_AS_NOBODY, arguments, &st) < 0)
		fail_msg("%s", st.message);
	client = csi_client_open(controller.endpoint, CSI_CLIENT_KEEPS_CONNECTION, TIMEOUT_MS, &st);
	if (!client)
		fail_msg("%s", st.message);
	return 0;
}

static int stop(void **state)
{
	csi_client_close(client);
	assert_int_equal(program_stop(&controller), EXIT_SUCCESS);
	return 0;
}

static int create(const char *server, const char *share, const char *name, const char *sub_dir, const char *flags,
		  int64_t required_bytes, struct csi_volume *ret)
{
	const struct string_pair parameters[] = {
		{"server", server}, {"share", share}, {"mountPermissions", "0770"}, {"subDir", sub_dir}};
	const struct csi_volume_spec spec = {
		.name = name,
		.parameters = parameters,
		.parameter_count = sub_dir ? 4 : 3,
		.mount_flags = &flags,
		.mount_flag_count = flags ? 1 : 0,
		.required_bytes = required_bytes,
	};
	return csi_client_create_volume(client, &spec, ret, &st);
}

static void assert_mode(const char *name, unsigned mode)
{
	struct stat attributes;
	AUTO_FREE char *path = memory_printf("%s/%s", nfs_dir, name);
	assert_int_equal(stat(path, &attributes), 0);
	assert_int_equal(attributes.st_mode & 07777, mode);
}

static void assert_gone(const char *name)
{
	struct stat attributes;
	AUTO_FREE char *path = memory_printf("%s/%s", nfs_dir, name);
	assert_int_equal(lstat(path, &attributes), -1);
	assert_int_equal(errno, ENOENT);
}

static void fill(const char *name)
{
	AUTO_FREE char *deep = memory_printf("%s/%s/deep", nfs_dir, name);
	AUTO_FREE char *file = memory_printf("%s/%s/deep/file", nfs_dir, name);
	assert_int_equal(mkdir(deep, 0755), 0);
	FILE *stream = fopen(file, "we");
	assert_non_null(stream);
	assert_int_equal(fclose(stream), 0);
}

static void volume_lives_and_dies_over_each_version(void **state)
{
	for (size_t i = 0; i < sizeof(mount_flags) / sizeof(mount_flags[0]); i++) {
		struct csi_volume volume = {0}, again = {0};
		if (create(nfs_server, nfs_share, "pvc-1", "ns/claim", mount_flags[i], GIB, &volume) < 0)
			fail_msg("%s: %s", mount_flags[i], st.message);
		assert_mode("ns/claim", 0770);
		assert_int_equal(create(nfs_server, nfs_share, "pvc-1", "ns/claim", mount_flags[i], GIB, &again), 0);
		assert_string_equal(again.id, volume.id);
		assert_int_equal(create(nfs_server, nfs_share, "pvc-1", "ns/claim", mount_flags[i], 2 * GIB, &again),
				 -1);
		assert_int_equal(st.code, STATUS_ALREADY_EXISTS);
		fill("ns/claim");
		assert_int_equal(csi_client_delete_volume(client, volume.id, &st), 0);
		assert_gone("ns");
		assert_gone(".csicore/volumes/pvc-1");
		assert_gone(".csicore/trash/pvc-1");
		assert_int_equal(csi_client_delete_volume(client, volume.id, &st), 0);
		csi_volume_release(&volume);
		csi_volume_release(&again);
		(void)stop(state);
		(void)start(state);
	}
}

static void planted_symlink_leads_nowhere(void **state)
{
	struct csi_volume volume = {0};
	AUTO_FREE char *link_path = memory_printf("%s/link", nfs_dir);
	AUTO_FREE char *target = memory_printf("%s/target", nfs_dir);
	assert_int_equal(mkdir(target, 0777), 0);
	assert_int_equal(symlink("target", link_path), 0);
	for (size_t i = 0; i < sizeof(mount_flags) / sizeof(mount_flags[0]); i++) {
		assert_int_equal(create(nfs_server, nfs_share, "pvc-1", "link", mount_flags[i], 0, &volume), -1);
		assert_int_equal(create(nfs_server, nfs_share, "pvc-2", "link/claim", mount_flags[i], 0, &volume), -1);
	}
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(rmdir(target), 0);
}

static void unknown_share_is_not_found(void **state)
{
	struct csi_volume volume = {0};
	assert_int_equal(create(nfs_server, "/no/such/share", "pvc-1", NULL, mount_flags[1], 0, &volume), -1);
	assert_int_equal(st.code, STATUS_NOT_FOUND);
}

static void server_that_hangs_fails_in_time_and_harms_no_other(void **state)
{
	struct csi_volume volume = {0};
	pid_t server = (pid_t)strtol(required_variable("CSICORE_TEST_NFS_PID"), NULL, 10);
	for (size_t i = 0; i < sizeof(mount_flags) / sizeof(mount_flags[0]); i++) {
		assert_int_equal(create(nfs_server, nfs_share, "pvc-1", NULL, mount_flags[i], 0, &volume), 0);
		csi_volume_release(&volume);
		assert_int_equal(kill(server, SIGSTOP), 0);
		int hanging = create(nfs_server, nfs_share, "pvc-2", NULL, mount_flags[i], 0, &volume);
		enum status_code code = st.code;
		int other = create("here", "/local", "pvc-1", NULL, NULL, 0, &volume);
		assert_int_equal(kill(server, SIGCONT), 0);
		assert_int_equal(other, 0);
		csi_volume_release(&volume);
		assert_int_equal(hanging, -1);
		assert_true(code == STATUS_DEADLINE_EXCEEDED || code == STATUS_UNAVAILABLE);

		csi_client_set_patience(client, TIMEOUT_MS);
		if (create(nfs_server, nfs_share, "pvc-2", NULL, mount_flags[i], 0, &volume) < 0)
			fail_msg("%s", st.message);
		csi_client_set_patience(client, 0);
		assert_int_equal(csi_client_delete_volume(client, volume.id, &st), 0);
		csi_volume_release(&volume);
		assert_gone("pvc-2");
		assert_gone(".csicore/volumes/pvc-2");
	}
}

int main(int argc, char *argv[])
{
	if (argc != 3) {
		(void)fprintf(stderr, "usage: nfs CSI-CONTROLLER SCRATCH-DIRECTORY\n");
		return EXIT_FAILURE;
	}
	scratch = argv[2];
	(void)snprintf(local_export, sizeof(local_export), "%s/local", scratch);
	if (mkdir(local_export, 0755) < 0 || chmod(local_export, 0777) < 0)
		return EXIT_FAILURE;
	executable = argv[1];
	nfs_server = required_variable("CSICORE_TEST_NFS_SERVER");
	nfs_share = required_variable("CSICORE_TEST_NFS_SHARE");
	nfs_dir = required_variable("CSICORE_TEST_NFS_DIR");
	const char *port = required_variable("CSICORE_TEST_NFS_PORT");
	const char *mount_port = required_variable("CSICORE_TEST_MOUNT_PORT");
	static const char *const versions[] = {"nfsvers=3,", "vers=4.1,", ""};
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		(void)snprintf(mount_flags[i], sizeof(mount_flags[i]), "%sport=%s,mountport=%s", versions[i], port,
			       mount_port);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(volume_lives_and_dies_over_each_version, start, stop),
		cmocka_unit_test_setup_teardown(planted_symlink_leads_nowhere, start, stop),
		cmocka_unit_test_setup_teardown(unknown_share_is_not_found, start, stop),
		cmocka_unit_test_setup_teardown(server_that_hangs_fails_in_time_and_harms_no_other, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
