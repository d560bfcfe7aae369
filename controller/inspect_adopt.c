/* SPDX-License-Identifier: Apache-2.0 */
/* inspect adopt: makes a volume of a directory that somebody else made, without touching the directory. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/parse.h"
#include "base/status.h"
#include "base/utf8.h"
#include "inspect_command.h"
#include "inspect_manifest.h"
#include "inspect_names.h"
#include "record_store.h"
#include "volume_message.h"

#define MOUNT_OPTIONS_MAX 64
#define PARAMETERS 3

/* What is being adopted. */
struct adoption {
	struct inspect *inspect;
	struct path path;
	const char *directory; /* path joined */
	const char *name;      /* of the volume */
	const char *claim_namespace, *claim;
	const char *volume_id;
	const char *capacity;
	int64_t capacity_bytes;
	char *given_options[MOUNT_OPTIONS_MAX]; /* of --share */
	char **mount_options;
	size_t mount_option_count;
	struct string_pair parameters[PARAMETERS]; /* of a volume that has no record yet */
	const Csi__V1__Volume *message;            /* as CreateVolume would answer it */
};

/* ---- what the command line says */

static int check_object_name(const char *option, const char *name, struct status *st)
{
	return names_is_object(name) ? 0
				     : status_set(st, STATUS_INVALID_ARGUMENT,
						  "%s: \"%s\" is not a name that Kubernetes takes", option, name);
}

static int read_directory(struct adoption *adoption, const char *text, struct status *st)
{
	struct arena *arena = &adoption->inspect->arena;
	if (path_split(arena, "directory", text, &adoption->path, st) < 0)
		return -1;
	if (adoption->path.count == 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is the share itself, which is no volume", text);
	if (!utf8_is_valid(text, strlen(text)))
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "\"%s\" is not UTF-8, which Kubernetes cannot name: rename the directory", text);
	if (names_is_archive(adoption->path.names[0]))
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "\"%s\" is the archive of a deleted volume: rename it to adopt it", text);
	adoption->directory = path_join(arena, &adoption->path);
	return 0;
}

/* "ns-claim" with one of the two known gives the other; NULL where they do not fit. */
static const char *without_prefix(const char *both, const char *prefix)
{
	size_t length = strlen(prefix);
	return strncmp(both, prefix, length) == 0 && both[length] == '-' ? both + length + 1 : NULL;
}

static const char *without_suffix(struct arena *arena, const char *both, const char *suffix)
{
	size_t length = strlen(both);
	size_t tail = strlen(suffix);
	if (length <= tail + 1 || strcmp(both + length - tail, suffix) != 0 || both[length - tail - 1] != '-')
		return NULL;
	return arena_strndup(arena, both, length - tail - 1);
}

/* What the name of a directory of nfs-subdir-external-provisioner tells of the claim, beside what is given. */
static int read_provisioned(struct adoption *adoption, const struct provisioned_name *name, struct status *st)
{
	struct arena *arena = &adoption->inspect->arena;
	if (!adoption->claim && !adoption->claim_namespace) {
		adoption->claim_namespace = name->claim_namespace;
		adoption->claim = name->claim;
	} else if (!adoption->claim) {
		adoption->claim = without_prefix(name->both, adoption->claim_namespace);
	} else if (!adoption->claim_namespace) {
		adoption->claim_namespace = without_suffix(arena, name->both, adoption->claim);
	}
	if (!adoption->claim || !adoption->claim_namespace)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "\"%s\" does not tell where the namespace ends and the claim begins: "
				  "give --namespace and --claim",
				  name->both);
	return 0;
}

static int read_names(struct adoption *adoption, struct status *st)
{
	struct inspect *inspect = adoption->inspect;
	const char *last = adoption->path.names[adoption->path.count - 1];
	struct provisioned_name provisioned;
	adoption->name = inspect->name;
	adoption->claim_namespace = inspect->claim_namespace;
	adoption->claim = inspect->claim;
	if (names_parse_provisioned(&inspect->arena, last, &provisioned)) {
		if (read_provisioned(adoption, &provisioned, st) < 0)
			return -1;
		adoption->name = adoption->name ? adoption->name : provisioned.pv;
	}
	if (!adoption->name && (names_is_pv(last) || (adoption->path.count == 1 && names_is_object(last))))
		adoption->name = last;
	if (!adoption->name)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "\"%s\" gives no name for the PersistentVolume: give --name", adoption->directory);
	if (!adoption->claim != !adoption->claim_namespace)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--namespace and --claim are given together");
	if (adoption->claim && (check_object_name("--claim", adoption->claim, st) < 0 ||
				check_object_name("--namespace", adoption->claim_namespace, st) < 0))
		return -1;
	return check_object_name("--name", adoption->name, st);
}

