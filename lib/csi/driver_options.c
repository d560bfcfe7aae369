/* SPDX-License-Identifier: Apache-2.0 */
/* The shared option table, and what its values mean. */
#include "csi/driver_options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "csi/identity.h"

#define ENDPOINT_DEFAULT "unix://tmp/csi.sock"
#define ARENA_BYTES_MAX (1024 * 1024)
/* csi-driver-nfs's manifests run with -v=5, which must not mean debug. */
#define KLOG_DEBUG_VERBOSITY 6

void driver_options_init(struct driver_options *options)
{
	*options = (struct driver_options){
		.endpoint = NULL,
		.driver_name = DRIVER_NAME_DEFAULT,
		.node_id = "",
		.log_level = LOG_INFO,
		.log_format = LOG_FORMAT_TEXT,
		.worker_max = 128,
		.drain_timeout_ms = 25 * 1000,
		.log_level_text = NULL,
		.log_format_text = "text",
	};
	arena_init(&options->arena, ARENA_BYTES_MAX);
}

void driver_options_release(struct driver_options *options)
{
	arena_release(&options->arena);
}

size_t driver_options_rows(struct driver_options *o, const struct option *own, size_t own_count, struct option *rows)
{
	const struct option shared[] = {
		{"endpoint", OPTION_TEXT, &o->endpoint, "URL", "$CSI_ENDPOINT, else " ENDPOINT_DEFAULT,
		 "Where to listen: unix:///path.sock, or tcp://address:port for tests."},
		{"drivername", OPTION_TEXT, &o->driver_name, "NAME", DRIVER_NAME_DEFAULT,
		 "The driver's name; nfs.csi.k8s.io takes over the volumes of csi-driver-nfs."},
		{"nodeid", OPTION_TEXT, &o->node_id, "ID", NULL, "The name of this node."},
		{"mount-permissions", OPTION_MODE, &o->mount_permissions, "MODE", "0",
		 "Mode of a volume's directory where its mountPermissions says nothing; 0 leaves it alone."},
		{"local-export", OPTION_LIST, &o->local_export_texts, "SERVER:/SHARE=/DIR", NULL,
		 "This export is this machine's directory /DIR: no NFS is spoken for it.  Repeatable."},
		{"workers", OPTION_NUMBER, &o->worker_max, "N", "128",
		 "Calls that run at the same time; threads start when needed.", 1, 1024},
		{"drain-timeout", OPTION_DURATION, &o->drain_timeout_ms, "TIME", "25s",
		 "How long calls in flight may run on after SIGTERM.", 0, INT_MAX},
		{"log-format", OPTION_TEXT, &o->log_format_text, "text|json", "text", "Form of the log lines."},
		{"log-level", OPTION_TEXT, &o->log_level_text, "debug|info|warning|error", "info",
		 "The least serious lines to log; overrides -v."},
		{"v", OPTION_NUMBER, &o->klog_verbosity, "N", "0", "klog's verbosity: 6 and above is debug.", INT_MIN,
		 INT_MAX},
		{"vmodule", OPTION_IGNORED, NULL, "TEXT", NULL, "Accepted for klog, ignored."},
		{"logtostderr", OPTION_IGNORED_BOOL, NULL, NULL, NULL, "Accepted for klog, ignored."},
		{"alsologtostderr", OPTION_IGNORED_BOOL, NULL, NULL, NULL, "Accepted for klog, ignored."},
		{"stderrthreshold", OPTION_IGNORED, NULL, "TEXT", NULL, "Accepted for klog, ignored."},
		{"log_dir", OPTION_IGNORED, NULL, "DIR", NULL, "Accepted for klog, ignored."},
		{"log_file", OPTION_IGNORED, NULL, "FILE", NULL, "Accepted for klog, ignored."},
		{"log_file_max_size", OPTION_IGNORED, NULL, "N", NULL, "Accepted for klog, ignored."},
		{"one_output", OPTION_IGNORED_BOOL, NULL, NULL, NULL, "Accepted for klog, ignored."},
		{"skip_headers", OPTION_IGNORED_BOOL, NULL, NULL, NULL, "Accepted for klog, ignored."},
		{"skip_log_headers", OPTION_IGNORED_BOOL, NULL, NULL, NULL, "Accepted for klog, ignored."},
		{"add_dir_header", OPTION_IGNORED_BOOL, NULL, NULL, NULL, "Accepted for klog, ignored."},
		{"log_backtrace_at", OPTION_IGNORED, NULL, "TEXT", NULL, "Accepted for klog, ignored."},
		{"legacy_stderr_threshold_behavior", OPTION_IGNORED_BOOL, NULL, NULL, NULL,
		 "Accepted for klog, ignored."},
	};
	size_t shared_count = sizeof(shared) / sizeof(shared[0]);
	_Static_assert(sizeof(shared) / sizeof(shared[0]) + DRIVER_OPTIONS_OWN_MAX <= DRIVER_OPTIONS_ROWS_MAX,
		       "DRIVER_OPTIONS_ROWS_MAX is too small");
	size_t count = own_count < DRIVER_OPTIONS_OWN_MAX ? own_count : DRIVER_OPTIONS_OWN_MAX;
	memcpy(rows, own, count * sizeof(*own));
	memcpy(rows + count, shared, sizeof(shared));
	return count + shared_count;
}

