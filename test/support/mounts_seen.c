/* SPDX-License-Identifier: Apache-2.0 */
/* Fields as in proc_pid_mountinfo(5).  Test paths hold nothing that the kernel would write as \040. */
#include "support/mounts_seen.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#define LINE_BYTES 4096

struct line {
	char text[LINE_BYTES];
	char *path, *options; /* of the mount */
	char *type, *source, *super_options;
};

static bool line_read(FILE *mountinfo, struct line *line)
{
	while (fgets(line->text, sizeof(line->text), mountinfo)) {
		char *rest = line->text;
		char *fields[32];
		size_t count = 0, separator = 0;
		for (char *field; count < 32 && (field = strsep(&rest, " \n"));) {
			if (strcmp(field, "-") == 0)
				separator = count;
			fields[count++] = field;
		}
		if (!separator || separator + 3 >= count)
			continue;
		line->path = fields[4];
		line->options = fields[5];
		line->type = fields[separator + 1];
		line->source = fields[separator + 2];
		line->super_options = fields[separator + 3];
		return true;
	}
	return false;
}

static void mount_from_line(const struct line *line, struct mount_seen *ret)
{
	*ret = (struct mount_seen){0};
	(void)snprintf(ret->source, sizeof(ret->source), "%s", line->source);
	(void)snprintf(ret->type, sizeof(ret->type), "%s", line->type);
	const char *version = strstr(line->super_options, "vers=");
	if (version)
		(void)snprintf(ret->version, sizeof(ret->version), "%.*s", (int)strcspn(version, ","), version);
	ret->is_read_only = strncmp(line->options, "ro", 2) == 0;
}

int mounts_seen_at(const char *path, struct mount_seen *ret)
{
	FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
	if (!mountinfo)
		return -1;
	int rc = -1;
	for (struct line line; line_read(mountinfo, &line);) {
		if (strcmp(line.path, path) != 0)
			continue;
		mount_from_line(&line, ret);
		rc = 0;
	}
	(void)fclose(mountinfo); /* only read */
	return rc;
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);
	return strncmp(path, directory, length) == 0 && path[length] == '/';
}

int mounts_seen_below(const char *directory)
{
	FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
	if (!mountinfo)
		return -1;
	int count = 0;
	for (struct line line; line_read(mountinfo, &line);)
		count += is_below(line.path, directory);
	(void)fclose(mountinfo); /* only read */
	return count;
}

void mounts_seen_detach_below(const char *directory)
{
	FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
	if (!mountinfo)
		return;
	for (struct line line; line_read(mountinfo, &line);)
		if (is_below(line.path, directory))
			(void)umount2(line.path, MNT_DETACH | UMOUNT_NOFOLLOW); /* best effort */
	(void)fclose(mountinfo);                                                /* only read */
}
