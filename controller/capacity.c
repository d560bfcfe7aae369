/* SPDX-License-Identifier: Apache-2.0 */
/* GetCapacity and --check-capacity. */
#include "capacity.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"

/* ---- one export */

static int read_capacity(struct export_use *use, const struct path *path, struct cancel *cancel,
			 struct fs_capacity *ret, struct status *st)
{
	for (struct path at = *path;; at.count--) {
		AUTO(opened_dir_close) struct opened_dir opened = {use->fs, NULL};
		struct fs_dir *dir;
		if (volume_open_directory(use, &at, cancel, &dir, &opened.dir, st) == 0)
			return fs_capacity(use->fs, dir, cancel, ret, st);
		if (at.count == 0 || !volume_is_missing(st))
			return -1;
	}
}

int capacity_check(struct export_use *use, const struct path *path, int64_t bytes, int64_t held_bytes,
		   struct cancel *cancel, struct status *st)
{
	struct fs_capacity capacity;
	if (bytes <= held_bytes)
		return 0;
	if (read_capacity(use, path, cancel, &capacity, st) < 0)
		return -1;
	if (capacity.total_bytes == 0) /* a server that does not say */
		return 0;
	if ((uint64_t)bytes > capacity.total_bytes)
		return status_set(st, STATUS_OUT_OF_RANGE,
				  "%lld bytes asked for are more than the %llu that the export can hold at all",
				  (long long)bytes, (unsigned long long)capacity.total_bytes);
	if ((uint64_t)(bytes - held_bytes) > capacity.available_bytes)
		return status_set(st, STATUS_RESOURCE_EXHAUSTED,
				  "%lld bytes more asked for are not available on the export: %llu of %llu are free",
				  (long long)(bytes - held_bytes), (unsigned long long)capacity.available_bytes,
				  (unsigned long long)capacity.total_bytes);
	return 0;
}

/* ---- GetCapacity */

/* Where to ask, and the answer. */
struct question {
	const struct volume_call *call;
	struct path path;
	struct fs_capacity capacity;
};

static int ask(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct question *question = context;
	return read_capacity(use, &question->path, cancel, &question->capacity, st);
}

/* The directories of subDir that are the same for all volumes: up to the first template. */
static int read_fixed_path(struct arena *arena, const char *sub_dir, struct path *ret, struct status *st)
{
	if (path_split(arena, "subDir", sub_dir, ret, st) < 0)
		return -1;
	size_t fixed = 0;
	while (fixed < ret->count && !strstr(ret->names[fixed], "${"))
		fixed++;
	ret->count = fixed;
	return 0;
}

/* A StorageClass as it is written: what the provisioner takes for itself is still there. */
static size_t drop_provisioner_keys(struct string_pair *pairs, size_t count)
{
	static const char prefix[] = "csi.storage.k8s.io/";
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (strncmp(pairs[i].key, prefix, strlen(prefix)) != 0)
			pairs[kept++] = pairs[i];
	return kept;
}

static bool has_server(const struct string_pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(pairs[i].key, "server") == 0)
			return true;
	return false;
}

static int ask_named(struct question *question, const Csi__V1__GetCapacityRequest *request,
		     const struct string_pair *pairs, size_t count, struct status *st)
{
	const struct volume_call *call = question->call;
	struct volume_params params;
	if (volume_params_parse(call->arena, VOLUME_PARAMS_CLASS, pairs, count, &params, st) < 0 ||
	    read_fixed_path(call->arena, params.sub_dir ? params.sub_dir : "", &question->path, st) < 0)
		return -1;
	const struct volume_export export = {
		.server = params.server,
		.share = path_normalize(call->arena, params.share),
		.capability = request->n_volume_capabilities > 0 ? request->volume_capabilities[0] : NULL,
	};
	AUTO(slot_release) struct slot server = {0};
	AUTO(export_hold_release) struct export_hold hold = {0};
	if (volume_lock_server(call, params.server, &server, st) < 0 ||
	    volume_open_export(call, &export, &hold, st) < 0)
		return -1;
	return volume_run(call, hold.export, ask, question, st);
}

static int ask_known(struct question *question, const struct export_key *key, struct status *st)
{
	const struct volume_call *call = question->call;
	AUTO(slot_release) struct slot server = {0};
	AUTO(export_hold_release) struct export_hold hold = {call->controller->exports, NULL};
	if (volume_lock_server(call, key->server, &server, st) < 0)
		return -1;
	hold.export = exports_get(hold.exports, key, st);
	return hold.export ? volume_run(call, hold.export, ask, question, st) : -1;
}

/* A share that does not answer takes no volume now: it fails the call only where no other one answers. */
static int ask_all_known(struct question *question, struct status *st)
{
	const struct volume_call *call = question->call;
	struct fs_capacity most = {0};
	struct export_key key;
	struct status failure;
	bool has_answer = false, has_failure = false;
	bool is_there = shares_next(call->controller->shares, call->arena, NULL, &key);
	for (; is_there; is_there = shares_next(call->controller->shares, call->arena, &key, &key)) {
		if (ask_known(question, &key, &failure) < 0) {
			has_failure = true;
			continue;
		}
		has_answer = true;
		if (question->capacity.available_bytes >= most.available_bytes)
			most = question->capacity;
	}
	if (has_failure && !has_answer) {
		*st = failure;
		return -1;
	}
	question->capacity = most;
	return 0;
}

static bool asks_for_block(const Csi__V1__GetCapacityRequest *request)
{
	for (size_t i = 0; i < request->n_volume_capabilities; i++)
		if (request->volume_capabilities[i]->access_type_case == CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK)
			return true;
	return false;
}

static void fill_response(struct arena *arena, const struct fs_capacity *capacity,
			  Csi__V1__GetCapacityResponse *response)
{
	Google__Protobuf__Int64Value *maximum = arena_alloc(arena, sizeof(*maximum));
	google__protobuf__int64_value__init(maximum);
	uint64_t available_bytes = capacity->available_bytes;
	response->available_capacity = available_bytes > INT64_MAX ? INT64_MAX : (int64_t)available_bytes;
	maximum->value = response->available_capacity;
	response->maximum_volume_size = maximum;
}

int capacity_get(const struct volume_call *call, const Csi__V1__GetCapacityRequest *request,
		 Csi__V1__GetCapacityResponse *response, struct status *st)
{
	struct question question = {.call = call};
	struct string_pair *pairs = STRING_PAIRS(call->arena, request->parameters, request->n_parameters);
	size_t count = drop_provisioner_keys(pairs, request->n_parameters);
	if (!asks_for_block(request)) {
		int result = has_server(pairs, count) ? ask_named(&question, request, pairs, count, st)
						      : ask_all_known(&question, st);
		if (result < 0)
			return -1;
	}
	fill_response(call->arena, &question.capacity, response);
	return 0;
}
