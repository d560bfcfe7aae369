/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nfs GROUP: the libnfs back end beside a real server (test/ganesha/run), in the situations that the contract of struct fs
 * does not cover: what a server refuses, what a verb costs, and what happens when the server or the network goes away.
 * test/nfs/run has the groups, and how the server of each is set up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "nfs/nfs_test.h"

/* ---- what a verb costs */

static void volume_costs_three_round_trips(enum nfs_version version)
{
	const struct fs_owner owner = {.mode = 0770, .uid = 1000, .gid = 1001};
	struct world w;

	world_open(&w, version);
	/* The first file makes the client known to an NFSv4 server. */
	assert_int_equal(fs_create_file(w.fs, w.root, "first", 0600, "x", 1, &w.cancel, &w.st), 0);
	uint64_t before = fs_libnfs_round_trips(w.fs);

	assert_int_equal(fs_create_file(w.fs, w.root, "record", 0600, "record", 6, &w.cancel, &w.st), 0);
	assert_int_equal(fs_make_dir(w.fs, w.root, "volume", &owner, &w.cancel, &w.st), 0);
	assert_int_equal(fs_libnfs_round_trips(w.fs) - before, 3);
	assert_int_equal(fs_remove_file(w.fs, w.root, "first", &w.cancel, &w.st), 0);
	assert_int_equal(fs_remove_file(w.fs, w.root, "record", &w.cancel, &w.st), 0);
	assert_int_equal(fs_remove_dir(w.fs, w.root, "volume", &w.cancel, &w.st), 0);
	world_release(&w);
}

static void a_volume_and_its_record_cost_three_round_trips_over_nfs3(void **state)
{
	volume_costs_three_round_trips(NFS_VERSION_3);
}

static void a_volume_and_its_record_cost_three_round_trips_over_nfs4(void **state)
{
	volume_costs_three_round_trips(NFS_VERSION_4);
}

/* ---- the share */

static void a_directory_below_the_export_can_be_the_share(void **state)
{
	AUTO_FREE char *below = memory_printf("%s/below", getenv("CSICORE_TEST_NFS_DIR"));
	AUTO_FREE char *deeper = memory_printf("%s/deeper", below);
	AUTO_FREE char *share = memory_printf("%s/below/deeper", getenv("CSICORE_TEST_NFS_SHARE"));

	assert_int_equal(mkdir(below, 0755), 0);
	assert_int_equal(mkdir(deeper, 0700), 0);
	for (size_t i = 0; i < 2; i++) {
		struct fs_libnfs_config config = server_config(nfs_versions[i]);
		struct world w;
		struct fs_attr attr;

		config.share = share;
		world_init(&w, &config);
		assert_int_equal(world_open_root(&w), 0);
		assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), 0);
		assert_int_equal(attr.mode, 0700);
		world_release(&w);
	}
	assert_int_equal(rmdir(deeper), 0);
	assert_int_equal(rmdir(below), 0);
}

static void a_symlink_in_the_share_is_not_followed(void **state)
{
	AUTO_FREE char *link = memory_printf("%s/link", getenv("CSICORE_TEST_NFS_DIR"));
	AUTO_FREE char *share = memory_printf("%s/link", getenv("CSICORE_TEST_NFS_SHARE"));

	assert_int_equal(symlink(".", link), 0);
	for (size_t i = 0; i < 2; i++) {
		struct fs_libnfs_config config = server_config(nfs_versions[i]);
		struct world w;

		config.share = share;
		world_init(&w, &config);
		assert_int_equal(world_open_root(&w), -1);
		assert_int_equal(w.st.errnum, ELOOP);
		world_release(&w);
	}
	assert_int_equal(unlink(link), 0);
}

static void a_share_that_nobody_exports_is_not_found(void **state)
{
	struct fs_libnfs_config config = server_config(NFS_VERSION_ANY);
	struct world w;

	config.share = "/nobody/exports/this";
	world_init(&w, &config);
	assert_int_equal(world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_NOT_FOUND);
	assert_int_equal(w.st.errnum, ENOENT);
	world_release(&w);
}

static void a_directory_removed_behind_our_back_is_stale_and_the_root_is_not(void **state)
{
	const struct fs_owner owner = {.mode = 0755, .uid = FS_KEEP, .gid = FS_KEEP};
	AUTO_FREE char *gone = memory_printf("%s/gone", getenv("CSICORE_TEST_NFS_DIR"));
	struct world w;
	struct fs_dir *dir;
	struct fs_attr attr;

	world_open(&w, NFS_VERSION_4);
	assert_int_equal(fs_make_dir(w.fs, w.root, "gone", &owner, &w.cancel, &w.st), 0);
	assert_int_equal(fs_open_dir(w.fs, w.root, "gone", &w.cancel, &dir, &w.st), 0);
	assert_int_equal(rmdir(gone), 0);
	assert_int_equal(fs_make_dir(w.fs, dir, "below", &owner, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, ESTALE);
	assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), 0);
	fs_close(w.fs, dir);
	world_release(&w);
}

