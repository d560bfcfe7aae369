/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/identity.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "grpc/call_private.h"
#include "support/cmocka.h"

static struct csi_driver driver = {"nfs.csicore.io", "1.2.3"};

static int setup(void **state)
{
	struct http2_request *request = memory_calloc(1, sizeof(*request));

	*state = grpc_call_new(NULL, &driver, NULL, 1, request);
	return 0;
}

static int teardown(void **state)
{
	grpc_call_free(*state);
	return 0;
}

/* Runs a method as the server does: from its bytes to the reply's. */
static const void *ask(struct grpc_call *call, const char *name, const ProtobufCMessageDescriptor *reply_type)
{
	for (size_t i = 0; i < identity_service.method_count; i++) {
		const struct grpc_method *method = &identity_service.methods[i];
		struct grpc_bytes reply;
		struct status st;

		if (strcmp(method->name, name) != 0)
			continue;
		assert_int_equal(method->dispatch, GRPC_ON_LOOP);
		assert_int_equal(method->run(call, (struct grpc_bytes){0}, &reply, &st), 0);
		return csi_decode(call, reply_type, reply, &st);
	}
	return NULL;
}

static void the_plugin_says_who_it_is(void **state)
{
	const Csi__V1__GetPluginInfoResponse *reply =
		ask(*state, "GetPluginInfo", &csi__v1__get_plugin_info_response__descriptor);

	assert_non_null(reply);
	assert_string_equal(reply->name, "nfs.csicore.io");
	assert_string_equal(reply->vendor_version, "1.2.3");
}

static void the_driver_has_a_controller_and_volumes_that_grow_in_use(void **state)
{
	const Csi__V1__GetPluginCapabilitiesResponse *reply =
		ask(*state, "GetPluginCapabilities", &csi__v1__get_plugin_capabilities_response__descriptor);

	assert_non_null(reply);
	assert_int_equal(reply->n_capabilities, 2);
	assert_int_equal(reply->capabilities[0]->type_case, CSI__V1__PLUGIN_CAPABILITY__TYPE_SERVICE);
	assert_int_equal(reply->capabilities[0]->service->type,
			 CSI__V1__PLUGIN_CAPABILITY__SERVICE__TYPE__CONTROLLER_SERVICE);
	assert_int_equal(reply->capabilities[1]->type_case, CSI__V1__PLUGIN_CAPABILITY__TYPE_VOLUME_EXPANSION);
	assert_int_equal(reply->capabilities[1]->volume_expansion->type,
			 CSI__V1__PLUGIN_CAPABILITY__VOLUME_EXPANSION__TYPE__ONLINE);
}

static void a_probe_is_ready(void **state)
{
	const Csi__V1__ProbeResponse *reply = ask(*state, "Probe", &csi__v1__probe_response__descriptor);

	assert_non_null(reply);
	assert_non_null(reply->ready);
	assert_true(reply->ready->value);
}

static void driver_names_follow_the_specification(void **state)
{
	static const struct {
		const char *name;
		int rc;
	} rows[] = {
		{"nfs.csi.k8s.io", 0},
		{"a", 0},
		{"Nfs-2", 0},
		{"", -1},
		{"-nfs", -1},
		{"nfs.", -1},
		{"nfs_csi", -1},
		{"nfs csi", -1},
		{"n\xC3\xA9s", -1},
		{"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890", 0},
		{"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz012345678901", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct status st = {0};

		assert_int_equal(csi_driver_name_check(rows[i].name, &st), rows[i].rc);
		assert_int_equal(st.code, rows[i].rc < 0 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_plugin_says_who_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(the_driver_has_a_controller_and_volumes_that_grow_in_use, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_probe_is_ready, setup, teardown),
		cmocka_unit_test(driver_names_follow_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
