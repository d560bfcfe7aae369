/* SPDX-License-Identifier: Apache-2.0 */
/* csi-node: Identity and Node on one endpoint. */
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/privileges.h"
#include "base/status.h"
#include "csi/identity.h"
#include "grpc/server.h"
#include "node/node.h"
#include "node/options.h"
#include "node/service.h"

#define USAGE_ERROR 2
/* Beyond what the slowest call may spend on its server: taking back what failed, and answering. */
#define CALL_MARGIN_MS (20 * 1000)
#define QUEUED_PER_WORKER 4

/* Mounting takes SYS_ADMIN.  The others are for directories of this machine (--local-export), whose owners are the pods'
 * users; over NFS it is the server that decides what root may do. */
static int drop_privileges(const struct node_options *options, struct status *st)
{
	static const int capabilities[] = {CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH, CAP_CHOWN, CAP_FOWNER, CAP_FSETID};
	size_t count = options->driver.local_exports.count > 0 ? sizeof(capabilities) / sizeof(capabilities[0]) : 1;
	char kept[256];

	if (privileges_drop(capabilities, count, kept, sizeof(kept), st) < 0)
		return -1;
	log_event(LOG_INFO, "csi-node starts", LOG_TEXT("version", CSICORE_VERSION), LOG_TEXT("node", options->node_id),
		  LOG_TEXT("driver", options->driver.driver_name), LOG_TEXT("endpoint", options->driver.endpoint),
		  LOG_TEXT("capabilities", kept));
	return 0;
}

static int serve(struct node *node, const struct node_options *options, struct status *st)
{
	static const struct grpc_service *const services[] = {&identity_service, &node_service};
	const struct grpc_server_config config = {
		.endpoint = options->driver.endpoint,
		.services = services,
		.service_count = sizeof(services) / sizeof(services[0]),
		.user = node,
		.worker_max = (unsigned)options->driver.worker_max,
		.queue_max = (unsigned)options->driver.worker_max * QUEUED_PER_WORKER,
		.call_timeout_ms = options->mount_timeout_ms + options->unmount_timeout_ms + CALL_MARGIN_MS,
		.drain_timeout_ms = options->driver.drain_timeout_ms,
	};
	struct grpc_server *server = grpc_server_new(&config, st);

	if (!server)
		return -1;
	if (grpc_server_run(server, st) < 0) {
		log_event(LOG_WARNING, "csi-node stops before its calls ended", LOG_TEXT("reason", st->message));
		_exit(EXIT_FAILURE); /* they still use what would be freed */
	}
	grpc_server_free(server);
	return 0;
}

int main(int argc, char *argv[])
{
	AUTO(node_options_release) struct node_options options;
	AUTO(node_release) struct node node;
	enum options_outcome outcome;
	struct status st;

	node_options_init(&options);
	node_init(&node);
	if (node_options_parse(&options, argc, argv, &outcome, &st) < 0) {
		(void)fprintf(stderr, "csi-node: %s\n", st.message); /* nowhere else to say it */
		return USAGE_ERROR;
	}
	if (outcome == OPTIONS_HELP)
		node_options_print_help();
	if (outcome == OPTIONS_VERSION)
		(void)printf("csi-node %s\n", CSICORE_VERSION); /* a lost line is its reader's loss */
	if (outcome != OPTIONS_RUN)
		return EXIT_SUCCESS;
	node_configure(&node, &options);
	if (drop_privileges(&options, &st) == 0 && serve(&node, &options, &st) == 0)
		return EXIT_SUCCESS;
	log_event(LOG_ERROR, "csi-node failed", LOG_TEXT("reason", st.message));
	return EXIT_FAILURE;
}
