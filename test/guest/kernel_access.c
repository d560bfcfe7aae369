/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi-controller with --access=kernel.  In the guest the server is made to speak NFS 4.1 and 4.2 alone meanwhile, which the
 * client in user space cannot; a server of this machine (NATIVE=1) is left as it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/memory.h"
#include "guest/kernel_test.h"
#include "support/fault_proxy.h"

#define NFS_PORT 2049
#define SHORT_MS 4000 /* more than a ping may take */
#define RECOVERY_MS 30000
/* There may be no grace period to end. */
#define START_SERVER \
	"rpc.nfsd 0 && rpc.nfsd -H 127.0.0.1 %s 16 && { echo Y >/proc/fs/nfsd/v4_end_grace || :; } 2>/dev/null"

static struct csi_client *user_client; /* of the fixture's controller */
static struct program kernel_controller;
static struct fault_proxy *proxy;

static bool is_guest(void)
{
	struct utsname name;
	return uname(&name) == 0 && strcmp(name.nodename, "guest") == 0;
}

static void set_versions(const char *options)
{
	char command[256];
	if (!is_guest())
		return;
	(void)snprintf(command, sizeof(command), START_SERVER, options);
	assert_int_equal(system(command), 0);
}

static void start_controller(void)
{
	static const char *const arguments[] = {"--access=kernel", "--connect-timeout=5s", "--reply-timeout=5s", NULL};
	struct fixture *fixture = fixture_get();
	struct status st = {0};
	assert_ok(program_start(&kernel_controller, "./csi-controller", fixture->directory, "kernel-access",
				PROGRAM_AS_ROOT, arguments, &st),
		  &st);
	fixture->controller_client =
		csi_client_open(kernel_controller.endpoint, CSI_CLIENT_KEEPS_CONNECTION, CALL_TIMEOUT_MS, &st);
	assert_non_null(fixture->controller_client);
}

static void stop_controller(void)
{
	csi_client_close(fixture_get()->controller_client);
	assert_int_equal(program_stop(&kernel_controller), 0);
}

static int setup(void **state)
{
	if (fixture_setup(state) < 0)
		return -1;
	user_client = fixture_get()->controller_client;
	set_versions("-N 3 -N 4.0 -V 4.1 -V 4.2");
	return 0;
}

static int teardown(void **state)
{
	set_versions("-V 3 -V 4 -V 4.0 -V 4.1 -V 4.2");
	fixture_get()->controller_client = user_client;
	return fixture_teardown(state);
}

static int start(void **state)
{
	start_controller();
	return 0;
}

static int stop(void **state)
{
	stop_controller();
	return 0;
}

static int start_with_proxy(void **state)
{
	proxy = fault_proxy_new(NFS_PORT);
	return start(state);
}

/* The controller may still be emptying the trash, and needs its server for that. */
static int stop_with_proxy(void **state)
{
	fault_proxy_set_mode(proxy, FAULT_PROXY_PASS);
	int result = stop(state);
	fault_proxy_free(proxy);
	return result;
}

static void user_space_cannot_reach_the_server(void **state)
{
	const struct string_pair pairs[] = {{"server", fixture_get()->server}, {"share", fixture_get()->export}};
	const struct csi_volume_spec spec = {"out-of-reach", pairs, 2, NULL, 0, 0};
	struct csi_volume volume;
	struct status st = {0};
	if (!is_guest())
		skip();
	assert_int_equal(csi_client_create_volume(user_client, &spec, &volume, &st), -1);
	assert_message(&st, "NFSv4.0");
}

static void assert_no_mount_is_seen(void)
{
	AUTO_FREE char *path = memory_printf("/proc/%d/mountinfo", (int)kernel_controller.pid);
	char line[4096];
	FILE *lines = fopen(path, "re");
	assert_non_null(lines);
	while (fgets(line, sizeof(line), lines))
		assert_true(!strstr(line, " - nfs ") && !strstr(line, " - nfs4 "));
	(void)fclose(lines);
}

