/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which nodes a volume is published to, in .csicore/attached/VOLUME/, one file each.  An access mode of a single node is
 * exclusive across all controllers, and no lock is needed for it: a node first makes its claim (a file of its own), then looks
 * for other nodes, and only then is attached.  Of two that do so at once, at least one sees the other and takes its
 * claim back.  What is cut off leaves a claim, which keeps others out until the same node is published again or unpublished.
 */
#ifndef CSICORE_CONTROLLER_ATTACHMENTS_H
#define CSICORE_CONTROLLER_ATTACHMENTS_H

#include "csi/record.h"
#include "export.h"

/* True where access_mode (of CSI) is for one node alone. */
bool attachment_is_exclusive(int access_mode);

/*
 * Attaches volume (its name) to the attachment's node.  ALREADY_EXISTS where it is attached there in another way,
 * FAILED_PRECONDITION with the node's name where it is attached elsewhere and either is exclusive.  A share that takes no
 * files of ours attaches nothing, and is FAILED_PRECONDITION for what is exclusive.
 */
int attachments_add(struct export_use *use, struct arena *arena, const char *volume,
		    const Csicore__AttachmentRecord *attachment, struct cancel *cancel, struct status *st);

/* node_id "": from all nodes.  Not attached is success. */
int attachments_remove(struct export_use *use, struct arena *arena, const char *volume, const char *node_id,
		       struct cancel *cancel, struct status *st);

/* The ids of the nodes that volume is attached to, in arena. */
int attachments_list(struct export_use *use, struct arena *arena, const char *volume, struct cancel *cancel,
		     char ***ret_node_ids, size_t *ret_count, struct status *st);

/* FAILED_PRECONDITION with the node's name where volume is attached to one, or about to be. */
int attachments_check_none(struct export_use *use, struct arena *arena, const char *volume, struct cancel *cancel,
			   struct status *st);

#endif
