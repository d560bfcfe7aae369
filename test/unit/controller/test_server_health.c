/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/server_health.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/status.h"
#include "storage/fs.h"
#include "support/cmocka.h"

#define NS_PER_S 1000000000LL

/* ---- a server that is nothing but its ping */

static struct server_health *health;
static int64_t clock_ns;
static int64_t waited_ns; /* by a call that fails */
static unsigned ping_count;
static struct status ping_failure;           /* OK: the server answers */
static void (*during_ping)(struct cancel *); /* NULL: nothing happens */

static int64_t fake_now_ns(void)
{
	return clock_ns;
}

static int fake_ping(struct fs *fs, struct cancel *cancel, struct status *st)
{
	ping_count++;
	if (during_ping)
		during_ping(cancel);
	if (ping_failure.code == STATUS_OK)
		return 0;
	*st = ping_failure;
	return -1;
}

static const struct fs_ops fake_ops = {.name = "fake", .ping = fake_ping};
static struct fs fs = {&fake_ops};
static const struct export_key dead = {.server = "dead", .share = "/a"};

static struct cancel cancel;
static struct status st;
static struct arena arena;

static int set_up(void **state)
{
	log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
	clock_ns = 1000 * NS_PER_S;
	waited_ns = 0;
	ping_count = 0;
	ping_failure = (struct status){0};
	during_ping = NULL;
	health = server_health_new(fake_now_ns);
	cancel_init(&cancel, -1);
	arena_init(&arena, 1 << 16);
	return 0;
}

static int tear_down(void **state)
{
	server_health_free(health);
	cancel_release(&cancel);
	arena_release(&arena);
	return 0;
}

static void let_server_be_silent(void)
{
	(void)status_set_cause(&ping_failure, STATUS_UNAVAILABLE, ECONNREFUSED, "connection refused");
}

static void let_server_answer(void)
{
	ping_failure.code = STATUS_OK;
}

static int begin(struct server_call *call, const struct export_key *key)
{
	return server_call_begin(call, health, key, &fs, &cancel, &st);
}

/* A whole call that fails so; failure is left as the caller gets it. */
static void call_and_fail(const struct export_key *key, struct status *failure)
{
	struct server_call call;
	assert_int_equal(begin(&call, key), 0);
	clock_ns += waited_ns;
	server_call_end(&call, failure);
}

static void fail_with(const struct export_key *key, enum status_code code, int errnum)
{
	struct status failure;
	(void)status_set_cause(&failure, code, errnum, "failed");
	call_and_fail(key, &failure);
	assert_int_equal(failure.code, code);
	assert_string_equal(failure.message, "failed");
}

/* While its pause lasts: a call for one that is down fails. */
static bool is_down(const struct export_key *key)
{
	struct server_call call;
	if (begin(&call, key) < 0)
		return true;
	server_call_end(&call, NULL);
	return false;
}

static void succeed(const struct export_key *key)
{
	struct server_call call;
	assert_int_equal(begin(&call, key), 0);
	server_call_end(&call, NULL);
}

static void bring_down(const struct export_key *key)
{
	let_server_be_silent();
	fail_with(key, STATUS_UNAVAILABLE, ETIMEDOUT);
	assert_true(is_down(key));
}

