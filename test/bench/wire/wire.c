/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wire layer costs, beside a bare grpc-go server: both answer the same Probe calls of the same client, in turns
 * within one run, since figures of two runs on a busy machine cannot be compared.
 *
 *   wire PROGRAM GRPC_GO_SERVER [ROUNDS]
 *
 * Prints medians over the rounds.  Processor time is the server's alone, user and system, all threads.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"
#include "bench/wire/probe_load.h"

#define ROUNDS_DEFAULT 9
#define ROUNDS_MAX 99
#define START_TIMEOUT_NS (10 * INT64_C(1000000000))
#define START_RETRY_NS 100000 /* between attempts to connect */
#define IDLE_NS 300000000     /* after the start, before memory is read */

struct server {
	const char *name;
	const char *const *argv;
	const char *socket_path;
	pid_t pid;
};

/* One way to make calls. */
struct workload {
	const char *name;
	int connections; /* one after the other */
	int calls;       /* on each */
	int in_flight;
	double wanted_cpu_ratio; /* 0 where none is wanted */
	double wanted_speed_ratio;
};

static const struct workload workloads[] = {
	{"one at a time", 1, 4000, 1, 4.0, 0},
	{"16 at once", 1, 16000, 16, 4.0, 2.0},
	{"new connection each", 400, 1, 1, 0, 2.0},
};
#define WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

enum { OURS, THEIRS, SERVERS };

struct samples {
	double values[ROUNDS_MAX];
	size_t count;
};

static void die(const char *what, const struct status *st)
{
	(void)fprintf(stderr, "wire: %s: %s\n", what, st->message);
	exit(EXIT_FAILURE);
}

static void sleep_ns(int64_t ns)
{
	const struct timespec pause = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
	(void)nanosleep(&pause, NULL); /* shorter after a signal, which does no harm */
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(struct samples *samples)
{
	qsort(samples->values, samples->count, sizeof(double), compare_doubles);
	return samples->values[samples->count / 2];
}

static void add_sample(struct samples *samples, double value)
{
	samples->values[samples->count++] = value;
}

/* ---- servers */

static void run_program(const struct server *server)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(127);
	execv(server->argv[0], (char *const *)server->argv);
	_exit(127);
}

/* Returns the nanoseconds from before the fork until the first Probe was answered. */
static int64_t start_server(struct server *server)
{
	struct status st = {0};
	(void)unlink(server->socket_path); /* none yet on the first start */
	int64_t begin_ns = cancel_now_ns();
	server->pid = fork();
	if (server->pid < 0) {
		(void)status_set_errno(&st, errno, "fork");
		die(server->name, &st);
	}
	if (server->pid == 0)
		run_program(server);
	while (probe_load_run(server->socket_path, 1, 1, &st) < 0) {
		if (cancel_now_ns() - begin_ns > START_TIMEOUT_NS || waitpid(server->pid, NULL, WNOHANG) != 0)
			die(server->name, &st);
		sleep_ns(START_RETRY_NS);
	}
	return cancel_now_ns() - begin_ns;
}

static void stop_server(struct server *server)
{
	(void)kill(server->pid, SIGTERM); /* it cannot be gone: nobody waited for it */
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int64_t processor_ns(const struct server *server)
{
	clockid_t clock;
	struct timespec used;
	if (clock_getcpuclockid(server->pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
		struct status st = {0};
		(void)status_set(&st, STATUS_INTERNAL, "its processor time cannot be read");
		die(server->name, &st);
	}
	return used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
}

/* A line of /proc/PID/status, in KiB. */
static double memory_kib(const struct server *server, const char *field)
{
	char path[64], line[256];
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server->pid);
	FILE *file = fopen(path, "re");
	long kib = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, field, strlen(field)) == 0)
			(void)sscanf(line + strlen(field), ": %ld", &kib); /* 0 where there is no number */
	}
	if (file)
		(void)fclose(file); /* only read */
	return (double)kib;
}

/* ---- measuring */

struct figures {
	struct samples start_ms, rss_kib, anon_kib, loaded_rss_kib;
	struct samples cpu_us[WORKLOADS], calls_per_s[WORKLOADS];
};

static void measure_start(struct server *server, struct figures *figures)
{
	add_sample(&figures->start_ms, (double)start_server(server) / 1e6);
	sleep_ns(IDLE_NS);
	add_sample(&figures->rss_kib, memory_kib(server, "VmRSS"));
	add_sample(&figures->anon_kib, memory_kib(server, "RssAnon"));
}

