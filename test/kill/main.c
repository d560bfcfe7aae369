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
#define VISIT_ATTEMPTS 5
#define NUMBER_DIGITS_MIN 8
/* The share is told, so that a controller that starts goes on with what it finds there. */
#define ARGUMENTS export_option, "--share=srv:/share", "--log-level=error"

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

/* Entries of the trash have the time and a number in their names: "~*" for each. */
static void mask_numbers(char *list)
{
	char *to = list;
	for (const char *at = list; *at;) {
		size_t digits = *at == '~' ? strspn(at + 1, "0123456789abcdef") : 0;
		bool is_number = digits >= NUMBER_DIGITS_MIN;
		*to++ = *at;
		if (is_number)
			*to++ = '*';
		at += 1 + (is_number ? digits : 0);
	}
	*to = '\0';
}

/* What is to be seen of the scenario; its neighbour and what is outside have to be there at any time. */
static char *look(const struct visit *visit)
{
	AUTO_FREE char *outside = memory_printf("%s/outside", world);
	AUTO_FREE char *sentinel = share_list(outside);
	if (strcmp(sentinel, "sentinel \"untouched\"\n") != 0)
		fail(visit, "what is outside of the share has changed", sentinel);
	char *list = share_list(share);
	mask_numbers(list);
	for (size_t i = visit->scenario->is_first; i < sizeof(neighbour_lines) / sizeof(neighbour_lines[0]); i++)
		if (!take_line(list, neighbour_lines[i]))
			fail(visit, "another volume has changed", list);
	return list;
}

