/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/capabilities.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "support/cmocka.h"

static struct capabilities set;
static struct status st;

static bool has(unsigned type)
{
	return capabilities_have(&set, type);
}

static void empty_list_is_the_default(void **state)
{
	assert_int_equal(capabilities_parse("", &set, &st), 0);
	assert_true(has(CONTROLLER_CAN(CREATE_DELETE_VOLUME)));
	assert_true(has(CONTROLLER_CAN(SINGLE_NODE_MULTI_WRITER)));
}

static void names_replace_the_default(void **state)
{
	assert_int_equal(capabilities_parse("create-delete-volume", &set, &st), 0);
	assert_int_equal(set.types, 1U << CONTROLLER_CAN(CREATE_DELETE_VOLUME));
}

static void signs_change_the_default(void **state)
{
	struct capabilities all;
	assert_int_equal(capabilities_parse("", &all, &st), 0);
	assert_int_equal(capabilities_parse("-single-node-multi-writer,+create-delete-volume", &set, &st), 0);
	assert_int_equal(set.types, all.types & ~(1U << CONTROLLER_CAN(SINGLE_NODE_MULTI_WRITER)));
}

static void bad_lists_are_refused_and_leave_the_set_alone(void **state)
{
	static const char *const lists[] = {"+create-delete-volume,single-node-multi-writer",
					    "create-delete-volume,-single-node-multi-writer",
					    "create-delete",
					    "create-delete-volumes",
					    "create-delete-volume,",
					    ",",
					    "+",
					    "unknown",
					    "create-snapshot"};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		set.types = 4711;
		assert_int_equal(capabilities_parse(lists[i], &set, &st), -1);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
		assert_int_equal(set.types, 4711);
	}
}

static void health_of_volumes_is_off_by_default(void **state)
{
	assert_int_equal(capabilities_parse("", &set, &st), 0);
	assert_true(has(CONTROLLER_CAN(LIST_VOLUMES)));
	assert_true(has(CONTROLLER_CAN(GET_VOLUME)));
	assert_true(has(CONTROLLER_CAN(GET_CAPACITY)));
	assert_false(has(CONTROLLER_CAN(GET_VOLUME_HEALTH)));
	assert_false(has(CONTROLLER_CAN(LIST_VOLUME_HEALTH)));
}

static void what_another_needs_must_be_there(void **state)
{
	assert_int_equal(capabilities_parse("+list-volume-health", &set, &st), -1);
	assert_string_equal(st.message, "list-volume-health needs get-volume-health");
	assert_int_equal(capabilities_parse("+get-volume-health,+list-volume-health", &set, &st), 0);
	assert_true(has(CONTROLLER_CAN(LIST_VOLUME_HEALTH)));
}

static void attaching_comes_with_what_goes_with_it(void **state)
{
	assert_int_equal(capabilities_parse("", &set, &st), 0);
	assert_false(has(CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME)));
	capabilities_add_attach(&set);
	assert_true(has(CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME)));
	assert_true(has(CONTROLLER_CAN(PUBLISH_READONLY)));
	assert_true(has(CONTROLLER_CAN(LIST_VOLUMES_PUBLISHED_NODES)));
	assert_int_equal(capabilities_parse("-list-volumes", &set, &st), 0);
	capabilities_add_attach(&set);
	assert_false(has(CONTROLLER_CAN(LIST_VOLUMES_PUBLISHED_NODES)));
	assert_int_equal(capabilities_parse("+publish-readonly", &set, &st), -1);
	assert_string_equal(st.message, "publish-readonly needs publish-unpublish-volume");
}

static void what_is_switched_off_is_unimplemented(void **state)
{
	assert_int_equal(capabilities_parse("-create-delete-volume", &set, &st), 0);
	assert_int_equal(capabilities_check(&set, CONTROLLER_CAN(SINGLE_NODE_MULTI_WRITER), &st), 0);
	assert_int_equal(capabilities_check(&set, CONTROLLER_CAN(CREATE_DELETE_VOLUME), &st), -1);
	assert_int_equal(st.code, STATUS_UNIMPLEMENTED);
	assert_string_equal(st.message,
			    "this controller does not offer create-delete-volume: see its option --capabilities");
}

static void publishing_without_attach_names_the_option(void **state)
{
	assert_int_equal(capabilities_parse("", &set, &st), 0);
	assert_int_equal(capabilities_check(&set, CONTROLLER_CAN(PUBLISH_UNPUBLISH_VOLUME), &st), -1);
	assert_int_equal(st.code, STATUS_UNIMPLEMENTED);
	assert_string_equal(st.message, "this controller runs without --attach");
}

static void answer_names_each_of_the_set(void **state)
{
	AUTO(arena_release) struct arena arena;
	arena_init(&arena, 4096);
	Csi__V1__ControllerGetCapabilitiesResponse response;
	csi__v1__controller_get_capabilities_response__init(&response);
	assert_int_equal(capabilities_parse("single-node-multi-writer", &set, &st), 0);
	capabilities_fill(&set, &arena, &response);
	assert_int_equal(response.n_capabilities, 1);
	assert_int_equal(response.capabilities[0]->type_case, CSI__V1__CONTROLLER_SERVICE_CAPABILITY__TYPE_RPC);
	assert_int_equal(response.capabilities[0]->rpc->type, CONTROLLER_CAN(SINGLE_NODE_MULTI_WRITER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_list_is_the_default),
		cmocka_unit_test(names_replace_the_default),
		cmocka_unit_test(signs_change_the_default),
		cmocka_unit_test(bad_lists_are_refused_and_leave_the_set_alone),
		cmocka_unit_test(health_of_volumes_is_off_by_default),
		cmocka_unit_test(what_another_needs_must_be_there),
		cmocka_unit_test(attaching_comes_with_what_goes_with_it),
		cmocka_unit_test(what_is_switched_off_is_unimplemented),
		cmocka_unit_test(publishing_without_attach_names_the_option),
		cmocka_unit_test(answer_names_each_of_the_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
