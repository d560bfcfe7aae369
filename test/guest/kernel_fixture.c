/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/kernel_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define PARAMETER_MAX 8

static struct fixture fixture;

struct fixture *fixture_get(void)
{
	return &fixture;
}

void fixture_start_node(void)
{
	static const char *const arguments[] = {"--nodeid", "kernel-test", NULL};
	struct status st = {0};
	assert_ok(program_start(&fixture.node, "./csi-node", fixture.directory, "csi-node", PROGRAM_AS_ROOT, arguments,
				&st),
		  &st);
	fixture.node_client = csi_client_open(fixture.node.endpoint, CSI_CLIENT_CONNECTS_ANEW, CALL_TIMEOUT_MS, &st);
	assert_non_null(fixture.node_client);
}

void fixture_stop_node(void)
{
	csi_client_close(TAKE_POINTER(fixture.node_client));
	assert_int_equal(program_stop(&fixture.node), 0);
}

int fixture_setup(void **state)
{
	fixture = (struct fixture){getenv("NFS_SERVER"), getenv("NFS_EXPORT"), "/tmp/kernel-test.XXXXXX"};
	struct status st = {0};
	/* The controller makes its socket there as nobody. */
	if (!fixture.server || !fixture.export || !mkdtemp(fixture.directory) || chmod(fixture.directory, 01777) < 0)
		return -1;
	assert_ok(program_start(&fixture.controller, "./csi-controller", fixture.directory, "csi-controller",
				PROGRAM_AS_NOBODY, NULL, &st),
		  &st);
	fixture.controller_client =
		csi_client_open(fixture.controller.endpoint, CSI_CLIENT_KEEPS_CONNECTION, CALL_TIMEOUT_MS, &st);
	assert_non_null(fixture.controller_client);
	fixture_start_node();
	return 0;
}

static int remove_entry(const char *path, const struct stat *unused, int type, struct FTW *position)
{
	return remove(path);
}

int fixture_teardown(void **state)
{
	csi_client_close(fixture.controller_client);
	fixture_stop_node();
	assert_int_equal(program_stop(&fixture.controller), 0);
	/* A test that failed may have left some; the programs leave none. */
	mounts_seen_detach_below(fixture.directory);
	return nftw(fixture.directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void create_volume(const char *name, const char *mount_flag, const struct string_pair *pairs, size_t pair_count,
		   struct csi_volume *ret)
{
	struct string_pair parameters[PARAMETER_MAX] = {{"server", fixture.server}, {"share", fixture.export}};
	assert_true(pair_count <= PARAMETER_MAX - 2);
	for (size_t i = 0; i < pair_count; i++)
		parameters[2 + i] = pairs[i];
	const struct csi_volume_spec spec = {
		.name = name,
		.parameters = parameters,
		.parameter_count = 2 + pair_count,
		.mount_flags = &mount_flag,
		.mount_flag_count = mount_flag != NULL,
	};
	struct status st = {0};
	assert_ok(csi_client_create_volume(fixture.controller_client, &spec, ret, &st), &st);
}

void delete_volume(struct csi_volume *volume)
{
	struct status st = {0};
	assert_ok(csi_client_delete_volume(fixture.controller_client, volume->id, &st), &st);
	csi_volume_release(volume);
}

const char *server_path(const char *below_export)
{
	static char path[PATH_BYTES];
	(void)snprintf(path, sizeof(path), "%s/%s", fixture.export, below_export);
	return path;
}

const char *target_path(const char *name)
{
	static char path[2 * PATH_BYTES];
	(void)snprintf(path, sizeof(path), "%s/%s", fixture.directory, name);
	return path;
}

bool path_exists(const char *path)
{
	struct stat unused;
	return lstat(path, &unused) == 0;
}

int write_file(const char *directory, const char *name, const char *text)
{
	AUTO_FREE char *path = memory_printf("%s/%s", directory, name);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fsync(fd) < 0)
		return errno;
	return 0;
}

void assert_file_holds(const char *directory, const char *name, const char *text)
{
	AUTO_FREE char *path = memory_printf("%s/%s", directory, name);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	char found[256] = "";
	assert_true(read(fd, found, sizeof(found) - 1) >= 0);
	assert_string_equal(found, text);
}
