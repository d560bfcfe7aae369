/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi-controller over a real NFS server (test/ganesha/run): CreateVolume and DeleteVolume one at a time, in turns with the bare
 * requests they consist of, and many at once.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "bench/controller/bare.h"
#include "bench/samples.h"
#include "support/csi_client.h"
#include "support/fault_proxy.h"
#include "support/program.h"

#define TIMEOUT_MS 60000
#define WARM_UP 20
#define SERIAL_COUNT 400
#define THREADS 100
#define PER_THREAD 10
#define NAME_BYTES 64

static const char *server, *share;
static uint16_t mount_port;

static int64_t now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void must(int result, const struct status *st)
{
	if (result == 0)
		return;
	(void)fprintf(stderr, "bench: %s: %s\n", status_code_name(st->code), st->message);
	exit(EXIT_FAILURE);
}

static const char *required_variable(const char *name)
{
	const char *value = getenv(name);
	if (!value) {
		(void)fprintf(stderr, "%s is not set: run this through test/ganesha/run\n", name);
		exit(EXIT_FAILURE);
	}
	return value;
}

/* ---- the driver's side */

static char flags[96];

static char *create(struct csi_client *client, const char *name)
{
	const struct string_pair parameters[] = {{"server", server}, {"share", share}, {"mountPermissions", "0770"}};
	const char *const mount_flags[] = {flags};
	const struct csi_volume_spec spec = {.name = name,
					     .parameters = parameters,
					     .parameter_count = 3,
					     .mount_flags = mount_flags,
					     .mount_flag_count = 1};
	struct csi_volume volume;
	struct status st;
	must(csi_client_create_volume(client, &spec, &volume, &st), &st);
	char *id = TAKE_POINTER(volume.id);
	csi_volume_release(&volume);
	return id;
}

static void delete (struct csi_client *client, const char *id)
{
	struct status st;
	must(csi_client_delete_volume(client, id, &st), &st);
}

static struct csi_client *open_client(const struct program *program)
{
	struct status st;
	struct csi_client *client = csi_client_open(program->endpoint, CSI_CLIENT_KEEPS_CONNECTION, TIMEOUT_MS, &st);
	must(client ? 0 : -1, &st);
	return client;
}

/* ---- one at a time */

enum operation { CREATE, DELETE, OPERATIONS };
static const char *const labels[2][OPERATIONS] = {{"CreateVolume", "DeleteVolume"}, {"bare create", "bare delete"}};

static void serial_round(struct csi_client *client, struct bare *bare, unsigned round,
			 struct samples samples[2][OPERATIONS], size_t at)
{
	char name[NAME_BYTES];
	struct status st;
	(void)snprintf(name, sizeof(name), "bench-%u", round);
	int64_t start = now_ns();
	AUTO_FREE char *id = create(client, name);
	int64_t created = now_ns();
	must(bare_create(bare, name, &st), &st);
	int64_t bare_created = now_ns();
	delete (client, id);
	int64_t deleted = now_ns();
	must(bare_delete(bare, name, &st), &st);
	int64_t bare_deleted = now_ns();
	bare_clean(bare, name);
	samples[0][CREATE].values_ns[at] = created - start;
	samples[1][CREATE].values_ns[at] = bare_created - created;
	samples[0][DELETE].values_ns[at] = deleted - bare_created;
	samples[1][DELETE].values_ns[at] = bare_deleted - deleted;
}

static void print_serial(struct samples samples[2][OPERATIONS])
{
	for (int who = 0; who < 2; who++)
		for (int op = 0; op < OPERATIONS; op++) {
			for (size_t i = 0; i < SERIAL_COUNT; i++)
				samples[who][op].wall_ns += samples[who][op].values_ns[i];
			samples_print(&samples[who][op], labels[who][op]);
		}
	for (int op = 0; op < OPERATIONS; op++)
		printf("  %s / %s %*.2f\n", labels[0][op], labels[1][op], 12,
		       samples_median_ms(&samples[0][op]) / samples_median_ms(&samples[1][op]));
}

static void print_round_trips(struct bare *bare)
{
	struct status st;
	uint64_t before = bare_round_trips(bare);
	must(bare_create(bare, "count", &st), &st);
	uint64_t created = bare_round_trips(bare);
	must(bare_delete(bare, "count", &st), &st);
	uint64_t deleted = bare_round_trips(bare);
	bare_clean(bare, "count");
	printf("  round trips: %llu to create, %llu to delete\n", (unsigned long long)(created - before),
	       (unsigned long long)(deleted - created));
}

