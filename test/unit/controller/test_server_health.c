/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/server_health.h"

#include "pinged_server.h"

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

static void reason_does_not_name_the_server_again(void **state)
{
	(void)status_set_cause(&ping_failure, STATUS_UNAVAILABLE, ECONNREFUSED, "NFS server dead: connect: refused");
	fail_with(&dead, STATUS_UNAVAILABLE, ECONNREFUSED);
	assert_refused(&dead);
	assert_string_equal(st.message, "NFS server dead does not answer, tried again in 2 s: connect: refused");
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
		TEST(reason_does_not_name_the_server_again),
		TEST(time_of_the_call_that_failed_does_not_bound_the_ping),
		TEST(first_call_after_the_pause_pings_and_goes_on),
		TEST(silence_goes_on_with_the_latest_reason),
		TEST(call_that_ends_during_its_ping_decides_nothing),
		TEST(so_many_servers_are_remembered_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
