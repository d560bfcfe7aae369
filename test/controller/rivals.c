/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two controllers on one share, as during a rolling update: each knows nothing of the other's locks.  Threads call both with a few
 * names; whatever they do to each other, a volume that nobody deletes stays as it is, and a name that everybody creates, or
 * deletes, is whole, or gone, in the end.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/memory.h"
#include "base/status.h"
#include "support/cmocka.h"
#include "support/csi_client.h"
#include "support/program.h"
#include "support/share.h"

#define TIMEOUT_MS 30000
#define THREADS 8
#define OPERATIONS 60
#define RIVALS 2
#define SETTLE_TIMEOUT_MS 10000

/* Names that are fought for: alone, below a parent that comes and goes, two in one directory. */
static const struct {
	const char *name, *sub_dir, *id_rest;
} volumes[] = {
	{"pvc-0", NULL, "pvc-0##"},           {"pvc-1", NULL, "pvc-1##"},
	{"pvc-2", "ns/two", "ns/two#pvc-2#"}, {"pvc-3", "ns/three", "ns/three#pvc-3#"},
	{"pvc-4", "both", "both#pvc-4#"},     {"pvc-5", "both", "both#pvc-5#"},
};
#define VOLUMES (sizeof(volumes) / sizeof(volumes[0]))

static const char *executable, *scratch;
static char *export_directory;
static const char *server, *share_path;
static char mount_flags[96], local_option[512];
static struct program programs[RIVALS];

/* ---- calls */

static struct csi_client *open_client(unsigned rival)
{
	struct status st;
	struct csi_client *client =
		csi_client_open(programs[rival].endpoint, CSI_CLIENT_KEEPS_CONNECTION, TIMEOUT_MS, &st);
	if (!client)
		fail_msg("%s", st.message);
	return client;
}

static int create(struct csi_client *client, const char *name, const char *sub_dir, struct status *st)
{
	const struct string_pair parameters[] = {{"server", server}, {"share", share_path}, {"subDir", sub_dir}};
	const char *const flags[] = {mount_flags};
	const struct csi_volume_spec spec = {
		.name = name,
		.parameters = parameters,
		.parameter_count = sub_dir ? 3 : 2,
		.mount_flags = flags,
		.mount_flag_count = mount_flags[0] != '\0',
		.required_bytes = 1024,
	};
	struct csi_volume volume;
	if (csi_client_create_volume(client, &spec, &volume, st) < 0)
		return -1;
	csi_volume_release(&volume);
	return 0;
}

static char *id_of(size_t volume)
{
	return memory_printf("%s#%s#%s", server, share_path + 1, volumes[volume].id_rest);
}

static int delete (struct csi_client *client, size_t volume, struct status *st)
{
	AUTO_FREE char *id = id_of(volume);
	return csi_client_delete_volume(client, id, st);
}

/* ---- the fight */

enum fight { FIGHT_TO_CREATE, FIGHT_TO_DELETE, FIGHT_FOR_ALL };

struct fighter {
	enum fight fight;
	unsigned number;
	pthread_t thread;
	struct status failure; /* OK where all calls ended as they may */
};

/* What a sidecar tries again, and nothing that makes it forget the volume. */
static bool is_repeated(const struct status *st)
{
	return st->code == STATUS_ABORTED || st->code == STATUS_UNAVAILABLE;
}

static void *fight(void *argument)
{
	struct fighter *fighter = argument;
	unsigned seed = fighter->number;
	struct csi_client *client = open_client(fighter->number % RIVALS);
	for (unsigned i = 0; i < OPERATIONS && fighter->failure.code == STATUS_OK; i++) {
		struct status st;
		size_t volume = (size_t)rand_r(&seed) % VOLUMES;
		bool creates =
			fighter->fight == FIGHT_TO_CREATE || (fighter->fight == FIGHT_FOR_ALL && rand_r(&seed) % 2);
		int result = creates ? create(client, volumes[volume].name, volumes[volume].sub_dir, &st)
				     : delete (client, volume, &st);
		if (result < 0 && !is_repeated(&st)) {
			fighter->failure = st;
			(void)status_prefix(&fighter->failure, "%s %s", creates ? "create" : "delete",
					    volumes[volume].name); /* always -1 */
		}
	}
	csi_client_close(client);
	return NULL;
}