static void run_serial(const struct program *program, struct bare *bare, double ret_per_second[2][OPERATIONS])
{
	struct samples samples[2][OPERATIONS];
	struct csi_client *client = open_client(program);
	for (int i = 0; i < 4; i++)
		samples_init(&samples[i / 2][i % 2], SERIAL_COUNT);
	for (unsigned i = 0; i < WARM_UP; i++)
		serial_round(client, bare, i, samples, 0);
	for (unsigned i = 0; i < SERIAL_COUNT; i++)
		serial_round(client, bare, i, samples, i);
	print_serial(samples);
	print_round_trips(bare);
	for (int i = 0; i < 4; i++) {
		ret_per_second[i / 2][i % 2] = 1000 / samples_median_ms(&samples[i / 2][i % 2]);
		samples_release(&samples[i / 2][i % 2]);
	}
	csi_client_close(client);
}

/* ---- many at once */

/* One of those that call at the same time: through the driver, or without it. */
struct caller {
	const struct program *program;
	struct bare *bare; /* NULL: through the driver */
	pthread_barrier_t *barrier;
	unsigned index;
	pthread_t thread;
};

static void create_many(const struct caller *caller, struct csi_client *client, char *ids[PER_THREAD])
{
	struct status st;
	for (unsigned i = 0; i < PER_THREAD; i++) {
		char name[NAME_BYTES];
		(void)snprintf(name, sizeof(name), "many-%u-%u", caller->index, i);
		if (caller->bare)
			must(bare_create(caller->bare, name, &st), &st);
		ids[i] = caller->bare ? memory_strdup(name) : create(client, name);
	}
}

static void delete_many(const struct caller *caller, struct csi_client *client, char *ids[PER_THREAD])
{
	struct status st;
	for (unsigned i = 0; i < PER_THREAD; i++) {
		if (caller->bare)
			must(bare_delete(caller->bare, ids[i], &st), &st);
		else
			delete (client, ids[i]);
	}
}

static void *call_many(void *argument)
{
	const struct caller *caller = argument;
	char *ids[PER_THREAD];
	struct csi_client *client = open_client(caller->program);
	(void)pthread_barrier_wait(caller->barrier); /* cannot fail once it is initialised */
	create_many(caller, client, ids);
	(void)pthread_barrier_wait(caller->barrier);
	delete_many(caller, client, ids);
	(void)pthread_barrier_wait(caller->barrier);
	for (unsigned i = 0; i < PER_THREAD; i++) {
		if (caller->bare)
			bare_clean(caller->bare, ids[i]);
		free(ids[i]);
	}
	csi_client_close(client);
	return NULL;
}

static void run_parallel(const struct program *program, struct bare *bare, const double serial_per_second[OPERATIONS])
{
	static struct caller callers[THREADS];
	pthread_barrier_t barrier;
	if (pthread_barrier_init(&barrier, NULL, THREADS + 1) != 0)
		abort();
	for (unsigned i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){program, bare, &barrier, i, 0};
		if (pthread_create(&callers[i].thread, NULL, call_many, &callers[i]) != 0)
			abort();
	}
	(void)pthread_barrier_wait(&barrier);
	for (int op = 0; op < OPERATIONS; op++) {
		int64_t start = now_ns();
		(void)pthread_barrier_wait(&barrier);
		double per_second = THREADS * PER_THREAD * 1e9 / (double)(now_ns() - start);
		printf("  %s, %d at once: %.0f per s, %.1f times serial\n", labels[bare != NULL][op], THREADS,
		       per_second, per_second / serial_per_second[op]);
	}
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(callers[i].thread, NULL); /* cannot fail for a thread that was created */
	(void)pthread_barrier_destroy(&barrier);
}

/* ---- a server, near or far */

/* A network between: all bytes are this long under way, in each direction. */
#define FAR_DELAY_US 400

static void run_at(const char *executable, const char *scratch, enum nfs_version version, uint16_t port,
		   const char *title)
{
	struct program program;
	struct status st;
	double per_second[2][OPERATIONS];
	const char *const arguments[] = {"--log-level=warning", NULL};
	const struct fs_libnfs_config config = {
		.server = server,
		.share = share,
		.version = version,
		.nfs_port = port,
		.mount_port = mount_port,
		.connect_timeout_ms = TIMEOUT_MS,
		.reply_timeout_ms = TIMEOUT_MS,
		.connection_max = 8,
	};
	(void)snprintf(flags, sizeof(flags), "nfsvers=%d,port=%u,mountport=%u", version == NFS_VERSION_3 ? 3 : 4, port,
		       mount_port);
	must(program_start(&program, executable, scratch, "controller", PROGRAM_AS_NOBODY, arguments, &st), &st);
	struct bare *bare = bare_open(&config, &st);
	must(bare ? 0 : -1, &st);
	samples_print_header(title);
	run_serial(&program, bare, per_second);
	run_parallel(&program, NULL, per_second[0]);
	run_parallel(&program, bare, per_second[1]);
	printf("  peak resident memory of csi-controller: %.1f MiB\n", (double)program_peak_kib(&program) / 1024);
	bare_close(bare);
	(void)program_stop(&program);
}

/* ---- a volume of many files */

