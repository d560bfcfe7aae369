/* SPDX-License-Identifier: Apache-2.0 */
/* The job that mounts NFS, on a file system that every kernel has.  The other jobs are tested through the mounter. */
#include "mount/mount_job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/status.h"
#include "mount/mount_child.h"
#include "mount/mount_error.h"
#include "mount/mount_lookup.h"
#include "support/cmocka.h"
#include "support/mount_namespace.h"

struct fixture {
	struct arena arena;
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
	static struct fixture f;

	arena_init(&f.arena, 1 << 20);
	memcpy(f.target, "/tmp/csi-job-XXXXXX", sizeof("/tmp/csi-job-XXXXXX"));
	*state = &f;
	return mkdtemp(f.target) ? 0 : -1;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;

	(void)umount2(f->target, MNT_DETACH);
	arena_release(&f->arena);
	return rmdir(f->target);
}

static struct mount_report run_job(const struct mount_nfs_job *job)
{
	struct mount_children *children = mount_children_new(1);
	struct mount_report report = {0};
	struct status st = {0};
	struct cancel cancel;

	if (why_skipped) {
		print_message("skipped: no mount namespace of its own: %s\n", why_skipped);
		skip();
	}
	cancel_init(&cancel, 20000);
	if (mount_child_run(children, mount_job_nfs, job, &report, sizeof(report), &cancel, &st) < 0)
		fail_msg("%s", st.message);
	mount_children_free(children);
	cancel_release(&cancel);
	return report;
}

static struct mount_found look(struct fixture *f)
{
	struct mount_found found;
	struct status st = {0};

	if (mount_lookup(&f->arena, f->target, &found, &st) < 0)
		fail_msg("%s", st.message);
	return found;
}

static void options_and_attributes_reach_the_mount(void **state)
{
	struct fixture *f = *state;
	const struct nfs_option options[] = {{"source", "a source"}, {"size", "4m"}};
	struct mount_nfs_job job = {
		.type = "tmpfs",
		.options = options,
		.option_count = 2,
		.attributes = {.flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME, .has_atime = true},
		.target = f->target,
	};
	struct mount_report report = run_job(&job);

	assert_int_equal(report.step, MOUNT_STEP_DONE);
	struct mount_found found = look(f);

	assert_true(found.is_mounted);
	assert_true(found.is_only_mount);
	assert_string_equal(found.line.source, "a source");
	assert_string_equal(found.line.type, "tmpfs");
	assert_true(found.line.is_read_only);
}

static void wrong_option_is_named_with_the_kernels_words(void **state)
{
	struct fixture *f = *state;
	const struct nfs_option options[] = {{"size", "4m"}, {"no_such_key", "secret"}};
	struct mount_nfs_job job = {.type = "tmpfs", .options = options, .option_count = 2, .target = f->target};
	struct mount_report report = run_job(&job);
	struct status st;

	assert_int_equal(report.step, MOUNT_STEP_OPTION);
	assert_int_equal(report.option, 1);
	assert_int_equal(mount_error_nfs(&st, &report, &job, "mount a on b"), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_non_null(strstr(st.message, "mount option \"no_such_key\""));
	assert_non_null(strstr(st.message, "Unknown parameter"));
	assert_null(strstr(st.message, "secret"));
	assert_false(look(f).is_mounted);
}

static void missing_target_fails_at_the_attachment(void **state)
{
	struct mount_nfs_job job = {.type = "tmpfs", .target = "/nowhere/at/all"};
	struct mount_report report = run_job(&job);

	(void)state;
	assert_int_equal(report.step, MOUNT_STEP_ATTACH);
	assert_true(report.errnum != 0);
}

static void context_of_the_parent_is_ready_to_be_mounted(void **state)
{
	const struct nfs_option options[] = {{"size", "4m"}};
	struct mount_nfs_job job = {.options = options, .option_count = 1, .context = fsopen("tmpfs", FSOPEN_CLOEXEC)};
	struct mount_children *children = mount_children_new(1);
	struct mount_report report;
	struct status st = {0};
	struct cancel cancel;
	struct statfs fs;

	(void)state;
	if (job.context < 0)
		skip(); /* no root */
	cancel_init(&cancel, 20000);
	if (mount_job_run(children, mount_job_nfs_create, &job, job.context, &report, "mount", &cancel, &st) < 0)
		fail_msg("%s", st.message);
	assert_int_equal(report.step, MOUNT_STEP_DONE);
	int mount_fd = fsmount(job.context, FSMOUNT_CLOEXEC, 0);

	assert_int_equal(fstatfs(mount_fd, &fs), 0);
	assert_int_equal(fs.f_blocks * (uint64_t)fs.f_bsize, 4 << 20);
	(void)close(mount_fd);
	(void)close(job.context);
	mount_children_free(children);
	cancel_release(&cancel);
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(options_and_attributes_reach_the_mount),
		WITH_FIXTURE(wrong_option_is_named_with_the_kernels_words),
		WITH_FIXTURE(missing_target_fails_at_the_attachment),
		cmocka_unit_test(context_of_the_parent_is_ready_to_be_mounted),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
