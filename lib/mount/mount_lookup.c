/* SPDX-License-Identifier: Apache-2.0 */
/* statx says whether a path is a mount point and of which mount, mountinfo says the rest. */
#include "mount/mount_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/strbuf.h"

/* Some 80,000 mounts. */
#define MOUNTINFO_LIMIT_BYTES (16 * 1024 * 1024)
#define MOUNTINFO_READ_BYTES (16 * 1024)

#define NEVER_ASK_SERVER (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC)

static int read_mountinfo(struct strbuf *text, struct status *st)
{
	AUTO_CLOSE int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return status_set_errno(st, errno, "open /proc/self/mountinfo");
	for (;;) {
		char *room = strbuf_reserve(text, MOUNTINFO_READ_BYTES);

		if (!room)
			return status_set(st, STATUS_RESOURCE_EXHAUSTED, "/proc/self/mountinfo is larger than %d bytes",
					  MOUNTINFO_LIMIT_BYTES);
		ssize_t got = read(fd, room, MOUNTINFO_READ_BYTES);

		if (got < 0 && errno != EINTR)
			return status_set_errno(st, errno, "read /proc/self/mountinfo");
		if (got == 0)
			return 0;
		if (got > 0)
			strbuf_grown(text, (size_t)got);
	}
}

/* path with the symbolic links of its directory resolved, as mountinfo writes it; NULL where the directory is not there. */
static char *canonical_path(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || !slash[1])
		return NULL;
	const char *directory = slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
	AUTO_FREE char *real = realpath(directory, NULL);

	if (!real)
		return NULL;
	return arena_printf(arena, "%s/%s", strcmp(real, "/") == 0 ? "" : real, slash + 1);
}

static void fill_found(const struct strbuf *text, struct mount_found *found)
{
	found->exists = true;
	found->is_mounted = true;
	found->is_only_mount = mount_table_count_device(text->data, text->length, found->line.device) == 1;
}

/* statx did not reach the top of path.  The root of a mount that is gone on its server looks as if path did not exist. */
static int look_in_table(struct arena *arena, const char *path, int statx_errno, struct mount_found *ret,
			 struct status *st)
{
	AUTO(strbuf_release) struct strbuf text = {0};
	const char *canonical = canonical_path(arena, path);
	struct mount_found found = {0};

	strbuf_init(&text, MOUNTINFO_LIMIT_BYTES);
	if (canonical) {
		if (read_mountinfo(&text, st) < 0)
			return -1;
		if (mount_table_find_target(arena, text.data, text.length, canonical, &found.line))
			fill_found(&text, &found);
	}
	if (!found.is_mounted && statx_errno != ENOENT && statx_errno != ENOTDIR)
		return status_set_errno(st, statx_errno, "look at %s", path);
	*ret = found;
	return 0;
}

int mount_lookup(struct arena *arena, const char *path, struct mount_found *ret, struct status *st)
{
	struct statx top;

	if (statx(AT_FDCWD, path, NEVER_ASK_SERVER, STATX_TYPE | STATX_MNT_ID, &top) < 0)
		return look_in_table(arena, path, errno, ret, st);
	if (!(top.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) || !(top.stx_mask & STATX_MNT_ID))
		return status_set(st, STATUS_FAILED_PRECONDITION,
				  "this kernel cannot tell mount points: Linux 5.12 or later is needed");
	struct mount_found found = {.exists = true};

	if (top.stx_attributes & STATX_ATTR_MOUNT_ROOT) {
		AUTO(strbuf_release) struct strbuf text;

		strbuf_init(&text, MOUNTINFO_LIMIT_BYTES);
		if (read_mountinfo(&text, st) < 0)
			return -1;
		if (!mount_table_find(arena, text.data, text.length, top.stx_mnt_id, &found.line))
			return status_set(st, STATUS_INTERNAL, "the mount on %s is not in /proc/self/mountinfo", path);
		fill_found(&text, &found);
	}
	*ret = found;
	return 0;
}

int mount_lookup_open_local(const struct local_mount *source)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int directory = open(source->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0 || source->below[0] == '\0')
		return directory;
	int fd = (int)syscall(SYS_openat2, directory, source->below, &how, sizeof(how));
	int errnum = errno;

	(void)close(directory); /* a handle, nothing was written */
	errno = errnum;
	return fd;
}

int mount_lookup_is_local(const struct local_mount *source, const char *target, bool *ret_is_local, struct status *st)
{
	AUTO_CLOSE int fd = mount_lookup_open_local(source);
	struct statx want, have;

	if (fd < 0)
		return status_set_errno(st, errno, "open %s/%s", source->directory, source->below);
	if (statx(fd, "", AT_EMPTY_PATH | NEVER_ASK_SERVER, STATX_INO, &want) < 0)
		return status_set_errno(st, errno, "look at %s", source->directory);
	if (statx(AT_FDCWD, target, NEVER_ASK_SERVER, STATX_INO, &have) < 0)
		return status_set_errno(st, errno, "look at %s", target);
	*ret_is_local = want.stx_ino == have.stx_ino && want.stx_dev_major == have.stx_dev_major &&
			want.stx_dev_minor == have.stx_dev_minor;
	return 0;
}
