/* SPDX-License-Identifier: Apache-2.0 */
/* The Controller service: its RPCs, what it can do, and what its handlers share. */
#include "controller.h"

#include <limits.h>
#include <time.h>

#include "base/arena.h"
#include "base/status.h"
#include "capacity.h"
#include "jobs.h"
#include "reaper.h"
#include "volume.h"
#include "volume_deletion.h"

CSI_DEFINE_SERVICE(controller_service, "csi.v1.Controller", CONTROLLER_METHODS)

#define JOB_THREADS 16
#define JOB_EXPORTS (2 * JOB_THREADS)
#define JOB_LEASE_MS (60 * 1000)
#define JOB_PATIENCE_MS (10 * 1000)

static const struct job_kind *const job_kinds[] = {&archive_kind, NULL};

static struct jobs *new_jobs(struct controller *controller)
{
	const struct controller_config *config = &controller->config;
	const struct jobs_config jobs = {
		/* A job that fails is logged, with the reason. */
		.exports = {.open = config->exports.open,
			    .context = config->exports.context,
			    .max = JOB_EXPORTS,
			    .now_ns = config->exports.now_ns,
			    .is_quiet = true},
		.user = controller,
		.kinds = job_kinds,
		.threads = JOB_THREADS,
		.per_server = config->jobs_per_server,
		.owner = config->owner ? config->owner : "",
		.lease_ms = JOB_LEASE_MS,
		.patience_ms = JOB_PATIENCE_MS,
	};
	return jobs_new(&jobs);
}

/* What earlier controllers have left on the share is gone on with. */
static void resume(struct controller *controller, const struct export_key *key)
{
	jobs_resume(controller->jobs, key);
	reaper_ask(controller, key);
}

int controller_init(struct controller *controller, const struct controller_config *config, struct status *st)
{
	enum on_delete default_on_delete;
	if (on_delete_parse(config->default_on_delete, &default_on_delete) < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "invalid value %s for OnDelete, supported values are delete, retain and archive",
				  config->default_on_delete);
	struct nodes_file *nodes = NULL;
	if (config->nodes_file) {
		nodes = nodes_file_open(config->nodes_file, st);
		if (!nodes)
			return -1;
	}
	*controller = (struct controller){
		.driver = {config->driver_name, CSICORE_VERSION},
		.config = *config,
		.default_on_delete = default_on_delete,
		.shares = shares_new(),
		.exports = exports_new(&config->exports),
		.nodes = nodes,
		.volumes = slots_new(1),
		.parents = slots_new(UINT_MAX),
		.servers = slots_new(config->calls_per_server),
		.reaper = reaper_new(config->reaper_rate),
		.on_new_share = resume,
	};
	controller->jobs = new_jobs(controller);
	for (size_t i = 0; i < config->share_count; i++)
		(void)shares_add(controller->shares, &config->shares[i], SHARE_OF_OPTION);
	return 0;
}

void controller_start(struct controller *controller)
{
	for (size_t i = 0; i < controller->config.share_count; i++)
		resume(controller, &controller->config.shares[i]);
	jobs_start(controller->jobs);
}

int controller_stop(struct controller *controller, int64_t timeout_ms, struct status *st)
{
	return jobs_stop(controller->jobs, timeout_ms, st);
}

int64_t controller_now(const struct controller *controller)
{
	return controller->config.now_s ? controller->config.now_s() : time(NULL);
}

void controller_release(struct controller *controller)
{
	jobs_free(controller->jobs);
	reaper_free(controller->reaper);
	exports_free(controller->exports);
	shares_free(controller->shares);
	nodes_file_close(controller->nodes);
	slots_free(controller->volumes);
	slots_free(controller->parents);
	slots_free(controller->servers);
	*controller = (struct controller){0};
}

static int check_can(struct grpc_call *call, unsigned type, struct status *st)
{
	const struct controller *controller = grpc_call_user(call);
	return capabilities_check(&controller->config.capabilities, type, st);
}

static struct volume_call volume_call_of(struct grpc_call *call)
{
	return (struct volume_call){grpc_call_user(call), grpc_call_arena(call), grpc_call_cancel(call)};
}

int create_volume(struct grpc_call *call, const Csi__V1__CreateVolumeRequest *request,
		  Csi__V1__CreateVolumeResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	grpc_call_log(call, "name", request->name);
	if (check_can(call, CONTROLLER_CAN(CREATE_DELETE_VOLUME), st) < 0)
		return -1;
	return volume_create(&context, request, response, st);
}

