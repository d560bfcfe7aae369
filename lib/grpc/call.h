/* SPDX-License-Identifier: Apache-2.0 */
/* What a running handler may use of its call.  The loop thread owns a call and lends it to one worker at a time. */
#ifndef CSICORE_GRPC_CALL_H
#define CSICORE_GRPC_CALL_H

struct arena;
struct cancel;
struct grpc_call;

/* Lives as long as the call; its limit bounds what decoding may allocate. */
struct arena *grpc_call_arena(struct grpc_call *call);
/* Over when the client's deadline passed, the client went away or cancelled, or the server's own bound on a call passed. */
struct cancel *grpc_call_cancel(struct grpc_call *call);
/* The user pointer of the server's configuration: the program's own state. */
void *grpc_call_user(struct grpc_call *call);
/* Adds a field to the one log line of this call; key is a literal, value is copied. */
void grpc_call_log(struct grpc_call *call, const char *key, const char *value);

#endif