static int read_capacity(struct adoption *adoption, struct status *st)
{
	const char *text = adoption->inspect->capacity;
	adoption->capacity = text;
	if (text && (parse_quantity(text, &adoption->capacity_bytes) < 0 || adoption->capacity_bytes == 0))
		return status_set(st, STATUS_INVALID_ARGUMENT, "--capacity: \"%s\" is not a size such as 10Gi", text);
	return 0;
}

static int read_mount_options(struct adoption *adoption, struct status *st)
{
	struct arena *arena = &adoption->inspect->arena;
	const char *at = adoption->inspect->share.options;
	adoption->mount_options = adoption->given_options;
	for (; *at; at += *at == ',') {
		size_t length = strcspn(at, ",");
		if (length > 0 && adoption->mount_option_count == MOUNT_OPTIONS_MAX)
			return status_set(st, STATUS_INVALID_ARGUMENT, "--share: more than %d mount options",
					  MOUNT_OPTIONS_MAX);
		if (length > 0)
			adoption->given_options[adoption->mount_option_count++] = arena_strndup(arena, at, length);
		at += length;
	}
	return 0;
}

static int make_id(struct adoption *adoption, struct status *st)
{
	struct inspect *inspect = adoption->inspect;
	const char *on_delete = inspect->on_delete ? inspect->on_delete : "";
	enum on_delete ignored;
	if (on_delete_parse(on_delete, &ignored) < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--ondelete: \"%s\" is not delete, retain or archive",
				  on_delete);
	const struct volume_id_parts parts = {
		.server = inspect->share.server,
		.share = inspect->share.share,
		.sub_dir = adoption->directory,
		.uuid = strcmp(adoption->name, adoption->directory) == 0 ? "" : adoption->name,
		.on_delete = on_delete,
	};
	adoption->volume_id = volume_id_format(&inspect->arena, &parts, st);
	if (!adoption->volume_id)
		return -1;
	adoption->parameters[0] = (struct string_pair){"server", inspect->share.server};
	adoption->parameters[1] = (struct string_pair){"share", inspect->share.share};
	adoption->parameters[2] = (struct string_pair){"subDir", adoption->directory};
	adoption->message = volume_message_new(&inspect->arena, adoption->volume_id, adoption->capacity_bytes,
					       adoption->parameters, PARAMETERS, adoption->directory);
	return 0;
}

/* ---- what the share says */

static int check_is_directory(const struct adoption *adoption, struct export_use *use, struct status *st)
{
	const struct path *path = &adoption->path;
	AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
	struct fs_dir *parent;
	struct fs_attr attr;
	if (volume_open_parent(use, path, adoption->inspect->cancel, &parent, &opened.dir, st) < 0 ||
	    fs_lookup(use->fs, parent, path->names[path->count - 1], adoption->inspect->cancel, &attr, st) < 0)
		return st->errnum == ENOENT ? status_set(st, STATUS_NOT_FOUND, "there is no directory %s on the share",
							 adoption->directory)
					    : -1;
	return attr.type == FS_DIRECTORY
		       ? 0
		       : status_set(st, STATUS_FAILED_PRECONDITION, "%s is not a directory", adoption->directory);
}

/* The volume has a record already (it was undeleted, say, or its PersistentVolume is lost): that one's words are taken. */
static int take_record(struct adoption *adoption, const Csicore__VolumeRecord *record, struct status *st)
{
	struct inspect *inspect = adoption->inspect;
	struct arena *arena = &inspect->arena;
	if (strcmp(path_normalize(arena, record->sub_dir), path_normalize(arena, adoption->directory)) != 0)
		return status_set(st, STATUS_ALREADY_EXISTS, "there is a volume called %s already, in directory %s",
				  record->name, record->sub_dir);
	bool is_same = strcmp(record->volume_id, adoption->volume_id) == 0;
	if ((inspect->with_record || inspect->on_delete) && !is_same)
		return status_set(st, STATUS_ALREADY_EXISTS,
				  "%s is a volume already, with the id %s: adopt it without --record and --ondelete",
				  record->name, record->volume_id);
	adoption->volume_id = record->volume_id;
	if (!adoption->capacity && record->capacity_bytes > 0)
		adoption->capacity = arena_printf(arena, "%lld", (long long)record->capacity_bytes);
	if (adoption->mount_option_count == 0) {
		adoption->mount_options = record->mount_flags;
		adoption->mount_option_count = record->n_mount_flags;
	}
	struct volume_id id;
	if (volume_id_parse(arena, record->volume_id, &id, st) < 0)
		return -1;
	adoption->message = volume_message_of_record(arena, record, &id);
	return 0;
}

