/* SPDX-License-Identifier: Apache-2.0 */
/* csi-controller: the Identity and Controller services on one endpoint. */
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/privileges.h"
#include "base/status.h"
#include "controller.h"
#include "grpc/server.h"
#include "inspect.h"
#include "options.h"

#define QUEUE_MAX 1024
#define EXIT_USAGE 2
#define OWNER_BYTES 255
/* Jobs that were cancelled once all calls had ended get this long to notice. */
#define JOBS_UNWIND_MS 1000

/* A port below 1024, for exports that insist on one; what root may do to directories that are reached as such; and mounting. */
static const int kept_capabilities[] = {CAP_NET_BIND_SERVICE, CAP_DAC_OVERRIDE, CAP_CHOWN,
					CAP_FOWNER,           CAP_FSETID,       CAP_SYS_ADMIN};
enum { KEPT_OVER_NETWORK = 1, KEPT_ON_DIRECTORIES = 5, KEPT_FOR_MOUNTS = 6 };

static int drop_privileges(const struct controller_options *options, struct status *st)
{
	size_t count = options->driver.local_exports.count > 0 ? KEPT_ON_DIRECTORIES : KEPT_OVER_NETWORK;
	char kept[128];
	if (options->is_access_kernel)
		count = KEPT_FOR_MOUNTS;
	if (privileges_drop(kept_capabilities, count, kept, sizeof(kept), st) < 0)
		return -1;
	if (options->is_access_kernel && !strstr(kept, "sys_admin"))
		return status_set(st, STATUS_FAILED_PRECONDITION, "--access=kernel needs CAP_SYS_ADMIN to mount");
	log_event(LOG_INFO, "csi-controller starts", LOG_TEXT("version", CSICORE_VERSION),
		  LOG_TEXT("driver", options->driver.driver_name), LOG_TEXT("endpoint", options->driver.endpoint),
		  LOG_TEXT("access", options->access_text), LOG_TEXT("capabilities", kept));
	return 0;
}

/*
 * What this controller signs journals with: the socket it listens on.  After a restart it is the same, and nobody else listens
 * there; another pod has another directory for it, on the same machine too.
 */
static void identify(const char *endpoint, char *owner, size_t size)
{
	char host[HOST_NAME_MAX + 1] = "", directory[PATH_MAX];
	struct stat attributes = {0};
	const char *colon = strchr(endpoint, ':');
	const char *path = colon ? colon + 1 : endpoint;
	const char *slash = strrchr(path, '/');
	(void)gethostname(host, sizeof(host) - 1); /* without a name, the rest must do */
	(void)snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) : 0, path);
	(void)stat(directory, &attributes); /* nor without a directory */
	(void)snprintf(owner, size, "%s %llx:%llx/%s", host, (unsigned long long)attributes.st_dev,
		       (unsigned long long)attributes.st_ino, slash ? slash + 1 : path);
}

static int serve(const struct controller_options *options, struct controller *controller, struct status *st)
{
	static const struct grpc_service *const services[] = {&identity_service, &controller_service};
	const struct grpc_server_config config = {
		.endpoint = options->driver.endpoint,
		.services = services,
		.service_count = sizeof(services) / sizeof(services[0]),
		.user = controller,
		.worker_max = (unsigned)options->driver.worker_max,
		.queue_max = QUEUE_MAX,
		.call_timeout_ms = options->call_timeout_ms,
		.drain_timeout_ms = options->driver.drain_timeout_ms,
	};
	struct grpc_server *server = grpc_server_new(&config, st);
	if (!server)
		return -1;
	controller_start(controller);
	if (grpc_server_run(server, st) < 0 || controller_stop(controller, JOBS_UNWIND_MS, st) < 0) {
		log_event(LOG_WARNING, "calls or jobs were abandoned", LOG_TEXT("why", st->message));
		_exit(EXIT_FAILURE); /* their threads still run on what would be freed */
	}
	grpc_server_free(server);
	return 0;
}

static int run(const struct controller_options *options, struct status *st)
{
	struct export_backend backend;
	struct controller_config config;
	char owner[OWNER_BYTES];
	controller_options_apply(options, &backend, &config);
	identify(options->driver.endpoint, owner, sizeof(owner));
	config.owner = owner;
	struct controller controller;
	int result = drop_privileges(options, st) < 0 ? -1 : controller_init(&controller, &config, st);
	if (result == 0) {
		result = serve(options, &controller, st);
		controller_release(&controller);
	}
	export_backend_release(&backend);
	return result;
}

int main(int argc, char *argv[])
{
	struct controller_options options;
	enum options_outcome outcome;
	struct status st;
	if (argc > 1 && strcmp(argv[1], "inspect") == 0)
		return inspect_main(&(struct inspect_surroundings){stdout, stderr, NULL, NULL}, argc - 1, argv + 1);
	controller_options_init(&options);
	if (controller_options_parse(&options, argc, argv, &outcome, &st) < 0) {
		(void)fprintf(stderr, "csi-controller: %s\n", st.message);
		return EXIT_USAGE;
	}
	if (outcome == OPTIONS_HELP) {
		controller_options_print_help("csi-controller");
		return EXIT_SUCCESS;
	}
	if (outcome == OPTIONS_VERSION) {
		(void)printf("csi-controller %s\n", CSICORE_VERSION);
		return EXIT_SUCCESS;
	}
	if (run(&options, &st) < 0) {
		log_event(LOG_ERROR, "csi-controller cannot serve", LOG_TEXT("why", st.message));
		return EXIT_FAILURE;
	}
	controller_options_release(&options);
	return EXIT_SUCCESS;
}
