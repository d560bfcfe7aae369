/* SPDX-License-Identifier: Apache-2.0 */
/* The option table of csi-controller. */
#include "options.h"

#include <limits.h>
#include <string.h>

#include "base/status.h"
#include "csi/share_text.h"
#include "csi/volume_params.h"
#include "mount/mounter_kernel.h"

#define EXPORTS_MAX 256
#define DAY_MS (24 * 60 * 60 * 1000)
#define TRASH_RETENTION_MAX_MS (3650LL * DAY_MS)

void controller_options_init(struct controller_options *options)
{
	*options = (struct controller_options){
		.default_on_delete = "",
		.capabilities_text = "",
		.access_text = "user",
		.calls_per_server = 100,
		.call_timeout_ms = 15 * 60 * 1000,
		.connect_timeout_ms = 10 * 1000,
		.reply_timeout_ms = 20 * 1000,
		.reaper_rate = 5000,
		.jobs_per_server = 2,
	};
	driver_options_init(&options->driver);
}

void controller_options_release(struct controller_options *options)
{
	driver_options_release(&options->driver);
}

#define OWN_ROWS 21

static void fill_table(struct controller_options *o, struct option rows[OWN_ROWS])
{
	const struct option own[OWN_ROWS] = {
		{"default-ondelete-policy", OPTION_TEXT, &o->default_on_delete, "POLICY", "delete",
		 "What happens to the directory of a deleted volume whose StorageClass does not say: delete, retain or "
		 "archive."},
		{"remove-archived-volume-path", OPTION_BOOL, &o->removes_archived, NULL, "false",
		 "Remove an archive that is in the way of a new one."},
		{"share", OPTION_LIST, &o->share_texts, "SERVER:/PATH[,OPTIONS]", NULL,
		 "A share that is known from the start, with the mount options that reach it; can be repeated."},
		{"attach", OPTION_BOOL, &o->attaches, NULL, "false",
		 "Serve ControllerPublishVolume: a volume for a single node is on one node alone."},
		{"nodes-file", OPTION_TEXT, &o->nodes_file, "FILE", NULL,
		 "The nodes there are, one id a line; otherwise a volume may be published to any."},
		{"trash-retention", OPTION_DURATION, &o->trash_retention_ms, "TIME", "0s",
		 "How long deleted volumes are kept in the trash of their share, from where they can be restored; one "
		 "that cannot be kept is not deleted.",
		 0, TRASH_RETENTION_MAX_MS},
		{"reaper-rate", OPTION_NUMBER, &o->reaper_rate, "N", "5000",
		 "Files and directories that are removed from the trash in a second, for each NFS server; 0 is no "
		 "limit.",
		 0, INT32_MAX},
		{"jobs-per-server", OPTION_NUMBER, &o->jobs_per_server, "N", "2",
		 "Jobs in the background, such as emptying a trash, that run at a time for one NFS server.", 1, 16},
		{"calls-per-server", OPTION_NUMBER, &o->calls_per_server, "N", "100",
		 "Calls that may wait for one NFS server; more are refused at once.", 1, 1024},
		{"call-timeout", OPTION_DURATION, &o->call_timeout_ms, "TIME", "15m", "Bound on every call.", 1000,
		 DAY_MS},
		{"connect-timeout", OPTION_DURATION, &o->connect_timeout_ms, "TIME", "10s",
		 "Bound on name and connection of an NFS server, then on its first answer.", 100, DAY_MS},
		{"reply-timeout", OPTION_DURATION, &o->reply_timeout_ms, "TIME", "20s",
		 "Bound on one answer of an NFS server.", 100, DAY_MS},
		{"access", OPTION_TEXT, &o->access_text, "user|kernel", "user",
		 "How NFS servers are reached: by this program itself, or by the kernel's client, which needs "
		 "CAP_SYS_ADMIN."},
		{"nfs-uid", OPTION_NUMBER, &o->nfs_uid, "UID", "0", "User the controller is to the NFS servers.", 0,
		 INT32_MAX},
		{"nfs-gid", OPTION_NUMBER, &o->nfs_gid, "GID", "0", "Group the controller is to the NFS servers.", 0,
		 INT32_MAX},
		{"check-capacity", OPTION_BOOL, &o->checks_capacity, NULL, "false",
		 "Refuse volumes, and growth of them, that are larger than the space that their export has."},
		{"capabilities", OPTION_TEXT, &o->capabilities_text, "LIST", NULL,
		 "The optional capabilities to offer: names, or changes of the default such as "
		 "-list-volumes,+get-volume-health."},
		{"working-mount-dir", OPTION_IGNORED, NULL, "DIR", NULL,
		 "Accepted for csi-driver-nfs, ignored: nothing is mounted."},
		{"vol-stats-cache-expire-in-minutes", OPTION_IGNORED, NULL, "N", NULL,
		 "Accepted for csi-driver-nfs, ignored: an option of the node."},
		{"use-tar-command-in-snapshot", OPTION_IGNORED_BOOL, NULL, NULL, NULL,
		 "Accepted for csi-driver-nfs, ignored."},
		{"enable-snapshot-compression", OPTION_IGNORED_BOOL, NULL, NULL, NULL,
		 "Accepted for csi-driver-nfs, ignored."},
	};
	for (size_t i = 0; i < OWN_ROWS; i++)
		rows[i] = own[i];
}