int delete_volume(struct grpc_call *call, const Csi__V1__DeleteVolumeRequest *request,
		  Csi__V1__DeleteVolumeResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	const char *fate = NULL;
	grpc_call_log(call, "volume", request->volume_id);
	if (check_can(call, CONTROLLER_CAN(CREATE_DELETE_VOLUME), st) < 0 ||
	    volume_delete(&context, request, &fate, st) < 0)
		return -1;
	if (fate)
		grpc_call_log(call, "directory", fate);
	return 0;
}

int validate_volume_capabilities(struct grpc_call *call, const Csi__V1__ValidateVolumeCapabilitiesRequest *request,
				 Csi__V1__ValidateVolumeCapabilitiesResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	grpc_call_log(call, "volume", request->volume_id);
	return volume_validate(&context, request, response, st);
}

int controller_expand_volume(struct grpc_call *call, const Csi__V1__ControllerExpandVolumeRequest *request,
			     Csi__V1__ControllerExpandVolumeResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	grpc_call_log(call, "volume", request->volume_id);
	if (check_can(call, CONTROLLER_CAN(EXPAND_VOLUME), st) < 0)
		return -1;
	return volume_expand(&context, request, response, st);
}

int controller_modify_volume(struct grpc_call *call, const Csi__V1__ControllerModifyVolumeRequest *request,
			     Csi__V1__ControllerModifyVolumeResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	grpc_call_log(call, "volume", request->volume_id);
	if (check_can(call, CONTROLLER_CAN(MODIFY_VOLUME), st) < 0)
		return -1;
	return volume_modify(&context, request, st);
}

int list_volumes(struct grpc_call *call, const Csi__V1__ListVolumesRequest *request,
		 Csi__V1__ListVolumesResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	if (check_can(call, CONTROLLER_CAN(LIST_VOLUMES), st) < 0)
		return -1;
	return volume_list(&context, request, response, st);
}

int controller_get_volume(struct grpc_call *call, const Csi__V1__ControllerGetVolumeRequest *request,
			  Csi__V1__ControllerGetVolumeResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	grpc_call_log(call, "volume", request->volume_id);
	if (check_can(call, CONTROLLER_CAN(GET_VOLUME), st) < 0)
		return -1;
	return volume_get(&context, request, response, st);
}

int controller_get_volume_health(struct grpc_call *call, const Csi__V1__ControllerGetVolumeHealthRequest *request,
				 Csi__V1__ControllerGetVolumeHealthResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	grpc_call_log(call, "volume", request->volume_id);
	if (check_can(call, CONTROLLER_CAN(GET_VOLUME_HEALTH), st) < 0)
		return -1;
	return volume_get_health(&context, request, response, st);
}

int controller_list_volume_health(struct grpc_call *call, const Csi__V1__ControllerListVolumeHealthRequest *request,
				  Csi__V1__ControllerListVolumeHealthResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	if (check_can(call, CONTROLLER_CAN(LIST_VOLUME_HEALTH), st) < 0)
		return -1;
	return volume_list_health(&context, request, response, st);
}

int get_capacity(struct grpc_call *call, const Csi__V1__GetCapacityRequest *request,
		 Csi__V1__GetCapacityResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	if (check_can(call, CONTROLLER_CAN(GET_CAPACITY), st) < 0)
		return -1;
	return capacity_get(&context, request, response, st);
}

int controller_publish_volume(struct grpc_call *call, const Csi__V1__ControllerPublishVolumeRequest *request,
			      Csi__V1__ControllerPublishVolumeResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	grpc_call_log(call, "volume", request->volume_id);
	grpc_call_log(call, "node", request->node_id);
	if (check_can(call, CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME), st) < 0)
		return -1;
	return volume_publish(&context, request, response, st);
}

int controller_unpublish_volume(struct grpc_call *call, const Csi__V1__ControllerUnpublishVolumeRequest *request,
				Csi__V1__ControllerUnpublishVolumeResponse *response, struct status *st)
{
	struct volume_call context = volume_call_of(call);
	grpc_call_log(call, "volume", request->volume_id);
	grpc_call_log(call, "node", request->node_id);
	if (check_can(call, CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME), st) < 0)
		return -1;
	return volume_unpublish(&context, request, st);
}

int controller_get_capabilities(struct grpc_call *call, const Csi__V1__ControllerGetCapabilitiesRequest *request,
				Csi__V1__ControllerGetCapabilitiesResponse *response, struct status *st)
{
	const struct controller *controller = grpc_call_user(call);
	capabilities_fill(&controller->config.capabilities, grpc_call_arena(call), response);
	return 0;
}
