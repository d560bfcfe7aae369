/* SPDX-License-Identifier: Apache-2.0 */
/* The controller, as nobody, over libnfs against the kernel's server, NFS 3 and 4. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "guest/kernel_test.h"

static void assert_owner_and_mode(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	struct stat found;
	if (lstat(path, &found) < 0)
		fail_msg("%s: %s", path, strerror(errno));
	assert_true(S_ISDIR(found.st_mode));
	assert_int_equal(found.st_mode & 07777, mode);
	assert_int_equal(found.st_uid, uid);
	assert_int_equal(found.st_gid, gid);
}

/* The state of all these tests is the mount flag that chooses the version. */

static void volume_gets_owner_group_and_setgid_mode(void **state)
{
	const struct string_pair pairs[] = {{"mountPermissions", "2770"}, {"uid", "1234"}, {"gid", "5678"}};
	struct csi_volume volume;
	create_volume("owned", *state, pairs, 3, &volume);
	assert_owner_and_mode(server_path("owned"), 1234, 5678, 02770);
	delete_volume(&volume);
	assert_false(path_exists(server_path("owned")));
}

static void nested_sub_dir_is_made_and_pruned(void **state)
{
	const struct string_pair pairs[] = {{"subDir", "${pvc.metadata.namespace}/${pvc.metadata.name}"},
					    {"csi.storage.k8s.io/pvc/namespace", "team"},
					    {"csi.storage.k8s.io/pvc/name", "claim"}};
	struct csi_volume volume;
	create_volume("pvc-1", *state, pairs, 3, &volume);
	assert_true(path_exists(server_path("team/claim")));
	delete_volume(&volume);
	assert_false(path_exists(server_path("team")));
}

static void archived_volume_keeps_its_data(void **state)
{
	const struct string_pair pairs[] = {{"onDelete", "archive"}};
	struct csi_volume volume;
	create_volume("old", *state, pairs, 1, &volume);
	assert_int_equal(write_file(server_path("old"), "file", "kept"), 0);
	delete_volume(&volume);
	assert_false(path_exists(server_path("old")));
	assert_file_holds(server_path("archived-old"), "file", "kept");
	assert_int_equal(unlink(server_path("archived-old/file")), 0);
	assert_int_equal(rmdir(server_path("archived-old")), 0);
}

static void retained_volume_stays_as_it_is(void **state)
{
	const struct string_pair pairs[] = {{"onDelete", "retain"}};
	struct csi_volume volume;
	create_volume("retained", *state, pairs, 1, &volume);
	assert_int_equal(write_file(server_path("retained"), "file", "kept"), 0);
	delete_volume(&volume);
	assert_file_holds(server_path("retained"), "file", "kept");
	assert_int_equal(unlink(server_path("retained/file")), 0);
	assert_int_equal(rmdir(server_path("retained")), 0);
	assert_false(path_exists(server_path(".csicore/volumes/retained")));
}

/* Directories within directories, some closed to their owner, files and links that lead out of the volume. */
static void fill_with_content(const char *volume)
{
	for (unsigned i = 0; i < 50; i++) {
		AUTO_FREE char *directory = memory_printf("%s/%u", server_path(volume), i);
		assert_int_equal(mkdir(directory, i % 2 ? 0755 : 0), 0);
		AUTO_FREE char *below = memory_printf("%s/below", directory);
		assert_int_equal(mkdir(below, 0755), 0);
		assert_int_equal(write_file(below, "file", "content"), 0);
	}
	AUTO_FREE char *to_directory = memory_printf("%s/precious", server_path(volume));
	assert_int_equal(symlink("../precious", to_directory), 0);
	AUTO_FREE char *to_file = memory_printf("%s/precious-file", server_path(volume));
	assert_int_equal(symlink("../precious/file", to_file), 0);
}

static void deleting_content_does_not_follow_links(void **state)
{
	struct csi_volume volume;
	create_volume("full", *state, NULL, 0, &volume);
	assert_int_equal(mkdir(server_path("precious"), 0755), 0);
	assert_int_equal(write_file(server_path("precious"), "file", "still here"), 0);
	fill_with_content("full");
	delete_volume(&volume);
	assert_false(path_exists(server_path("full")));
	assert_file_holds(server_path("precious"), "file", "still here");
	assert_int_equal(unlink(server_path("precious/file")), 0);
	assert_int_equal(rmdir(server_path("precious")), 0);
}

static void sub_dir_that_is_a_link_is_not_entered(void **state)
{
	assert_int_equal(mkdir(server_path("elsewhere"), 0755), 0);
	assert_int_equal(symlink("elsewhere", server_path("link")), 0);
	const char *flag = *state;
	const struct string_pair pairs[] = {
		{"server", fixture_get()->server}, {"share", fixture_get()->export}, {"subDir", "link/volume"}};
	const struct csi_volume_spec spec = {"pvc-2", pairs, 3, &flag, 1, 0};
	struct csi_volume volume;
	struct status st = {0};
	assert_fails(csi_client_create_volume(fixture_get()->controller_client, &spec, &volume, &st), &st,
		     STATUS_FAILED_PRECONDITION);
	assert_false(path_exists(server_path("elsewhere/volume")));
	assert_int_equal(unlink(server_path("link")), 0);
	assert_int_equal(rmdir(server_path("elsewhere")), 0);
}

static void creating_again_finds_the_same_volume(void **state)
{
	struct csi_volume first, second;
	create_volume("twice", *state, NULL, 0, &first);
	assert_int_equal(write_file(server_path("twice"), "file", "kept"), 0);
	create_volume("twice", *state, NULL, 0, &second);
	assert_string_equal(second.id, first.id);
	assert_file_holds(server_path("twice"), "file", "kept");
	csi_volume_release(&second);
	delete_volume(&first);
}

#define TEST(test, version) \
	{ \
#test "_with_nfs_" #version, test, NULL, NULL, (char *)"vers=" #version \
	}
#define TEST_BOTH(test) TEST(test, 3), TEST(test, 4)

int run_controller_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(volume_gets_owner_group_and_setgid_mode), TEST_BOTH(nested_sub_dir_is_made_and_pruned),
		TEST_BOTH(archived_volume_keeps_its_data),          TEST_BOTH(retained_volume_stays_as_it_is),
		TEST_BOTH(deleting_content_does_not_follow_links),  TEST_BOTH(sub_dir_that_is_a_link_is_not_entered),
		TEST_BOTH(creating_again_finds_the_same_volume),
	};
	return cmocka_run_group_tests_name("controller", tests, fixture_setup, fixture_teardown);
}
