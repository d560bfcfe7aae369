/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one call, and the line that it leaves in the log. */
#include "grpc/call_private.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* A path that names no method of ours can be anything. */
#define LOGGED_PATH_BYTES 256

struct arena *grpc_call_arena(struct grpc_call *call)
{
	return &call->arena;
}

struct cancel *grpc_call_cancel(struct grpc_call *call)
{
	return &call->cancel;
}

void *grpc_call_user(struct grpc_call *call)
{
	return call->user;
}

void grpc_call_log(struct grpc_call *call, const char *key, const char *value)
{
	if (call->log_field_count < GRPC_CALL_LOG_FIELDS_MAX)
		call->log_fields[call->log_field_count++] = LOG_TEXT(key, arena_strdup(&call->arena, value));
}

struct grpc_call *grpc_call_new(struct grpc_server *server, void *user, struct connection *connection,
				int32_t stream_id, struct http2_request *request)
{
	struct grpc_call *call = memory_alloc(sizeof(*call));

	/* A thousand bytes of message in the status, and the fields behind log_field_count, need no zeros. */
	arena_init(&call->arena, GRPC_CALL_ARENA_BYTES);
	call->method = NULL;
	call->message = (struct grpc_bytes){0};
	call->response = (struct grpc_bytes){0};
	call->st.code = STATUS_OK;
	call->log_field_count = 0;
	memset(&call->cancel, 0, sizeof(*call) - offsetof(struct grpc_call, cancel));
	call->user = user;
	call->server = server;
	call->request = request;
	call->connection = connection;
	call->stream_id = stream_id;
	call->begun_ns = cancel_now_ns();
	cancel_init(&call->cancel, -1);
	return call;
}

void grpc_call_free(struct grpc_call *call)
{
	cancel_release(&call->cancel);
	arena_release(&call->arena);
	http2_request_free(call->request);
	free(call);
}

void grpc_call_start(struct grpc_call *call, const struct grpc_request *request, int64_t timeout_ms)
{
	call->method = request->method;
	call->message = request->message;
	cancel_init(&call->cancel, timeout_ms);
}

void grpc_call_run(struct grpc_call *call)
{
	if (cancel_check(&call->cancel, &call->st) < 0)
		return;
	if (call->method->run(call, call->message, &call->response, &call->st) == 0)
		call->st.code = STATUS_OK;
	else if (call->st.code == STATUS_OK)
		(void)status_set(&call->st, STATUS_INTERNAL, "%s failed without a status", call->method->name);
}

static enum log_level level_of(const struct grpc_call *call)
{
	if (call->answered != STATUS_OK)
		return LOG_WARNING;
	return call->method && call->method->dispatch == GRPC_ON_WORKER ? LOG_INFO : LOG_DEBUG;
}

void grpc_call_log_end(const struct grpc_call *call)
{
	struct log_field fields[5 + GRPC_CALL_LOG_FIELDS_MAX];
	size_t count = 0;
	enum log_level level = level_of(call);
	char path[LOGGED_PATH_BYTES];

	if (!log_is_on(level))
		return;
	(void)snprintf(path, sizeof(path), "%s", call->request->path); /* a cut path tells enough */
	fields[count++] = LOG_TEXT("method", path);
	fields[count++] = LOG_TEXT("code", status_code_name(call->answered));
	fields[count++] = LOG_NUMBER("ms", (cancel_now_ns() - call->begun_ns) / 1000000);
	/* The client was answered, or went away, before the method had ended. */
	if (call->st.code != call->answered)
		fields[count++] = LOG_TEXT("outcome", status_code_name(call->st.code));
	for (size_t i = 0; i < call->log_field_count; i++)
		fields[count++] = call->log_fields[i];
	if (call->st.code != STATUS_OK)
		fields[count++] = LOG_TEXT("message", call->st.message);
	log_write(level, "rpc", fields, count);
}