static void measure_workload(struct server *server, struct figures *figures, size_t index)
{
	const struct workload *w = &workloads[index];
	struct status st = {0};
	int64_t begin_cpu_ns = processor_ns(server), begin_ns = cancel_now_ns();
	for (int i = 0; i < w->connections; i++) {
		if (probe_load_run(server->socket_path, w->calls, w->in_flight, &st) < 0)
			die(server->name, &st);
	}
	double calls = (double)w->connections * w->calls;
	add_sample(&figures->calls_per_s[index], calls / ((double)(cancel_now_ns() - begin_ns) / 1e9));
	add_sample(&figures->cpu_us[index], (double)(processor_ns(server) - begin_cpu_ns) / 1e3 / calls);
}

/* better_ratio is how many times better we are; wanted 0 means that nothing in particular is. */
static void print_row(const char *what, double ours, double theirs, double better_ratio, double wanted)
{
	printf("%-38s %14.1f %14.1f %8.2f", what, ours, theirs, better_ratio);
	if (wanted > 0)
		printf("   wanted %.1f: %s", wanted, better_ratio >= wanted ? "yes" : "NO");
	putchar('\n');
}

static void print_lower_is_better(const char *what, struct samples *ours, struct samples *theirs, double wanted)
{
	double a = median(ours), b = median(theirs);
	print_row(what, a, b, b / a, wanted);
}

static void print_higher_is_better(const char *what, struct samples *ours, struct samples *theirs, double wanted)
{
	double a = median(ours), b = median(theirs);
	print_row(what, a, b, a / b, wanted);
}

static void print_report(const struct server servers[SERVERS], struct figures figures[SERVERS])
{
	struct figures *ours = &figures[OURS], *theirs = &figures[THEIRS];
	char what[64];
	printf("%-38s %14s %14s %8s\n", "", servers[OURS].name, servers[THEIRS].name, "ratio");
	for (size_t i = 0; i < WORKLOADS; i++) {
		(void)snprintf(what, sizeof(what), "%s: CPU us a call", workloads[i].name);
		print_lower_is_better(what, &ours->cpu_us[i], &theirs->cpu_us[i], workloads[i].wanted_cpu_ratio);
		(void)snprintf(what, sizeof(what), "%s: calls/s", workloads[i].name);
		print_higher_is_better(what, &ours->calls_per_s[i], &theirs->calls_per_s[i],
				       workloads[i].wanted_speed_ratio);
	}
	print_lower_is_better("exec to first answered Probe, ms", &ours->start_ms, &theirs->start_ms, 0);
	print_lower_is_better("resident when idle, KiB", &ours->rss_kib, &theirs->rss_kib, 0);
	print_lower_is_better("resident after the load, KiB", &ours->loaded_rss_kib, &theirs->loaded_rss_kib, 0);
	print_lower_is_better("anonymous when idle, KiB", &ours->anon_kib, &theirs->anon_kib, 0);
}

static char *make_socket_path(const char *directory, const char *name)
{
	return memory_printf("%s/%s.sock", directory, name);
}

int main(int argc, char *argv[])
{
	uint32_t rounds = ROUNDS_DEFAULT;
	if (argc < 3 || argc > 4 || (argc == 4 && (parse_u32(argv[3], 10, ROUNDS_MAX, &rounds) < 0 || rounds == 0))) {
		(void)fprintf(stderr, "usage: wire PROGRAM GRPC_GO_SERVER [ROUNDS]\n");
		return EXIT_FAILURE;
	}
	char directory[] = "/tmp/wire.XXXXXX";
	if (!mkdtemp(directory)) {
		perror("wire: mkdtemp");
		return EXIT_FAILURE;
	}
	AUTO_FREE char *our_socket = make_socket_path(directory, "ours");
	AUTO_FREE char *their_socket = make_socket_path(directory, "theirs");
	AUTO_FREE char *endpoint = memory_printf("--endpoint=unix://%s", our_socket);
	const char *const our_argv[] = {argv[1], endpoint, "--nodeid=bench", NULL};
	const char *const their_argv[] = {argv[2], their_socket, NULL};
	struct server servers[SERVERS] = {{basename(argv[1]), our_argv, our_socket, 0},
					  {"grpc-go", their_argv, their_socket, 0}};
	AUTO_FREE struct figures *figures = memory_calloc(SERVERS, sizeof(*figures));

	for (uint32_t round = 0; round < rounds; round++) {
		for (int s = 0; s < SERVERS; s++) {
			if (round > 0)
				stop_server(&servers[s]);
			measure_start(&servers[s], &figures[s]);
		}
		for (size_t w = 0; w < WORKLOADS; w++) {
			for (int s = 0; s < SERVERS; s++)
				measure_workload(&servers[s], &figures[s], w);
		}
		for (int s = 0; s < SERVERS; s++)
			add_sample(&figures[s].loaded_rss_kib, memory_kib(&servers[s], "VmRSS"));
	}
	for (int s = 0; s < SERVERS; s++)
		stop_server(&servers[s]);
	print_report(servers, figures);
	(void)unlink(our_socket); /* removed by the servers, as a rule */
	(void)unlink(their_socket);
	return rmdir(directory) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
