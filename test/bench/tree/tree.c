/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast a directory is emptied over a line that is not short: one call at a time, many at once, and by tree_remove.  Runs
 * beside nfs-ganesha (test/ganesha/run), behind a proxy that holds every byte back; all ways are measured in one run.
 *
 *   tree [ENTRIES [ROUND_TRIP_US]]
 *
 * Every way is measured ROUNDS times, in turns, and its median round told: the machine has other things to do.  Ways that
 * make one call at a time get a tenth of the entries.  Ratios are of entries a second: to one call for each file,
 * whose name is known, and to two calls, as of a client that goes by path.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"
#include "storage/fs_libnfs.h"
#include "storage/tree.h"
#include "support/fault_proxy.h"

#define ENTRIES_DEFAULT 10000
#define ENTRIES_MAX 10000000
#define ROUND_TRIP_DEFAULT_US 800
#define ROUND_TRIP_MAX_US 1000000
#define TIMEOUT_MS 600000
#define SUBDIRECTORIES 16
#define ROUNDS 3

/* What is emptied, and through what. */
struct world {
	struct fs *fs;
	struct fs_dir *root;
	struct cancel cancel;
	struct status st;
	int local_fd; /* the export, seen from here */
	unsigned walkers;
	char name[32]; /* of the directory; never used twice, because the server remembers what it was */
};

static void stop(const char *what, const char *why)
{
	(void)fprintf(stderr, "tree: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static void must(const struct world *w, int result, const char *what)
{
	if (result < 0)
		stop(what, w->st.message);
}

static uint32_t number(const char *text, const char *what, uint32_t max)
{
	uint32_t value = 0;

	if (!text || parse_u32(text, 10, max, &value) < 0)
		stop(what, "no number");
	return value;
}

/* ---- ways to remove what is in the directory; each leaves it empty or gone */

static struct fs_dir *open_directory(struct world *w)
{
	struct fs_dir *dir = NULL;

	must(w, fs_open_dir(w->fs, w->root, w->name, &w->cancel, &dir, &w->st), "open");
	return dir;
}

static void remove_known_names(struct world *w, uint32_t entries, bool must_look_up)
{
	struct fs_dir *dir = open_directory(w);
	struct fs_attr attr;
	char name[32];

	for (uint32_t i = 0; i < entries; i++) {
		(void)snprintf(name, sizeof(name), "file-%07u", i); /* fits */
		if (must_look_up)
			must(w, fs_lookup(w->fs, dir, name, &w->cancel, &attr, &w->st), name);
		must(w, fs_remove_file(w->fs, dir, name, &w->cancel, &w->st), name);
	}
	fs_close(w->fs, dir);
}

static void one_call_each(struct world *w, uint32_t entries)
{
	remove_known_names(w, entries, false);
}

static void look_up_and_remove(struct world *w, uint32_t entries)
{
	remove_known_names(w, entries, true);
}

static void remove_page(struct world *w, struct fs_dir *dir, const struct fs_page *page)
{
	AUTO_FREE const char **names = memory_calloc(page->count + 1, sizeof(*names));
	AUTO_FREE int *errnums = memory_calloc(page->count + 1, sizeof(*errnums));

	for (size_t i = 0; i < page->count; i++)
		names[i] = page->entries[i].name;
	must(w, fs_remove_entries(w->fs, dir, names, page->count, errnums, &w->cancel, &w->st), "remove entries");
}

static void page_by_page(struct world *w, uint32_t entries)
{
	struct fs_dir *dir = open_directory(w);
	struct fs_page page;

	fs_page_init(&page);
	while (!page.is_end) {
		must(w, fs_read_dir(w->fs, dir, &page, &w->cancel, &w->st), "read directory");
		remove_page(w, dir, &page);
	}
	fs_page_release(&page);
	fs_close(w->fs, dir);
}

static void by_tree_remove(struct world *w, uint32_t entries)
{
	const struct tree_options options = {.walkers = w->walkers};

	must(w, tree_remove(w->fs, w->root, w->name, &options, &w->cancel, &w->st), "remove tree");
}

static const struct way {
	const char *name;
	void (*empty)(struct world *w, uint32_t entries);
	unsigned share;          /* of the entries: one in so many */
	unsigned subdirectories; /* the entries are spread over; 0: they are in the directory itself */
	unsigned walkers;
} ways[] = {
	{"one call a file", one_call_each, 10, 0, 0},
	{"two calls a file (look up first)", look_up_and_remove, 10, 0, 0},
	{"remove_entries, page by page", page_by_page, 1, 0, 0},
	{"tree_remove, 1 walker", by_tree_remove, 1, 0, 1},
	{"tree_remove, 4 walkers", by_tree_remove, 1, 0, 4},
	{"tree_remove, 4 walkers, 16 dirs", by_tree_remove, 1, SUBDIRECTORIES, 4},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* ---- measuring */

static int make_directory(int in_fd, const char *name)
{
	if (mkdirat(in_fd, name, 0755) < 0)
		stop(name, strerror(errno));
	int fd = openat(in_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		stop(name, strerror(errno));
	return fd;
}

static void make_file(int dir_fd, uint32_t index)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "file-%07u", index); /* fits */
	AUTO_CLOSE int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		stop(name, strerror(errno));
}

/* Makes the directory behind the server's back, which is not what is measured. */
static void make_tree(const struct world *w, uint32_t entries, unsigned subdirectories)
{
	AUTO_CLOSE int top = make_directory(w->local_fd, w->name);

	for (uint32_t i = 0; subdirectories == 0 && i < entries; i++)
		make_file(top, i);
	for (unsigned d = 0; d < subdirectories; d++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "dir-%u", d); /* fits */
		AUTO_CLOSE int fd = make_directory(top, name);

		for (uint32_t i = d; i < entries; i += subdirectories)
			make_file(fd, i);
	}
}

static void remove_what_is_left(struct world *w)
{
	if (fs_remove_dir(w->fs, w->root, w->name, &w->cancel, &w->st) < 0 && w->st.errnum != ENOENT)
		stop("something is left", w->st.message);
}

/* Processor time of the server so far; 0 where it cannot be read. */
static double server_cpu_s(void)
{
	AUTO_FREE char *path = memory_printf("/proc/%s/stat", getenv("CSICORE_TEST_NFS_PID"));
	FILE *file = fopen(path, "re");
	unsigned long user = 0, system = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
		user = system = 0;
	(void)fclose(file); /* only read */
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now); /* these clocks exist */
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One round of one way. */
struct round {
	uint64_t calls;
	double seconds, rate, client_us, server_us; /* entries a second; processor time an entry */
};

static struct round measure(struct world *w, const struct way *way, uint32_t entries)
{
	static unsigned directories;

	(void)snprintf(w->name, sizeof(w->name), "volume-%u", ++directories); /* fits */
	make_tree(w, entries, way->subdirectories);
	w->walkers = way->walkers;
	uint64_t round_trips = fs_libnfs_round_trips(w->fs);
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), server_cpu = server_cpu_s(), start = seconds(CLOCK_MONOTONIC);

	way->empty(w, entries);
	double took = seconds(CLOCK_MONOTONIC) - start;
	const struct round round = {
		.calls = fs_libnfs_round_trips(w->fs) - round_trips,
		.seconds = took,
		.rate = entries / took,
		.client_us = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / entries,
		.server_us = (server_cpu_s() - server_cpu) * 1e6 / entries,
	};

	remove_what_is_left(w);
	return round;
}

