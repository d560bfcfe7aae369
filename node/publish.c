/* SPDX-License-Identifier: Apache-2.0 */
#include "node/publish.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "base/slots.h"
#include "base/status.h"
#include "csi/capability.h"
#include "node/node.h"
#include "node/publications.h"
#include "node/target.h"
#include "node/volume_source.h"

/* How long the server of an existing mount is asked whether its directory is still there.  No answer is no reason to touch the
 * mount. */
#define STALE_CHECK_MS 2000

/* One publish from validation to answer. */
struct publishing {
	struct node *node;
	struct arena *arena;
	struct cancel *cancel;
	const char *volume_id;
	const char *target;
	bool is_single_writer;
	struct volume_source source;
};

static const char *const outcome_names[] = {
	[PUBLISH_MOUNTED] = "mounted",
	[PUBLISH_FOUND] = "found",
	[PUBLISH_REPLACED] = "replaced",
};

const char *publish_outcome_name(enum publish_outcome outcome)
{
	return (size_t)outcome < sizeof(outcome_names) / sizeof(outcome_names[0]) ? outcome_names[outcome] : "unknown";
}

static int validate(struct publishing *p, const Csi__V1__NodePublishVolumeRequest *request, struct status *st)
{
	if (!request->volume_capability)
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume capability missing in request");
	if (!request->volume_id[0])
		return status_set(st, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
	if (!request->target_path[0])
		return status_set(st, STATUS_INVALID_ARGUMENT, "Target path not provided");
	if (capability_check(request->volume_capability, st) < 0)
		return -1;
	p->volume_id = request->volume_id;
	p->is_single_writer = request->volume_capability->access_mode->mode ==
			      CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_SINGLE_WRITER;
	p->target = target_check(p->arena, "target path", request->target_path, st);
	if (!p->target)
		return -1;
	return volume_source_parse(p->node, p->arena, request, &p->source, st);
}

/* A publication that an unpublish by other hands ended is forgotten. */
static int is_still_published(const struct publishing *p, const char *target, bool *ret_is_published, struct status *st)
{
	struct mounter *mounter = p->node->mounter;
	struct mount_entry entry;

	if (mounter->ops->find(mounter, p->arena, target, &entry, st) < 0)
		return -1;
	if (!entry.is_mounted)
		publications_remove(p->node->publications, target);
	*ret_is_published = entry.is_mounted;
	return 0;
}

static int check_single_writer(const struct publishing *p, struct status *st)
{
	struct publication *elsewhere = NULL;
	size_t count = publications_elsewhere(p->node->publications, p->arena, p->volume_id, p->target, &elsewhere);

	for (size_t i = 0; i < count; i++) {
		bool is_published = false;

		if (!p->is_single_writer && !elsewhere[i].is_single_writer)
			continue;
		if (is_still_published(p, elsewhere[i].target, &is_published, st) < 0)
			return -1;
		if (is_published)
			return status_set(st, STATUS_FAILED_PRECONDITION,
					  "volume %s is for a single writer and is published at %s", p->volume_id,
					  elsewhere[i].target);
	}
	return 0;
}

static void remember(const struct publishing *p)
{
	const struct publication publication = {
		.target = p->target,
		.volume_id = p->volume_id,
		.source = p->source.name,
		.is_single_writer = p->is_single_writer,
	};

	publications_put(p->node->publications, &publication);
}

static int mount_new(const struct publishing *p, struct status *st)
{
	struct cancel cancel;
	size_t kept_bytes = 0;

	if (target_make(p->target, &kept_bytes, st) < 0)
		return -1;
	cancel_init_child(&cancel, p->cancel, p->node->mount_timeout_ms);
	int outcome = volume_source_mount(&p->source, p->node->mounter, p->target, &cancel, st);

	cancel_release(&cancel);
	if (outcome < 0)
		target_unmake(p->target, kept_bytes);
	return outcome;
}

/* A referral may have led the mount to another server than was asked for; then what was asked for is remembered. */
static bool is_remembered(const struct publishing *p)
{
	struct publication known;

	return publications_find(p->node->publications, p->arena, p->target, &known) &&
	       strcmp(known.source, p->source.name) == 0;
}

static int check_is_ours(const struct publishing *p, const struct mount_entry *entry, struct status *st)
{
	bool is_ours = false;

	if (volume_source_is_mounted(&p->source, p->node->mounter, p->arena, entry, p->target, &is_ours, st) < 0)
		return -1;
	if (!is_ours && !is_remembered(p))
		return status_set(st, STATUS_ALREADY_EXISTS, "%s is mounted on target path %s, not %s", entry->source,
				  p->target, p->source.name);
	if (entry->is_read_only != p->source.is_read_only)
		return status_set(st, STATUS_ALREADY_EXISTS, "target path %s is mounted %s already", p->target,
				  entry->is_read_only ? "read-only" : "writable");
	return 0;
}

static bool is_stale(const struct publishing *p)
{
	struct mounter *mounter = p->node->mounter;
	struct mount_capacity capacity;
	struct status st = {0};
	struct cancel cancel;

	cancel_init_child(&cancel, p->cancel, STALE_CHECK_MS);
	int outcome = mounter->ops->capacity(mounter, p->target, &capacity, &cancel, &st);

	cancel_release(&cancel);
	return outcome < 0 && (st.errnum == ESTALE || st.errnum == ENOENT);
}

static int replace_stale(const struct publishing *p, struct status *st)
{
	struct mounter *mounter = p->node->mounter;
	struct cancel cancel;
	enum unmount_way way;

	cancel_init_child(&cancel, p->cancel, p->node->unmount_timeout_ms);
	int outcome = mounter->ops->unmount(mounter, p->target, &cancel, &way, st);

	cancel_release(&cancel);
	if (outcome < 0)
		return status_prefix(st, "failed to unmount stale mount %s", p->target);
	return mount_new(p, st);
}

static int publish(const struct publishing *p, enum publish_outcome *ret_outcome, struct status *st)
{
	struct mounter *mounter = p->node->mounter;
	enum publish_outcome outcome = PUBLISH_MOUNTED;
	struct mount_entry entry;

	if (mounter->ops->find(mounter, p->arena, p->target, &entry, st) < 0)
		return -1;
	if (!entry.is_mounted) {
		if (mount_new(p, st) < 0)
			return -1;
	} else {
		if (check_is_ours(p, &entry, st) < 0)
			return -1;
		outcome = is_stale(p) ? PUBLISH_REPLACED : PUBLISH_FOUND;
		if (outcome == PUBLISH_REPLACED && replace_stale(p, st) < 0)
			return -1;
	}
	remember(p);
	*ret_outcome = outcome;
	return 0;
}

int publish_volume(struct node *node, struct arena *arena, struct cancel *cancel,
		   const Csi__V1__NodePublishVolumeRequest *request, enum publish_outcome *ret_outcome,
		   struct status *st)
{
	AUTO(slot_release) struct slot target_slot = {0};
	AUTO(slot_release) struct slot volume_slot = {0};
	AUTO(slot_release) struct slot server_slot = {0};
	struct publishing p = {.node = node, .arena = arena, .cancel = cancel};

	if (validate(&p, request, st) < 0)
		return -1;
	if (!slot_take(&target_slot, node->targets, p.target) ||
	    (p.is_single_writer && !slot_take(&volume_slot, node->single_writers, p.volume_id)))
		return status_set(st, STATUS_ABORTED, "An operation with the given Volume ID %s already exists",
				  p.volume_id);
	if (!slot_take(&server_slot, node->servers, p.source.nfs.server))
		return status_set(st, STATUS_UNAVAILABLE, "%d calls wait for server %s already",
				  NODE_CALLS_PER_SERVER_MAX, p.source.nfs.server);
	if (check_single_writer(&p, st) < 0)
		return -1;
	return publish(&p, ret_outcome, st);
}
