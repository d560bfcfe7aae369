/* SPDX-License-Identifier: Apache-2.0 */
/* CreateVolume cut off anywhere: whatever operation fails, the repeat makes the volume as if nothing had happened. */
#include "controller/volume.h"

#include <errno.h>

#include "world.h"

#define OUR_FOLDERS ".csicore/\n.csicore/volumes/\n"

static struct world world;

static void plant_nothing(void)
{
}

static void plant_garbled_record(void)
{
	fs_memory_plant_file(world.fs, ".csicore/volumes/pvc-1", "garbled");
}

static void plant_directory_without_record(void)
{
	fs_memory_plant_dir(world.fs, "ns/claim", 0755);
}

static const struct scenario {
	const char *sub_dir; /* NULL: none */
	void (*plant)(void);
	const char *tree;
} scenarios[] = {
	{NULL, plant_nothing, OUR_FOLDERS ".csicore/volumes/pvc-1\npvc-1/\n"},
	{"ns/claim", plant_nothing, OUR_FOLDERS ".csicore/volumes/pvc-1\nns/\nns/claim/\n"},
	{NULL, plant_garbled_record, OUR_FOLDERS ".csicore/volumes/pvc-1\npvc-1/\n"},
	{"ns/claim", plant_directory_without_record, OUR_FOLDERS ".csicore/volumes/pvc-1\nns/\nns/claim/\n"},
};

/* Runs the scenario with its nth operation failing, then again without; returns false once nth is past its end. */
static bool fail_and_repeat(const struct scenario *scenario, unsigned nth, int errnum, enum fs_memory_fault fault)
{
	struct fs_attr attr;
	assert_int_equal(world_init(&world), 0);
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	if (scenario->sub_dir)
		add_parameter(&world, request, "subDir", scenario->sub_dir);
	add_parameter(&world, request, "mountPermissions", "0770");
	set_capacity(&world, request, 5 * GIB, 0);
	scenario->plant();
	fs_memory_fail_nth(world.fs, nth, errnum, fault);
	(void)create(&world, request);
	bool is_reached = fs_memory_operation_count(world.fs) >= nth;
	fs_memory_fail_nth(world.fs, 0, 0, fault);
	world_restart_controller(&world);
	assert_non_null(create(&world, request));
	assert_tree(&world, scenario->tree);
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
	assert_true(fs_memory_attr(world.fs, scenario->sub_dir ? scenario->sub_dir : "pvc-1", &attr));
	assert_int_equal(attr.mode, 0770);
	(void)world_release(&world);
	return is_reached;
}

static void any_failed_operation_is_made_good_by_the_repeat(void **state)
{
	static const int errnums[] = {EIO, ENOSPC, EACCES, ESTALE, ETIMEDOUT};
	for (size_t s = 0; s < sizeof(scenarios) / sizeof(scenarios[0]); s++)
		for (size_t e = 0; e < sizeof(errnums) / sizeof(errnums[0]); e++)
			for (int fault = FS_MEMORY_FAIL_BEFORE; fault <= FS_MEMORY_FAIL_AFTER; fault++)
				for (unsigned nth = 1; fail_and_repeat(&scenarios[s], nth, errnums[e], fault); nth++)
					assert_true(nth < 50);
}

/* From the nth operation on nothing goes through, as when the process is killed there. */
struct kill {
	unsigned nth, seen;
};

static int kill_from_nth(void *data, const struct fs_memory_operation *operation)
{
	struct kill *kill = data;
	return ++kill->seen >= kill->nth ? EIO : 0;
}

static bool kill_and_repeat(const struct scenario *scenario, unsigned nth)
{
	struct kill kill = {nth, 0};
	assert_int_equal(world_init(&world), 0);
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	if (scenario->sub_dir)
		add_parameter(&world, request, "subDir", scenario->sub_dir);
	set_capacity(&world, request, 5 * GIB, 0);
	scenario->plant();
	fs_memory_set_hook(world.fs, kill_from_nth, &kill);
	(void)create(&world, request);
	fs_memory_set_hook(world.fs, NULL, NULL);
	world_restart_controller(&world);
	assert_non_null(create(&world, request));
	assert_tree(&world, scenario->tree);
	(void)world_release(&world);
	return kill.seen >= nth;
}

static void kill_at_any_operation_is_made_good_by_the_repeat(void **state)
{
	for (size_t s = 0; s < sizeof(scenarios) / sizeof(scenarios[0]); s++)
		for (unsigned nth = 1; kill_and_repeat(&scenarios[s], nth); nth++)
			assert_true(nth < 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_failed_operation_is_made_good_by_the_repeat),
		cmocka_unit_test(kill_at_any_operation_is_made_good_by_the_repeat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
