/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to the export that a call is about.  Mount options decide it (version, ports), and many calls carry none: what
 * --share, earlier calls and the volume's own record say is used in their place.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "mutable_params.h"
#include "record_store.h"
#include "volume.h"

/* ---- what the call says */

static void read_text(const struct volume_call *call, struct export_key *key, const char *options)
{
	if (call->controller->config.exports.has_all_options)
		export_key_keep_options(key, call->arena, options);
	else
		export_key_read_options(key, options);
}

static void read_options(const struct volume_call *call, struct export_key *key, char *const *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		read_text(call, key, options[i]);
}

static void read_capability(const struct volume_call *call, struct export_key *key,
			    const Csi__V1__VolumeCapability *capability)
{
	if (capability && capability->access_type_case == CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT)
		read_options(call, key, capability->mount->mount_flags, capability->mount->n_mount_flags);
}

/* csi-driver-nfs's secret of a provisioner: one key, mountOptions. */
static void read_secrets(const struct volume_call *call, struct export_key *key, const struct string_pair *secrets,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(secrets[i].key, "mountOptions") == 0)
			read_text(call, key, secrets[i].value);
}

static void read_record(const struct volume_call *call, struct export_key *key, const Csicore__VolumeRecord *record)
{
	const char *changed = mutable_params_get(record, "mountoptions");
	read_options(call, key, record->mount_flags, record->n_mount_flags);
	if (changed)
		read_text(call, key, changed);
}

/* ---- what the export says */

/* The first thing done on an export: whether it is there, and what it holds of the volume. */
struct contact {
	const struct volume_call *call;
	const struct volume_id *id;          /* NULL: nothing is looked for */
	const Csicore__VolumeRecord *record; /* result; NULL for none */
};

static int make_contact(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct contact *contact = context;
	Csicore__VolumeRecord *record = NULL;
	struct fs_dir *root;
	contact->record = NULL;
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0)
		return -1;
	if (contact->id && volume_read_record(use, contact->call->arena, contact->id, cancel, &record, st) < 0)
		return -1;
	contact->record = record;
	return 0;
}

static void hand_over(struct export_hold *hold, struct export_hold *ret_hold)
{
	*ret_hold = *hold;
	hold->export = NULL;
}

/* Holds the export of key, which answers from now on or has before. */
static int reach(struct contact *contact, const struct export_key *key, struct export_hold *ret_hold, struct status *st)
{
	struct controller *controller = contact->call->controller;
	AUTO(export_hold_release) struct export_hold hold = {controller->exports, NULL};
	hold.export = exports_get(hold.exports, key, st);
	if (!hold.export)
		return -1;
	bool is_needed = contact->id || !export_is_reached(hold.export);
	if (is_needed && volume_run(contact->call, hold.export, make_contact, contact, st) < 0)
		return -1;
	hand_over(&hold, ret_hold);
	return 0;
}

static void note_share(struct controller *controller, struct export *export, const struct export_key *key)
{
	if (export_note_reached(export) && shares_add(controller->shares, key, SHARE_OF_CALL) &&
	    controller->on_new_share)
		controller->on_new_share(controller, key);
}

/* ---- the ways */

static int reach_and_note(struct contact *contact, const struct export_key *key, struct export_hold *ret_hold,
			  struct status *st)
{
	if (reach(contact, key, ret_hold, st) < 0)
		return -1;
	note_share(contact->call->controller, ret_hold->export, key);
	return 0;
}

/* Nothing is known of the share: it is asked without options, and what its record of the volume names is used from then on. */
static int reach_unknown(struct contact *contact, const struct export_key *plain, struct export_hold *ret_hold,
			 struct status *st)
{
	AUTO(export_hold_release) struct export_hold hold = {0};
	struct export_key recorded = *plain;
	struct status ignored; /* a way that is no good any more: the volume was found without it */
	if (reach(contact, plain, &hold, st) < 0) {
		const struct status why = *st;
		return status_set_cause(
			st, why.code, why.errnum,
			"%s (asked without mount options: where it needs some, --share %s:%s,OPTIONS or "
			"mountOptions in the provisioner secret give them)",
			why.message, plain->server, plain->share);
	}
	if (contact->record)
		read_record(contact->call, &recorded, contact->record);
	AUTO(export_hold_release) struct export_hold other = {0};
	bool is_other = !export_key_is_plain(&recorded) && reach(contact, &recorded, &other, &ignored) == 0 &&
			contact->record; /* another server may be there by now */
	hand_over(is_other ? &other : &hold, ret_hold);
	note_share(contact->call->controller, ret_hold->export, is_other ? &recorded : plain);
	return 0;
}

/* Servers that differ by their port alone: the one that holds the volume's record is meant. */
static int reach_recorded(struct contact *contact, const struct export_key *ways, size_t count,
			  struct export_hold *ret_hold, struct status *st)
{
	AUTO(export_hold_release) struct export_hold found = {0};
	bool is_ambiguous = !contact->id;
	for (size_t i = 0; i < count && !is_ambiguous; i++) {
		AUTO(export_hold_release) struct export_hold hold = {0};
		if (reach(contact, &ways[i], &hold, st) < 0)
			return -1;
		if (!contact->record)
			continue;
		is_ambiguous = found.export != NULL;
		if (!is_ambiguous)
			hand_over(&hold, &found);
	}
	if (is_ambiguous || !found.export)
		return status_set(
			st, STATUS_FAILED_PRECONDITION,
			"share %s:%s is known at ports %u and %u, and nothing tells which one the volume is on: "
			"name the port in the provisioner secret's mountOptions",
			ways[0].server, ways[0].share, export_key_port(&ways[0]), export_key_port(&ways[1]));
	hand_over(&found, ret_hold);
	return 0;
}

int volume_open_export(const struct volume_call *call, const struct volume_export *what, struct export_hold *ret_hold,
		       struct status *st)
{
	struct shares *shares = call->controller->shares;
	struct contact contact = {.call = call};
	struct export_key key = {.server = what->server, .share = what->share};
	read_capability(call, &key, what->capability);
	read_secrets(call, &key, what->secrets, what->secret_count);
	if (!export_key_is_plain(&key))
		return reach_and_note(&contact, &key, ret_hold, st);
	size_t count;
	/* A StorageClass says by its silence, too, how its volumes are mounted; only --share is above it. */
	const struct export_key *ways = shares_find(shares, call->arena, key.server, key.share,
						    what->is_new ? SHARE_OF_OPTION : SHARE_OF_CALL, &count);
	if (count == 1)
		return reach_and_note(&contact, &ways[0], ret_hold, st);
	if (what->is_new)
		return reach_and_note(&contact, &key, ret_hold, st);
	contact.id = what->id;
	return count == 0 ? reach_unknown(&contact, &key, ret_hold, st)
			  : reach_recorded(&contact, ways, count, ret_hold, st);
}