/* A directory that has a record of another name, holds volumes, or lies in one is not to become another volume. */
static int check_is_free(const struct adoption *adoption, struct export_use *use, struct status *st)
{
	struct inspect *inspect = adoption->inspect;
	struct record_survey survey;
	if (record_store_survey(use, &inspect->arena, adoption->name, &adoption->path, inspect->cancel, &survey, st) <
	    0)
		return -1;
	if (survey.sharer)
		return status_set(st, STATUS_FAILED_PRECONDITION,
				  "%s is the directory of volume %s already, or above it", adoption->directory,
				  survey.sharer);
	if (survey.volume_above > 0) {
		const struct path above = {adoption->path.names, survey.volume_above};
		return status_set(st, STATUS_FAILED_PRECONDITION, "%s lies in a volume, the one in directory %s",
				  adoption->directory, path_join(&inspect->arena, &above));
	}
	return 0;
}

static int write_record(struct adoption *adoption, struct export_use *use, struct status *st)
{
	struct inspect *inspect = adoption->inspect;
	Csicore__VolumeRecord record = CSICORE__VOLUME_RECORD__INIT;
	Csicore__Parameter items[PARAMETERS];
	Csicore__Parameter *parameters[PARAMETERS];
	enum record_outcome outcome;
	if (strlen(adoption->name) > RECORD_VOLUME_NAME_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--record: a name longer than %d bytes has no record",
				  RECORD_VOLUME_NAME_MAX);
	record.name = (char *)adoption->name;
	record.volume_id = (char *)adoption->volume_id;
	record.sub_dir = (char *)adoption->directory;
	record.capacity_bytes = adoption->capacity_bytes;
	record.created_at = time(NULL);
	record.mount_flags = adoption->mount_options;
	record.n_mount_flags = adoption->mount_option_count;
	record.version = RECORD_VERSION;
	for (size_t i = 0; i < PARAMETERS; i++) {
		csicore__parameter__init(&items[i]);
		items[i].key = (char *)adoption->parameters[i].key;
		items[i].value = (char *)adoption->parameters[i].value;
		parameters[i] = &items[i];
	}
	record.parameters = parameters;
	record.n_parameters = PARAMETERS;
	/* A volume may be made in it meanwhile. */
	if (strcmp(adoption->name, adoption->directory) == 0 &&
	    record_store_mark_shared(use, &inspect->arena, adoption->name, inspect->cancel, st) < 0)
		return -1;
	if (record_store_create(use, &inspect->arena, &record, inspect->cancel, &outcome, st) < 0)
		return -1;
	if (outcome == RECORD_REFUSED)
		return status_set(st, STATUS_FAILED_PRECONDITION, "the share takes no records: adopt without --record");
	return outcome == RECORD_CREATED
		       ? 0
		       : status_set(st, STATUS_ABORTED, "a volume called %s was made just now", adoption->name);
}

static int settle_with_records(struct adoption *adoption, struct export_use *use, struct status *st)
{
	struct inspect *inspect = adoption->inspect;
	Csicore__VolumeRecord *record = NULL;
	if (check_is_free(adoption, use, st) < 0 ||
	    record_store_read(use, &inspect->arena, adoption->name, inspect->cancel, &record, st) < 0 ||
	    (record && take_record(adoption, record, st) < 0))
		return -1;
	if (!adoption->capacity)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--capacity is missing: no record tells the size");
	return inspect->with_record && !record ? write_record(adoption, use, st) : 0;
}

/* ---- the whole */

int inspect_adopt(struct inspect *inspect, struct export_use *use, struct status *st)
{
	struct adoption adoption = {.inspect = inspect};
	if (read_directory(&adoption, inspect->arguments.items[0], st) < 0 || read_names(&adoption, st) < 0 ||
	    read_capacity(&adoption, st) < 0 || read_mount_options(&adoption, st) < 0 || make_id(&adoption, st) < 0)
		return -1;
	if (check_is_directory(&adoption, use, st) < 0 || settle_with_records(&adoption, use, st) < 0)
		return -1;
	const Csi__V1__Volume *message = adoption.message;
	const struct inspect_manifest manifest = {
		.name = adoption.name,
		.driver_name = inspect->options.driver.driver_name,
		.volume_id = adoption.volume_id,
		.attributes = STRING_PAIRS(&inspect->arena, message->volume_context, message->n_volume_context),
		.attribute_count = message->n_volume_context,
		.capacity = adoption.capacity,
		.storage_class = inspect->storage_class ? inspect->storage_class : "",
		.claim_namespace = adoption.claim_namespace,
		.claim = adoption.claim,
		.mount_options = adoption.mount_options,
		.mount_option_count = adoption.mount_option_count,
	};
	inspect->text = inspect->format == INSPECT_JSON ? inspect_manifest_json(&inspect->arena, &manifest)
							: inspect_manifest_yaml(&inspect->arena, &manifest);
	return 0;
}
