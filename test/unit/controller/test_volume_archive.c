/* SPDX-License-Identifier: Apache-2.0 */
/* Archives as jobs: gone on with after a kill, by one controller at a time, and never about a volume made since. */
#include <errno.h>

#include "controller/volume_deletion.h"

#include "deletion.h"

static const struct export_key share = {.server = "srv", .share = "/share"};

/* All operations fail from one on, as when the controller is killed there: the nth, or the first that is called so. */
struct kill {
	unsigned nth, seen;
	const char *verb, *name;
	bool is_dead;
};

static int kill_from_there(void *data, const struct fs_memory_operation *operation)
{
	struct kill *kill = data;
	bool is_there = kill->verb ? strcmp(operation->verb, kill->verb) == 0 && operation->name &&
					     strcmp(operation->name, kill->name) == 0
				   : ++kill->seen == kill->nth;
	kill->is_dead = kill->is_dead || is_there;
	return kill->is_dead ? EIO : 0;
}

static bool delete_and_kill(const char *volume_id, struct kill kill)
{
	fs_memory_set_hook(world.fs, kill_from_there, &kill);
	(void)delete_id(&world, volume_id);
	fs_memory_set_hook(world.fs, NULL, NULL);
	return kill.is_dead;
}

/* "" where there is none. */
static char *journal_name(void)
{
	if (!fs_memory_exists(world.fs, ".csicore/jobs"))
		return arena_strdup(&world.arena, "");
	char *list = fs_memory_list(world.fs, ".csicore/jobs");
	char *name = arena_strndup(&world.arena, list, strcspn(list, "\n"));
	free(list);
	return name;
}

static void archive_is_finished_after_a_kill_though_nobody_asks(void **state)
{
	for (unsigned nth = 1, is_killed = 1; is_killed; nth++) {
		fs_memory_unplant(world.fs, "archived-ns");
		const char *id = make_volume("pvc-1", "ns/claim", "archive");
		world_restart_controller(&world);
		is_killed = delete_and_kill(id, (struct kill){.nth = nth});
		world_restart_controller(&world);
		jobs_resume(world.controller.jobs, &share);
		world_run_jobs(&world);
		bool is_archived = fs_memory_exists(world.fs, "archived-ns/claim/data");
		assert_string_equal(journal_name(), "");
		assert_true(is_archived != fs_memory_exists(world.fs, "ns/claim/data"));
		assert_true(is_archived != (record_at(&world, ".csicore/volumes/pvc-1") != NULL));
		assert_deleted(id); /* where it was killed before its journal */
		assert_true(fs_memory_exists(world.fs, "archived-ns/claim/data"));
		assert_null(record_at(&world, ".csicore/volumes/pvc-1"));
		assert_true(nth < 100);
	}
}

static void volume_made_anew_is_not_archived_by_an_old_journal(void **state)
{
	const char *id = make_volume("pvc-1", "claim", "archive");
	assert_true(delete_and_kill(id, (struct kill){.verb = "remove_file", .name = "pvc-1"}));
	assert_true(fs_memory_exists(world.fs, "archived-claim/data"));
	assert_string_not_equal(journal_name(), "");
	world_restart_controller(&world);
	fs_memory_unplant(world.fs, ".csicore/volumes/pvc-1");
	make_volume("pvc-2", "claim", "archive"); /* the directory's next user ... */
	world_run_jobs(&world);
	assert_string_equal(journal_name(), "");
	assert_true(fs_memory_exists(world.fs, "claim/data"));
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-2"));
}

static void record_made_anew_stays(void **state)
{
	struct fs_attr attr;
	Csicore__JobRecord job = CSICORE__JOB_RECORD__INIT;
	const char *id = make_volume("pvc-1", "claim", "archive");
	assert_true(fs_memory_attr(world.fs, "claim", &attr));
	job.volume_id = (char *)id;
	job.directory_id = attr.file_id + 1000;
	job.volume_created_at = 1;
	const struct job_spec spec = {&archive_kind, &share, "pvc-1~0", &job};
	assert_int_equal(jobs_await(world.controller.jobs, &spec, &world.cancel, &world.st), 0);
	assert_true(fs_memory_exists(world.fs, "claim/data"));
	assert_non_null(record_at(&world, ".csicore/volumes/pvc-1"));
}

