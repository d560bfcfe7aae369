/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node.h"

#include "base/slots.h"
#include "mount/mounter_kernel.h"
#include "node/options.h"
#include "node/publications.h"

/* A node runs some hundred pods. */
#define PUBLICATIONS_MAX 4096

void node_init(struct node *node)
{
	*node = (struct node){
		.targets = slots_new(1),
		.single_writers = slots_new(1),
		.servers = slots_new(NODE_CALLS_PER_SERVER_MAX),
		.unmounts = slots_new(NODE_CALLS_PER_SERVER_MAX),
		.publications = publications_new(PUBLICATIONS_MAX),
	};
}

void node_release(struct node *node)
{
	slots_free(node->targets);
	slots_free(node->single_writers);
	slots_free(node->servers);
	slots_free(node->unmounts);
	publications_free(node->publications);
	mounter_free(node->mounter);
	*node = (struct node){0};
}

void node_configure(struct node *node, const struct node_options *options)
{
	node->driver = (struct csi_driver){.name = options->driver.driver_name, .version = CSICORE_VERSION};
	node->id = options->node_id;
	node->mounter = mounter_kernel_new();
	node->local_exports = &options->driver.local_exports;
	node->mount_permissions = options->driver.mount_permissions;
	node->mount_timeout_ms = options->mount_timeout_ms;
	node->unmount_timeout_ms = options->unmount_timeout_ms;
	node->stats_timeout_ms = options->stats_timeout_ms;
}
