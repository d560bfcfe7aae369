/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi-controller, killed everywhere: each scenario is run once to count its fault points, then once for each of them and
 * each moment, on a new share.  The controller is killed there, a new one is started, the call repeated; in the end the
 * share has to look as if one call had never been disturbed, and the answer has to be the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/strbuf.h"
#include "kill/scenario.h"
#include "kill/traced_program.h"
#include "support/csi_client.h"
#include "support/program.h"
#include "support/share.h"

#define TIMEOUT_MS 10000
#define SETTLE_TIMEOUT_MS 10000
#define POLL_MS 1
#define SUMMARY_BYTES_MAX 4096

static const char *executable;
static const char *scratch; /* sockets and logs */
static char *world, *share; /* the share and what is beside it */
static char *export_option;

static void pause_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); /* a shorter pause does no harm */
}

/* ---- what is wrong, with where it was killed */

struct visit {
	const struct scenario *scenario;
	struct kill_plan first, second;
};

static void fail(const struct visit *visit, const char *what, const char *found)
{
	static const char *const moments[] = {"before", "after"};
	(void)fprintf(stderr, "FAILED: %s %s", visit->scenario->rpc, visit->scenario->name);
	if (visit->first.nth)
		(void)fprintf(stderr, ", killed %s fault point %u", moments[visit->first.moment], visit->first.nth);
	if (visit->second.nth)
		(void)fprintf(stderr, ", its repeat %s %u", moments[visit->second.moment], visit->second.nth);
	(void)fprintf(stderr, ": %s\n%s\n", what, found);
	exit(EXIT_FAILURE);
}

/* ---- the share */

/* Takes line out of list; false where it is not there. */
static bool take_line(char *list, const char *line)
{
	char *at = strstr(list, line);
	if (!at || (at != list && at[-1] != '\n'))
		return false;
	memmove(at, at + strlen(line), strlen(at + strlen(line)) + 1);
	return true;
}

/* What is to be seen of the scenario; its neighbour and what is outside have to be there at any time. */
static char *look(const struct visit *visit)
{
	AUTO_FREE char *outside = memory_printf("%s/outside", world);
	AUTO_FREE char *sentinel = share_list(outside);
	if (strcmp(sentinel, "sentinel \"untouched\"\n") != 0)
		fail(visit, "what is outside of the share has changed", sentinel);
	char *list = share_list(share);
	for (size_t i = visit->scenario->is_first; i < sizeof(neighbour_lines) / sizeof(neighbour_lines[0]); i++)
		if (!take_line(list, neighbour_lines[i]))
			fail(visit, "another volume has changed", list);
	return list;
}

static bool is_settled(const struct visit *visit)
{
	AUTO_FREE char *list = look(visit);
	return strcmp(list, visit->scenario->tree) == 0;
}

/* Work in the background has its time. */
static void wait_until_settled(const struct visit *visit)
{
	for (int waited_ms = 0; waited_ms < SETTLE_TIMEOUT_MS; waited_ms += POLL_MS) {
		if (is_settled(visit))
			return;
		pause_ms(POLL_MS);
	}
	AUTO_FREE char *list = look(visit);
	(void)fprintf(stderr, "wanted:\n%s", visit->scenario->tree);
	fail(visit, "the share looks wrong in the end", list);
}

/* ---- one visit of one fault point */

static struct csi_client *open_client(const char *endpoint)
{
	struct status ignored; /* a controller that was killed while it started */
	return csi_client_open(endpoint, CSI_CLIENT_KEEPS_CONNECTION, TIMEOUT_MS, &ignored);
}

static void must(const struct visit *visit, struct csi_client *client, const struct call *call, char **ret_answer)
{
	struct status st;
	if (call->make(client, call, ret_answer, &st) < 0)
		fail(visit, "a call that nothing disturbs fails", st.message);
}

static void arrange(const struct visit *visit, struct csi_client *client)
{
	char *answer;
	if (!visit->scenario->is_first) {
		must(visit, client, &neighbour, &answer);
		free(answer);
	}
	share_plant_file(share, "neighbour/data", "kept");
	for (const struct call *step = visit->scenario->steps; step->make; step++) {
		must(visit, client, step, &answer);
		free(answer);
	}
	if (visit->scenario->change)
		visit->scenario->change(share);
}

static struct traced_program *start(const struct visit *visit, const struct kill_plan *plan)
{
	struct status st;
	const char *const arguments[] = {export_option, "--log-level=error", visit->scenario->option, NULL};
	struct traced_program *program =
		traced_program_start(executable, scratch, "controller", arguments, share, plan, &st);
	if (!program)
		fail(visit, "the controller does not start", st.message);
	return program;
}

/* Makes the call and waits for the end of what it began, or of the controller.  True where that was killed. */
static bool act_until_killed(const struct visit *visit, struct traced_program *program, const struct call *call,
			     struct csi_client *client, char **ret_answer)
{
	struct status st;
	bool is_repeated = !visit->scenario->instead.make || call == &visit->scenario->instead;
	int result = client ? call->make(client, call, ret_answer, &st) : -1;
	for (int waited_ms = 0; waited_ms < SETTLE_TIMEOUT_MS; waited_ms += POLL_MS) {
		if (traced_program_has_ended(program))
			return true;
		if (result == 0 && (!is_repeated || is_settled(visit)))
			return false;
		pause_ms(POLL_MS);
	}
	AUTO_FREE char *list = look(visit);
	fail(visit, "undisturbed, the call does not end as it should", result < 0 ? st.message : list);
	return false;
}

