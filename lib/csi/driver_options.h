/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that both programs have: endpoint, names, logging, local exports, worker threads, and klog's flags, which
 * csi-driver-nfs's manifests pass.  A program adds rows of its own; one table of both is parsed and printed.
 *
 *   struct driver_options options;
 *   driver_options_init(&options);
 *   if (driver_options_parse(&options, own_rows, own_count, argc, argv, &outcome, &st) < 0) ...
 */
#ifndef CSICORE_CSI_DRIVER_OPTIONS_H
#define CSICORE_CSI_DRIVER_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/options.h"
#include "csi/local_exports.h"

struct status;

#define DRIVER_NAME_DEFAULT "nfs.csicore.io"
#define DRIVER_OPTIONS_OWN_MAX 32 /* rows a program may add */
#define DRIVER_OPTIONS_ROWS_MAX (26 + DRIVER_OPTIONS_OWN_MAX)

struct driver_options {
	struct arena arena;       /* what local_exports points to */
	const char *endpoint;     /* --endpoint, else $CSI_ENDPOINT, else csi-driver-nfs's default */
	const char *driver_name;  /* checked */
	const char *node_id;      /* "" where not given */
	enum log_level log_level; /* already in force after the parse, as is log_format */
	enum log_format log_format;
	uint32_t mount_permissions; /* 0: leave the mode alone */
	int64_t worker_max;
	int64_t drain_timeout_ms;
	struct local_exports local_exports;

	/* As they were spelt, for driver_options_parse. */
	const char *log_level_text, *log_format_text;
	int64_t klog_verbosity;
	struct option_list local_export_texts;
};

void driver_options_init(struct driver_options *options);
void driver_options_release(struct driver_options *options);

/*
 * Parses argv by the shared rows and own[own_count] (own rows are printed first), checks the values, configures the log.
 * -1 with INVALID_ARGUMENT and one line fit to print.  Where *ret_outcome is not OPTIONS_RUN nothing was checked.
 */
int driver_options_parse(struct driver_options *options, const struct option *own, size_t own_count, int argc,
			 char *const argv[], enum options_outcome *ret_outcome, struct status *st);

/* Writes own's rows and then the shared ones to rows, which has room for DRIVER_OPTIONS_ROWS_MAX; returns how many. */
size_t driver_options_rows(struct driver_options *options, const struct option *own, size_t own_count,
			   struct option *rows);

/* The help text of both tables on standard output. */
void driver_options_print_help(const struct option *own, size_t own_count, const char *program, const char *summary);

#endif
