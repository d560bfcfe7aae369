/* SPDX-License-Identifier: Apache-2.0 */
/* Two controllers on one share that call about the same volume at once, in every order of their operations. */
#include "controller/volume.h"

#include "controller/attachments.h"
#include "controller/record_store.h"
#include "publication.h"
#include "race.h"

#define ID "srv#share#pvc-1##"
#define RECORD ".csicore/volumes/pvc-1"
#define ATTACHED ".csicore/attached/pvc-1"
#define WRITER MODE(SINGLE_NODE_WRITER)
#define SHARED MODE(MULTI_NODE_MULTI_WRITER)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Turns for both calls; what comes after them has the order that the threads happen to have. */
#define PUBLISH_TURNS 10
#define CHANGE_TURNS 14

static struct world world;
static struct controller controllers[RACERS];

static int set_up(void **state)
{
	(void)world_init(&world);
	for (int i = 0; i < RACERS; i++)
		assert_int_equal(controller_init(&controllers[i], &world.config, &world.st), 0);
	return create(&world, create_request(&world, "pvc-1")) ? 0 : -1;
}

static int tear_down(void **state)
{
	for (int i = 0; i < RACERS; i++)
		controller_release(&controllers[i]);
	return world_release(&world);
}

/* ---- what is done at once */

struct deed {
	const char *node_id; /* publish or unpublish; NULL: expand or modify */
	Csi__V1__VolumeCapability__AccessMode__Mode mode;
	int64_t bytes; /* expand; 0: modify */
	int64_t answered_bytes;
};

static int publish_it(const struct deed *deed, const struct volume_call *call, struct status *st)
{
	Csi__V1__ControllerPublishVolumeResponse response;
	Csi__V1__ControllerPublishVolumeRequest request;
	Csi__V1__VolumeCapability capability;
	Csi__V1__VolumeCapability__MountVolume mount;
	Csi__V1__VolumeCapability__AccessMode access_mode;
	csi__v1__controller_publish_volume_response__init(&response);
	csi__v1__controller_publish_volume_request__init(&request);
	csi__v1__volume_capability__init(&capability);
	csi__v1__volume_capability__mount_volume__init(&mount);
	csi__v1__volume_capability__access_mode__init(&access_mode);
	access_mode.mode = deed->mode;
	capability.access_mode = &access_mode;
	capability.access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT;
	capability.mount = &mount;
	request.volume_id = (char *)ID;
	request.node_id = (char *)deed->node_id;
	request.volume_capability = &capability;
	return volume_publish(call, &request, &response, st);
}

static int expand_it(struct deed *deed, const struct volume_call *call, struct status *st)
{
	Csi__V1__CapacityRange range;
	Csi__V1__ControllerExpandVolumeRequest request;
	Csi__V1__ControllerExpandVolumeResponse response;
	csi__v1__capacity_range__init(&range);
	csi__v1__controller_expand_volume_request__init(&request);
	csi__v1__controller_expand_volume_response__init(&response);
	range.required_bytes = deed->bytes;
	request.volume_id = (char *)ID;
	request.capacity_range = &range;
	int result = volume_expand(call, &request, &response, st);
	deed->answered_bytes = result == 0 ? response.capacity_bytes : 0;
	return result;
}

static int modify_it(const struct volume_call *call, struct status *st)
{
	Csi__V1__ControllerModifyVolumeRequest request;
	Csi__V1__ControllerModifyVolumeRequest__MutableParametersEntry entry;
	Csi__V1__ControllerModifyVolumeRequest__MutableParametersEntry *list[] = {&entry};
	csi__v1__controller_modify_volume_request__mutable_parameters_entry__init(&entry);
	csi__v1__controller_modify_volume_request__init(&request);
	entry.key = (char *)"onDelete";
	entry.value = (char *)"retain";
	request.volume_id = (char *)ID;
	request.mutable_parameters = list;
	request.n_mutable_parameters = 1;
	return volume_modify(call, &request, st);
}

static int do_it(void *context, int number, struct status *st)
{
	struct deed *deed = (struct deed *)context + number;
	struct arena arena;
	struct cancel cancel;
	arena_init(&arena, 1 << 20);
	cancel_init(&cancel, -1);
	struct volume_call call = {&controllers[number], &arena, &cancel};
	int result = deed->node_id ? publish_it(deed, &call, st)
		     : deed->bytes ? expand_it(deed, &call, st)
				   : modify_it(&call, st);
	cancel_release(&cancel);
	arena_release(&arena);
	return result;
}

static bool has_turn(const struct fs_memory_operation *operation)
{
	static const char *const verbs[] = {"create_file", "rename", "remove_file", "read_dir", "read_file"};
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(operation->verb, verbs[i]) == 0)
			return true;
	return false;
}

/* What is published to: the record is read before, and makes no difference. */
static bool is_about_nodes(const struct fs_memory_operation *operation)
{
	return has_turn(operation) && !(operation->name && strcmp(operation->name, "pvc-1") == 0);
}

/* Calls try for each order in which both have as many turns. */
static void try_orders(unsigned turns, void (*try)(const void *context, uint32_t schedule), const void *context)
{
	for (uint32_t schedule = 0; schedule < UINT32_C(1) << turns; schedule++)
		if (__builtin_popcount(schedule) == (int)turns / 2)
			try(context, schedule);
}

