/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is nothing but its ping, a clock that stands still, and calls in one line: for the tests of server_health. */
#ifndef CSICORE_TEST_CONTROLLER_PINGED_SERVER_H
#define CSICORE_TEST_CONTROLLER_PINGED_SERVER_H

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/status.h"
#include "controller/server_health.h"
#include "storage/fs.h"
#include "support/cmocka.h"

#define NS_PER_S 1000000000LL

static struct server_health *health;
static int64_t clock_ns;
static int64_t waited_ns; /* by a call that fails */
static unsigned ping_count;
static struct status ping_failure;           /* OK: the server answers */
static void (*during_ping)(struct cancel *); /* NULL: nothing happens */

static inline int64_t fake_now_ns(void)
{
	return clock_ns;
}

static inline int fake_ping(struct fs *fs, struct cancel *cancel, struct status *st)
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

static inline int set_up(void **state)
{
	log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
	clock_ns = 1000 * NS_PER_S;
	waited_ns = 0;
	ping_count = 0;
	ping_failure = (struct status){0};
	during_ping = NULL;
	health = server_health_new(fake_now_ns, false);
	cancel_init(&cancel, -1);
	arena_init(&arena, 1 << 16);
	return 0;
}

static inline int tear_down(void **state)
{
	server_health_free(health);
	cancel_release(&cancel);
	arena_release(&arena);
	return 0;
}

static inline void let_server_be_silent(void)
{
	(void)status_set_cause(&ping_failure, STATUS_UNAVAILABLE, ECONNREFUSED, "connection refused");
}

static inline void let_server_answer(void)
{
	ping_failure.code = STATUS_OK;
}

static inline int begin(struct server_call *call, const struct export_key *key)
{
	return server_call_begin(call, health, key, &fs, &cancel, &st);
}

/* A whole call that fails so; failure is left as the caller gets it. */
static inline void call_and_fail(const struct export_key *key, struct status *failure)
{
	struct server_call call;
	assert_int_equal(begin(&call, key), 0);
	clock_ns += waited_ns;
	server_call_end(&call, failure);
}

static inline void fail_with(const struct export_key *key, enum status_code code, int errnum)
{
	struct status failure;
	(void)status_set_cause(&failure, code, errnum, "failed");
	call_and_fail(key, &failure);
	assert_int_equal(failure.code, code);
	assert_string_equal(failure.message, "failed");
}

/* While its pause lasts: a call for one that is down fails. */
static inline bool is_down(const struct export_key *key)
{
	struct server_call call;
	if (begin(&call, key) < 0)
		return true;
	server_call_end(&call, NULL);
	return false;
}

static inline void succeed(const struct export_key *key)
{
	struct server_call call;
	assert_int_equal(begin(&call, key), 0);
	server_call_end(&call, NULL);
}

static inline void bring_down(const struct export_key *key)
{
	let_server_be_silent();
	fail_with(key, STATUS_UNAVAILABLE, ETIMEDOUT);
	assert_true(is_down(key));
}

static inline void assert_refused(const struct export_key *key)
{
	struct server_call call;
	assert_int_equal(begin(&call, key), -1);
	assert_int_equal(st.code, STATUS_UNAVAILABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
