/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi-demo CONTROLLER NODE: starts both programs and leads one volume through its life on a real kernel NFS mount, telling
 * each step, what it took and what can be seen of it.  $NFS_SERVER:$NFS_EXPORT is the export; the server is this machine,
 * so that $NFS_EXPORT is also the directory behind it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "support/csi_client.h"
#include "support/mounts_seen.h"
#include "support/program.h"

#define TIMEOUT_MS 30000
#define VOLUME_NAME "demo"
#define CAPACITY_BYTES (INT64_C(1) << 30)
#define PATH_BYTES 256
#define TEXT "written through the mount\n"

struct demo {
	const char *server, *export;
	const char *controller_executable, *node_executable;
	char directory[PATH_BYTES]; /* sockets, logs and targets */
	char target[PATH_BYTES], read_only_target[PATH_BYTES];
	char server_path[PATH_BYTES]; /* the volume on the server's disk */
	struct program controller, node;
	struct csi_client *controller_client, *node_client;
	struct csi_volume volume;
	char detail[2 * PATH_BYTES]; /* what the step wants to tell */
};

static void tell(struct demo *demo, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct demo *demo, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(demo->detail, sizeof(demo->detail), fmt, args); /* a cut remark is still one */
	va_end(args);
}

static bool exists(const char *path)
{
	struct stat unused;
	return lstat(path, &unused) == 0;
}

/* ---- the steps ---- */

static int start_controller(struct demo *demo, struct status *st)
{
	if (program_start(&demo->controller, demo->controller_executable, demo->directory, "csi-controller",
			  PROGRAM_AS_NOBODY, NULL, st) < 0)
		return -1;
	demo->controller_client =
		csi_client_open(demo->controller.endpoint, CSI_CLIENT_KEEPS_CONNECTION, TIMEOUT_MS, st);
	if (!demo->controller_client)
		return -1;
	tell(demo, "as user nobody: it speaks NFS itself and mounts nothing");
	return 0;
}

static int start_node(struct demo *demo, struct status *st)
{
	const char *const arguments[] = {"--nodeid", "demo-node", NULL};
	if (program_start(&demo->node, demo->node_executable, demo->directory, "csi-node", PROGRAM_AS_ROOT, arguments,
			  st) < 0)
		return -1;
	demo->node_client = csi_client_open(demo->node.endpoint, CSI_CLIENT_CONNECTS_ANEW, TIMEOUT_MS, st);
	return demo->node_client ? 0 : -1;
}

static int create_volume(struct demo *demo, struct status *st)
{
	const struct string_pair parameters[] = {
		{"server", demo->server}, {"share", demo->export}, {"mountPermissions", "0770"}};
	const struct csi_volume_spec spec = {.name = VOLUME_NAME,
					     .parameters = parameters,
					     .parameter_count = sizeof(parameters) / sizeof(parameters[0]),
					     .required_bytes = CAPACITY_BYTES};
	if (csi_client_create_volume(demo->controller_client, &spec, &demo->volume, st) < 0)
		return -1;
	struct stat made;
	if (lstat(demo->server_path, &made) < 0)
		return status_set_errno(st, errno, "the server's disk has no %s", demo->server_path);
	tell(demo, "id %s; on the server: %s, mode %04o", demo->volume.id, demo->server_path, made.st_mode & 07777);
	return 0;
}

static int publish_volume(struct demo *demo, struct status *st)
{
	if (csi_client_publish_volume(demo->node_client, &demo->volume, demo->target, false, st) < 0)
		return -1;
	struct mount_seen mount;
	if (mounts_seen_at(demo->target, &mount) < 0)
		return status_set(st, STATUS_INTERNAL, "%s is not mounted", demo->target);
	if (strncmp(mount.type, "nfs", 3) != 0)
		return status_set(st, STATUS_INTERNAL, "%s is %s, not NFS", demo->target, mount.type);
	tell(demo, "the kernel has %s, type %s, %s", mount.source, mount.type, mount.version);
	return 0;
}

static int write_file(struct demo *demo, struct status *st)
{
	AUTO_FREE char *path = memory_printf("%s/hello.txt", demo->target);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return status_set_errno(st, errno, "create %s", path);
	if (write(fd, TEXT, strlen(TEXT)) != (ssize_t)strlen(TEXT) || fsync(fd) < 0)
		return status_set_errno(st, errno, "write %s", path);
	tell(demo, "%s", path);
	return 0;
}

static int read_on_server(struct demo *demo, struct status *st)
{
	AUTO_FREE char *path = memory_printf("%s/hello.txt", demo->server_path);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[sizeof(TEXT)] = "";
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return status_set_errno(st, errno, "read %s", path);
	if (strcmp(text, TEXT) != 0)
		return status_set(st, STATUS_DATA_LOSS, "%s holds \"%s\"", path, text);
	tell(demo, "%s: \"%.*s\"", path, (int)strlen(text) - 1, text);
	return 0;
}

static int get_stats(struct demo *demo, struct status *st)
{
	struct csi_volume_stats stats;
	if (csi_client_get_volume_stats(demo->node_client, demo->volume.id, demo->target, &stats, st) < 0)
		return -1;
	if (stats.total_bytes <= 0)
		return status_set(st, STATUS_INTERNAL, "a volume of %lld bytes", (long long)stats.total_bytes);
	tell(demo, "%.2f GiB in all, %.2f GiB available, %lld inodes", (double)stats.total_bytes / (1 << 30),
	     (double)stats.available_bytes / (1 << 30), (long long)stats.total_inodes);
	return 0;
}

