/* SPDX-License-Identifier: Apache-2.0 */
/* What a call leaves in the log, and how a method's end becomes a status. */
#include "grpc/call_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "support/cmocka.h"

static int return_ok(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response,
		     struct status *st)
{
	grpc_call_log(call, "volume", "pvc-1");
	return 0;
}

static int return_error(struct grpc_call *call, struct grpc_bytes request, struct grpc_bytes *ret_response,
			struct status *st)
{
	return status_set(st, STATUS_NOT_FOUND, "no such share");
}

static int return_error_without_status(struct grpc_call *call, struct grpc_bytes request,
				       struct grpc_bytes *ret_response, struct status *st)
{
	return -1;
}

static const struct grpc_method ok = {"Ok", GRPC_ON_WORKER, return_ok};
static const struct grpc_method polled = {"Ok", GRPC_ON_WORKER_POLLED, return_ok};
static const struct grpc_method on_loop = {"Ok", GRPC_ON_LOOP, return_ok};
static const struct grpc_method bad = {"Bad", GRPC_ON_LOOP, return_error};
static const struct grpc_method worse = {"Worse", GRPC_ON_LOOP, return_error_without_status};

static struct grpc_call *run(const struct grpc_method *method, int64_t timeout_ms)
{
	struct http2_request *request = memory_calloc(1, sizeof(*request));
	const struct grpc_request judged = {.method = method};
	static char path[64];

	(void)snprintf(path, sizeof(path), "/test.Service/%s", method->name); /* fits */
	request->path = path; /* which http2_request_free() leaves alone */
	struct grpc_call *call = grpc_call_new(NULL, NULL, NULL, 1, request);

	grpc_call_start(call, &judged, timeout_ms);
	grpc_call_run(call);
	call->answered = call->st.code;
	return call;
}

/* What the call's log line is, "" for none; the call is freed. */
static const char *logged(struct grpc_call *call)
{
	static char line[1024];
	int pipe_fds[2];

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
	int saved = dup(STDERR_FILENO);

	assert_int_equal(dup2(pipe_fds[1], STDERR_FILENO), STDERR_FILENO);
	grpc_call_log_end(call);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	ssize_t length = read(pipe_fds[0], line, sizeof(line) - 1);

	line[length > 0 ? length : 0] = '\0';
	assert_int_equal(close(saved) | close(pipe_fds[0]) | close(pipe_fds[1]), 0);
	grpc_call_free(call);
	return line;
}

static void assert_holds(const char *line, const char *words)
{
	if (!strstr(line, words))
		fail_msg("\"%s\" is not in \"%s\"", words, line);
}

static void a_success_is_one_line_with_what_the_method_added(void **state)
{
	const char *line = logged(run(&ok, -1));

	assert_holds(line, "level=info event=rpc method=/test.Service/Ok code=OK ms=");
	assert_holds(line, " volume=pvc-1\n");
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void what_is_asked_all_the_time_is_logged_at_debug(void **state)
{
	assert_string_equal(logged(run(&polled, -1)), "");
	assert_string_equal(logged(run(&on_loop, -1)), "");
	log_configure(LOG_DEBUG, LOG_FORMAT_TEXT);
	assert_holds(logged(run(&on_loop, -1)), "level=debug event=rpc");
	log_configure(LOG_INFO, LOG_FORMAT_TEXT);
}

static void a_failure_is_a_warning_with_its_message(void **state)
{
	const char *line = logged(run(&bad, -1));

	assert_holds(line, "level=warning event=rpc method=/test.Service/Bad code=NOT_FOUND");
	assert_holds(line, "message=\"no such share\"");
}

static void an_end_after_the_answer_is_told_beside_it(void **state)
{
	struct grpc_call *call = run(&ok, -1);

	call->answered = STATUS_DEADLINE_EXCEEDED;
	const char *line = logged(call);

	assert_holds(line, "level=warning");
	assert_holds(line, "code=DEADLINE_EXCEEDED");
	assert_holds(line, "outcome=OK");
}

static void fields_beyond_the_cap_are_dropped(void **state)
{
	struct grpc_call *call = run(&ok, -1);

	for (int i = 0; i < 2 * GRPC_CALL_LOG_FIELDS_MAX; i++)
		grpc_call_log(call, "again", "x");
	assert_int_equal(call->log_field_count, GRPC_CALL_LOG_FIELDS_MAX);
	(void)logged(call);
}

static void a_call_that_is_over_never_runs(void **state)
{
	struct grpc_call *call = run(&ok, 0);

	assert_int_equal(call->st.code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(call->log_field_count, 0);
	grpc_call_free(call);
}

static void a_failure_without_a_status_is_internal(void **state)
{
	struct grpc_call *call = run(&worse, -1);

	assert_int_equal(call->st.code, STATUS_INTERNAL);
	grpc_call_free(call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_success_is_one_line_with_what_the_method_added),
		cmocka_unit_test(what_is_asked_all_the_time_is_logged_at_debug),
		cmocka_unit_test(a_failure_is_a_warning_with_its_message),
		cmocka_unit_test(an_end_after_the_answer_is_told_beside_it),
		cmocka_unit_test(fields_beyond_the_cap_are_dropped),
		cmocka_unit_test(a_call_that_is_over_never_runs),
		cmocka_unit_test(a_failure_without_a_status_is_internal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