static int parse_access(struct controller_options *options, struct status *st)
{
	options->is_access_kernel = strcmp(options->access_text, "kernel") == 0;
	if (!options->is_access_kernel && strcmp(options->access_text, "user") != 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--access: \"%s\" is not user or kernel",
				  options->access_text);
	if (options->is_access_kernel && (options->nfs_uid != 0 || options->nfs_gid != 0))
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "--nfs-uid and --nfs-gid are for --access=user: the kernel goes by the user that "
				  "csi-controller runs as");
	return 0;
}

struct export_key controller_options_key(const struct controller_options *options, struct arena *arena,
					 const struct share_text *share)
{
	struct export_key key = {.server = share->server, .share = share->share};
	if (options->is_access_kernel)
		export_key_keep_options(&key, arena, share->options);
	else
		export_key_read_options(&key, share->options);
	return key;
}

static int parse_shares(struct controller_options *options, struct status *st)
{
	for (size_t i = 0; i < options->share_texts.count; i++) {
		struct share_text text;
		if (share_text_parse(&options->driver.arena, options->share_texts.items[i], &text, st) < 0)
			return status_prefix(st, "--share");
		options->shares[options->share_count++] =
			controller_options_key(options, &options->driver.arena, &text);
	}
	return 0;
}

int controller_options_parse(struct controller_options *options, int argc, char *const argv[],
			     enum options_outcome *ret_outcome, struct status *st)
{
	struct option rows[OWN_ROWS];
	fill_table(options, rows);
	if (driver_options_parse(&options->driver, rows, OWN_ROWS, argc, argv, ret_outcome, st) < 0)
		return -1;
	return controller_options_check(options, st);
}

int controller_options_check(struct controller_options *options, struct status *st)
{
	enum on_delete ignored;
	if (on_delete_parse(options->default_on_delete, &ignored) < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "--default-ondelete-policy: \"%s\" is not delete, retain or archive",
				  options->default_on_delete);
	if (capabilities_parse(options->capabilities_text, &options->capabilities, st) < 0)
		return status_prefix(st, "--capabilities");
	if (options->attaches)
		capabilities_add_attach(&options->capabilities);
	return parse_access(options, st) < 0 ? -1 : parse_shares(options, st);
}

size_t controller_options_rows(struct controller_options *options, struct option *rows)
{
	struct option own[OWN_ROWS];
	fill_table(options, own);
	return driver_options_rows(&options->driver, own, OWN_ROWS, rows);
}

void controller_options_apply(const struct controller_options *options, struct export_backend *ret_backend,
			      struct controller_config *ret_config)
{
	*ret_backend = (struct export_backend){
		.local_exports = &options->driver.local_exports,
		.mounter = options->is_access_kernel ? mounter_kernel_new() : NULL,
		.nfs_uid = (uint32_t)options->nfs_uid,
		.nfs_gid = (uint32_t)options->nfs_gid,
		.connect_timeout_ms = (int)options->connect_timeout_ms,
		.reply_timeout_ms = (int)options->reply_timeout_ms,
	};
	*ret_config = (struct controller_config){
		.driver_name = options->driver.driver_name,
		.mount_permissions = options->driver.mount_permissions,
		.default_on_delete = options->default_on_delete,
		.removes_archived = options->removes_archived,
		.calls_per_server = (unsigned)options->calls_per_server,
		.checks_capacity = options->checks_capacity,
		.jobs_per_server = (unsigned)options->jobs_per_server,
		.reaper_rate = (unsigned)options->reaper_rate,
		.trash_retention_ms = options->trash_retention_ms,
		.capabilities = options->capabilities,
		.shares = options->shares,
		.share_count = options->share_count,
		.nodes_file = options->nodes_file,
		.exports = {.open = export_backend_open,
			    .context = ret_backend,
			    .max = EXPORTS_MAX,
			    .has_all_options = options->is_access_kernel},
	};
}

void controller_options_print_help(const char *program)
{
	struct controller_options defaults;
	struct option rows[OWN_ROWS];
	controller_options_init(&defaults);
	fill_table(&defaults, rows);
	driver_options_print_help(rows, OWN_ROWS, program,
				  "CSI controller for NFS: makes and removes volumes on NFS exports.\n"
				  "`csi-controller inspect` looks at a share instead of serving: see its --help.");
	controller_options_release(&defaults);
}
