/* SPDX-License-Identifier: Apache-2.0 */
#include "node/options.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

/* kubelet gives a call two minutes; the answer is to come from here, and in time. */
#define MOUNT_TIMEOUT_MS (100 * 1000)
#define UNMOUNT_TIMEOUT_MS (30 * 1000)
#define STATS_TIMEOUT_MS (10 * 1000)
#define TIMEOUT_MAX_MS (3600 * 1000)

#define OWN_ROWS 9

void node_options_init(struct node_options *options)
{
	*options = (struct node_options){
		.mount_timeout_ms = MOUNT_TIMEOUT_MS,
		.unmount_timeout_ms = UNMOUNT_TIMEOUT_MS,
		.stats_timeout_ms = STATS_TIMEOUT_MS,
	};
	driver_options_init(&options->driver);
}

void node_options_release(struct node_options *options)
{
	driver_options_release(&options->driver);
}

static size_t fill_table(struct node_options *o, struct option rows[OWN_ROWS])
{
	const struct option own[] = {
		{"mount-timeout", OPTION_DURATION, &o->mount_timeout_ms, "TIME", "100s",
		 "How long a server may take to answer a mount.", 1, TIMEOUT_MAX_MS},
		{"unmount-timeout", OPTION_DURATION, &o->unmount_timeout_ms, "TIME", "30s",
		 "How long a clean unmount may take before the mount is detached.", 1, TIMEOUT_MAX_MS},
		{"stats-timeout", OPTION_DURATION, &o->stats_timeout_ms, "TIME", "10s",
		 "How long a server may take to tell its capacity.", 1, TIMEOUT_MAX_MS},
		{"working-mount-dir", OPTION_IGNORED, NULL, "DIR", NULL, "Accepted for csi-driver-nfs, ignored."},
		{"default-ondelete-policy", OPTION_IGNORED, NULL, "POLICY", NULL,
		 "Accepted for csi-driver-nfs, ignored."},
		{"vol-stats-cache-expire-in-minutes", OPTION_IGNORED, NULL, "N", NULL,
		 "Accepted for csi-driver-nfs, ignored: statistics are never cached."},
		{"remove-archived-volume-path", OPTION_IGNORED_BOOL, NULL, NULL, NULL,
		 "Accepted for csi-driver-nfs, ignored."},
		{"use-tar-command-in-snapshot", OPTION_IGNORED_BOOL, NULL, NULL, NULL,
		 "Accepted for csi-driver-nfs, ignored."},
		{"enable-snapshot-compression", OPTION_IGNORED_BOOL, NULL, NULL, NULL,
		 "Accepted for csi-driver-nfs, ignored."},
	};

	_Static_assert(sizeof(own) / sizeof(own[0]) == OWN_ROWS, "OWN_ROWS counts the rows");
	memcpy(rows, own, sizeof(own));
	return OWN_ROWS;
}

static int choose_node_id(struct node_options *options, struct status *st)
{
	size_t length = strlen(options->driver.node_id);

	if (length >= sizeof(options->node_id))
		return status_set(st, STATUS_INVALID_ARGUMENT, "--nodeid is longer than %d bytes", NODE_ID_BYTES - 1);
	if (length == 0) {
		if (gethostname(options->node_id, sizeof(options->node_id) - 1) < 0)
			return status_set_errno(st, errno, "--nodeid is not given, and the host has no name");
		return 0;
	}
	memcpy(options->node_id, options->driver.node_id, length + 1);
	return 0;
}

int node_options_parse(struct node_options *options, int argc, char *const argv[], enum options_outcome *ret_outcome,
		       struct status *st)
{
	struct option own[OWN_ROWS];
	size_t count = fill_table(options, own);
	enum options_outcome outcome;

	if (driver_options_parse(&options->driver, own, count, argc, argv, &outcome, st) < 0)
		return -1;
	if (outcome == OPTIONS_RUN && choose_node_id(options, st) < 0)
		return -1;
	*ret_outcome = outcome;
	return 0;
}

void node_options_print_help(void)
{
	struct node_options defaults;
	struct option own[OWN_ROWS];

	node_options_init(&defaults);
	driver_options_print_help(own, fill_table(&defaults, own), "csi-node",
				  "CSI node plugin for NFS: mounts volumes where pods run.");
	node_options_release(&defaults);
}
