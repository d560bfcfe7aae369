/* SPDX-License-Identifier: Apache-2.0 */
/* The options of csi-controller. */
#ifndef CSICORE_CONTROLLER_OPTIONS_H
#define CSICORE_CONTROLLER_OPTIONS_H

#include <stdbool.h>

#include "capabilities.h"
#include "controller.h"
#include "csi/driver_options.h"
#include "export_backend.h"

struct share_text;

struct controller_options {
	struct driver_options driver;
	const char *default_on_delete;
	bool removes_archived;
	bool checks_capacity;
	int64_t calls_per_server, jobs_per_server;
	int64_t reaper_rate, trash_retention_ms;
	int64_t call_timeout_ms, connect_timeout_ms, reply_timeout_ms;
	int64_t nfs_uid, nfs_gid;
	bool attaches;
	const char *nodes_file; /* NULL where not given */
	const char *access_text;
	bool is_access_kernel;
	struct capabilities capabilities;
	struct export_key shares[OPTION_LIST_MAX]; /* strings in the driver's arena */
	size_t share_count;
	struct option_list share_texts;
	const char *capabilities_text; /* as it was spelt, for controller_options_parse */
};

void controller_options_init(struct controller_options *options);
void controller_options_release(struct controller_options *options);
/* As driver_options_parse. */
int controller_options_parse(struct controller_options *options, int argc, char *const argv[],
			     enum options_outcome *ret_outcome, struct status *st);
/* All rows, for commands of the program that take some of them; rows has room for DRIVER_OPTIONS_ROWS_MAX. */
size_t controller_options_rows(struct controller_options *options, struct option *rows);
/* Judges what was parsed into the rows, as controller_options_parse does. */
int controller_options_check(struct controller_options *options, struct status *st);
/* The key of a share as --access wants it; strings in arena. */
struct export_key controller_options_key(const struct controller_options *options, struct arena *arena,
					 const struct share_text *share);
/* What the options say, as the controller wants it.  Both borrow from options, the configuration from the back end too, which the
 * caller releases. */
void controller_options_apply(const struct controller_options *options, struct export_backend *ret_backend,
			      struct controller_config *ret_config);
void controller_options_print_help(const char *program);

#endif