/* Fault points count from the call on.  Returns whether the controller was killed. */
static bool first_life(const struct visit *visit, unsigned *ret_count, char **ret_answer)
{
	struct traced_program *program = start(visit, &visit->first);
	struct csi_client *client = open_client(traced_program_endpoint(program));
	arrange(visit, client);
	traced_program_arm(program);
	bool was_killed = act_until_killed(visit, program, &visit->scenario->act, client, ret_answer);
	*ret_count = traced_program_count(program);
	if (traced_program_has_forked(program))
		fail(visit, "the call has started a process", "");
	csi_client_close(client);
	traced_program_free(program);
	return was_killed;
}

static const struct call *repeat_of(const struct scenario *scenario)
{
	return scenario->instead.make ? &scenario->instead : &scenario->act;
}

/* Fault points count from the start of a new controller on: what it does by itself counts too. */
static bool second_life(const struct visit *visit)
{
	AUTO_FREE char *answer = NULL;
	struct traced_program *program = start(visit, &visit->second);
	struct csi_client *client = open_client(traced_program_endpoint(program));
	bool was_killed = act_until_killed(visit, program, repeat_of(visit->scenario), client, &answer);
	csi_client_close(client);
	traced_program_free(program);
	return was_killed;
}

/* A controller that nobody kills makes all good. */
static void last_life(const struct visit *visit, const char *expected_answer)
{
	struct program program;
	struct status st;
	AUTO_FREE char *answer = NULL;
	const char *const arguments[] = {export_option, "--log-level=error", visit->scenario->option, NULL};
	if (program_start(&program, executable, scratch, "controller", PROGRAM_AS_ROOT, arguments, &st) < 0)
		fail(visit, "the controller does not start again", st.message);
	struct csi_client *client = open_client(program.endpoint);
	must(visit, client, repeat_of(visit->scenario), &answer);
	if (!visit->scenario->instead.make && strcmp(answer, expected_answer) != 0)
		fail(visit, "the repeat answers something else", answer);
	wait_until_settled(visit);
	csi_client_close(client);
	if (program_stop(&program) != EXIT_SUCCESS)
		fail(visit, "the controller does not stop cleanly", "");
}

/* ---- all fault points of a scenario */

static void make_world(const struct scenario *scenario)
{
	share_make_anew(world);
	share_plant_file(world, "outside/sentinel", "untouched");
	share_plant_dir(world, "share");
	if (scenario->plant)
		scenario->plant(share);
}

/* Returns how often the controller was killed: once or twice, or less past the last fault point. */
static unsigned visit_point(const struct visit *visit, const char *expected_answer)
{
	unsigned ignored;
	AUTO_FREE char *answer = NULL;
	make_world(visit->scenario);
	if (!first_life(visit, &ignored, &answer))
		return 0;
	unsigned kills = 1;
	if (visit->second.nth > 0 && second_life(visit))
		kills++;
	if (kills == 2 || visit->second.nth == 0)
		last_life(visit, expected_answer);
	return kills;
}

static unsigned visit_repeat(struct visit *visit, const char *expected_answer)
{
	unsigned visits = 0;
	visit->second = (struct kill_plan){.nth = 1, .moment = KILL_BEFORE, .is_from_start = true};
	for (; visit_point(visit, expected_answer) == 2; visit->second.nth++)
		visits++;
	visit->second = (struct kill_plan){0};
	return visits;
}

/* Returns how many fault points were visited. */
static unsigned visit_all(const struct scenario *scenario)
{
	struct visit visit = {.scenario = scenario};
	unsigned count, visits = 0;
	AUTO_FREE char *answer = NULL;
	make_world(scenario);
	(void)first_life(&visit, &count, &answer); /* nothing kills it: it is counted and waited for */
	if (count == 0)
		fail(&visit, "no fault points were found", "");
	for (int moment = KILL_BEFORE; moment <= KILL_AFTER; moment++)
		for (unsigned nth = 1; nth <= count; nth++) {
			visit.first = (struct kill_plan){.nth = nth, .moment = (enum kill_moment)moment};
			visits += visit_point(&visit, answer);
			if (scenario->is_killed_twice && moment == KILL_BEFORE)
				visits += visit_repeat(&visit, answer);
		}
	(void)printf("%s %s: %u fault points, killed %u times\n", scenario->rpc, scenario->name, count, visits);
	return visits;
}

int main(int argc, char *argv[])
{
	if (argc < 3) {
		(void)fprintf(stderr, "usage: kill CSI-CONTROLLER SCRATCH-DIRECTORY [RPC]\n");
		return EXIT_FAILURE;
	}
	executable = argv[1];
	scratch = argv[2];
	world = memory_printf("%s/world", scratch);
	share = memory_printf("%s/share", world);
	export_option = memory_printf("--local-export=srv:/share=%s", share);
	(void)umask(022);
	unsigned visits = 0, of_rpc = 0;
	struct strbuf summary;
	strbuf_init(&summary, SUMMARY_BYTES_MAX);
	for (size_t i = 0; i < scenario_count; i++) {
		bool is_wanted = argc == 3 || strncmp(scenarios[i].rpc, argv[3], strlen(argv[3])) == 0;
		of_rpc += is_wanted ? visit_all(&scenarios[i]) : 0;
		if (i + 1 < scenario_count && strcmp(scenarios[i].rpc, scenarios[i + 1].rpc) == 0)
			continue;
		if (of_rpc > 0)
			strbuf_printf(&summary, "%s %u; ", scenarios[i].rpc, of_rpc);
		visits += of_rpc;
		of_rpc = 0;
	}
	share_remove(world);
	free(export_option);
	free(share);
	free(world);
	(void)printf("killed at each fault point: %s%u in all\n", strbuf_text(&summary), visits);
	strbuf_release(&summary);
	return visits > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
