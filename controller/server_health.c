/* SPDX-License-Identifier: Apache-2.0 */
/* A list of the servers with something against them, mostly empty, and one of the calls in flight. */
#include "server_health.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "storage/fs.h"

/* Past it, the one that was pinged longest ago is forgotten: its next call waits for it again. */
#define SUSPECTS_MAX 256
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000

struct suspect {
	struct suspect *next;
	struct export_key key; /* owned; of the share that was asked for first */
	bool is_down;          /* false: the first ping is on its way, and calls go on meanwhile */
	bool is_pinging;       /* by one call; such a suspect is not forgotten */
	int64_t pinged_ns;
	char reason[STATUS_MESSAGE_BYTES]; /* of the last ping */
};

struct server_health {
	int64_t (*now_ns)(void);
	bool is_quiet;
	pthread_mutex_t lock; /* guards the rest; a leaf lock but for cancel_trigger, never held across a ping */
	struct suspect *suspects;
	unsigned suspect_count;
	struct server_call *calls;
};

struct server_health *server_health_new(int64_t (*now_ns)(void), bool is_quiet)
{
	struct server_health *health = memory_calloc(1, sizeof(*health));
	health->now_ns = now_ns ? now_ns : cancel_now_ns;
	health->is_quiet = is_quiet;
	(void)pthread_mutex_init(&health->lock, NULL); /* cannot fail with default attributes on Linux */
	return health;
}

static void suspect_free(struct suspect *suspect)
{
	export_key_release(&suspect->key);
	free(suspect);
}

void server_health_free(struct server_health *health)
{
	if (!health)
		return;
	while (health->suspects) {
		struct suspect *next = health->suspects->next;
		suspect_free(health->suspects);
		health->suspects = next;
	}
	(void)pthread_mutex_destroy(&health->lock); /* nobody holds it any more */
	free(health);
}

/* ---- the suspects; all with the lock held */

/* The version says whom a ping asks: NFSv3's way leads through the portmapper, which many a server of NFSv4 has not. */
static bool is_same_server(const struct export_key *a, const struct export_key *b)
{
	return a->nfs_port == b->nfs_port && a->version == b->version && strcmp(a->server, b->server) == 0;
}

static struct suspect *find(struct server_health *health, const struct export_key *key)
{
	struct suspect *at = health->suspects;
	while (at && !is_same_server(&at->key, key))
		at = at->next;
	return at;
}

static void forget(struct server_health *health, struct suspect *suspect)
{
	struct suspect **at = &health->suspects;
	while (*at != suspect)
		at = &(*at)->next;
	*at = suspect->next;
	health->suspect_count--;
	suspect_free(suspect);
}

static void forget_oldest(struct server_health *health)
{
	struct suspect *oldest = NULL;
	for (struct suspect *at = health->suspects; at; at = at->next)
		if (!at->is_pinging && (!oldest || at->pinged_ns < oldest->pinged_ns))
			oldest = at;
	if (oldest)
		forget(health, oldest);
}

/* NULL where too many are being pinged already. */
static struct suspect *add(struct server_health *health, const struct export_key *key)
{
	if (health->suspect_count >= SUSPECTS_MAX)
		forget_oldest(health);
	if (health->suspect_count >= SUSPECTS_MAX)
		return NULL;
	struct suspect *suspect = memory_calloc(1, sizeof(*suspect));
	suspect->key = export_key_copy(key);
	suspect->next = health->suspects;
	health->suspects = suspect;
	health->suspect_count++;
	return suspect;
}

static void cut_calls(struct server_health *health, const struct suspect *suspect)
{
	for (struct server_call *call = health->calls; call; call = call->next) {
		if (!is_same_server(&suspect->key, call->key))
			continue;
		call->is_cut = true;
		cancel_trigger(&call->cancel);
	}
}

static void vouch_for_calls(struct server_health *health, const struct suspect *suspect)
{
	for (struct server_call *call = health->calls; call; call = call->next)
		if (is_same_server(&suspect->key, call->key))
			call->vouched_ns = health->now_ns();
}

