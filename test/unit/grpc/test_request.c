/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/request.h"

#include <string.h>

#include "base/status.h"
#include "support/cmocka.h"

static const struct grpc_method methods[] = {{"Do", GRPC_ON_LOOP, NULL}};
static const struct grpc_service service = {"test.Service", methods, 1};
static const struct grpc_service *const services[] = {&service};

/* A good request; each test makes one thing of it bad. */
struct sample {
	struct http2_header headers[3];
	char body[16];
	struct http2_request http;
};

static void sample_init(struct sample *sample)
{
	*sample = (struct sample){
		.headers = {{"content-type", "application/grpc"},
			    {"grpc-timeout", "5S"},
			    {"grpc-encoding", "identity"}},
		.body = "\0\0\0\0\2hi",
	};
	sample->http = (struct http2_request){
		.method = (char *)"POST",
		.path = (char *)"/test.Service/Do",
		.headers = sample->headers,
		.header_count = 3,
		.body = {.data = sample->body, .length = 7},
	};
}

static void assert_refused(const struct sample *sample, int http_status, enum status_code code)
{
	struct grpc_request request = {.timeout_ms = 77};
	struct grpc_refusal refusal;
	struct status st;

	assert_int_equal(grpc_request_judge(&sample->http, services, 1, &request, &refusal, &st), -1);
	assert_int_equal(st.code, code);
	assert_int_equal(refusal.http_status, http_status);
	assert_int_equal(request.timeout_ms, 77);
}

static void a_good_request_is_taken_apart(void **state)
{
	struct sample sample;
	struct grpc_request request;
	struct grpc_refusal refusal;
	struct status st;

	sample_init(&sample);
	assert_int_equal(grpc_request_judge(&sample.http, services, 1, &request, &refusal, &st), 0);
	assert_ptr_equal(request.method, &methods[0]);
	assert_int_equal(request.timeout_ms, 5000);
	assert_int_equal(request.message.length, 2);
	assert_memory_equal(request.message.data, "hi", 2);
}

static void without_a_timeout_it_is_negative(void **state)
{
	struct sample sample;
	struct grpc_request request;
	struct grpc_refusal refusal;
	struct status st;

	sample_init(&sample);
	sample.http.header_count = 1;
	assert_int_equal(grpc_request_judge(&sample.http, services, 1, &request, &refusal, &st), 0);
	assert_true(request.timeout_ms < 0);
}

static void each_defect_has_its_answer(void **state)
{
	struct sample sample;

	sample_init(&sample);
	sample.http.method = (char *)"GET";
	assert_refused(&sample, 405, STATUS_INTERNAL);
	sample_init(&sample);
	sample.headers[0].value = "text/html";
	assert_refused(&sample, 415, STATUS_INVALID_ARGUMENT);
	sample_init(&sample);
	sample.headers[0].name = "x-content-type";
	assert_refused(&sample, 415, STATUS_INVALID_ARGUMENT);
	sample_init(&sample);
	sample.headers[1].value = "5";
	assert_refused(&sample, 400, STATUS_INTERNAL);
	sample_init(&sample);
	sample.http.path = (char *)"/test.Service/Undo";
	assert_refused(&sample, 200, STATUS_UNIMPLEMENTED);
	sample_init(&sample);
	sample.headers[1].value = "0m";
	assert_refused(&sample, 200, STATUS_DEADLINE_EXCEEDED);
	sample_init(&sample);
	sample.http.body.length = 6;
	assert_refused(&sample, 200, STATUS_INTERNAL);
}

static void the_first_defect_is_the_one_that_is_told(void **state)
{
	struct sample sample;

	sample_init(&sample);
	sample.http.body.length = 0;
	sample.headers[1].value = "0m";
	sample.http.path = (char *)"nowhere";
	assert_refused(&sample, 200, STATUS_UNIMPLEMENTED);
	sample.headers[1].value = "soon";
	assert_refused(&sample, 400, STATUS_INTERNAL);
	sample.headers[0].value = "text/html";
	assert_refused(&sample, 415, STATUS_INVALID_ARGUMENT);
	sample.http.method = (char *)"GET";
	assert_refused(&sample, 405, STATUS_INTERNAL);
}

static void only_an_unsupported_compression_names_the_encodings(void **state)
{
	struct sample sample;
	struct grpc_request request;
	struct grpc_refusal refusal;
	struct status st;

	sample_init(&sample);
	sample.body[0] = 1;
	assert_int_equal(grpc_request_judge(&sample.http, services, 1, &request, &refusal, &st), -1);
	assert_false(refusal.names_encodings);
	sample.headers[2].value = "snappy";
	assert_int_equal(grpc_request_judge(&sample.http, services, 1, &request, &refusal, &st), -1);
	assert_true(refusal.names_encodings);
	sample.http.path = (char *)"/test.Service/Undo";
	assert_int_equal(grpc_request_judge(&sample.http, services, 1, &request, &refusal, &st), -1);
	assert_false(refusal.names_encodings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_request_is_taken_apart),
		cmocka_unit_test(without_a_timeout_it_is_negative),
		cmocka_unit_test(each_defect_has_its_answer),
		cmocka_unit_test(the_first_defect_is_the_one_that_is_told),
		cmocka_unit_test(only_an_unsupported_compression_names_the_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
