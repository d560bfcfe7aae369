/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/mounts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/strbuf.h"

#define KERNEL_LOG_BYTES 256
#define OPTIONS_BYTES_MAX 4096

extern char **environ;

/* The kernel wants an address beside the name. */
static int resolve(const char *server, char ret_address[INET6_ADDRSTRLEN], struct status *st)
{
	struct addrinfo *found;
	int rc = getaddrinfo(server, NULL, &(struct addrinfo){.ai_socktype = SOCK_STREAM}, &found);
	if (rc)
		return status_set(st, STATUS_UNAVAILABLE, "%s: %s", server, gai_strerror(rc));
	rc = getnameinfo(found->ai_addr, found->ai_addrlen, ret_address, INET6_ADDRSTRLEN, NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(found);
	return rc ? status_set(st, STATUS_UNAVAILABLE, "%s: %s", server, gai_strerror(rc)) : 0;
}

/* The errno with what the kernel wrote into the context's log. */
static int context_failure(int context, const char *what, struct status *st)
{
	int errnum = errno;
	char log[KERNEL_LOG_BYTES];
	ssize_t length = read(context, log, sizeof(log) - 1);
	log[length > 0 ? length : 0] = '\0';
	return status_set_errno(st, errnum, "%s %s", what, log);
}

static int set_option(int context, const char *key, const char *value, struct status *st)
{
	int rc = value ? fsconfig(context, FSCONFIG_SET_STRING, key, value, 0)
		       : fsconfig(context, FSCONFIG_SET_FLAG, key, NULL, 0);
	return rc < 0 ? context_failure(context, key, st) : 0;
}

static int set_flag(int context, const char *flag, struct status *st)
{
	const char *equals = strchr(flag, '=');
	AUTO_FREE char *key = memory_strdup(flag);
	if (equals)
		key[equals - flag] = '\0';
	return set_option(context, key, equals ? equals + 1 : NULL, st);
}

static char *source_of(const struct nfs_mount *mount)
{
	return memory_printf(strchr(mount->server, ':') ? "[%s]:%s" : "%s:%s", mount->server, mount->path);
}

static int configure(int context, const struct nfs_mount *mount, struct status *st)
{
	char address[INET6_ADDRSTRLEN];
	if (resolve(mount->server, address, st) < 0)
		return -1;
	AUTO_FREE char *source = source_of(mount);
	if (set_option(context, "source", source, st) < 0 || set_option(context, "addr", address, st) < 0)
		return -1;
	const char *sec = "sec=sys";
	for (size_t i = 0; i < mount->flag_count; i++) {
		if (strncmp(mount->flags[i], "sec=", 4) == 0)
			sec = NULL;
		if (set_flag(context, mount->flags[i], st) < 0)
			return -1;
	}
	return sec ? set_flag(context, sec, st) : 0;
}

int mounts_mount_by_calls(const struct nfs_mount *mount, const char *target, struct status *st)
{
	AUTO_CLOSE int context = fsopen("nfs", FSOPEN_CLOEXEC);
	if (context < 0)
		return status_set_errno(st, errno, "fsopen nfs");
	if (configure(context, mount, st) < 0)
		return -1;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return context_failure(context, "create", st);
	AUTO_CLOSE int tree = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (tree < 0)
		return context_failure(context, "fsmount", st);
	if (move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return status_set_errno(st, errno, "move_mount %s", target);
	return 0;
}

int mounts_unmount_by_call(const char *target, struct status *st)
{
	return umount2(target, UMOUNT_NOFOLLOW) < 0 ? status_set_errno(st, errno, "umount2 %s", target) : 0;
}

static int run_command(const char *const argv[], struct status *st)
{
	pid_t pid;
	int rc = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);
	if (rc)
		return status_set_errno(st, rc, "%s", argv[0]);
	int wait_status;
	if (waitpid(pid, &wait_status, 0) < 0)
		return status_set_errno(st, errno, "wait for %s", argv[0]);
	if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
		return status_set(st, STATUS_INTERNAL, "%s failed (wait status %#x)", argv[0], (unsigned)wait_status);
	return 0;
}

int mounts_mount_by_command(const struct nfs_mount *mount, const char *target, struct status *st)
{
	AUTO_FREE char *source = source_of(mount);
	AUTO(strbuf_release) struct strbuf options;
	strbuf_init(&options, OPTIONS_BYTES_MAX);
	for (size_t i = 0; i < mount->flag_count; i++)
		if (strbuf_printf(&options, "%s%s", i ? "," : "", mount->flags[i]) < 0)
			return status_set(st, STATUS_INVALID_ARGUMENT, "mount flags exceed %d bytes",
					  OPTIONS_BYTES_MAX);
	const char *const argv[] = {"mount", "-t", "nfs", "-o", strbuf_text(&options), source, target, NULL};
	return run_command(argv, st);
}

int mounts_unmount_by_command(const char *target, struct status *st)
{
	return run_command((const char *const[]){"umount", target, NULL}, st);
}