static int compare_rates(const void *a, const void *b)
{
	const struct round *first = a, *second = b;

	return (first->rate > second->rate) - (first->rate < second->rate);
}

static void measure_ways(struct world *w, uint32_t entries)
{
	struct round rounds[WAYS][ROUNDS];
	double base_rates[2] = {1, 1};

	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t way = 0; way < WAYS; way++)
			rounds[way][round] = measure(w, &ways[way], entries / ways[way].share);
	}
	for (size_t way = 0; way < WAYS; way++) {
		qsort(rounds[way], ROUNDS, sizeof(struct round), compare_rates);
		if (way < 2)
			base_rates[way] = rounds[way][ROUNDS / 2].rate;
	}
	for (size_t way = 0; way < WAYS; way++) {
		const struct round *r = &rounds[way][ROUNDS / 2];

		printf("%-32s %8u %8llu %7.2f %9.0f %7.1f %7.1f %9.1f %9.1f\n", ways[way].name,
		       entries / ways[way].share, (unsigned long long)r->calls, r->seconds, r->rate,
		       r->rate / base_rates[0], r->rate / base_rates[1], r->client_us, r->server_us);
	}
}

static void measure_version(enum nfs_version version, const char *name, uint32_t entries, unsigned round_trip_us)
{
	uint16_t port = (uint16_t)number(getenv("CSICORE_TEST_NFS_PORT"), "CSICORE_TEST_NFS_PORT", UINT16_MAX);
	uint16_t mount_port =
		(uint16_t)number(getenv("CSICORE_TEST_MOUNT_PORT"), "CSICORE_TEST_MOUNT_PORT", UINT16_MAX);
	struct fault_proxy *proxy = fault_proxy_new(port);
	const struct fs_libnfs_config config = {
		.server = "127.0.0.1",
		.share = getenv("CSICORE_TEST_NFS_SHARE"),
		.version = version,
		.nfs_port = fault_proxy_port(proxy),
		.mount_port = mount_port,
		.connect_timeout_ms = TIMEOUT_MS,
		.reply_timeout_ms = TIMEOUT_MS,
		.connection_max = 8,
	};
	struct world w = {.fs = fs_libnfs_new(&config)};

	cancel_init(&w.cancel, TIMEOUT_MS);
	fault_proxy_set_delay_us(proxy, round_trip_us / 2);
	w.local_fd = open(getenv("CSICORE_TEST_NFS_DIR"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(&w, fs_open_root(w.fs, &w.cancel, &w.root, &w.st), "open root");
	printf("\n%s, round trips of %.2f ms and more\n", name, round_trip_us / 1000.0);
	printf("%-32s %8s %8s %7s %9s %7s %7s %9s %9s\n", "", "entries", "calls", "s", "entries/s", "to one", "to two",
	       "client us", "server us");
	measure_ways(&w, entries);
	fs_close(w.fs, w.root);
	fs_free(w.fs);
	cancel_release(&w.cancel);
	(void)close(w.local_fd); /* only looked through */
	fault_proxy_free(proxy);
}

int main(int argc, char **argv)
{
	uint32_t entries = argc > 1 ? number(argv[1], "ENTRIES", ENTRIES_MAX) : ENTRIES_DEFAULT;
	uint32_t round_trip_us = argc > 2 ? number(argv[2], "ROUND_TRIP_US", ROUND_TRIP_MAX_US) : ROUND_TRIP_DEFAULT_US;

	printf("removal of the entries of a directory; to one, to two: ratio to so many calls a file, one at a time;\n"
	       "us: processor time an entry, the client's with the proxy's\n");
	measure_version(NFS_VERSION_3, "NFSv3", entries, round_trip_us);
	measure_version(NFS_VERSION_4, "NFSv4.0", entries, round_trip_us);
	return EXIT_SUCCESS;
}