static int publish_read_only(struct demo *demo, struct status *st)
{
	if (csi_client_publish_volume(demo->node_client, &demo->volume, demo->read_only_target, true, st) < 0)
		return -1;
	AUTO_FREE char *path = memory_printf("%s/refused.txt", demo->read_only_target);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0 || errno != EROFS)
		return status_set(st, STATUS_INTERNAL, "%s could be created", path);
	tell(demo, "for a second pod; creating a file there: %s", strerror(EROFS));
	return 0;
}

static int unpublish_volume(struct demo *demo, struct status *st)
{
	const char *const targets[] = {demo->target, demo->read_only_target};
	for (size_t i = 0; i < 2; i++) {
		if (csi_client_unpublish_volume(demo->node_client, demo->volume.id, targets[i], st) < 0)
			return -1;
		if (exists(targets[i]))
			return status_set(st, STATUS_INTERNAL, "%s is still there", targets[i]);
	}
	tell(demo, "both targets are gone");
	return 0;
}

static int delete_volume(struct demo *demo, struct status *st)
{
	if (csi_client_delete_volume(demo->controller_client, demo->volume.id, st) < 0)
		return -1;
	if (exists(demo->server_path))
		return status_set(st, STATUS_INTERNAL, "the server still has %s", demo->server_path);
	tell(demo, "%s is gone from the server", demo->server_path);
	return 0;
}

static int stop_programs(struct demo *demo, struct status *st)
{
	int node = program_stop(&demo->node);
	int controller = program_stop(&demo->controller);
	if (node != 0 || controller != 0)
		return status_set(st, STATUS_INTERNAL, "csi-node ended with %d, csi-controller with %d", node,
				  controller);
	return 0;
}

static const struct step {
	const char *title;
	int (*run)(struct demo *demo, struct status *st);
} steps[] = {
	{"start csi-controller", start_controller},
	{"start csi-node", start_node},
	{"CreateVolume \"" VOLUME_NAME "\", 1 GiB", create_volume},
	{"NodePublishVolume", publish_volume},
	{"write a file through the mount", write_file},
	{"read it on the server's disk", read_on_server},
	{"NodeGetVolumeStats", get_stats},
	{"NodePublishVolume, read-only", publish_read_only},
	{"NodeUnpublishVolume, both", unpublish_volume},
	{"DeleteVolume", delete_volume},
	{"stop both programs", stop_programs},
};

/* ---- the tale ---- */

static double now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int run_steps(struct demo *demo, struct status *st)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		double start = now_ms();
		demo->detail[0] = '\0';
		if (steps[i].run(demo, st) < 0)
			return status_prefix(st, "%s", steps[i].title);
		printf("  %-32s %8.1f ms  %s\n", steps[i].title, now_ms() - start, demo->detail);
		(void)fflush(stdout); /* a lost line of output is not worth failing for */
	}
	return 0;
}

static int demo_init(struct demo *demo, char *argv[], struct status *st)
{
	*demo = (struct demo){getenv("NFS_SERVER"), getenv("NFS_EXPORT"), argv[1], argv[2], "/tmp/csi-demo.XXXXXX"};
	if (!demo->server || !demo->export)
		return status_set(st, STATUS_INVALID_ARGUMENT, "NFS_SERVER and NFS_EXPORT are not set");
	/* The controller makes its socket there as nobody. */
	if (!mkdtemp(demo->directory) || chmod(demo->directory, 01777) < 0)
		return status_set_errno(st, errno, "make %s", demo->directory);
	(void)snprintf(demo->target, PATH_BYTES, "%.200s/pod", demo->directory);
	(void)snprintf(demo->read_only_target, PATH_BYTES, "%.200s/second-pod", demo->directory);
	(void)snprintf(demo->server_path, PATH_BYTES, "%.200s/" VOLUME_NAME, demo->export);
	return 0;
}

static void demo_release(struct demo *demo)
{
	csi_client_close(demo->controller_client);
	csi_client_close(demo->node_client);
	csi_volume_release(&demo->volume);
	(void)program_stop(&demo->node); /* runs only after a failure */
	(void)program_stop(&demo->controller);
}

static void print_log(const struct program *program)
{
	FILE *log = fopen(program->log_path, "re");
	char line[1024];
	while (log && fgets(line, sizeof(line), log))
		fprintf(stderr, "  | %s", line);
	if (log)
		(void)fclose(log); /* only read */
}

int main(int argc, char *argv[])
{
	if (argc != 3) {
		fprintf(stderr, "usage: csi-demo CONTROLLER NODE\n");
		return 2;
	}
	struct demo demo;
	struct status st = {0};
	double start = now_ms();
	int rc = demo_init(&demo, argv, &st);
	if (rc == 0) {
		struct utsname kernel = {0};
		(void)uname(&kernel); /* cannot fail */
		printf("csicore on Linux %s, NFS server %s:%s\n", kernel.release, demo.server, demo.export);
		rc = run_steps(&demo, &st);
	}
	demo_release(&demo);
	if (rc < 0) {
		printf("FAILED: %s (%s)\n", st.message, status_code_name(st.code));
		print_log(&demo.controller);
		print_log(&demo.node);
		return EXIT_FAILURE;
	}
	printf("The demo worked: a volume was created, mounted, used, unmounted and deleted in %.1f s.\n",
	       (now_ms() - start) / 1e3);
	return EXIT_SUCCESS;
}