/* Twice in a row: a listing can miss what is renamed while it is made. */
static bool is_settled(const struct visit *visit)
{
	AUTO_FREE char *list = look(visit);
	if (strcmp(list, visit->scenario->tree) != 0)
		return false;
	AUTO_FREE char *again = look(visit);
	return strcmp(again, visit->scenario->tree) == 0;
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

/* Makes the call as a sidecar does: again while work on the volume goes on. */
static int make_call(struct csi_client *client, const struct call *call, char **ret_answer, struct status *st)
{
	int result = call->make(client, call, ret_answer, st);
	for (int waited_ms = 0; result < 0 && st->code == STATUS_ABORTED && waited_ms < SETTLE_TIMEOUT_MS;
	     waited_ms += POLL_MS) {
		pause_ms(POLL_MS);
		result = call->make(client, call, ret_answer, st);
	}
	return result;
}

static void must(const struct visit *visit, struct csi_client *client, const struct call *call, char **ret_answer)
{
	struct status st;
	if (make_call(client, call, ret_answer, &st) < 0)
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
	const char *const arguments[] = {ARGUMENTS, visit->scenario->option, NULL};
	struct traced_program *program =
		traced_program_start(executable, scratch, "controller", arguments, share, plan, &st);
	if (!program)
		fail(visit, "the controller does not start", st.message);
	return program;
}

static const struct call *repeat_of(const struct scenario *scenario)
{
	return scenario->instead.make ? &scenario->instead : &scenario->act;
}

/* What came of a controller's life. */
struct life {
	unsigned points; /* fault points, up to its end */
	bool was_killed;
	char *answer; /* of the call; NULL where the controller was killed before it answered.  To be freed */
};

/* Makes the call and waits for the end of what it began, or of the controller. */
static struct life live(const struct visit *visit, struct traced_program *program, const struct call *call,
			struct csi_client *client)
{
	struct status st;
	struct life life = {0};
	bool is_last = call == repeat_of(visit->scenario);
	bool has_settled = false;
	int result = client ? make_call(client, call, &life.answer, &st) : -1;
	for (int waited_ms = 0; waited_ms < SETTLE_TIMEOUT_MS; waited_ms += POLL_MS) {
		life.was_killed = traced_program_has_ended(program);
		has_settled = !life.was_killed && result == 0 && (!is_last || is_settled(visit));
		if (life.was_killed || has_settled)
			break;
		pause_ms(POLL_MS);
	}
	AUTO_FREE char *list = look(visit);
	if (!life.was_killed && result < 0)
		fail(visit, "a call that nothing disturbs fails", st.message);
	if (!life.was_killed && !has_settled)
		fail(visit, "undisturbed, the share looks wrong in the end", list);
	if (traced_program_has_forked(program))
		fail(visit, "the call has started a process", "");
	life.points = traced_program_count(program);
	csi_client_close(client);
	return life;
}

/* Fault points count from the call on. */
static struct life first_life(const struct visit *visit)
{
	struct traced_program *program = start(visit, &visit->first);
	struct csi_client *client = open_client(traced_program_endpoint(program));
	arrange(visit, client);
	traced_program_arm(program);
	struct life life = live(visit, program, &visit->scenario->act, client);
	traced_program_free(program);
	return life;
}

/* Fault points count from the start of a new controller on: what it does by itself counts too. */
static struct life second_life(const struct visit *visit)
{
	struct traced_program *program = start(visit, &visit->second);
	struct csi_client *client = open_client(traced_program_endpoint(program));
	struct life life = live(visit, program, repeat_of(visit->scenario), client);
	traced_program_free(program);
	return life;
}

/* A controller that nobody kills makes all good.  A call that was answered is not repeated: nobody would. */
static void last_life(const struct visit *visit, const char *expected_answer, bool is_answered)
{
	struct program program;
	struct status st;
	AUTO_FREE char *answer = NULL;
	const char *const arguments[] = {ARGUMENTS, visit->scenario->option, NULL};
	if (program_start(&program, executable, scratch, "controller", PROGRAM_AS_ROOT, arguments, &st) < 0)
		fail(visit, "the controller does not start again", st.message);
	struct csi_client *client = open_client(program.endpoint);
	if (!is_answered)
		must(visit, client, repeat_of(visit->scenario), &answer);
	if (answer && !visit->scenario->instead.make && strcmp(answer, expected_answer) != 0)
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
static unsigned visit_once(const struct visit *visit, const char *expected_answer)
{
	make_world(visit->scenario);
	struct life first = first_life(visit), second = {0};
	bool is_twice = visit->second.nth > 0;
	if (first.was_killed && is_twice)
		second = second_life(visit);
	bool is_answered = second.answer || (first.answer && !visit->scenario->instead.make);
	if (is_twice ? second.was_killed : first.was_killed)
		last_life(visit, expected_answer, is_answered);
	free(first.answer);
	free(second.answer);
	return first.was_killed + second.was_killed;
}

/* What goes on in the background does not come to the same number of fault points each time: the last are tried again. */
static unsigned visit_point(const struct visit *visit, const char *expected_answer)
{
	unsigned kills = 0;
	for (unsigned attempt = 0; attempt < VISIT_ATTEMPTS && kills == 0; attempt++)
		kills = visit_once(visit, expected_answer);
	return kills;
}

/* The repeat of a call that was killed, killed everywhere. */
static unsigned visit_repeat(struct visit *visit, const char *expected_answer)
{
	unsigned kills = 2, visits = 0;
	for (unsigned nth = 1; kills == 2; nth++) {
		visit->second = (struct kill_plan){.nth = nth, .moment = KILL_BEFORE, .is_from_start = true};
		kills = visit_once(visit, expected_answer);
		visits += kills == 2;
	}
	visit->second = (struct kill_plan){0};
	return visits;
}

/* Returns how many fault points were visited. */
static unsigned visit_all(const struct scenario *scenario)
{
	struct visit visit = {.scenario = scenario};
	unsigned visits = 0;
	make_world(scenario);
	struct life calm = first_life(&visit);
	if (calm.points == 0)
		fail(&visit, "no fault points were found", "");
	for (int moment = KILL_BEFORE; moment <= KILL_AFTER; moment++)
		for (unsigned nth = 1; nth <= calm.points; nth++) {
			visit.first = (struct kill_plan){.nth = nth, .moment = (enum kill_moment)moment};
			visits += visit_point(&visit, calm.answer);
			/* Every second point is enough to meet what each step of the first life leaves to the second. */
			if (scenario->is_killed_twice && moment == KILL_BEFORE && nth % 2 == 1)
				visits += visit_repeat(&visit, calm.answer);
		}
	(void)printf("%s %s: %u fault points, killed %u times\n", scenario->rpc, scenario->name, calm.points, visits);
	free(calm.answer);
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
