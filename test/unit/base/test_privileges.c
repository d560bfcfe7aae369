/* SPDX-License-Identifier: Apache-2.0 */
#include "base/privileges.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/status.h"
#include "support/cmocka.h"

static uint64_t effective_capabilities(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t capabilities = UINT64_MAX;

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "CapEff:\t", 8) == 0)
			(void)parse_u64(line + 8, 16, UINT64_MAX, &capabilities);
	}
	fclose(file);
	return capabilities;
}

/* Each case runs in a child, since what is dropped stays dropped. */
static int in_child(int (*body)(void))
{
	pid_t child = fork();
	int result = 0;

	if (child == 0)
		_exit(body());
	waitpid(child, &result, 0);
	return WEXITSTATUS(result);
}

static int drop_all(void)
{
	char left[64];
	struct status st;

	if (privileges_drop(NULL, 0, left, sizeof(left), &st) < 0)
		return 1;
	if (effective_capabilities() != 0)
		return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	return strcmp(left, "none") == 0 ? 0 : 4;
}

static int keep_one(void)
{
	const int kept[] = {CAP_SYS_ADMIN};
	char left[64];
	struct status st;

	if (privileges_drop(kept, 1, left, sizeof(left), &st) < 0)
		return 1;
	if (effective_capabilities() != 1ULL << CAP_SYS_ADMIN)
		return 2;
	return strcmp(left, "sys_admin") == 0 ? 0 : 3;
}

static void nothing_is_left_where_nothing_is_asked_for(void **state)
{
	assert_int_equal(in_child(drop_all), 0);
}

static void what_is_asked_for_and_held_is_kept(void **state)
{
	if (!(effective_capabilities() & 1ULL << CAP_SYS_ADMIN))
		skip(); /* a process cannot keep what it does not have */
	assert_int_equal(in_child(keep_one), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_where_nothing_is_asked_for),
		cmocka_unit_test(what_is_asked_for_and_held_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