static void volume_lives_and_dies(void **state)
{
	const struct string_pair pairs[] = {{"mountPermissions", "2770"}, {"uid", "1234"}, {"gid", "5678"}};
	struct csi_volume volume, again;
	struct stat found;
	create_volume("by-kernel", *state, pairs, 3, &volume);
	create_volume("by-kernel", *state, pairs, 3, &again);
	assert_string_equal(again.id, volume.id);
	csi_volume_release(&again);
	assert_int_equal(lstat(server_path("by-kernel"), &found), 0);
	assert_int_equal(found.st_mode & 07777, 02770);
	assert_int_equal(found.st_uid, 1234);
	assert_int_equal(found.st_gid, 5678);
	assert_no_mount_is_seen();
	assert_int_equal(mkdir(server_path("by-kernel/deep"), 0755), 0);
	assert_int_equal(write_file(server_path("by-kernel/deep"), "file", "content"), 0);
	delete_volume(&volume);
	assert_false(path_exists(server_path("by-kernel")));
}

static void what_others_change_is_seen_at_once(void **state)
{
	const struct string_pair pairs[] = {{"subDir", "team/claim"}};
	struct csi_volume volume;
	for (unsigned i = 0; i < 3; i++) {
		create_volume("shared", *state, pairs, 1, &volume);
		csi_volume_release(&volume);
		assert_int_equal(rmdir(server_path("team/claim")), 0);
		assert_int_equal(rmdir(server_path("team")), 0);
	}
	create_volume("shared", *state, pairs, 1, &volume);
	delete_volume(&volume);
	assert_false(path_exists(server_path("team")));
}

static void server_that_falls_silent_is_found_out(void **state)
{
	AUTO_FREE char *flag = memory_printf("vers=4.2,port=%u", fault_proxy_port(proxy));
	const char *flags = flag;
	const struct string_pair pairs[] = {{"server", fixture_get()->server}, {"share", fixture_get()->export}};
	enum { LOST_MAX = 4, VOLUMES = 1 + LOST_MAX + 1 };
	static const char *const lost_names[LOST_MAX] = {"lost-0", "lost-1", "lost-2", "lost-3"};
	struct csi_volume_spec spec = {"before", pairs, 2, &flags, 1, 0};
	struct csi_client *client = fixture_get()->controller_client;
	struct csi_volume volumes[VOLUMES];
	struct status st = {0};
	assert_ok(csi_client_create_volume(client, &spec, &volumes[0], &st), &st);

	fault_proxy_set_mode(proxy, FAULT_PROXY_SILENT);
	csi_client_set_timeout(client, SHORT_MS);
	bool is_known = false;
	for (unsigned i = 0; i < LOST_MAX && !is_known; i++) {
		spec.name = lost_names[i];
		assert_int_equal(csi_client_create_volume(client, &spec, &volumes[1 + i], &st), -1);
		is_known = strstr(st.message, "does not answer, tried again in") != NULL;
	}
	if (!is_known)
		fail_msg("%s", st.message);

	/* What was given up may be made now that it can; until then it is ABORTED. */
	fault_proxy_set_mode(proxy, FAULT_PROXY_PASS);
	csi_client_set_timeout(client, CALL_TIMEOUT_MS);
	csi_client_set_patience(client, RECOVERY_MS);
	spec.name = "after";
	assert_ok(csi_client_create_volume(client, &spec, &volumes[1 + LOST_MAX], &st), &st);
	for (unsigned i = 0; i < LOST_MAX; i++) {
		spec.name = lost_names[i];
		while (csi_client_create_volume(client, &spec, &volumes[1 + i], &st) < 0)
			assert_int_equal(st.code, STATUS_ABORTED);
	}
	for (unsigned i = 0; i < VOLUMES; i++) {
		assert_ok(csi_client_delete_volume(client, volumes[i].id, &st), &st);
		csi_volume_release(&volumes[i]);
	}
}

#define TEST(name, test, flag) \
	{ \
		name, test, start, stop, (char *)(flag) \
	}

int run_access_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_space_cannot_reach_the_server),
		TEST("volume_lives_and_dies_with_vers_4.1", volume_lives_and_dies, "vers=4.1"),
		TEST("volume_lives_and_dies_with_the_version_left_open", volume_lives_and_dies, NULL),
		TEST("what_others_change_is_seen_at_once", what_others_change_is_seen_at_once, "vers=4.2"),
		cmocka_unit_test_setup_teardown(server_that_falls_silent_is_found_out, start_with_proxy,
						stop_with_proxy),
	};
	return cmocka_run_group_tests_name("access", tests, setup, teardown);
}
