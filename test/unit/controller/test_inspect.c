/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/inspect.h"

#include <errno.h>
#include <signal.h>

#include "base/memory.h"
#include "inspect_world.h"

#define PREFIX "csi-controller inspect"

static void without_a_command_the_commands_are_told(void **state)
{
	assert_int_equal(inspect((const char *const[]){NULL}), 2);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "\n  adopt DIRECTORY\n"));
	assert_int_equal(INSPECT("--help"), 0);
	assert_says("\n  volumes\n");
	assert_says("\n  id decode ID\n");
}

static void mistakes_are_one_line_and_status_2(void **state)
{
	assert_refused(INSPECT("volume"), 2, PREFIX ": \"volume\" is no command; --help lists them");
	assert_refused(INSPECT("id", "guess", "x"), 2, PREFIX ": \"id guess\" is no command; --help lists them");
	assert_refused(INSPECT("id"), 2, PREFIX ": \"id\" is no command; --help lists them");
	assert_refused(INSPECT("volumes"), 2, PREFIX " volumes: --share is missing");
	assert_refused(INSPECT_SHARE("volumes", "extra"), 2, PREFIX " volumes: \"extra\" is one argument too many");
	assert_refused(INSPECT("id", "decode"), 2, PREFIX " id decode: ID is missing");
	assert_refused(INSPECT_SHARE("volumes", "-o", "xml"), 2, PREFIX " volumes: -o: \"xml\" is not table or json");
	assert_refused(INSPECT_SHARE("volumes", "--access=magic"), 2,
		       PREFIX " volumes: --access: \"magic\" is not user or kernel");
	assert_refused(INSPECT("volumes", "--share=srv"), 2,
		       PREFIX " volumes: invalid share \"srv\": it is written SERVER:/PATH or SERVER:/PATH,OPTIONS");
}

static void options_of_other_commands_are_unknown(void **state)
{
	assert_refused(INSPECT_SHARE("volumes", "--capacity=1Gi"), 2,
		       PREFIX " volumes: unknown option \"--capacity=1Gi\"");
	assert_refused(INSPECT_SHARE("id", "decode", "x"), 2,
		       PREFIX " id decode: unknown option \"--share=srv:/share\"");
	assert_refused(INSPECT_SHARE("volumes", "--endpoint=x"), 2, PREFIX " volumes: unknown option \"--endpoint=x\"");
}

static void options_of_the_share_reach_the_back_end(void **state)
{
	assert_int_equal(INSPECT("volumes", "--share", "[fd00::1]:/a//b/,nfsvers=3,port=99"), 0);
	assert_int_equal(world.last_key.version, NFS_VERSION_3);
	assert_int_equal(world.last_key.nfs_port, 99);
}

static void failure_of_any_operation_is_one_line_and_status_1(void **state)
{
	static const char *const commands[] = {"volumes", "orphans", "trash", "jobs"};
	(void)make_volume("pvc-1", NULL, NULL);
	(void)make_volume("pvc-2", "a/b", NULL);
	fs_memory_plant_dir(world.fs, ".csicore/trash/pvc-0~1767225600~0c5a71f3", 0755);
	fs_memory_plant_file(world.fs, ".csicore/jobs/archive~pvc-1", "half");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		fs_memory_reset_operations(world.fs);
		assert_int_equal(INSPECT_SHARE(commands[i]), 0);
		unsigned count = fs_memory_operation_count(world.fs);
		for (unsigned nth = 1; nth <= count; nth++) {
			fs_memory_fail_nth(world.fs, nth, EIO, FS_MEMORY_FAIL_BEFORE);
			assert_int_equal(INSPECT_SHARE(commands[i]), 1);
			assert_string_equal(out, "");
			assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
		}
	}
}

static void message_carries_no_control_characters(void **state)
{
	assert_refused(INSPECT("id", "decode", "a\nb\033[31m"), 2,
		       PREFIX " id decode: \"a\\x0ab\\x1b[31m\" is not a volume id of this driver");
}

static int fail_second_read(void *data, const struct fs_memory_operation *operation)
{
	int *reads = data;
	return strcmp(operation->verb, "read_file") == 0 && ++*reads == 2 ? ESTALE : 0;
}

static void command_that_is_repeated_prints_one_answer(void **state)
{
	static const char *const commands[] = {"volumes", "trash"};
	(void)make_volume("pvc-1", NULL, NULL);
	(void)make_volume("pvc-2", NULL, NULL);
	fs_memory_plant_dir(world.fs, ".csicore/trash/pvc-3~1767225600~0c5a71f3", 0755);
	fs_memory_plant_dir(world.fs, ".csicore/trash/pvc-4~1767225600~0c5a71f3", 0755);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int reads = 0;
		assert_int_equal(INSPECT_SHARE(commands[i]), 0);
		char *expected = memory_strdup(out);
		fs_memory_set_hook(world.fs, fail_second_read, &reads);
		assert_int_equal(INSPECT_SHARE(commands[i]), 0);
		fs_memory_set_hook(world.fs, NULL, NULL);
		assert_int_equal(reads, 4);
		assert_string_equal(out, expected);
		free(expected);
	}
}

static void answer_that_cannot_be_written_is_a_failure(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	char *const argv[] = {(char *)"inspect", (char *)"id", (char *)"decode", (char *)"srv#a#b"};
	size_t size;
	assert_non_null(full);
	struct inspect_surroundings surroundings = {full, open_memstream(&err, &size), world_open, &world};
	assert_int_equal(inspect_main(&surroundings, 4, argv), 1);
	(void)fclose(surroundings.err);
	(void)fclose(full);
	assert_string_equal(err, PREFIX " id decode: write the answer: No space left on device\n");
}

static void server_that_hangs_up_does_not_end_the_program(void **state)
{
	(void)signal(SIGPIPE, SIG_DFL);
	assert_int_equal(INSPECT("id", "decode", "srv#a#b"), 0);
	assert_int_equal(raise(SIGPIPE), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_command_the_commands_are_told),
		TEST(mistakes_are_one_line_and_status_2),
		TEST(options_of_other_commands_are_unknown),
		TEST(options_of_the_share_reach_the_back_end),
		TEST(failure_of_any_operation_is_one_line_and_status_1),
		TEST(message_carries_no_control_characters),
		TEST(command_that_is_repeated_prints_one_answer),
		TEST(answer_that_cannot_be_written_is_a_failure),
		TEST(server_that_hangs_up_does_not_end_the_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
