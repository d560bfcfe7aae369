/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which NFS servers do not answer, so that calls for them fail at once instead of waiting for a server one after the other.
 *
 * Failures make a server suspect, and so does a call that waits for long when the next one comes; one ping (fs_ping: no
 * share, no mount) decides.  While it is down, its calls are UNAVAILABLE, and those in flight are cut off; the first call
 * after a pause pings again and goes on where that is answered.  No thread and no timer: a server that nobody calls costs
 * nothing.  A server is told apart by name, port and version.  Thread-safe.
 */
#ifndef CSICORE_CONTROLLER_SERVER_HEALTH_H
#define CSICORE_CONTROLLER_SERVER_HEALTH_H

#include "base/cancel.h"
#include "export_key.h"

struct server_health;
struct status;

/* How long a ping may take, and after one without answer the next is made no sooner than this. */
#define SERVER_PING_MS 2000
#define SERVER_PING_PAUSE_MS 2000
/* A call that was given up sooner says nothing about its server. */
#define SERVER_CALL_SHORT_MS 1000
/* How long a call may be in flight before the next one wonders whether the server is there. */
#define SERVER_CALL_LONG_MS 5000

/* now_ns: as cancel_now_ns, which NULL stands for. */
/* is_quiet: what it finds is logged for debugging alone, as who uses it tells of its failures himself. */
struct server_health *server_health_new(int64_t (*now_ns)(void), bool is_quiet);
/* No call runs any more.  NULL is fine. */
void server_health_free(struct server_health *health);

/* A call to a server, on its caller's stack from begin to end. */
struct server_call {
	struct server_health *health;
	const struct export_key *key;
	struct fs *fs;
	struct cancel *parent;
	struct cancel
		cancel; /* what the call is to observe: its parent's, and over when the server turns out to be down */
	int64_t vouched_ns;                  /* health's lock: when it began, or a ping was answered since */
	bool is_cut;                         /* health's lock: for that reason */
	struct server_call *previous, *next; /* health's lock: those in flight */
};

/* UNAVAILABLE while the server is down; key and fs are borrowed until the end. */
int server_call_begin(struct server_call *call, struct server_health *health, const struct export_key *key,
		      struct fs *fs, struct cancel *parent, struct status *st);
/* failure: NULL for a success; one that may mean a dead server has it pinged.  That of a call cut off becomes UNAVAILABLE. */
void server_call_end(struct server_call *call, struct status *failure);

#endif