/* A kernel's call for a server that went silent may wait for ever and so never fail. */
static bool has_long_call(const struct server_health *health, const struct export_key *key)
{
	int64_t long_ago_ns = health->now_ns() - (int64_t)SERVER_CALL_LONG_MS * NS_PER_MS;
	for (const struct server_call *call = health->calls; call; call = call->next)
		if (call->vouched_ns < long_ago_ns && is_same_server(call->key, key))
			return true;
	return false;
}

static int64_t next_ping_ns(const struct suspect *suspect)
{
	return suspect->pinged_ns + (int64_t)SERVER_PING_PAUSE_MS * NS_PER_MS;
}

static int refuse(const struct server_health *health, const struct suspect *suspect, struct status *st)
{
	int64_t left_ns = next_ping_ns(suspect) - health->now_ns();
	long long left_s = left_ns > 0 ? (left_ns + NS_PER_S - 1) / NS_PER_S : 0;
	return status_set(st, STATUS_UNAVAILABLE, "NFS server %s does not answer, tried again in %lld s: %s",
			  suspect->key.server, left_s, suspect->reason);
}

/* ---- pings */

/* Whether it can come of a server, or a way to it, that is dead: no connection, no name, no answer.  Who waited for an
 * answer when his time was over has met silence too. */
static bool may_be_dead(const struct status *failure)
{
	static const int errnums[] = {0,     ETIMEDOUT,    ECONNREFUSED, ECONNRESET,  ECONNABORTED,
				      EPIPE, EHOSTUNREACH, EHOSTDOWN,    ENETUNREACH, ENETDOWN};
	if (failure->code == STATUS_DEADLINE_EXCEEDED || failure->code == STATUS_CANCELLED)
		return true;
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++)
		if (failure->code == STATUS_UNAVAILABLE && failure->errnum == errnums[i])
			return true;
	return false;
}

/* Who gave up sooner than that has met no silence: calls of a client without patience would be pings one after the other. */
static bool has_met_silence(const struct server_call *call, const struct status *failure)
{
	bool is_given_up = failure->code == STATUS_DEADLINE_EXCEEDED || failure->code == STATUS_CANCELLED;
	int64_t waited_ns = call->health->now_ns() - call->vouched_ns;
	return may_be_dead(failure) && (!is_given_up || waited_ns >= (int64_t)SERVER_CALL_SHORT_MS * NS_PER_MS);
}

enum verdict { ANSWERS, SILENT, UNDECIDED };

/* parent: NULL where the call's own time is over. */
static enum verdict ping(struct fs *fs, struct cancel *parent, struct status *ret_why)
{
	AUTO(cancel_release) struct cancel bound;
	cancel_init_child(&bound, parent, SERVER_PING_MS);
	if (fs_ping(fs, &bound, ret_why) == 0)
		return ANSWERS;
	if ((parent && cancel_is_over(parent)) || !may_be_dead(ret_why))
		return UNDECIDED;
	if (ret_why->code == STATUS_DEADLINE_EXCEEDED)
		(void)status_set_cause(ret_why, STATUS_UNAVAILABLE, ETIMEDOUT, "no answer within %d ms",
				       SERVER_PING_MS);
	return SILENT;
}

/* Without the name of the server, which the sentence begins with in which it stands. */
static const char *plain_reason(const struct suspect *suspect, const struct status *why)
{
	static const char prefix[] = "NFS server ";
	const size_t prefix_length = sizeof(prefix) - 1, name_length = strlen(suspect->key.server);
	const char *name = why->message + prefix_length;
	if (strncmp(why->message, prefix, prefix_length) != 0 || strncmp(name, suspect->key.server, name_length) != 0 ||
	    strncmp(name + name_length, ": ", 2) != 0)
		return why->message;
	return name + name_length + 2;
}

static void note_silence(struct server_health *health, struct suspect *suspect, const struct status *why)
{
	suspect->pinged_ns = health->now_ns();
	(void)snprintf(suspect->reason, sizeof(suspect->reason), "%s",
		       plain_reason(suspect, why)); /* no longer than why */
	suspect->is_down = true;
	/* A name service that fails (it has no errno) says nothing of connections that stand. */
	if (why->errnum != 0)
		cut_calls(health, suspect);
}