#define FILES 100000
#define FILES_PER_DIRECTORY 1000
#define LARGE_ROUNDS 5

/* Made on the server's own directory, which is much faster. */
static void fill_volume(const char *directory, const char *name)
{
	for (unsigned i = 0; i < FILES; i++) {
		char path[512];
		(void)snprintf(path, sizeof(path), "%s/%s/%u", directory, name, i / FILES_PER_DIRECTORY);
		if (i % FILES_PER_DIRECTORY == 0 && mkdir(path, 0777) < 0)
			abort();
		(void)snprintf(path, sizeof(path), "%s/%s/%u/%u", directory, name, i / FILES_PER_DIRECTORY, i);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0)
			abort();
		(void)close(fd); /* nothing was written */
	}
}

/* Until the trash is empty; returns how long it took, in seconds. */
static double wait_for_reaper(const char *directory)
{
	int64_t start = now_ns();
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/.csicore/trash", directory);
	for (bool is_empty = false; !is_empty;) {
		(void)nanosleep(&(struct timespec){0, 20000000}, NULL); /* a shorter pause does no harm */
		DIR *trash = opendir(path);
		is_empty = true;
		for (const struct dirent *entry; trash && (entry = readdir(trash));)
			is_empty = is_empty && entry->d_name[0] == '.';
		if (trash)
			(void)closedir(trash); /* only read */
	}
	return (double)(now_ns() - start) / 1e9;
}

static void run_large(const char *executable, const char *scratch, uint16_t port)
{
	const char *directory = required_variable("CSICORE_TEST_NFS_DIR");
	const char *const arguments[] = {"--log-level=warning", NULL};
	struct program program;
	struct status st;
	struct samples samples[2];
	(void)snprintf(flags, sizeof(flags), "nfsvers=4,port=%u,mountport=%u", port, mount_port);
	must(program_start(&program, executable, scratch, "controller", PROGRAM_AS_NOBODY, arguments, &st), &st);
	struct csi_client *client = open_client(&program);
	double reaping_s = 0;
	for (int is_full = 0; is_full < 2; is_full++)
		samples_init(&samples[is_full], LARGE_ROUNDS);
	for (unsigned i = 0; i < LARGE_ROUNDS; i++) {
		AUTO_FREE char *large = create(client, "large");
		fill_volume(directory, "large");
		/* What filling did to the machine falls on neither. */
		for (unsigned k = 0; k < WARM_UP; k++) {
			AUTO_FREE char *other = create(client, "other");
			delete (client, other);
		}
		AUTO_FREE char *empty = create(client, "empty");
		for (unsigned k = 0; k < 2; k++) {
			bool is_full = (i + k) % 2;
			int64_t start = now_ns();
			delete (client, is_full ? large : empty);
			samples[is_full].values_ns[i] = now_ns() - start;
			samples[is_full].wall_ns += samples[is_full].values_ns[i];
		}
		reaping_s += wait_for_reaper(directory);
	}
	samples_print_header("DeleteVolume, NFSv4.0");
	samples_print(&samples[0], "of an empty volume");
	samples_print(&samples[1], "of 100,000 files");
	printf("  removed behind it: %.0f files per s\n  peak resident memory of csi-controller: %.1f MiB\n",
	       (double)FILES * LARGE_ROUNDS / reaping_s, (double)program_peak_kib(&program) / 1024);
	for (int is_full = 0; is_full < 2; is_full++)
		samples_release(&samples[is_full]);
	csi_client_close(client);
	(void)program_stop(&program);
}

int main(int argc, char *argv[])
{
	if (argc != 3) {
		(void)fprintf(stderr, "usage: bench CSI-CONTROLLER SCRATCH-DIRECTORY\n");
		return EXIT_FAILURE;
	}
	server = required_variable("CSICORE_TEST_NFS_SERVER");
	share = required_variable("CSICORE_TEST_NFS_SHARE");
	uint16_t port = (uint16_t)strtoul(required_variable("CSICORE_TEST_NFS_PORT"), NULL, 10);
	mount_port = (uint16_t)strtoul(required_variable("CSICORE_TEST_MOUNT_PORT"), NULL, 10);
	struct fault_proxy *far = fault_proxy_new(port);
	fault_proxy_set_delay_us(far, FAR_DELAY_US);
	run_at(argv[1], argv[2], NFS_VERSION_3, port, "NFSv3");
	run_at(argv[1], argv[2], NFS_VERSION_4, port, "NFSv4.0");
	run_at(argv[1], argv[2], NFS_VERSION_3, fault_proxy_port(far), "NFSv3, 0.8 ms away");
	run_at(argv[1], argv[2], NFS_VERSION_4, fault_proxy_port(far), "NFSv4.0, 0.8 ms away");
	fault_proxy_free(far);
	run_large(argv[1], argv[2], port);
	return EXIT_SUCCESS;
}
