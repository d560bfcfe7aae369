/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of DeleteVolume start from: a world, and volumes in it with a file each.  One test program, one copy. */
#ifndef CSICORE_TEST_CONTROLLER_DELETION_H
#define CSICORE_TEST_CONTROLLER_DELETION_H

#include "world.h"

#define OUR_FOLDERS ".csicore/\n.csicore/trash/\n.csicore/volumes/\n"
#define ALL_FOLDERS ".csicore/\n.csicore/jobs/\n.csicore/trash/\n.csicore/volumes/\n"

static struct world world;

static inline int set_up(void **state)
{
	return world_init(&world);
}

static inline int tear_down(void **state)
{
	return world_release(&world);
}

static inline void set_policy(const char *default_on_delete, bool removes_archived)
{
	world.config.default_on_delete = default_on_delete;
	world.config.removes_archived = removes_archived;
	world_restart_controller(&world);
}

/* Makes a volume with a file in it and returns its id. */
static inline const char *make_volume(const char *name, const char *sub_dir, const char *on_delete)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, name);
	if (sub_dir)
		add_parameter(&world, request, "subDir", sub_dir);
	if (on_delete)
		add_parameter(&world, request, "onDelete", on_delete);
	const Csi__V1__Volume *volume = create(&world, request);
	assert_non_null(volume);
	fs_memory_plant_file(world.fs, arena_printf(&world.arena, "%s/data", sub_dir ? sub_dir : name), "data");
	return volume->volume_id;
}

/* And waits for the reaper. */
static inline void assert_deleted(const char *volume_id)
{
	if (delete_id(&world, volume_id) < 0)
		fail_msg("%s: %s", volume_id, world.st.message);
	world_run_jobs(&world);
}

#endif
