/* SPDX-License-Identifier: Apache-2.0 */
/* Measures a CSI driver through its sockets, beside another driver, the bare system calls and mount(8).  See contest.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/status.h"
#include "bench/contest.h"

#define CONCURRENCY_MAX 256
#define VOLUMES_MAX 100000
#define TIMEOUT_MS_MAX 3600000

struct settings {
	const char *controller, *node, *vs_controller, *vs_node, *target_directory;
	struct option_list parameters, mount_flags;
	int64_t volumes, concurrency, timeout_ms;
	bool connects_anew, with_calls, with_command;
};

static int parse(int argc, char *argv[], struct settings *s, enum options_outcome *ret, struct status *st)
{
	const struct option table[] = {
		{"controller", OPTION_TEXT, &s->controller, "URL", NULL, "The driver's controller socket."},
		{"node", OPTION_TEXT, &s->node, "URL", NULL, "The driver's node socket."},
		{"vs-controller", OPTION_TEXT, &s->vs_controller, "URL", NULL, "Another driver to compare with."},
		{"vs-node", OPTION_TEXT, &s->vs_node, "URL", NULL, "Its node socket."},
		{"raw", OPTION_BOOL, &s->with_calls, NULL, NULL, "Compare with the bare mount system calls."},
		{"mount-command", OPTION_BOOL, &s->with_command, NULL, NULL, "Compare with mount(8) and umount(8)."},
		{"parameter", OPTION_LIST, &s->parameters, "KEY=VALUE", NULL, "A StorageClass parameter; repeatable."},
		{"mount-flag", OPTION_LIST, &s->mount_flags, "FLAG", NULL, "A mount option; repeatable."},
		{"target-dir", OPTION_TEXT, &s->target_directory, "DIR", "/tmp", "Volumes are published below it."},
		{"volumes", OPTION_NUMBER, &s->volumes, "N", "20", "Volumes to make.", 1, VOLUMES_MAX},
		{"concurrency", OPTION_NUMBER, &s->concurrency, "N", "1", "Volumes at a time.", 1, CONCURRENCY_MAX},
		{"timeout", OPTION_DURATION, &s->timeout_ms, "TIME", "60s", "Deadline of each call.", 1,
		 TIMEOUT_MS_MAX},
		{"connect-anew", OPTION_BOOL, &s->connects_anew, NULL, NULL,
		 "Connect to the node socket for each call, as kubelet does."},
	};
	const size_t count = sizeof(table) / sizeof(table[0]);
	if (options_parse(table, count, argc, argv, ret, st) < 0)
		return -1;
	if (*ret == OPTIONS_HELP)
		options_print_help(table, count, "csi-bench", "Measures a CSI driver through its sockets.");
	if (*ret != OPTIONS_RUN)
		return 0;
	if (!s->controller || !s->node)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--controller and --node are required");
	if (!s->vs_controller != !s->vs_node)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--vs-controller and --vs-node come together");
	return 0;
}

/* "server=127.0.0.1" as a pair; key and value point into one copy, which the caller frees by the key. */
static int split_parameter(const char *text, struct string_pair *ret, struct status *st)
{
	const char *equals = strchr(text, '=');
	if (!equals)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--parameter %s: not KEY=VALUE", text);
	char *copy = memory_strdup(text);
	copy[equals - text] = '\0';
	*ret = (struct string_pair){copy, copy + (equals - text) + 1};
	return 0;
}

static const char *const titles[CONTESTANT_COUNT] = {
	"driver",
	"other driver",
	"system calls, no driver",
	"mount(8), no driver",
};
static const char *const driver_labels[CONTEST_OPERATION_COUNT] = {
	"CreateVolume",
	"NodePublishVolume",
	"NodeUnpublishVolume",
	"DeleteVolume",
};
static const char *const call_labels[CONTEST_OPERATION_COUNT] = {NULL, "fsopen ... move_mount", "umount2", NULL};
static const char *const command_labels[CONTEST_OPERATION_COUNT] = {"mount, mkdir, umount", "mount -t nfs", "umount",
								    "mount, rmdir, umount"};
static const char *const *const labels[CONTESTANT_COUNT] = {driver_labels, driver_labels, call_labels, command_labels};

