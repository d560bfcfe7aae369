/* SPDX-License-Identifier: Apache-2.0 */
/* DeleteVolume cut off anywhere: whatever operation fails, the repeat leaves what one undisturbed call would have. */
#include "controller/volume.h"

#include <errno.h>

#include "controller/trash.h"

#include "world.h"

static struct world world;

static void plant_plain(void)
{
	assert_non_null(create(&world, create_request(&world, "pvc-1")));
	fs_memory_plant_file(world.fs, "pvc-1/a/b/data", "x");
}

static void plant_nested(void)
{
	assert_non_null(create(&world, create_request_in(&world, "pvc-1", "ns/claim")));
	fs_memory_plant_file(world.fs, "ns/claim/data", "x");
}

static void plant_nested_with_neighbour(void)
{
	plant_nested();
	assert_non_null(create(&world, create_request_in(&world, "pvc-2", "ns/other")));
}

static void plant_shared(void)
{
	plant_nested();
	assert_non_null(create(&world, create_request_in(&world, "pvc-2", "ns/claim")));
}

static void plant_with_old_archive(void)
{
	plant_nested();
	fs_memory_plant_file(world.fs, "archived-ns/claim/old", "x");
}

static void plant_with_old_trash(void)
{
	plant_plain();
	fs_memory_plant_file(world.fs, ".csicore/trash/pvc-1/old/deep", "x");
	fs_memory_plant_file(world.fs, ".csicore/trash/~pvc-1~1700000000~00000001/half", "x");
}

static const struct scenario {
	void (*plant)(void);
	const char *volume_id;
	bool removes_archived;
	const char *survivor; /* a file that stays, NULL for none */
	const char *tree;     /* what is right, without the driver's empty folders */
} scenarios[] = {
	{plant_plain, "srv#share#pvc-1##", false, NULL, ""},
	{plant_with_old_trash, "srv#share#pvc-1##", false, NULL, ""},
	{plant_nested, "srv#share#ns/claim#pvc-1#", false, NULL, ""},
	{plant_nested_with_neighbour, "srv#share#ns/claim#pvc-1#", false, "ns/other",
	 ".csicore/volumes/pvc-2\nns/\nns/other/\n"},
	{plant_shared, "srv#share#ns/claim#pvc-1#", false, "ns/claim/data",
	 ".csicore/volumes/pvc-2\nns/\nns/claim/\nns/claim/data\n"},
	{plant_nested, "srv#share#ns/claim#pvc-1#archive", false, NULL,
	 "archived-ns/\narchived-ns/claim/\narchived-ns/claim/data\nns/\n"},
	{plant_with_old_archive, "srv#share#ns/claim#pvc-1#archive", false, "archived-ns/claim/old",
	 "archived-ns/\narchived-ns/claim-pvc-1/\narchived-ns/claim-pvc-1/data\narchived-ns/claim/\n"
	 "archived-ns/claim/old\nns/\n"},
	{plant_with_old_archive, "srv#share#ns/claim#pvc-1#archive", true, NULL,
	 "archived-ns/\narchived-ns/claim/\narchived-ns/claim/data\nns/\n"},
};

static void start(const struct scenario *scenario)
{
	assert_int_equal(world_init(&world), 0);
	scenario->plant();
	world.config.removes_archived = scenario->removes_archived;
	world_restart_controller(&world);
	fs_memory_reset_operations(world.fs);
}

static void assert_survives(const struct scenario *scenario)
{
	if (scenario->survivor)
		assert_true(fs_memory_exists(world.fs, scenario->survivor));
}

/* Takes the folders that the driver may or may not have needed out of the list. */
static void drop_folders(char *list)
{
	static const char *const folders[] = {".csicore/\n", ".csicore/jobs/\n", ".csicore/trash/\n",
					      ".csicore/volumes/\n"};
	char *at = list;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t length = strlen(folders[i]);
		while (strncmp(at, ".csicore/", 9) == 0 && strncmp(at, folders[i], length) != 0 && strchr(at, '\n'))
			at = strchr(at, '\n') + 1;
		if (strncmp(at, folders[i], length) == 0)
			memmove(at, at + length, strlen(at + length) + 1);
		at = list;
	}
}

static void assert_tree_is_right(const struct scenario *scenario)
{
	char *list = fs_memory_list(world.fs, "");
	drop_folders(list);
	assert_string_equal(list, scenario->tree);
	free(list);
}

