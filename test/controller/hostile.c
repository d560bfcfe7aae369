/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi-controller among enemies: users whose strings try to leave the share, and another client of the share that swaps
 * directories for symlinks while calls run.  Whatever comes, what is outside of the share stays as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "support/cmocka.h"
#include "support/csi_client.h"
#include "support/program.h"
#include "support/share.h"

#define TIMEOUT_MS 30000
#define ROUNDS 150
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OUTSIDE "a/\na/data \"kept\"\nclaim/ 0711\nclaim/data \"kept\"\npvc-1 \"kept\"\n"

static const char *executable, *scratch;
static char *share, *outside, *local_option;
static struct program program;
static struct csi_client *client;
static struct status st;

static void assert_outside_is_untouched(const char *after)
{
	AUTO_FREE char *list = share_list(outside);
	if (strcmp(list, OUTSIDE) != 0)
		fail_msg("%s: outside of the share there is now\n%s", after, list);
}

static int start(void **state)
{
	const char *const arguments[] = {local_option, "--log-level=error", NULL};
	share_make_anew(share);
	share_make_anew(outside);
	share_plant_file(outside, "a/data", "kept");
	share_plant_file(outside, "claim/data", "kept");
	share_plant_file(outside, "pvc-1", "kept");
	AUTO_FREE char *claim = memory_printf("%s/claim", outside);
	assert_int_equal(chmod(claim, 0711), 0);
	if (program_start(&program, executable, scratch, "controller", PROGRAM_AS_ROOT, arguments, &st) < 0)
		fail_msg("%s", st.message);
	client = csi_client_open(program.endpoint, CSI_CLIENT_KEEPS_CONNECTION, TIMEOUT_MS, &st);
	assert_non_null(client);
	return 0;
}

static int stop(void **state)
{
	csi_client_close(client);
	assert_int_equal(program_stop(&program), EXIT_SUCCESS);
	assert_outside_is_untouched("in the end");
	return 0;
}

/* ---- calls; the status is st */

#define PARAMETERS_MAX 4

static int create_with(const char *name, const char *share_name, const char *key, const char *value)
{
	const struct string_pair parameters[PARAMETERS_MAX] = {
		{"server", "here"}, {"share", share_name}, {"mountPermissions", "0777"}, {key, value}};
	const struct csi_volume_spec spec = {
		.name = name, .parameters = parameters, .parameter_count = key ? 4 : 3, .required_bytes = 1024};
	struct csi_volume volume;
	if (csi_client_create_volume(client, &spec, &volume, &st) < 0)
		return -1;
	csi_volume_release(&volume);
	return 0;
}

static int modify(const char *id)
{
	static const struct string_pair parameters[] = {{"mountPermissions", "0777"}, {"uid", "4242"}};
	return csi_client_modify_volume(client, id, parameters, COUNT(parameters), &st);
}

static int expand(const char *id)
{
	int64_t ignored;
	return csi_client_expand_volume(client, id, 4096, &ignored, &st);
}

static int delete (const char *id)
{
	return csi_client_delete_volume(client, id, &st);
}

static int validate(const char *id)
{
	return csi_client_validate_volume(client, id, &st);
}

/* ---- strings */

static void strings_that_try_to_leave_the_share_are_refused(void **state)
{
	static const struct {
		const char *name, *share, *key, *value;
	} requests[] = {
		{"pvc-1", "/share", "subDir", ".."},
		{"pvc-1", "/share", "subDir", "../outside/claim"},
		{"pvc-1", "/share", "subDir", "a/../../outside/claim"},
		{"pvc-1", "/share", "subDir", "a\\..\\..\\outside"},
		{"pvc-1", "/share", "subDir", "${pvc.metadata.name}/claim"}, /* of no claim: as it stands, see below */
		{"pvc-1", "/share", "subDir", "/"},
		{"pvc-1", "/share", "subDir", "."},
		{"pvc-1", "/share", "subDir", ".csicore/volumes"},
		{"pvc-1", "/share", "subDir", "a#b"},
		{"pvc-1", "/share/../outside", NULL, NULL},
		{"pvc-1", "..", NULL, NULL},
		{"pvc-1", "/share\\..\\outside", NULL, NULL},
		{"pvc-1", "/share/.csicore", NULL, NULL},
		{"../outside/claim", "/share", NULL, NULL},
		{"..", "/share", NULL, NULL},
		{"../x", "/share", "subDir", "claim"},
		{".csicore", "/share", NULL, NULL},
	};
	for (size_t i = 0; i < COUNT(requests); i++) {
		const char *shown = requests[i].value ? requests[i].value : requests[i].share;
		int result = create_with(requests[i].name, requests[i].share, requests[i].key, requests[i].value);
		bool is_literal = requests[i].value && requests[i].value[0] == '$';
		if (is_literal ? result < 0 : result == 0 || st.code != STATUS_INVALID_ARGUMENT)
			fail_msg("%s, %s: %s", requests[i].name, shown, result < 0 ? st.message : "created");
		assert_outside_is_untouched(shown);
	}
}