static void assert_refused(const struct export_key *key)
{
	struct server_call call;
	assert_int_equal(begin(&call, key), -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
}

/* ---- going down */

static void server_whose_calls_go_well_is_never_pinged(void **state)
{
	succeed(&dead);
	fail_with(&dead, STATUS_NOT_FOUND, ENOENT);
	fail_with(&dead, STATUS_UNAVAILABLE, ESTALE);
	fail_with(&dead, STATUS_UNAVAILABLE, EAGAIN);
	fail_with(&dead, STATUS_UNAVAILABLE, EMFILE);
	assert_int_equal(ping_count, 0);
}

static void failures_that_a_dead_server_makes_have_it_pinged(void **state)
{
	fail_with(&dead, STATUS_UNAVAILABLE, ECONNREFUSED);
	fail_with(&dead, STATUS_UNAVAILABLE, ETIMEDOUT);
	fail_with(&dead, STATUS_UNAVAILABLE, EHOSTUNREACH);
	fail_with(&dead, STATUS_UNAVAILABLE, 0);
	waited_ns = NS_PER_S;
	fail_with(&dead, STATUS_DEADLINE_EXCEEDED, 0);
	fail_with(&dead, STATUS_CANCELLED, 0);
	assert_int_equal(ping_count, 6);
}

static void calls_given_up_soon_are_no_reason_to_ping(void **state)
{
	waited_ns = NS_PER_S - 1;
	fail_with(&dead, STATUS_DEADLINE_EXCEEDED, 0);
	fail_with(&dead, STATUS_CANCELLED, 0);
	assert_int_equal(ping_count, 0);
}

static void slow_server_that_answers_its_ping_is_not_down(void **state)
{
	fail_with(&dead, STATUS_UNAVAILABLE, ETIMEDOUT);
	assert_false(is_down(&dead));
	succeed(&dead);
	assert_int_equal(ping_count, 1);
}

static void calls_of_a_silent_server_fail_at_once(void **state)
{
	bring_down(&dead);
	clock_ns += NS_PER_S / 2;
	assert_refused(&dead);
	assert_string_equal(st.message, "NFS server dead does not answer, tried again in 2 s: connection refused");
	assert_refused(&dead);
	assert_int_equal(ping_count, 1);
}

static void other_servers_ports_and_versions_are_not_concerned(void **state)
{
	const struct export_key other = {.server = "alive", .share = "/a"};
	const struct export_key other_port = {.server = "dead", .share = "/a", .nfs_port = 12049};
	const struct export_key other_version = {.server = "dead", .share = "/a", .version = NFS_VERSION_3};
	const struct export_key other_share = {.server = "dead", .share = "/b"};
	struct server_call of_other_version;
	assert_int_equal(begin(&of_other_version, &other_version), 0);
	bring_down(&dead);
	assert_false(cancel_is_over(&of_other_version.cancel));
	server_call_end(&of_other_version, NULL);
	succeed(&other);
	succeed(&other_port);
	succeed(&other_version);
	assert_refused(&other_share);
}

static void ping_that_failed_for_want_of_descriptors_condemns_nobody(void **state)
{
	(void)status_set_errno(&ping_failure, EMFILE, "socket");
	fail_with(&dead, STATUS_UNAVAILABLE, ETIMEDOUT);
	assert_false(is_down(&dead));
}

static void silence_is_named_by_the_time_that_was_waited(void **state)
{
	(void)status_set(&ping_failure, STATUS_DEADLINE_EXCEEDED, "the deadline of the call passed");
	waited_ns = NS_PER_S;
	fail_with(&dead, STATUS_DEADLINE_EXCEEDED, 0);
	assert_refused(&dead);
	assert_string_equal(st.message,
			    "NFS server dead does not answer, tried again in 2 s: no answer within 2000 ms");
}

static void time_of_the_call_that_failed_does_not_bound_the_ping(void **state)
{
	struct server_call call;
	struct status failure;
	let_server_be_silent();
	assert_int_equal(begin(&call, &dead), 0);
	clock_ns += NS_PER_S;
	cancel_trigger(&cancel);
	(void)status_set(&failure, STATUS_CANCELLED, "the call was cancelled");
	server_call_end(&call, &failure);
	assert_int_equal(failure.code, STATUS_CANCELLED);
	assert_true(is_down(&dead));
}

/* ---- calls in flight */

static void calls_in_flight_are_cut_off_when_their_server_is_down(void **state)
{
	const struct export_key other = {.server = "alive", .share = "/a"};
	struct server_call waiting, elsewhere;
	struct status failure, none;
	assert_int_equal(begin(&waiting, &dead), 0);
	assert_int_equal(begin(&elsewhere, &other), 0);
	bring_down(&dead);
	assert_true(cancel_is_over(&waiting.cancel));
	assert_false(cancel_is_over(&elsewhere.cancel));
	assert_false(cancel_is_over(&cancel));
	assert_int_equal(cancel_check(&waiting.cancel, &failure), -1);
	server_call_end(&waiting, &failure);
	assert_int_equal(failure.code, STATUS_UNAVAILABLE);
	assert_string_equal(failure.message, "NFS server dead does not answer, tried again in 2 s: connection refused");
	server_call_end(&elsewhere, NULL);
	assert_int_equal(cancel_check(&cancel, &none), 0);
}

static void call_cut_off_that_ends_after_the_recovery_is_unavailable(void **state)
{
	struct server_call waiting;
	struct status failure;
	assert_int_equal(begin(&waiting, &dead), 0);
	bring_down(&dead);
	clock_ns += 2 * NS_PER_S;
	let_server_answer();
	succeed(&dead);
	(void)cancel_check(&waiting.cancel, &failure);
	server_call_end(&waiting, &failure);
	assert_int_equal(failure.code, STATUS_UNAVAILABLE);
	assert_string_equal(failure.message, "NFS server dead did not answer for a while");
}

static void call_that_its_client_gave_up_stays_cancelled(void **state)
{
	struct server_call waiting;
	struct status failure;
	assert_int_equal(begin(&waiting, &dead), 0);
	bring_down(&dead);
	cancel_trigger(&cancel);
	(void)cancel_check(&waiting.cancel, &failure);
	server_call_end(&waiting, &failure);
	assert_int_equal(failure.code, STATUS_CANCELLED);
}

/* ---- coming back */

static void first_call_after_the_pause_pings_and_goes_on(void **state)
{
	bring_down(&dead);
	clock_ns += 2 * NS_PER_S;
	let_server_answer();
	succeed(&dead);
	assert_int_equal(ping_count, 2);
	assert_false(is_down(&dead));
	succeed(&dead);
	assert_int_equal(ping_count, 2);
}

static void silence_goes_on_with_the_latest_reason(void **state)
{
	bring_down(&dead);
	clock_ns += 3 * NS_PER_S;
	(void)status_set_cause(&ping_failure, STATUS_UNAVAILABLE, EHOSTUNREACH, "no route");
	assert_refused(&dead);
	assert_string_equal(st.message, "NFS server dead does not answer, tried again in 2 s: no route");
	clock_ns += NS_PER_S;
	assert_refused(&dead);
	assert_int_equal(ping_count, 2);
}

static void cancel_the_call(struct cancel *ignored)
{
	cancel_trigger(&cancel);
}

static void call_that_ends_during_its_ping_decides_nothing(void **state)
{
	struct server_call call;
	bring_down(&dead);
	clock_ns += 2 * NS_PER_S;
	during_ping = cancel_the_call;
	(void)status_set(&ping_failure, STATUS_CANCELLED, "the call was cancelled");
	assert_int_equal(begin(&call, &dead), -1);
	assert_int_equal(st.code, STATUS_CANCELLED);
	during_ping = NULL;
	let_server_answer();
	cancel_release(&cancel);
	cancel_init(&cancel, -1);
	succeed(&dead);
	assert_int_equal(ping_count, 3);
}

static sem_t ping_is_there, ping_may_end;

static void wait_in_ping(struct cancel *ignored)
{
	(void)sem_post(&ping_is_there);
	(void)sem_wait(&ping_may_end);
}

static void *call_in_thread(void *data)
{
	struct server_call call;
	struct status *failure = data;
	struct cancel own;
	cancel_init(&own, -1);
	if (server_call_begin(&call, health, &dead, &fs, &own, failure) == 0)
		server_call_end(&call, failure->code ? failure : NULL);
	cancel_release(&own);
	return NULL;
}

static pthread_t start_call(struct status *failure)
{
	pthread_t thread;
	during_ping = wait_in_ping;
	assert_int_equal(sem_init(&ping_is_there, 0, 0), 0);
	assert_int_equal(sem_init(&ping_may_end, 0, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, call_in_thread, failure), 0);
	(void)sem_wait(&ping_is_there);
	return thread;
}

static void end_call(pthread_t thread)
{
	(void)sem_post(&ping_may_end);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void one_call_pings_while_the_others_fail(void **state)
{
	struct status success = {0};
	bring_down(&dead);
	clock_ns += 2 * NS_PER_S;
	let_server_answer();
	pthread_t thread = start_call(&success);
	assert_refused(&dead);
	assert_string_equal(st.message, "NFS server dead does not answer, tried again in 0 s: connection refused");
	end_call(thread);
	assert_int_equal(ping_count, 2);
	succeed(&dead);
}

static void calls_go_on_while_a_server_is_merely_suspect(void **state)
{
	struct status failure;
	(void)status_set_cause(&failure, STATUS_UNAVAILABLE, ETIMEDOUT, "no answer");
	pthread_t thread = start_call(&failure);
	succeed(&dead);
	fail_with(&dead, STATUS_UNAVAILABLE, ETIMEDOUT);
	assert_int_equal(ping_count, 1);
	end_call(thread);
	assert_false(is_down(&dead));
}

static void call_that_waits_for_long_makes_the_next_one_ping(void **state)
{
	struct server_call waiting;
	struct status failure;
	assert_int_equal(begin(&waiting, &dead), 0);
	clock_ns += 5 * NS_PER_S;
	succeed(&dead);
	assert_int_equal(ping_count, 0);
	clock_ns += 1;
	let_server_be_silent();
	assert_refused(&dead);
	assert_int_equal(ping_count, 1);
	assert_true(cancel_is_over(&waiting.cancel));
	(void)cancel_check(&waiting.cancel, &failure);
	server_call_end(&waiting, &failure);
	assert_int_equal(failure.code, STATUS_UNAVAILABLE);
}

static void answer_vouches_for_long_calls_for_a_while(void **state)
{
	const struct export_key other = {.server = "alive", .share = "/a"};
	struct server_call waiting, elsewhere;
	assert_int_equal(begin(&waiting, &dead), 0);
	assert_int_equal(begin(&elsewhere, &other), 0);
	clock_ns += 6 * NS_PER_S;
	succeed(&dead);
	succeed(&dead);
	assert_int_equal(ping_count, 1);
	succeed(&other);
	assert_int_equal(ping_count, 2);
	clock_ns += 6 * NS_PER_S;
	succeed(&dead);
	assert_int_equal(ping_count, 3);
	server_call_end(&waiting, NULL);
	server_call_end(&elsewhere, NULL);
}

static void so_many_servers_are_remembered_and_no_more(void **state)
{
	struct export_key keys[300];
	let_server_be_silent();
	for (size_t i = 0; i < 300; i++) {
		keys[i] = (struct export_key){.server = arena_printf(&arena, "s%zu", i), .share = "/"};
		clock_ns++;
		fail_with(&keys[i], STATUS_UNAVAILABLE, ETIMEDOUT);
	}
	assert_false(is_down(&keys[43]));
	assert_true(is_down(&keys[44]));
	assert_true(is_down(&keys[299]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(server_whose_calls_go_well_is_never_pinged),
		TEST(failures_that_a_dead_server_makes_have_it_pinged),
		TEST(calls_given_up_soon_are_no_reason_to_ping),
		TEST(slow_server_that_answers_its_ping_is_not_down),
		TEST(calls_of_a_silent_server_fail_at_once),
		TEST(other_servers_ports_and_versions_are_not_concerned),
		TEST(ping_that_failed_for_want_of_descriptors_condemns_nobody),
		TEST(silence_is_named_by_the_time_that_was_waited),
		TEST(time_of_the_call_that_failed_does_not_bound_the_ping),
		TEST(calls_in_flight_are_cut_off_when_their_server_is_down),
		TEST(call_cut_off_that_ends_after_the_recovery_is_unavailable),
		TEST(call_that_its_client_gave_up_stays_cancelled),
		TEST(first_call_after_the_pause_pings_and_goes_on),
		TEST(silence_goes_on_with_the_latest_reason),
		TEST(call_that_ends_during_its_ping_decides_nothing),
		TEST(one_call_pings_while_the_others_fail),
		TEST(calls_go_on_while_a_server_is_merely_suspect),
		TEST(call_that_waits_for_long_makes_the_next_one_ping),
		TEST(answer_vouches_for_long_calls_for_a_while),
		TEST(so_many_servers_are_remembered_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