static void repeat(const struct scenario *scenario)
{
	assert_survives(scenario);
	world_restart_controller(&world);
	if (delete_id(&world, scenario->volume_id) < 0)
		fail_msg("%s", world.st.message);
	world_run_jobs(&world);
	assert_tree_is_right(scenario);
}

/* Kept for a while, it is whole: directory and record are in the trash, and nowhere else. */
static void assert_is_kept(void)
{
	unsigned directories = 0, records = 0;
	char *list = fs_memory_list(world.fs, ".csicore/trash");
	for (char *at = list; *at; at = strchr(at, '\n') + 1) {
		const char *name = arena_strndup(&world.arena, at, strcspn(at, "\n/"));
		struct trash_entry entry = trash_entry_parse(&world.arena, name);
		directories += entry.kind == TRASH_ENTRY_VOLUME && strncmp(at + strlen(name), "/\n", 2) == 0;
		records += entry.kind == TRASH_ENTRY_RECORD &&
			   fs_memory_exists(world.fs, arena_printf(&world.arena, ".csicore/trash/%s", entry.name));
	}
	free(list);
	assert_int_equal(directories, 1);
	assert_int_equal(records, 1);
	assert_null(record_at(&world, ".csicore/volumes/pvc-1"));
}

static void volume_to_be_kept_is_kept_whole_whatever_fails(void **state)
{
	static const int errnums[] = {EIO, ESTALE, ETIMEDOUT};
	for (size_t e = 0; e < 3; e++)
		for (int fault = FS_MEMORY_FAIL_BEFORE; fault <= FS_MEMORY_FAIL_AFTER; fault++)
			for (unsigned nth = 1, count = nth; count >= nth; nth++) {
				start(&scenarios[0]);
				world.config.trash_retention_ms = 3600 * 1000;
				world_restart_controller(&world);
				fs_memory_fail_nth(world.fs, nth, errnums[e], fault);
				int result = delete_id(&world, scenarios[0].volume_id);
				count = fs_memory_operation_count(world.fs);
				fs_memory_fail_nth(world.fs, 0, 0, fault);
				if (result < 0) {
					world_restart_controller(&world);
					assert_int_equal(delete_id(&world, scenarios[0].volume_id), 0);
				}
				world_run_jobs(&world);
				assert_is_kept();
				(void)world_release(&world);
			}
}

static bool fail_and_repeat(const struct scenario *scenario, unsigned nth, int errnum, enum fs_memory_fault fault)
{
	start(scenario);
	fs_memory_fail_nth(world.fs, nth, errnum, fault);
	(void)delete_id(&world, scenario->volume_id);
	bool is_reached = fs_memory_operation_count(world.fs) >= nth;
	fs_memory_fail_nth(world.fs, 0, 0, fault);
	repeat(scenario);
	(void)world_release(&world);
	return is_reached;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void any_failed_operation_is_made_good_by_the_repeat(void **state)
{
	static const int errnums[] = {EIO, ENOSPC, EACCES, ESTALE, ETIMEDOUT};
	for (size_t s = 0; s < COUNT(scenarios); s++)
		for (size_t e = 0; e < COUNT(errnums); e++)
			for (int fault = FS_MEMORY_FAIL_BEFORE; fault <= FS_MEMORY_FAIL_AFTER; fault++)
				for (unsigned nth = 1; fail_and_repeat(&scenarios[s], nth, errnums[e], fault); nth++)
					assert_true(nth < 100);
}

struct kill {
	unsigned nth, seen;
};

static int kill_from_nth(void *data, const struct fs_memory_operation *operation)
{
	struct kill *kill = data;
	return ++kill->seen >= kill->nth ? EIO : 0;
}

static void kill_at_any_operation_is_made_good_by_the_repeat(void **state)
{
	for (size_t s = 0; s < COUNT(scenarios); s++) {
		struct kill kill = {1, 1};
		for (unsigned nth = 1; kill.seen >= kill.nth; nth++) {
			kill = (struct kill){nth, 0};
			start(&scenarios[s]);
			fs_memory_set_hook(world.fs, kill_from_nth, &kill);
			(void)delete_id(&world, scenarios[s].volume_id);
			fs_memory_set_hook(world.fs, NULL, NULL);
			repeat(&scenarios[s]);
			(void)world_release(&world);
			assert_true(nth < 100);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_failed_operation_is_made_good_by_the_repeat),
		cmocka_unit_test(volume_to_be_kept_is_kept_whole_whatever_fails),
		cmocka_unit_test(kill_at_any_operation_is_made_good_by_the_repeat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
