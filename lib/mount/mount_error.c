/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel answers with an errno and, for NFS 4, a few words; a table adds what they mean at each step. */
#include "mount/mount_error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

/* The kernel's own; umount2 with MNT_FORCE lets it slip out to programs. */
#define ERESTARTSYS 512

static const char *const step_names[] = {
	[MOUNT_STEP_START] = "start",
	[MOUNT_STEP_OPEN] = "open the file system type",
	[MOUNT_STEP_OPTION] = "set options",
	[MOUNT_STEP_CREATE] = "contact the server",
	[MOUNT_STEP_MOUNT] = "make the mount",
	[MOUNT_STEP_ATTACH] = "attach to the target",
	[MOUNT_STEP_FIND] = "find the directory",
	[MOUNT_STEP_UNMOUNT] = "unmount",
	[MOUNT_STEP_STATFS] = "ask for the capacity",
	[MOUNT_STEP_STAT] = "ask for owner and mode",
	[MOUNT_STEP_CHOWN] = "change the owner",
	[MOUNT_STEP_CHMOD] = "change the mode",
	[MOUNT_STEP_DONE] = "done",
};

/* Read from the top; the first row of the step and errno holds.  What is not here is in the table of base/status. */
static const struct meaning {
	enum mount_step step;
	int errnum;
	enum status_code code;
	const char *hint; /* NULL: nothing to add */
} meanings[] = {
	{MOUNT_STEP_OPEN, ENODEV, STATUS_FAILED_PRECONDITION, "this kernel has no NFS client (module nfs)"},
	{MOUNT_STEP_OPEN, EPERM, STATUS_FAILED_PRECONDITION, "mounting needs CAP_SYS_ADMIN"},
	{MOUNT_STEP_OPEN, ENOSYS, STATUS_FAILED_PRECONDITION, "Linux 5.12 or later is needed"},
	{MOUNT_STEP_CREATE, EIO, STATUS_UNAVAILABLE, "the server does not answer"},
	{MOUNT_STEP_CREATE, EPROTONOSUPPORT, STATUS_INVALID_ARGUMENT,
	 "the server or this kernel lacks this NFS version"},
	{MOUNT_STEP_CREATE, ENODEV, STATUS_FAILED_PRECONDITION, "this kernel lacks this NFS version"},
	{MOUNT_STEP_CREATE, EACCES, STATUS_PERMISSION_DENIED,
	 "the server does not export it to this node (NFSv3 says so of a directory that is no export, too)"},
	{MOUNT_STEP_CREATE, EPERM, STATUS_PERMISSION_DENIED, "the server refuses this node or its security flavour"},
	{MOUNT_STEP_CREATE, ENOENT, STATUS_NOT_FOUND, "no such export or directory on the server"},
	{MOUNT_STEP_CREATE, ENOTDIR, STATUS_NOT_FOUND, "not a directory on the server"},
	{MOUNT_STEP_MOUNT, EPERM, STATUS_FAILED_PRECONDITION, "mounting needs CAP_SYS_ADMIN"},
	{MOUNT_STEP_ATTACH, ENOENT, STATUS_INTERNAL, "the target went away"},
	{MOUNT_STEP_ATTACH, EINVAL, STATUS_INTERNAL, "the target cannot be mounted on"},
	{MOUNT_STEP_ATTACH, EPERM, STATUS_FAILED_PRECONDITION, "mounting needs CAP_SYS_ADMIN"},
	{MOUNT_STEP_FIND, ELOOP, STATUS_INVALID_ARGUMENT, "symbolic links are not followed in an export"},
	{MOUNT_STEP_UNMOUNT, EPERM, STATUS_FAILED_PRECONDITION, "unmounting needs CAP_SYS_ADMIN"},
	{MOUNT_STEP_STATFS, EIO, STATUS_UNAVAILABLE, "the server does not answer"},
	{MOUNT_STEP_STAT, EIO, STATUS_UNAVAILABLE, "the server does not answer"},
	{MOUNT_STEP_CHOWN, EPERM, STATUS_PERMISSION_DENIED, "the server lets root not do that (root_squash?)"},
	{MOUNT_STEP_CHMOD, EPERM, STATUS_PERMISSION_DENIED, "the server lets root not do that (root_squash?)"},
};

const char *mount_step_name(int32_t step)
{
	if (step < 0 || (size_t)step >= sizeof(step_names) / sizeof(step_names[0]))
		return "unknown step";
	return step_names[step];
}

static const struct meaning *find_meaning(const struct mount_report *report)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if ((int32_t)meanings[i].step == report->step && meanings[i].errnum == report->errnum)
			return &meanings[i];
	}
	return NULL;
}

/* What a child wrote is data: it is printed as text whatever it is. */
static void copy_words(const struct mount_report *report, char *words, size_t size)
{
	size_t length = strnlen(report->words, sizeof(report->words) - 1);

	if (length >= size)
		length = size - 1;
	for (size_t i = 0; i < length; i++)
		words[i] = report->words[i] >= ' ' && report->words[i] < 127 ? report->words[i] : '?';
	words[length] = '\0';
}

int mount_error(struct status *st, const struct mount_report *report, const char *what)
{
	const struct meaning *meaning = find_meaning(report);
	int errnum = report->errnum == ERESTARTSYS ? EIO : report->errnum;
	char words[MOUNT_JOB_WORDS_BYTES];

	copy_words(report, words, sizeof(words));
	(void)status_set_errno(st, errnum, "%s: %s%s%s", what, mount_step_name(report->step), words[0] ? ": " : "",
			       words);
	if (report->errnum == ERESTARTSYS)
		st->code = STATUS_UNAVAILABLE;
	if (meaning) {
		size_t used = strlen(st->message);

		st->code = meaning->code;
		if (meaning->hint)
			(void)snprintf(st->message + used, sizeof(st->message) - used, "; %s", meaning->hint);
	}
	return -1;
}

static bool has_kerberos(const struct mount_nfs_job *job)
{
	for (size_t i = 0; i < job->option_count; i++) {
		const struct nfs_option *option = &job->options[i];

		if (option->value && strcmp(option->key, "sec") == 0 && strncmp(option->value, "krb5", 4) == 0)
			return true;
	}
	return false;
}

int mount_error_nfs(struct status *st, const struct mount_report *report, const struct mount_nfs_job *job,
		    const char *what)
{
	char text[STATUS_MESSAGE_BYTES];

	if (report->step == MOUNT_STEP_OPTION && report->option < job->option_count) {
		/* The key alone: values may be secrets. */
		(void)snprintf(text, sizeof(text), "%s: mount option \"%s\"", what, job->options[report->option].key);
		(void)mount_error(st, report, text);
		if (report->errnum == EINVAL || report->errnum == EPROTONOSUPPORT)
			st->code = STATUS_INVALID_ARGUMENT;
		return -1;
	}
	(void)mount_error(st, report, what);
	if (report->step == MOUNT_STEP_CREATE && report->errnum == EINVAL && has_kerberos(job)) {
		size_t used = strlen(st->message);

		st->code = STATUS_FAILED_PRECONDITION;
		(void)snprintf(st->message + used, sizeof(st->message) - used,
			       "; Kerberos needs rpc.gssd running on this node");
	}
	return -1;
}