static void log_change(const struct server_health *health, const struct suspect *suspect, enum verdict verdict,
		       const struct status *why)
{
	if (verdict == SILENT)
		log_event(health->is_quiet ? LOG_DEBUG : LOG_WARNING,
			  "NFS server does not answer: its calls fail at once", LOG_TEXT("server", suspect->key.server),
			  LOG_TEXT("why", plain_reason(suspect, why)));
	else if (verdict == ANSWERS)
		log_event(health->is_quiet ? LOG_DEBUG : LOG_INFO, "NFS server answers again",
			  LOG_TEXT("server", suspect->key.server));
}

/* Pings for a suspect that nobody else pings; the lock is held, and let go meanwhile.  The suspect stays only where it is down. */
static enum verdict settle(struct server_health *health, struct suspect *suspect, struct fs *fs, struct cancel *parent,
			   struct status *ret_why)
{
	bool was_down = suspect->is_down; /* who pings is the only one to change it */
	suspect->is_pinging = true;
	(void)pthread_mutex_unlock(&health->lock);
	enum verdict verdict = ping(fs, parent, ret_why);
	if (was_down != (verdict == SILENT))
		log_change(health, suspect, verdict, ret_why);
	(void)pthread_mutex_lock(&health->lock);
	suspect->is_pinging = false;
	if (verdict == SILENT)
		note_silence(health, suspect, ret_why);
	if (verdict == ANSWERS)
		vouch_for_calls(health, suspect);
	if (verdict == ANSWERS || !suspect->is_down)
		forget(health, suspect);
	return verdict;
}

/* ---- calls */

/* The lock is held. */
static int admit(struct server_health *health, const struct export_key *key, struct fs *fs, struct cancel *parent,
		 struct status *st)
{
	struct suspect *suspect = find(health, key);
	struct status why;
	bool is_new = !suspect && has_long_call(health, key) && (suspect = add(health, key)) != NULL;
	if (!suspect || (!suspect->is_down && !is_new))
		return 0;
	if (!is_new && (suspect->is_pinging || health->now_ns() < next_ping_ns(suspect)))
		return refuse(health, suspect, st);
	switch (settle(health, suspect, fs, parent, &why)) {
	case ANSWERS:
		return 0;
	case SILENT:
		return refuse(health, suspect, st);
	default:
		if (is_new)
			return cancel_check(parent, st);
		*st = why;
		return -1;
	}
}

int server_call_begin(struct server_call *call, struct server_health *health, const struct export_key *key,
		      struct fs *fs, struct cancel *parent, struct status *st)
{
	(void)pthread_mutex_lock(&health->lock);
	int result = admit(health, key, fs, parent, st);
	if (result == 0) {
		*call = (struct server_call){
			health, key, fs, parent, .vouched_ns = health->now_ns(), .next = health->calls};
		cancel_init_child(&call->cancel, parent, -1);
		if (health->calls)
			health->calls->previous = call;
		health->calls = call;
	}
	(void)pthread_mutex_unlock(&health->lock);
	return result;
}

static void leave(struct server_health *health, struct server_call *call)
{
	if (call->previous)
		call->previous->next = call->next;
	else
		health->calls = call->next;
	if (call->next)
		call->next->previous = call->previous;
}

void server_call_end(struct server_call *call, struct status *failure)
{
	struct server_health *health = call->health;
	struct status why;
	(void)pthread_mutex_lock(&health->lock);
	leave(health, call);
	struct suspect *suspect = find(health, call->key);
	bool is_cut_off = failure && call->is_cut && failure->code == STATUS_CANCELLED && !cancel_is_over(call->parent);
	if (is_cut_off && suspect && suspect->is_down)
		(void)refuse(health, suspect, failure);
	else if (is_cut_off)
		(void)status_set(failure, STATUS_UNAVAILABLE, "NFS server %s did not answer for a while",
				 call->key->server);
	else if (failure && !suspect && has_met_silence(call, failure) && (suspect = add(health, call->key)) != NULL)
		(void)settle(health, suspect, call->fs, NULL, &why);
	(void)pthread_mutex_unlock(&health->lock);
	cancel_release(&call->cancel);
}
