/* SPDX-License-Identifier: Apache-2.0 */
/* The real mounter, on local directories and tmpfs, in a mount namespace of its own.  Needs root; NFS is for the guest. */
#include "mount/mounter_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/status.h"
#include "mount/nfs_options.h"
#include "support/cmocka.h"
#include "support/mount_namespace.h"

struct fixture {
	struct mounter *mounter;
	struct arena arena;
	struct cancel cancel;
	char export[64];
	char target[64];
};

static const char *why_skipped;

static int enter_namespace(void **state)
{
	(void)state;
	why_skipped = mount_namespace_enter();
	return 0;
}

static int open_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->mounter = mounter_kernel_new();
	arena_init(&f->arena, 1 << 20);
	cancel_init(&f->cancel, 20000);
	(void)snprintf(f->export, sizeof(f->export), "/tmp/csi-mounter-export-XXXXXX");
	(void)snprintf(f->target, sizeof(f->target), "/tmp/csi-mounter-target-XXXXXX");
	*state = f;
	return mkdtemp(f->export) && mkdtemp(f->target) ? 0 : -1;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;
	char command[256];

	while (umount2(f->target, MNT_DETACH) == 0)
		;
	(void)snprintf(command, sizeof(command), "rm -rf %s %s", f->export, f->target);
	int outcome = system(command);

	mounter_free(f->mounter);
	cancel_release(&f->cancel);
	arena_release(&f->arena);
	free(f);
	return outcome;
}

/* Leaves the test, with the reason, where mounting is not possible. */
static struct fixture *fixture_of(void **state)
{
	if (why_skipped) {
		print_message("skipped: no mount namespace of its own: %s\n", why_skipped);
		skip();
	}
	return *state;
}

static struct local_mount local(struct fixture *f, const char *below)
{
	return (struct local_mount){.directory = f->export, .below = below};
}

static void make_directory(struct fixture *f, const char *below)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", f->export, below);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void must_mount(struct fixture *f, const struct local_mount *source)
{
	struct status st = {0};

	if (f->mounter->ops->mount_local(f->mounter, source, f->target, &f->cancel, &st) < 0)
		fail_msg("%s", st.message);
}

static struct mount_entry find(struct fixture *f, const char *path)
{
	struct mount_entry entry;
	struct status st = {0};

	if (f->mounter->ops->find(f->mounter, &f->arena, path, &entry, &st) < 0)
		fail_msg("%s", st.message);
	return entry;
}

static enum unmount_way must_unmount(struct fixture *f)
{
	enum unmount_way way = UNMOUNT_NONE;
	struct status st = {0};

	if (f->mounter->ops->unmount(f->mounter, f->target, &f->cancel, &way, &st) < 0)
		fail_msg("%s", st.message);
	return way;
}

static void directory_appears_at_the_target(void **state)
{
	struct fixture *f = fixture_of(state);

	make_directory(f, "vol");
	make_directory(f, "vol/inside");
	struct local_mount source = local(f, "vol");

	must_mount(f, &source);
	char inside[128];

	(void)snprintf(inside, sizeof(inside), "%s/inside", f->target);
	assert_int_equal(access(inside, F_OK), 0);
	struct mount_entry entry = find(f, f->target);

	assert_true(entry.exists);
	assert_true(entry.is_mounted);
	assert_false(entry.is_read_only);
	assert_int_equal(must_unmount(f), UNMOUNT_CLEAN);
	assert_false(find(f, f->target).is_mounted);
	assert_int_equal(access(inside, F_OK), -1);
}

static void export_itself_can_be_mounted(void **state)
{
	struct fixture *f = fixture_of(state);
	struct local_mount source = local(f, "");
	bool is_local = false;
	struct status st;

	must_mount(f, &source);
	assert_int_equal(f->mounter->ops->is_local(f->mounter, &source, f->target, &is_local, &st), 0);
	assert_true(is_local);
}

static void read_only_mount_refuses_writes(void **state)
{
	struct fixture *f = fixture_of(state);
	struct local_mount source = local(f, "");
	char path[128];

	source.attributes.flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
	must_mount(f, &source);
	(void)snprintf(path, sizeof(path), "%s/new", f->target);
	assert_int_equal(mkdir(path, 0755), -1);
	assert_int_equal(errno, EROFS);
	assert_true(find(f, f->target).is_read_only);
	/* The export itself stays writable. */
	make_directory(f, "new");
}

