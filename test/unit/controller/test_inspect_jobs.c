/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/folder.h"
#include "inspect_world.h"

#define JOBS ".csicore/jobs/"

static int write_job(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	const Csicore__JobRecord *job = context;
	size_t length;
	const uint8_t *bytes = job_record_encode(&world.arena, job, &length);
	const char *file = arena_printf(&world.arena, "%s~%s", job->kind, job->id);
	return folder_create_file(use, EXPORT_JOBS, file, bytes, length, cancel, st);
}

static void job_is_shown_with_its_progress(void **state)
{
	Csicore__JobRecord job = CSICORE__JOB_RECORD__INIT;
	job.kind = (char *)"archive";
	job.id = (char *)"pvc-1";
	job.volume_id = (char *)"srv#share#pvc-1##archive";
	job.created_at = 1767225600;
	job.owner = (char *)"controller-0";
	job.files = 1234;
	job.directories = 5;
	job.bytes = 3 << 20;
	on_export(write_job, &job);
	assert_int_equal(INSPECT_SHARE("jobs", "-o=json"), 0);
	assert_says("{\"kind\": \"archive\", \"id\": \"pvc-1\", \"volume\": \"srv#share#pvc-1##archive\", "
		    "\"createdAt\": \"2026-01-01T00:00:00Z\", \"renewedAt\": \"");
	assert_says("\"files\": 1234, \"directories\": 5, \"bytes\": 3145728, \"owner\": \"controller-0\"}");
	assert_int_equal(INSPECT_SHARE("jobs"), 0);
	assert_says("archive  pvc-1  srv#share#pvc-1##archive  2026-01-01T00:00:00Z  ");
	assert_says("  1234   5            3Mi    controller-0\n");
}

static void pieces_are_left_alone(void **state)
{
	fs_memory_plant_file(world.fs, JOBS "archive~torn", "half");
	fs_memory_plant_file(world.fs, JOBS "~archive~pvc-1", "half");
	assert_int_equal(INSPECT_SHARE("jobs", "-o=json"), 0);
	assert_says("{\"kind\": \"damaged\", \"id\": \"archive~torn\", \"volume\": null, \"createdAt\": null, ");
	assert_says_not("pvc-1");
	assert_tree(&world, ".csicore/\n" JOBS "\n" JOBS "archive~torn\n" JOBS "~archive~pvc-1\n");
}

static void share_without_jobs_lists_nothing(void **state)
{
	assert_int_equal(INSPECT_SHARE("jobs", "-o=json"), 0);
	assert_string_equal(out, "[]\n");
	assert_tree(&world, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(job_is_shown_with_its_progress),
		TEST(pieces_are_left_alone),
		TEST(share_without_jobs_lists_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
