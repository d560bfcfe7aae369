/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/controller.h"

#include <string.h>

#include "base/status.h"
#include "support/cmocka.h"

static void service_lists_what_it_can_do(void **state)
{
	static const char *const names[] = {
		"CreateVolume",
		"DeleteVolume",
		"ValidateVolumeCapabilities",
		"ControllerExpandVolume",
		"ControllerModifyVolume",
		"ListVolumes",
		"GetCapacity",
		"ControllerGetVolume",
		"ControllerGetVolumeHealth",
		"ControllerListVolumeHealth",
		"ControllerPublishVolume",
		"ControllerUnpublishVolume",
		"ControllerGetCapabilities",
	};
	const size_t count = sizeof(names) / sizeof(names[0]);
	assert_string_equal(controller_service.name, "csi.v1.Controller");
	assert_int_equal(controller_service.method_count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(controller_service.methods[i].name, names[i]);
}

static void only_what_never_blocks_runs_on_the_loop(void **state)
{
	for (size_t i = 0; i < controller_service.method_count; i++) {
		const struct grpc_method *method = &controller_service.methods[i];
		bool is_pure = strcmp(method->name, "ControllerGetCapabilities") == 0;
		assert_int_equal(method->dispatch, is_pure ? GRPC_ON_LOOP : GRPC_ON_WORKER);
	}
}

static void bad_default_policy_is_refused(void **state)
{
	struct controller controller;
	struct status st;
	const struct controller_config config = {.driver_name = "x", .default_on_delete = "shred"};
	assert_int_equal(controller_init(&controller, &config, &st), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

static void identity_finds_the_driver_first(void **state)
{
	struct controller controller;
	struct status st;
	const struct controller_config config = {
		.driver_name = "nfs.csi.k8s.io", .default_on_delete = "Archive", .calls_per_server = 1};
	assert_int_equal(controller_init(&controller, &config, &st), 0);
	assert_ptr_equal(&controller, &controller.driver);
	assert_string_equal(controller.driver.name, "nfs.csi.k8s.io");
	assert_string_equal(controller.driver.version, CSICORE_VERSION);
	assert_int_equal(controller.default_on_delete, ON_DELETE_ARCHIVE);
	controller_release(&controller);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(service_lists_what_it_can_do),
		cmocka_unit_test(only_what_never_blocks_runs_on_the_loop),
		cmocka_unit_test(bad_default_policy_is_refused),
		cmocka_unit_test(identity_finds_the_driver_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
