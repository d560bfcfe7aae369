/* SPDX-License-Identifier: Apache-2.0 */
/* All but mount_job_run runs in a child only; descriptors are left to its end. */
#include "mount/mount_job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/status.h"
#include "mount/mount_child.h"
#include "mount/mount_error.h"
#include "mount/mount_lookup.h"

int mount_job_run(struct mount_children *children, mount_child_main *job_main, const void *job, int kept_fd,
		  struct mount_report *report, const char *what, struct cancel *cancel, struct status *st)
{
	*report = (struct mount_report){0};
	if (mount_child_run_with_fd(children, job_main, job, kept_fd, report, sizeof(*report), cancel, st) == 0)
		return 0;
	if (st->code == STATUS_DEADLINE_EXCEEDED || st->code == STATUS_CANCELLED)
		return status_prefix(st, "%s: %s", what, mount_step_name(report->step));
	return status_prefix(st, "%s", what);
}

/* One line of the kernel's file system context log: "e NFS: ...". */
#define LOG_LINE_BYTES 256

static void begin(struct mount_report *report, enum mount_step step)
{
	report->step = step;
}

static void fail(struct mount_report *report)
{
	report->errnum = errno;
}

static void done(struct mount_report *report)
{
	report->step = MOUNT_STEP_DONE;
}

static void add_words(struct mount_report *report, const char *words, size_t length)
{
	size_t used = strlen(report->words);
	const char *separator = used > 0 ? "; " : "";
	size_t separator_length = strlen(separator);

	if (used + separator_length + length >= sizeof(report->words))
		return;
	memcpy(report->words + used, separator, separator_length);
	memcpy(report->words + used + separator_length, words, length);
}

/* Each read gives one line: its class ('e', 'w', 'i'), a space and the text. */
static void read_log(int context, struct mount_report *report)
{
	char line[LOG_LINE_BYTES];
	ssize_t length = 0;

	while ((length = read(context, line, sizeof(line))) > 0 || (length < 0 && errno == EMSGSIZE)) {
		if (length > 2 && line[0] == 'e') {
			size_t end = (size_t)length;

			while (end > 2 && line[end - 1] == '\n')
				end--;
			add_words(report, line + 2, end - 2);
		}
	}
}

static void fail_with_log(int context, struct mount_report *report)
{
	fail(report);
	read_log(context, report);
}