static void fight_all(enum fight what)
{
	static struct fighter fighters[THREADS];
	for (unsigned i = 0; i < THREADS; i++) {
		fighters[i] = (struct fighter){.fight = what, .number = i};
		assert_int_equal(pthread_create(&fighters[i].thread, NULL, fight, &fighters[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(fighters[i].thread, NULL), 0);
	for (unsigned i = 0; i < THREADS; i++)
		if (fighters[i].failure.code != STATUS_OK)
			fail_msg("%s: %s", status_code_name(fighters[i].failure.code), fighters[i].failure.message);
}

/* One call that nobody disturbs, by the controller whose turn it is. */
static void call_once_each(bool creates)
{
	for (size_t i = 0; i < VOLUMES; i++) {
		struct status st;
		struct csi_client *client = open_client(i % RIVALS);
		int result =
			creates ? create(client, volumes[i].name, volumes[i].sub_dir, &st) : delete (client, i, &st);
		if (result < 0)
			fail_msg("%s: %s", volumes[i].name, st.message);
		csi_client_close(client);
	}
}

/* ---- the end */

static char *append_record(char *list, const char *name, const char *rest, const char *sub_dir)
{
	char *longer =
		memory_printf("%s.csicore/volumes/%s {%s %s#%s#%s %s 1024%s%s}\n", list, name, name, server,
			      share_path + 1, rest, sub_dir ? sub_dir : name, mount_flags[0] ? " " : "", mount_flags);
	free(list);
	return longer;
}

/* The whole share where all names are whole, or none is. */
static char *expected(bool are_whole)
{
	char *list = append_record(memory_strdup(""), "kept", "kept##", NULL);
	for (size_t i = 0; are_whole && i < VOLUMES; i++)
		list = append_record(list, volumes[i].name, volumes[i].id_rest, volumes[i].sub_dir);
	char *all = memory_printf("%s%skept/\nkept/data \"kept\"\n%s", list, are_whole ? "both/\n" : "",
				  are_whole ? "ns/\nns/three/\nns/two/\npvc-0/\npvc-1/\n" : "");
	free(list);
	return all;
}

/* What is on the share, but for records in the trash that lost their volume to the other controller's reaper: those are kept for
 * ten minutes, since their volume may be on its way. */
static char *look(void)
{
	char *list = share_list(export_directory), *to = list;
	for (const char *line = list; *line;) {
		const char *end = strchrnul(line, '\n');
		size_t length = (size_t)(end - line) + (*end == '\n');
		const char *record = strstr(line, "~record ");
		if (strncmp(line, ".csicore/trash/", strlen(".csicore/trash/")) != 0 || !record || record > end) {
			memmove(to, line, length);
			to += length;
		}
		line += length;
	}
	*to = '\0';
	return list;
}

/* What goes on in the background has its time. */
static void wait_for(const char *wanted)
{
	AUTO_FREE char *found = look();
	for (int waited_ms = 0; waited_ms < SETTLE_TIMEOUT_MS && strcmp(found, wanted) != 0; waited_ms++) {
		(void)nanosleep(&(struct timespec){0, 1000000}, NULL); /* a shorter pause does no harm */
		free(found);
		found = look();
	}
	assert_string_equal(found, wanted);
}

static void assert_ends(bool are_whole)
{
	AUTO_FREE char *wanted = expected(are_whole);
	wait_for(wanted);
}

static void a_volume_that_all_create_is_made_once(void **state)
{
	fight_all(FIGHT_TO_CREATE);
	call_once_each(true);
	assert_ends(true);
}

static void a_volume_that_all_delete_is_gone_and_no_other(void **state)
{
	call_once_each(true);
	fight_all(FIGHT_TO_DELETE);
	call_once_each(false);
	assert_ends(false);
}

static void creating_and_deleting_at_once_ends_as_the_last_call_wants(void **state)
{
	fight_all(FIGHT_FOR_ALL);
	call_once_each(true);
	assert_ends(true);
	fight_all(FIGHT_FOR_ALL);
	call_once_each(false);
	assert_ends(false);
}

/* ---- set-up */

static int start(void **state)
{
	static const char *const names[RIVALS] = {"old", "new"};
	const char *const arguments[] = {"--log-level=error", local_option[0] ? local_option : NULL, NULL};
	struct status st;
	for (unsigned i = 0; i < RIVALS; i++)
		if (program_start(&programs[i], executable, scratch, names[i], PROGRAM_AS_ROOT, arguments, &st) < 0)
			fail_msg("%s", st.message);
	struct csi_client *client = open_client(0);
	if (create(client, "kept", NULL, &st) < 0)
		fail_msg("%s", st.message);
	csi_client_close(client);
	share_plant_file(export_directory, "kept/data", "kept");
	return 0;
}

static int stop(void **state)
{
	struct status st;
	struct csi_client *client = open_client(1);
	for (size_t i = 0; i < VOLUMES; i++)
		assert_int_equal(delete (client, i, &st), 0);
	AUTO_FREE char *kept = memory_printf("%s#%s#kept##", server, share_path + 1);
	assert_int_equal(csi_client_delete_volume(client, kept, &st), 0);
	wait_for("");
	csi_client_close(client);
	for (unsigned i = 0; i < RIVALS; i++)
		assert_int_equal(program_stop(&programs[i]), EXIT_SUCCESS);
	return 0;
}

/* The share of the NFS server of test/ganesha/run, where there is one, else a directory of this machine. */
static void choose_share(void)
{
	const char *nfs_directory = getenv("CSICORE_TEST_NFS_DIR");
	server = nfs_directory ? getenv("CSICORE_TEST_NFS_SERVER") : "here";
	share_path = nfs_directory ? getenv("CSICORE_TEST_NFS_SHARE") : "/share";
	export_directory = nfs_directory ? memory_strdup(nfs_directory) : memory_printf("%s/share", scratch);
	if (nfs_directory) {
		(void)snprintf(mount_flags, sizeof(mount_flags), "port=%s,mountport=%s",
			       getenv("CSICORE_TEST_NFS_PORT"), getenv("CSICORE_TEST_MOUNT_PORT"));
	} else {
		(void)snprintf(local_option, sizeof(local_option), "--local-export=here:/share=%s", export_directory);
		share_make_anew(export_directory);
	}
}

int main(int argc, char *argv[])
{
	if (argc != 3) {
		(void)fprintf(stderr, "usage: rivals CSI-CONTROLLER SCRATCH-DIRECTORY\n");
		return EXIT_FAILURE;
	}
	executable = argv[1];
	scratch = argv[2];
	(void)umask(022);
	choose_share();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_volume_that_all_create_is_made_once, start, stop),
		cmocka_unit_test_setup_teardown(a_volume_that_all_delete_is_gone_and_no_other, start, stop),
		cmocka_unit_test_setup_teardown(creating_and_deleting_at_once_ends_as_the_last_call_wants, start, stop),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(export_directory);
	return failed;
}