static void links_out_of_the_export_are_not_followed(void **state)
{
	struct fixture *f = fixture_of(state);
	struct local_mount source = local(f, "out/etc");
	struct status st = {0};
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/out", f->export);
	assert_int_equal(symlink("/", path), 0);
	assert_int_equal(f->mounter->ops->mount_local(f->mounter, &source, f->target, &f->cancel, &st), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_false(find(f, f->target).is_mounted);
}

static void missing_directory_is_not_found(void **state)
{
	struct fixture *f = fixture_of(state);
	struct local_mount source = local(f, "missing");
	struct status st = {0};

	assert_int_equal(f->mounter->ops->mount_local(f->mounter, &source, f->target, &f->cancel, &st), -1);
	assert_int_equal(st.code, STATUS_NOT_FOUND);
}

static void is_local_tells_directories_apart(void **state)
{
	struct fixture *f = fixture_of(state);
	bool is_local = true;
	struct status st;

	make_directory(f, "a");
	make_directory(f, "b");
	struct local_mount a = local(f, "a");
	struct local_mount b = local(f, "b");

	must_mount(f, &a);
	assert_int_equal(f->mounter->ops->is_local(f->mounter, &b, f->target, &is_local, &st), 0);
	assert_false(is_local);
}

static void missing_path_is_neither_there_nor_mounted(void **state)
{
	struct fixture *f = fixture_of(state);
	struct mount_entry entry = find(f, "/nowhere/at/all");

	assert_false(entry.exists);
	assert_false(entry.is_mounted);
	entry = find(f, "/etc/hostname/below-a-file");
	assert_false(entry.exists);
}

static void plain_directory_is_there_and_not_mounted(void **state)
{
	struct fixture *f = fixture_of(state);
	struct mount_entry entry = find(f, f->target);

	assert_true(entry.exists);
	assert_false(entry.is_mounted);
	assert_int_equal(must_unmount(f), UNMOUNT_NONE);
}

static void stacked_mounts_all_go(void **state)
{
	struct fixture *f = fixture_of(state);

	make_directory(f, "a");
	make_directory(f, "b");
	struct local_mount a = local(f, "a");
	struct local_mount b = local(f, "b");

	must_mount(f, &a);
	must_mount(f, &b);
	assert_int_equal(must_unmount(f), UNMOUNT_CLEAN);
	assert_false(find(f, f->target).is_mounted);
}

static void mount_in_use_is_detached(void **state)
{
	struct fixture *f = fixture_of(state);
	struct local_mount source = local(f, "");

	must_mount(f, &source);
	int fd = open(f->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(must_unmount(f), UNMOUNT_DETACHED);
	assert_false(find(f, f->target).is_mounted);
	(void)close(fd);
}

static void symlink_is_not_unmounted_through(void **state)
{
	struct fixture *f = fixture_of(state);
	struct local_mount source = local(f, "");
	enum unmount_way way;
	struct status st = {0};
	char path[128];

	must_mount(f, &source);
	(void)snprintf(path, sizeof(path), "%s-link", f->target);
	assert_int_equal(symlink(f->target, path), 0);
	assert_int_equal(f->mounter->ops->unmount(f->mounter, path, &f->cancel, &way, &st), 0);
	(void)unlink(path);
	assert_int_equal(way, UNMOUNT_NONE);
	assert_true(find(f, f->target).is_mounted);
}

static void capacity_is_that_of_statfs(void **state)
{
	struct fixture *f = fixture_of(state);
	struct mount_capacity capacity;
	struct status st;
	struct statfs fs;

	assert_int_equal(mount("tmpfs", f->target, "tmpfs", 0, "size=8m,nr_inodes=100"), 0);
	assert_int_equal(f->mounter->ops->capacity(f->mounter, f->target, &capacity, &f->cancel, &st), 0);
	assert_int_equal(statfs(f->target, &fs), 0);
	assert_int_equal(capacity.total_bytes, 8 << 20);
	assert_int_equal(capacity.available_bytes, fs.f_bavail * (uint64_t)fs.f_bsize);
	assert_int_equal(capacity.used_bytes + fs.f_bfree * (uint64_t)fs.f_bsize, capacity.total_bytes);
	assert_int_equal(capacity.total_inodes, 100);
	assert_int_equal(capacity.used_inodes, 1);
	assert_string_equal(find(f, f->target).type, "tmpfs");
}

static void capacity_of_a_missing_path_is_not_found(void **state)
{
	struct fixture *f = fixture_of(state);
	struct mount_capacity capacity;
	struct status st;

	assert_int_equal(f->mounter->ops->capacity(f->mounter, "/nowhere", &capacity, &f->cancel, &st), -1);
	assert_int_equal(st.code, STATUS_NOT_FOUND);
	assert_int_equal(st.errnum, ENOENT);
}

static void ownership_changes_what_differs(void **state)
{
	struct fixture *f = fixture_of(state);
	struct mount_ownership ownership = {.uid = 1000, .gid = MOUNT_KEEP_ID, .mode = 02771};
	struct local_mount source = local(f, "");
	struct stat now;

	source.ownership = &ownership;
	must_mount(f, &source);
	assert_int_equal(stat(f->target, &now), 0);
	assert_int_equal(now.st_uid, 1000);
	assert_int_equal(now.st_gid, 0);
	assert_int_equal(now.st_mode & 07777, 02771);
	(void)must_unmount(f);
	/* A change of owner clears the set-id bits: they must come back. */
	ownership.uid = 1001;
	ownership.mode = 06771;
	must_mount(f, &source);
	assert_int_equal(stat(f->target, &now), 0);
	assert_int_equal(now.st_mode & 07777, 06771);
}

/* So that a mount which is found has its owner and mode, whatever stopped the call that made it. */
static void ownership_is_set_before_the_mount_is_seen(void **state)
{
	struct fixture *f = fixture_of(state);
	const struct mount_ownership ownership = {.uid = MOUNT_KEEP_ID, .gid = MOUNT_KEEP_ID, .mode = 0711};
	struct local_mount source = local(f, "");
	struct status st = {0};
	struct stat now;

	source.ownership = &ownership;
	assert_int_equal(f->mounter->ops->mount_local(f->mounter, &source, "/nowhere/at/all", &f->cancel, &st), -1);
	assert_non_null(strstr(st.message, "attach to the target"));
	assert_int_equal(stat(f->export, &now), 0);
	assert_int_equal(now.st_mode & 07777, 0711);
}

static void volume_that_cannot_have_its_owner_is_not_mounted(void **state)
{
	struct fixture *f = fixture_of(state);
	const struct mount_ownership ownership = {.uid = 1000, .gid = MOUNT_KEEP_ID};
	struct local_mount source = local(f, "");
	struct status st = {0};

	source.ownership = &ownership;
	source.attributes.flags = MOUNT_ATTR_RDONLY; /* stands for a server that refuses */
	assert_int_equal(f->mounter->ops->mount_local(f->mounter, &source, f->target, &f->cancel, &st), -1);
	assert_int_equal(st.errnum, EROFS);
	assert_non_null(strstr(st.message, "change the owner"));
	assert_false(find(f, f->target).is_mounted);
}

static void nothing_is_done_after_the_deadline(void **state)
{
	struct fixture *f = fixture_of(state);
	struct local_mount source = local(f, "");
	enum unmount_way way;
	struct cancel over;
	struct status st;

	cancel_init(&over, 0);
	assert_int_equal(f->mounter->ops->mount_local(f->mounter, &source, f->target, &over, &st), -1);
	assert_int_equal(st.code, STATUS_DEADLINE_EXCEEDED);
	assert_false(find(f, f->target).is_mounted);
	must_mount(f, &source);
	assert_int_equal(f->mounter->ops->unmount(f->mounter, f->target, &over, &way, &st), -1);
	assert_true(find(f, f->target).is_mounted);
	cancel_release(&over);
}

static void kernel_without_nfs_says_so(void **state)
{
	struct fixture *f = fixture_of(state);
	struct nfs_options options = {0};
	struct nfs_mount source = {.server = "127.0.0.1", .path = "/share", .options = &options};
	struct status st = {0};
	int context = fsopen("nfs", FSOPEN_CLOEXEC);

	if (context >= 0) {
		(void)close(context);
		print_message("skipped: this kernel has an NFS client\n");
		skip();
	}
	assert_int_equal(f->mounter->ops->mount_nfs(f->mounter, &source, f->target, &f->cancel, &st), -1);
	assert_int_equal(st.code, STATUS_FAILED_PRECONDITION);
	assert_non_null(strstr(st.message, "no NFS client"));
}

static void overlong_source_is_refused(void **state)
{
	struct fixture *f = fixture_of(state);
	struct nfs_options options = {0};
	char path[400];
	struct nfs_mount source = {.server = "127.0.0.1", .path = path, .options = &options};
	struct status st = {0};

	memset(path, 'p', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(f->mounter->ops->mount_nfs(f->mounter, &source, f->target, &f->cancel, &st), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(directory_appears_at_the_target),
		WITH_FIXTURE(export_itself_can_be_mounted),
		WITH_FIXTURE(read_only_mount_refuses_writes),
		WITH_FIXTURE(links_out_of_the_export_are_not_followed),
		WITH_FIXTURE(missing_directory_is_not_found),
		WITH_FIXTURE(is_local_tells_directories_apart),
		WITH_FIXTURE(missing_path_is_neither_there_nor_mounted),
		WITH_FIXTURE(plain_directory_is_there_and_not_mounted),
		WITH_FIXTURE(stacked_mounts_all_go),
		WITH_FIXTURE(mount_in_use_is_detached),
		WITH_FIXTURE(symlink_is_not_unmounted_through),
		WITH_FIXTURE(capacity_is_that_of_statfs),
		WITH_FIXTURE(capacity_of_a_missing_path_is_not_found),
		WITH_FIXTURE(ownership_changes_what_differs),
		WITH_FIXTURE(ownership_is_set_before_the_mount_is_seen),
		WITH_FIXTURE(volume_that_cannot_have_its_owner_is_not_mounted),
		WITH_FIXTURE(nothing_is_done_after_the_deadline),
		WITH_FIXTURE(kernel_without_nfs_says_so),
		WITH_FIXTURE(overlong_source_is_refused),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
