/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes published with the kernel's NFS client, in each version of the protocol. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "guest/kernel_test.h"

#define ROUNDING_BYTES (1 << 20) /* NFS counts in blocks of its transfer size */

static void assert_stats_are_the_exports(const struct csi_volume *volume, const char *target)
{
	struct csi_volume_stats stats;
	struct status st = {0};
	assert_ok(csi_client_get_volume_stats(fixture_get()->node_client, volume->id, target, &stats, &st), &st);
	struct statvfs export;
	assert_int_equal(statvfs(fixture_get()->export, &export), 0);
	int64_t total_bytes = (int64_t)(export.f_blocks * export.f_frsize);
	assert_in_range(stats.total_bytes, total_bytes - ROUNDING_BYTES, total_bytes + ROUNDING_BYTES);
	assert_true(stats.available_bytes > 0 && stats.available_bytes <= stats.total_bytes);
	assert_true(stats.total_inodes > 0);
}

/* The whole life of a volume; state is the version, "" for none given. */
static void volume_lives_and_goes(void **state)
{
	const char *version = *state;
	struct csi_client *node = fixture_get()->node_client;
	const char *target = target_path("pod");
	AUTO_FREE char *flag = memory_printf("vers=%s", version);
	struct status st = {0};
	struct csi_volume volume;
	create_volume("life", version[0] ? flag : NULL, NULL, 0, &volume);

	assert_ok(csi_client_publish_volume(node, &volume, target, false, &st), &st);
	struct mount_seen mount;
	assert_int_equal(mounts_seen_at(target, &mount), 0);
	assert_string_equal(mount.type, strcmp(version, "3") == 0 ? "nfs" : "nfs4");
	assert_string_equal(mount.version, version[0] ? flag : "vers=4.2");
	assert_int_equal(write_file(target, "file", "through the mount"), 0);
	assert_file_holds(server_path("life"), "file", "through the mount");
	assert_stats_are_the_exports(&volume, target);

	assert_ok(csi_client_unpublish_volume(node, volume.id, target, &st), &st);
	assert_int_equal(mounts_seen_at(target, &mount), -1);
	assert_false(path_exists(target));
	assert_file_holds(server_path("life"), "file", "through the mount");

	delete_volume(&volume);
	assert_false(path_exists(server_path("life")));
}

static void publishing_again_mounts_once(void **state)
{
	struct csi_client *node = fixture_get()->node_client;
	const char *target = target_path("pod");
	struct status st = {0};
	struct csi_volume volume;
	create_volume("again", "vers=4.2", NULL, 0, &volume);
	assert_ok(csi_client_publish_volume(node, &volume, target, false, &st), &st);
	assert_ok(csi_client_publish_volume(node, &volume, target, false, &st), &st);
	assert_ok(csi_client_unpublish_volume(node, volume.id, target, &st), &st);
	assert_int_equal(mounts_seen_below(fixture_get()->directory), 0);
	assert_ok(csi_client_unpublish_volume(node, volume.id, target, &st), &st);
	delete_volume(&volume);
}

static void read_only_volume_refuses_writes(void **state)
{
	struct csi_client *node = fixture_get()->node_client;
	AUTO_FREE char *writer = memory_strdup(target_path("writer"));
	AUTO_FREE char *reader = memory_strdup(target_path("reader"));
	struct status st = {0};
	struct csi_volume volume;
	create_volume("read-only", "vers=4.2", NULL, 0, &volume);
	assert_ok(csi_client_publish_volume(node, &volume, writer, false, &st), &st);
	assert_ok(csi_client_publish_volume(node, &volume, reader, true, &st), &st);
	assert_int_equal(write_file(writer, "file", "seen by both"), 0);
	assert_file_holds(reader, "file", "seen by both");
	assert_int_equal(write_file(reader, "other", "x"), EROFS);
	assert_int_equal(write_file(writer, "other", "x"), 0);
	assert_ok(csi_client_unpublish_volume(node, volume.id, reader, &st), &st);
	assert_int_equal(write_file(writer, "third", "x"), 0);
	assert_ok(csi_client_unpublish_volume(node, volume.id, writer, &st), &st);
	delete_volume(&volume);
}

static void open_files_do_not_hold_up_unpublishing(void **state)
{
	struct csi_client *node = fixture_get()->node_client;
	const char *target = target_path("pod");
	struct status st = {0};
	struct csi_volume volume;
	create_volume("busy", "vers=4.2", NULL, 0, &volume);
	assert_ok(csi_client_publish_volume(node, &volume, target, false, &st), &st);
	assert_int_equal(write_file(target, "file", "open"), 0);
	AUTO_FREE char *path = memory_printf("%s/file", target);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_ok(csi_client_unpublish_volume(node, volume.id, target, &st), &st);
	assert_false(path_exists(target));
	assert_int_equal(close(fd), 0);
	delete_volume(&volume);
}

/* A volume that was not made by the driver gets them when it is published; state is the version. */
static void static_volume_gets_its_owner_and_mode(void **state)
{
	struct csi_client *node = fixture_get()->node_client;
	const char *target = target_path("pod");
	AUTO_FREE char *share = memory_strdup(server_path("static"));
	AUTO_FREE char *flag = memory_printf("vers=%s", (const char *)*state);
	struct string_pair context[] = {{"server", fixture_get()->server},
					{"share", share},
					{"mountPermissions", "2771"},
					{"uid", "1234"},
					{"gid", "5678"}};
	const struct csi_volume volume = {.id = (char *)"a static volume",
					  .context = context,
					  .context_count = sizeof(context) / sizeof(context[0]),
					  .mount_flags = &flag,
					  .mount_flag_count = 1};
	struct status st = {0};
	struct stat now;
	assert_int_equal(mkdir(share, 0700), 0);
	assert_ok(csi_client_publish_volume(node, &volume, target, false, &st), &st);
	assert_int_equal(stat(share, &now), 0);
	assert_int_equal(now.st_uid, 1234);
	assert_int_equal(now.st_gid, 5678);
	assert_int_equal(now.st_mode & 07777, 02771);
	assert_ok(csi_client_unpublish_volume(node, volume.id, target, &st), &st);
	assert_int_equal(rmdir(share), 0);
}

int run_publish_tests(void)
{
	const struct CMUnitTest tests[] = {
		{"volume_lives_and_goes_with_nfs_3", volume_lives_and_goes, NULL, NULL, (char *)"3"},
		{"volume_lives_and_goes_with_nfs_4_0", volume_lives_and_goes, NULL, NULL, (char *)"4.0"},
		{"volume_lives_and_goes_with_nfs_4_1", volume_lives_and_goes, NULL, NULL, (char *)"4.1"},
		{"volume_lives_and_goes_with_nfs_4_2", volume_lives_and_goes, NULL, NULL, (char *)"4.2"},
		{"volume_lives_and_goes_with_no_version_given", volume_lives_and_goes, NULL, NULL, (char *)""},
		{"static_volume_gets_its_owner_and_mode_with_nfs_3", static_volume_gets_its_owner_and_mode, NULL, NULL,
		 (char *)"3"},
		{"static_volume_gets_its_owner_and_mode_with_nfs_4_2", static_volume_gets_its_owner_and_mode, NULL,
		 NULL, (char *)"4.2"},
		cmocka_unit_test(publishing_again_mounts_once),
		cmocka_unit_test(read_only_volume_refuses_writes),
		cmocka_unit_test(open_files_do_not_hold_up_unpublishing),
	};
	return cmocka_run_group_tests_name("publish", tests, fixture_setup, fixture_teardown);
}