static int configure(int context, const struct mount_nfs_job *job, struct mount_report *report)
{
	begin(report, MOUNT_STEP_OPTION);
	for (size_t i = 0; i < job->option_count; i++) {
		const struct nfs_option *option = &job->options[i];
		unsigned command = option->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		report->option = (uint32_t)i;
		if (fsconfig(context, command, option->key, option->value, 0) < 0)
			return -1;
	}
	begin(report, MOUNT_STEP_CREATE);
	return fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static bool has_other_owner(const struct mount_ownership *want, const struct stat *now)
{
	return (want->uid != MOUNT_KEEP_ID && want->uid != now->st_uid) ||
	       (want->gid != MOUNT_KEEP_ID && want->gid != now->st_gid);
}

/* Last of the two, as a change of owner clears the set-id bits; those make it worth doing even where the mode looked right. */
static bool has_other_mode(const struct mount_ownership *want, const struct stat *now)
{
	return want->mode != 0 && ((now->st_mode & 07777) != want->mode || (want->mode & 06000));
}

/* mount_fd is nowhere in the tree yet: a volume is seen with its owner and mode or not at all. */
static int set_ownership(int mount_fd, const struct mount_ownership *want, struct mount_report *report)
{
	struct stat now;

	begin(report, MOUNT_STEP_STAT);
	if (fstatat(mount_fd, "", &now, AT_EMPTY_PATH) < 0)
		return -1;
	begin(report, MOUNT_STEP_CHOWN); /* MOUNT_KEEP_ID is chown's own -1 */
	if (has_other_owner(want, &now) && fchownat(mount_fd, "", want->uid, want->gid, AT_EMPTY_PATH) < 0)
		return -1;
	begin(report, MOUNT_STEP_CHMOD); /* chmod knows no AT_EMPTY_PATH */
	return has_other_mode(want, &now) ? fchmodat(mount_fd, ".", want->mode, 0) : 0;
}

static void attach(int mount_fd, const struct mount_ownership *ownership, const char *target,
		   struct mount_report *report)
{
	if (ownership && set_ownership(mount_fd, ownership, report) < 0) {
		fail(report);
		return;
	}
	begin(report, MOUNT_STEP_ATTACH);
	if (move_mount(mount_fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		fail(report);
	else
		done(report);
}

void mount_job_nfs(const void *job_argument, void *report_argument)
{
	const struct mount_nfs_job *job = job_argument;
	struct mount_report *report = report_argument;

	begin(report, MOUNT_STEP_OPEN);
	int context = fsopen(job->type, FSOPEN_CLOEXEC);

	if (context < 0) {
		fail(report);
		return;
	}
	if (configure(context, job, report) < 0) {
		fail_with_log(context, report);
		return;
	}
	begin(report, MOUNT_STEP_MOUNT);
	int mount_fd = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)job->attributes.flags);

	if (mount_fd < 0) {
		fail_with_log(context, report);
		return;
	}
	attach(mount_fd, job->ownership, job->target, report);
}

void mount_job_nfs_create(const void *job_argument, void *report_argument)
{
	const struct mount_nfs_job *job = job_argument;
	struct mount_report *report = report_argument;

	if (configure(job->context, job, report) < 0)
		fail_with_log(job->context, report);
	else
		done(report);
}

/* Not left to the end of the child: what waits then, no signal ends. */
void mount_job_close(const void *job, void *report)
{
	(void)close(*(const int *)job);
}

void mount_job_local(const void *job_argument, void *report_argument)
{
	const struct mount_local_job *job = job_argument;
	struct mount_report *report = report_argument;
	struct mount_attr attributes = {
		.attr_set = job->source->attributes.flags,
		.attr_clr = job->source->attributes.has_atime ? MOUNT_ATTR__ATIME : 0,
		.propagation = MS_PRIVATE,
	};

	begin(report, MOUNT_STEP_FIND);
	int directory = mount_lookup_open_local(job->source);

	if (directory < 0) {
		fail(report);
		return;
	}
	begin(report, MOUNT_STEP_MOUNT);
	int tree = open_tree(directory, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0) {
		fail(report);
		return;
	}
	attach(tree, job->source->ownership, job->target, report);
}

void mount_job_unmount(const void *job_argument, void *report_argument)
{
	const struct mount_unmount_job *job = job_argument;
	struct mount_report *report = report_argument;

	begin(report, MOUNT_STEP_UNMOUNT);
	if (umount2(job->target, job->flags) < 0)
		fail(report);
	else
		done(report);
}

static void fill_capacity(const struct statfs *fs, struct mount_capacity *capacity)
{
	uint64_t unit = fs->f_frsize > 0 ? (uint64_t)fs->f_frsize : (uint64_t)fs->f_bsize;

	capacity->total_bytes = fs->f_blocks * unit;
	capacity->available_bytes = fs->f_bavail * unit;
	capacity->used_bytes = (fs->f_blocks - fs->f_bfree) * unit;
	capacity->total_inodes = fs->f_files;
	capacity->available_inodes = fs->f_ffree;
	capacity->used_inodes = fs->f_files - fs->f_ffree;
}

void mount_job_capacity(const void *job_argument, void *report_argument)
{
	const char *path = job_argument;
	struct mount_report *report = report_argument;
	struct statfs fs;

	begin(report, MOUNT_STEP_STATFS);
	if (statfs(path, &fs) < 0) {
		fail(report);
		return;
	}
	fill_capacity(&fs, &report->capacity);
	done(report);
}