static int choose_log_level(struct driver_options *options, struct status *st)
{
	static const struct {
		const char *text;
		enum log_level level;
	} levels[] = {{"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warning", LOG_WARNING}, {"error", LOG_ERROR}};
	options->log_level = options->klog_verbosity >= KLOG_DEBUG_VERBOSITY ? LOG_DEBUG : LOG_INFO;
	if (!options->log_level_text)
		return 0;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i].text, options->log_level_text) == 0) {
			options->log_level = levels[i].level;
			return 0;
		}
	}
	return status_set(st, STATUS_INVALID_ARGUMENT, "--log-level: \"%s\" is not debug, info, warning or error",
			  options->log_level_text);
}

static int choose_log_format(struct driver_options *options, struct status *st)
{
	if (strcmp(options->log_format_text, "json") == 0)
		options->log_format = LOG_FORMAT_JSON;
	else if (strcmp(options->log_format_text, "text") == 0)
		options->log_format = LOG_FORMAT_TEXT;
	else
		return status_set(st, STATUS_INVALID_ARGUMENT, "--log-format: \"%s\" is not text or json",
				  options->log_format_text);
	return 0;
}

static void choose_endpoint(struct driver_options *options)
{
	if (options->endpoint)
		return;
	const char *from_environment = getenv("CSI_ENDPOINT");
	options->endpoint = from_environment && from_environment[0] ? from_environment : ENDPOINT_DEFAULT;
}

int driver_options_parse(struct driver_options *options, const struct option *own, size_t own_count, int argc,
			 char *const argv[], enum options_outcome *ret_outcome, struct status *st)
{
	struct option rows[DRIVER_OPTIONS_ROWS_MAX];
	enum options_outcome outcome;
	size_t count = driver_options_rows(options, own, own_count, rows);
	if (options_parse(rows, count, argc, argv, &outcome, st) < 0)
		return -1;
	if (outcome == OPTIONS_RUN) {
		choose_endpoint(options);
		if (choose_log_level(options, st) < 0 || choose_log_format(options, st) < 0 ||
		    csi_driver_name_check(options->driver_name, st) < 0 ||
		    local_exports_parse(&options->arena, &options->local_export_texts, &options->local_exports, st) < 0)
			return -1;
		log_configure(options->log_level, options->log_format);
	}
	*ret_outcome = outcome;
	return 0;
}

void driver_options_print_help(const struct option *own, size_t own_count, const char *program, const char *summary)
{
	struct driver_options defaults;
	struct option rows[DRIVER_OPTIONS_ROWS_MAX];
	driver_options_init(&defaults);
	size_t count = driver_options_rows(&defaults, own, own_count, rows);
	options_print_help(rows, count, program, summary);
	driver_options_release(&defaults);
}