/* The median of the driver's operation against the median of another contestant's. */
static void print_ratio(struct contest *contest, enum contest_operation op, enum contestant base)
{
	if (!contest->takes_part[base] || !labels[base][op])
		return;
	double ratio = samples_median_ms(&contest->samples[CONTESTANT_DRIVER][op]) /
		       samples_median_ms(&contest->samples[base][op]);
	printf("  %-19s / %-36s %9.3f\n", labels[CONTESTANT_DRIVER][op],
	       base == CONTESTANT_OTHER_DRIVER ? titles[base] : labels[base][op], ratio);
}

static void print_contestant(struct contest *contest, enum contestant contestant)
{
	samples_print_header(titles[contestant]);
	for (unsigned op = 0; op < CONTEST_OPERATION_COUNT; op++)
		if (labels[contestant][op])
			samples_print(&contest->samples[contestant][op], labels[contestant][op]);
	if (contestant < CONTEST_DRIVER_COUNT)
		printf("  %-26s %6d %19.3f\n", "first NodePublishVolume", 1, contest->first_publish_ms[contestant]);
}

static void print_results(struct contest *contest)
{
	unsigned contestants = 0;
	for (unsigned i = 0; i < CONTESTANT_COUNT; i++) {
		if (!contest->takes_part[i])
			continue;
		contestants++;
		print_contestant(contest, i);
	}
	if (contestants > 1)
		puts("median of the driver / median of");
	for (unsigned op = 0; op < CONTEST_OPERATION_COUNT; op++)
		for (unsigned base = CONTESTANT_OTHER_DRIVER; base < CONTESTANT_COUNT; base++)
			print_ratio(contest, op, base);
}

static void print_task(const struct contest *contest)
{
	printf("%zu volumes, %zu at a time", contest->rounds * contest->concurrency, contest->concurrency);
	for (size_t i = 0; i < contest->spec.mount_flag_count; i++)
		printf("%s%s", i ? "," : ", ", contest->spec.mount_flags[i]);
	puts(contest->node_connection == CSI_CLIENT_CONNECTS_ANEW ? ", a new connection for each node call" : "");
}

static int run(const struct settings *s, struct status *st)
{
	struct string_pair parameters[OPTION_LIST_MAX];
	struct contest contest = {
		.controller = {s->controller, s->vs_controller},
		.node = {s->node, s->vs_node},
		.spec = {.parameters = parameters,
			 .mount_flags = s->mount_flags.items,
			 .mount_flag_count = s->mount_flags.count},
		.target_directory = s->target_directory,
		.node_connection = s->connects_anew ? CSI_CLIENT_CONNECTS_ANEW : CSI_CLIENT_KEEPS_CONNECTION,
		.timeout_ms = (int)s->timeout_ms,
		.concurrency = (size_t)s->concurrency,
		.rounds = (size_t)((s->volumes + s->concurrency - 1) / s->concurrency),
		.takes_part = {true, s->vs_node != NULL, s->with_calls, s->with_command},
	};
	int rc = 0;
	for (size_t i = 0; i < s->parameters.count && rc == 0; i++) {
		rc = split_parameter(s->parameters.items[i], &parameters[i], st);
		contest.spec.parameter_count += rc == 0;
	}
	if (rc == 0) {
		print_task(&contest);
		rc = contest_run(&contest, st);
	}
	if (rc == 0)
		print_results(&contest);
	contest_release(&contest);
	for (size_t i = 0; i < contest.spec.parameter_count; i++)
		free((char *)parameters[i].key);
	return rc;
}

int main(int argc, char *argv[])
{
	struct settings settings = {.target_directory = "/tmp", .volumes = 20, .concurrency = 1, .timeout_ms = 60000};
	enum options_outcome outcome;
	struct status st = {0};
	if (parse(argc, argv, &settings, &outcome, &st) < 0) {
		fprintf(stderr, "csi-bench: %s\n", st.message);
		return 2;
	}
	if (outcome != OPTIONS_RUN)
		return EXIT_SUCCESS;
	if (run(&settings, &st) < 0) {
		fprintf(stderr, "csi-bench: %s: %s\n", status_code_name(st.code), st.message);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