/* What only looks like a way out is a name like any other. */
static void encoded_and_absolute_paths_stay_below_the_share(void **state)
{
	assert_int_equal(create_with("pvc-1", "/share", "subDir", "%2e%2e/outside"), 0);
	assert_int_equal(create_with("pvc-2", "/share", "subDir", "/etc/passwd"), 0);
	assert_int_equal(create_with("pvc-3", "/share", "subDir", "..."), 0);
	AUTO_FREE char *list = share_list(share);
	assert_non_null(strstr(list, "%2e%2e/outside/ 0777\n"));
	assert_non_null(strstr(list, "etc/passwd/ 0777\n"));
	assert_non_null(strstr(list, ".../ 0777\n"));
}

static void names_of_claims_cannot_lead_out_of_the_share(void **state)
{
	const struct string_pair parameters[] = {{"server", "here"},
						 {"share", "/share"},
						 {"subDir", "claims/${pvc.metadata.name}"},
						 {"csi.storage.k8s.io/pvc/name", "../../outside/claim"}};
	const struct csi_volume_spec spec = {.name = "pvc-1", .parameters = parameters, .parameter_count = 4};
	struct csi_volume volume;
	assert_int_equal(csi_client_create_volume(client, &spec, &volume, &st), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

/* A deletion that can never succeed would be tried for ever: what is no id is none of the driver's, and done. */
static void ids_that_try_to_leave_the_share_harm_nothing(void **state)
{
	static const char *const ids[] = {
		"here#share#../outside##",
		"here#share#../outside#u#",
		"here#share/..#outside/claim##",
		"here#share#a/../../outside##",
		"here#share#pvc#../outside#",
		"here#../outside#claim##",
		"here/share/../outside/claim",
		"here/share/..",
		"here##../outside#u#",
		"here#share#..\\outside#u#",
		"here#share##u#",
		"here#share#/#u#",
		"here#share#.#u#",
		"here#share#.csicore#u#",
		"here#share#.csicore/volumes##",
		"here#share/.csicore#volumes##",
		"here/share#/#",
		"#",
		"here#share#a#b#c#d",
		"here#share#pvc-kept#..#",
		"here#share#link/claim##",
	};
	assert_int_equal(create_with("pvc-kept", "/share", NULL, NULL), 0);
	share_plant_file(share, "pvc-kept/data", "kept");
	share_plant_symlink(share, "link", "../outside");
	AUTO_FREE char *before = share_list(share);
	for (size_t i = 0; i < COUNT(ids); i++) {
		(void)modify(ids[i]); /* refused or harmless: both are fine, as the lists show */
		(void)expand(ids[i]);
		(void)validate(ids[i]);
		(void)delete (ids[i]);
		AUTO_FREE char *after = share_list(share);
		if (strcmp(before, after) != 0)
			fail_msg("%s: the share is now\n%s", ids[i], after);
		assert_outside_is_untouched(ids[i]);
	}
}

/* ---- ids of all versions of csi-driver-nfs */

static void every_historical_id_is_validated_and_deleted(void **state)
{
	static const struct {
		const char *id, *directory;
	} volumes[] = {
		{"here/share/pv-3.0", "pv-3.0"},
		{"here/share/base/nested/pv-3.0", "base/nested/pv-3.0"},
		{"here#share#pv-3.1", "pv-3.1"},
		{"here#share/base#pv-4.0", "base/pv-4.0"},
		{"here#share#pv-4.1#", "pv-4.1"},
		{"here#share#claim-4.2#pvc-9", "claim-4.2"},
		{"here#share#pv-4.4##", "pv-4.4"},
		{"here#share#ns/claim-4.5#pvc-9#", "ns/claim-4.5"},
		{"here#share/base#claim#pvc-9#", "base/claim"},
		{"here#share#claim#pvc-9#Delete", "claim"},
	};
	for (size_t i = 0; i < COUNT(volumes); i++) {
		AUTO_FREE char *data = memory_printf("%s/deep/data", volumes[i].directory);
		AUTO_FREE char *line = memory_printf("%s/\n", volumes[i].directory);
		assert_int_equal(validate(volumes[i].id), -1);
		assert_int_equal(st.code, STATUS_NOT_FOUND);
		share_plant_file(share, data, "x");
		if (validate(volumes[i].id) < 0 || delete (volumes[i].id) < 0)
			fail_msg("%s: %s", volumes[i].id, st.message);
		AUTO_FREE char *list = share_list(share);
		if (strstr(list, line))
			fail_msg("%s is still there:\n%s", volumes[i].id, list);
		assert_int_equal(delete (volumes[i].id), 0);
	}
}

static void policies_of_historical_ids_are_kept(void **state)
{
	share_plant_file(share, "claim/data", "x");
	share_plant_file(share, "ns/old/data", "x");
	assert_int_equal(delete ("here#share#claim#pvc-1#retain"), 0);
	assert_int_equal(delete ("here#share#ns/old#pvc-1#Archive"), 0);
	AUTO_FREE char *list = share_list(share);
	assert_string_equal(list,
			    "archived-ns/\narchived-ns/old/\narchived-ns/old/data \"x\"\nclaim/\nclaim/data \"x\"\n"
			    "ns/\n");
}

/* ---- symlinks that come while a call runs */

/* Exchanges each directory with a symlink to outside that waits beside it, again and again. */
struct swapper {
	pthread_t thread;
	atomic_bool is_over;
	atomic_ulong swaps;
};

static const struct {
	const char *parent, *name, *target;
} swapped[] = {
	{".", "ns", "../outside"},
	{".", "pvc-1", "../outside/claim"},
	{".", "archived-ns", "../outside"},
	{".csicore", "trash", "../../outside"},
	{".csicore", "volumes", "../../outside"},
	{"pvc-1", "a", "../../outside/a"},
};

static bool swap_one(int share_fd, size_t i)
{
	AUTO_FREE char *beside = memory_printf("%s.swap", swapped[i].name);
	AUTO_CLOSE int parent = openat(share_fd, swapped[i].parent, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return false;
	if (renameat2(parent, swapped[i].name, parent, beside, RENAME_EXCHANGE) == 0)
		return true;
	/* One of the two was taken away, or not made yet. */
	return errno == ENOENT && symlinkat(swapped[i].target, parent, beside) == 0;
}

static void *swap(void *argument)
{
	struct swapper *swapper = argument;
	AUTO_CLOSE int fd = open(share, O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (!atomic_load(&swapper->is_over))
		for (size_t i = 0; i < COUNT(swapped); i++)
			atomic_fetch_add(&swapper->swaps, swap_one(fd, i));
	return NULL;
}

static void symlinks_that_come_while_a_call_runs_lead_nowhere(void **state)
{
	struct swapper swapper = {0};
	unsigned successes = 0, failures = 0;
	assert_int_equal(pthread_create(&swapper.thread, NULL, swap, &swapper), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		const int results[] = {
			create_with("pvc-1", "/share", NULL, NULL),
			create_with("pvc-2", "/share", "subDir", "ns/claim"),
			create_with("pvc-3", "/share", "subDir", "pvc-1/a/b"),
			modify("here#share#ns/claim#pvc-2#"),
			modify("here#share#pvc-1##"),
			expand("here#share#ns/claim#pvc-2#"),
			delete ("here#share#ns/claim#pvc-2#archive"),
			create_with("pvc-2", "/share", "subDir", "ns/claim"),
			delete ("here#share#ns/claim#pvc-2#"),
			delete ("here#share#pvc-1/a/b#pvc-3#"),
			delete ("here#share#pvc-1##"),
		};
		for (size_t k = 0; k < COUNT(results); k++)
			*(results[k] == 0 ? &successes : &failures) += 1;
		assert_outside_is_untouched("a call");
	}
	atomic_store(&swapper.is_over, true);
	assert_int_equal(pthread_join(swapper.thread, NULL), 0);
	/* Both ways were met, or nothing was shown. */
	assert_true(successes > 0);
	assert_true(failures > 0);
	assert_true(swapper.swaps > ROUNDS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(int argc, char *argv[])
{
	if (argc != 3) {
		(void)fprintf(stderr, "usage: hostile CSI-CONTROLLER SCRATCH-DIRECTORY\n");
		return EXIT_FAILURE;
	}
	executable = argv[1];
	scratch = argv[2];
	(void)umask(022);
	share = memory_printf("%s/share", scratch);
	outside = memory_printf("%s/outside", scratch);
	local_option = memory_printf("--local-export=here:/share=%s", share);
	const struct CMUnitTest tests[] = {
		TEST(strings_that_try_to_leave_the_share_are_refused),
		TEST(encoded_and_absolute_paths_stay_below_the_share),
		TEST(names_of_claims_cannot_lead_out_of_the_share),
		TEST(ids_that_try_to_leave_the_share_harm_nothing),
		TEST(every_historical_id_is_validated_and_deleted),
		TEST(policies_of_historical_ids_are_kept),
		TEST(symlinks_that_come_while_a_call_runs_lead_nowhere),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(local_option);
	free(outside);
	free(share);
	return failed;
}