static void journal_that_names_no_volume_archives_nothing(void **state)
{
	static const char *const ids[] = {"srv#share##x#archive", "srv#share#.csicore/volumes#x#archive", "garbage"};
	make_volume("pvc-1", NULL, NULL);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		Csicore__JobRecord job = CSICORE__JOB_RECORD__INIT;
		job.volume_id = (char *)ids[i];
		const struct job_spec spec = {&archive_kind, &share, "x~0", &job};
		assert_int_equal(jobs_await(world.controller.jobs, &spec, &world.cancel, &world.st), -1);
	}
	assert_true(fs_memory_exists(world.fs, ".csicore/volumes/pvc-1"));
	assert_string_equal(journal_name(), "");
}

static void only_one_controller_archives(void **state)
{
	struct controller second;
	struct volume_call call = world_call(&world);
	Csi__V1__DeleteVolumeRequest request = CSI__V1__DELETE_VOLUME_REQUEST__INIT;
	const char *id = make_volume("pvc-1", "claim", "archive");
	assert_true(delete_and_kill(id, (struct kill){.verb = "rename", .name = "claim"}));
	assert_string_not_equal(journal_name(), "");
	struct controller_config config = world.config;
	config.owner = "controller-2";
	assert_int_equal(controller_init(&second, &config, &world.st), 0);
	call.controller = &second;
	request.volume_id = (char *)id;
	assert_int_equal(volume_delete(&call, &request, &world.fate, &world.st), -1);
	assert_failed(&world, STATUS_ABORTED, "another controller works on it");
	assert_true(fs_memory_exists(world.fs, "claim/data"));
	controller_release(&second);
	assert_deleted(id);
	assert_true(fs_memory_exists(world.fs, "archived-claim/data"));
}

/* It may have failed for good. */
static void archive_that_another_controller_has_ended_is_begun_again(void **state)
{
	const char *id = make_volume("pvc-1", "claim", "archive");
	assert_true(delete_and_kill(id, (struct kill){.verb = "rename", .name = "claim"}));
	world.config.owner = "controller-2";
	world_restart_controller(&world);
	assert_int_equal(delete_id(&world, id), -1);
	assert_failed(&world, STATUS_ABORTED, "another controller works on it");
	fs_memory_unplant(world.fs, arena_printf(&world.arena, ".csicore/jobs/%s", journal_name()));
	assert_deleted(id);
	assert_true(fs_memory_exists(world.fs, "archived-claim/data"));
	world.config.owner = "controller-1";
}

static void old_archive_is_kept_in_the_trash_like_a_volume(void **state)
{
	world.config.trash_retention_ms = 3600 * 1000;
	set_policy("archive", true);
	fs_memory_plant_file(world.fs, "archived-ns/claim/old", "x");
	assert_deleted(make_volume("pvc-1", "ns/claim", NULL));
	assert_true(fs_memory_exists(world.fs, "archived-ns/claim/data"));
	char *list = fs_memory_list(world.fs, ".csicore/trash");
	char *record_name = strrchr(arena_strndup(&world.arena, list, strlen(list) - 1), '\n') + 1;
	assert_non_null(strstr(list, "/old\n"));
	free(list);
	Csicore__VolumeRecord *record = record_at(&world, arena_printf(&world.arena, ".csicore/trash/%s", record_name));
	assert_non_null(record);
	assert_string_equal(record->sub_dir, "archived-ns/claim");
}

static void share_without_journals_archives_all_the_same(void **state)
{
	fs_memory_plant_file(world.fs, ".csicore", "in the way");
	fs_memory_plant_file(world.fs, "claim/data", "x");
	assert_deleted("srv#share#claim#pvc-1#archive");
	assert_tree(&world, ".csicore\narchived-claim/\narchived-claim/data\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(archive_is_finished_after_a_kill_though_nobody_asks),
		TEST(volume_made_anew_is_not_archived_by_an_old_journal),
		TEST(record_made_anew_stays),
		TEST(journal_that_names_no_volume_archives_nothing),
		TEST(only_one_controller_archives),
		TEST(archive_that_another_controller_has_ended_is_begun_again),
		TEST(old_archive_is_kept_in_the_trash_like_a_volume),
		TEST(share_without_journals_archives_all_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
