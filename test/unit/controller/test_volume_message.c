/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/volume_message.h"

#include "world.h"

static struct world world;

static int set_up(void **state)
{
	return world_init(&world);
}

static int tear_down(void **state)
{
	return world_release(&world);
}

/* The record of the volume, as the answer shows it. */
static const Csi__V1__Volume *recorded(const Csi__V1__Volume *volume, Csicore__VolumeRecord *record)
{
	struct volume_id id;
	assert_int_equal(volume_id_parse(&world.arena, volume->volume_id, &id, &world.st), 0);
	return volume_message_of_record(&world.arena, record, &id);
}

static void assert_same(const Csi__V1__Volume *volume, const Csi__V1__Volume *expected)
{
	assert_string_equal(volume->volume_id, expected->volume_id);
	assert_int_equal(volume->capacity_bytes, expected->capacity_bytes);
	assert_int_equal(volume->n_volume_context, expected->n_volume_context);
	for (size_t i = 0; i < expected->n_volume_context; i++) {
		const Csi__V1__Volume__VolumeContextEntry *entry = expected->volume_context[i];
		assert_non_null(context_of(volume, entry->key));
		assert_string_equal(context_of(volume, entry->key), entry->value);
	}
}

static void record_tells_what_was_answered(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	add_parameter(&world, request, "csi.storage.k8s.io/pvc/namespace", "team");
	add_parameter(&world, request, "SubDir", "/${pvc.metadata.namespace}/data/");
	add_parameter(&world, request, "onDelete", "Retain");
	add_parameter(&world, request, "mountPermissions", "0770");
	set_capacity(&world, request, 5 * GIB, 0);
	const Csi__V1__Volume *answered = create(&world, request);
	assert_string_equal(context_of(answered, "SubDir"), "/team/data/");
	assert_same(recorded(answered, record_at(&world, ".csicore/volumes/pvc-1")), answered);
	request = create_request(&world, "pvc-2");
	answered = create(&world, request);
	assert_same(recorded(answered, record_at(&world, ".csicore/volumes/pvc-2")), answered);
}

static void record_without_parameters_has_the_context_of_its_id(void **state)
{
	const Csi__V1__Volume *answered = create(&world, create_request_in(&world, "pvc-1", "a/b"));
	Csicore__VolumeRecord *record = record_at(&world, ".csicore/volumes/pvc-1");
	record->n_parameters = 0;
	const Csi__V1__Volume *volume = recorded(answered, record);
	assert_int_equal(volume->n_volume_context, 3);
	assert_string_equal(context_of(volume, "server"), "srv");
	assert_string_equal(context_of(volume, "share"), "/share");
	assert_string_equal(context_of(volume, "subdir"), "a/b");
}

static void id_alone_gives_a_context_and_no_size(void **state)
{
	struct volume_id id;
	assert_int_equal(volume_id_parse(&world.arena, "srv#a/b#pvc-1##", &id, &world.st), 0);
	const Csi__V1__Volume *volume = volume_message_of_id(&world.arena, "srv#a/b#pvc-1##", &id);
	assert_string_equal(volume->volume_id, "srv#a/b#pvc-1##");
	assert_int_equal(volume->capacity_bytes, 0);
	assert_string_equal(context_of(volume, "server"), "srv");
	assert_string_equal(context_of(volume, "share"), "/a/b");
	assert_string_equal(context_of(volume, "subdir"), "pvc-1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(record_tells_what_was_answered),
		TEST(record_without_parameters_has_the_context_of_its_id),
		TEST(id_alone_gives_a_context_and_no_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