static void prepare(struct racer racers[RACERS], struct deed deeds[RACERS])
{
	for (int i = 0; i < RACERS; i++)
		racers[i] = (struct racer){.run = do_it, .context = deeds};
}

/* ---- publish */

/* What earlier calls left behind. */
static void plant_nothing(void)
{
}

static void plant_claim_of_the_first(void)
{
	fs_memory_plant_file(world.fs, ATTACHED "/~claim~node-1", "");
}

static void plant_piece_of_the_first(void)
{
	fs_memory_plant_file(world.fs, ATTACHED "/node-1", "cut o");
}

/* One that may not have looked around. */
static void plant_attachment_of_the_first(void)
{
	assert_int_equal(publish(&world, ID, "node-1", SHARED), 0);
}

static const struct pair {
	void (*plant)(void);
	Csi__V1__VolumeCapability__AccessMode__Mode first, second;
} pairs[] = {
	{plant_nothing, WRITER, WRITER},
	{plant_nothing, SHARED, WRITER},
	{plant_claim_of_the_first, WRITER, WRITER},
	{plant_claim_of_the_first, WRITER, SHARED},
	{plant_piece_of_the_first, WRITER, WRITER},
	{plant_piece_of_the_first, SHARED, WRITER},
	{plant_attachment_of_the_first, SHARED, WRITER},
};

static void publish_in_order(const void *context, uint32_t schedule)
{
	const struct pair *pair = context;
	struct deed deeds[RACERS] = {{.node_id = "node-1", .mode = pair->first},
				     {.node_id = "node-2", .mode = pair->second}};
	struct racer racers[RACERS];
	fs_memory_unplant(world.fs, ".csicore/attached/pvc-1");
	fs_memory_plant_dir(world.fs, ".csicore/attached/pvc-1", 0700);
	pair->plant();
	prepare(racers, deeds);
	race_run(world.fs, racers, is_about_nodes, schedule, PUBLISH_TURNS);
	if (racers[0].result == 0 && racers[1].result == 0)
		fail_msg("both nodes have the volume, order %#x, %d and %d", schedule, pair->first, pair->second);
	for (int i = 0; i < RACERS; i++) {
		bool is_known = racers[i].st.code == STATUS_FAILED_PRECONDITION || racers[i].st.code == STATUS_ABORTED;
		if (racers[i].result < 0 && !is_known)
			fail_msg("order %#x: %s", schedule, racers[i].st.message);
	}
	/* Who has it keeps it, whatever is repeated. */
	for (int i = 0; i < RACERS; i++) {
		struct status st;
		int other = 1 - i;
		if (racers[i].result < 0)
			continue;
		if (do_it(deeds, other, &st) == 0 || do_it(deeds, i, &st) < 0)
			fail_msg("node %d has lost the volume, order %#x", i + 1, schedule);
	}
	/* Nothing keeps the second out once the first is unpublished. */
	struct status st;
	assert_int_equal(unpublish(&world, ID, "node-1"), 0);
	if (do_it(deeds, 1, &st) < 0)
		fail_msg("node 2 is kept out, order %#x: %s", schedule, st.message);
}

static void volume_is_never_on_two_nodes(void **state)
{
	for (size_t p = 0; p < COUNT(pairs); p++)
		try_orders(PUBLISH_TURNS, publish_in_order, &pairs[p]);
}

/* ---- expand and modify */

static void change_in_order(const void *context, uint32_t schedule)
{
	const int64_t *bytes = context;
	struct deed deeds[RACERS] = {{.bytes = bytes[0]}, {.bytes = bytes[1]}};
	struct racer racers[RACERS];
	fs_memory_unplant(world.fs, RECORD);
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
	prepare(racers, deeds);
	race_run(world.fs, racers, has_turn, schedule, CHANGE_TURNS);
	/* Who meets another may be sent away, and comes again. */
	for (int i = 0; i < RACERS; i++) {
		bool is_aborted = racers[i].result < 0 && racers[i].st.code == STATUS_ABORTED;
		if (racers[i].result < 0 && (!is_aborted || do_it(deeds, i, &racers[i].st) < 0))
			fail_msg("order %#x: %s", schedule, racers[i].st.message);
	}
	const Csicore__VolumeRecord *record = record_at(&world, RECORD);
	assert_non_null(record);
	for (int i = 0; i < RACERS; i++) {
		if (record->capacity_bytes < deeds[i].answered_bytes)
			fail_msg("answered %lld, recorded %lld, order %#x", (long long)deeds[i].answered_bytes,
				 (long long)record->capacity_bytes, schedule);
		if (!deeds[i].bytes && record->n_mutable_parameters != 1)
			fail_msg("a modification is lost, order %#x", schedule);
	}
	arena_release(&world.arena);
}

static void no_size_that_was_answered_is_lost(void **state)
{
	static const int64_t bytes[RACERS] = {8 * GIB, 10 * GIB};
	try_orders(CHANGE_TURNS, change_in_order, bytes);
}

static void expansion_and_modification_lose_nothing_of_each_other(void **state)
{
	static const int64_t bytes[RACERS] = {8 * GIB, 0};
	try_orders(CHANGE_TURNS, change_in_order, bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(volume_is_never_on_two_nodes),
		TEST(no_size_that_was_answered_is_lost),
		TEST(expansion_and_modification_lose_nothing_of_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