static void nfs3_is_found_where_there_is_no_nfs4(void **state)
{
	struct world w;

	world_open(&w, NFS_VERSION_ANY);
	world_release(&w);
}

/* ---- what a server refuses */

static void a_squashed_root_leaves_no_directory_whose_mode_it_cannot_set(void **state)
{
	/* setgid is set after creation, when the directory is user 1000's already. */
	const struct fs_owner owner = {.mode = 02755, .uid = 1000, .gid = FS_KEEP};

	assert_int_equal(chmod(getenv("CSICORE_TEST_NFS_DIR"), 0777), 0);
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		struct fs_attr attr;

		world_open(&w, nfs_versions[i]);
		assert_int_equal(fs_make_dir(w.fs, w.root, "d", &owner, &w.cancel, &w.st), -1);
		assert_int_equal(w.st.code, STATUS_PERMISSION_DENIED);
		assert_int_equal(w.st.errnum, EPERM);
		assert_int_equal(fs_lookup(w.fs, w.root, "d", &w.cancel, &attr, &w.st), -1);
		assert_int_equal(w.st.errnum, ENOENT);
		world_release(&w);
	}
	assert_int_equal(chmod(getenv("CSICORE_TEST_NFS_DIR"), 0755), 0);
}

static void a_squashed_root_cannot_write_into_roots_directory(void **state)
{
	const struct fs_owner owner = {.mode = 0755, .uid = FS_KEEP, .gid = FS_KEEP};
	struct world w;

	world_open(&w, NFS_VERSION_4);
	assert_int_equal(fs_make_dir(w.fs, w.root, "d", &owner, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.code, STATUS_PERMISSION_DENIED);
	assert_int_equal(w.st.errnum, EACCES);
	world_release(&w);
}

/* Its only test in a process of its own: without root, ports below 1024 are out of reach. */
static void a_server_that_wants_a_privileged_port_says_so(void **state)
{
	const struct fs_libnfs_config config = server_config(NFS_VERSION_3);
	struct world w;

	assert_int_equal(setuid(65534), 0);
	world_init(&w, &config);
	assert_int_equal(world_open_root(&w), -1);
	assert_int_equal(w.st.code, STATUS_PERMISSION_DENIED);
	assert_non_null(strstr(w.st.message, "\"insecure\""));
	assert_non_null(strstr(w.st.message, "CAP_NET_BIND_SERVICE"));
	world_release(&w);
}

static const struct CMUnitTest plain[] = {
	cmocka_unit_test(a_volume_and_its_record_cost_three_round_trips_over_nfs3),
	cmocka_unit_test(a_volume_and_its_record_cost_three_round_trips_over_nfs4),
	cmocka_unit_test(a_directory_below_the_export_can_be_the_share),
	cmocka_unit_test(a_symlink_in_the_share_is_not_followed),
	cmocka_unit_test(a_share_that_nobody_exports_is_not_found),
	cmocka_unit_test(a_directory_removed_behind_our_back_is_stale_and_the_root_is_not),
};
static const struct CMUnitTest nfs3[] = {cmocka_unit_test(nfs3_is_found_where_there_is_no_nfs4)};
static const struct CMUnitTest squash[] = {
	/* In this order: the server remembers the root's mode from its first look. */
	cmocka_unit_test(a_squashed_root_leaves_no_directory_whose_mode_it_cannot_set),
	cmocka_unit_test(a_squashed_root_cannot_write_into_roots_directory),
};
static const struct CMUnitTest privileged[] = {cmocka_unit_test(a_server_that_wants_a_privileged_port_says_so)};

int main(int argc, char **argv)
{
	const struct nfs_group groups[] = {
		NFS_GROUP("plain", plain),
		NFS_GROUP("nfs3", nfs3),
		NFS_GROUP("squash", squash),
		NFS_GROUP("privileged", privileged),
		nfs_faults,
		nfs_reboots,
		nfs_full,
	};

	for (size_t i = 0; argc == 2 && i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (strcmp(argv[1], groups[i].name) == 0)
			return _cmocka_run_group_tests(groups[i].name, groups[i].tests, groups[i].count, NULL, NULL);
	}
	(void)fprintf(stderr, "usage: nfs GROUP, as test/nfs/run does\n"); /* nobody to tell where it fails */
	return 2;
}
