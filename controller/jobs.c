/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads that serve the list of jobs.  There is one thread more than may run jobs, so that always one keeps watch, for
 * the next job that becomes due and for the next line about those that run.
 */
#include "jobs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "base/memory.h"
#include "base/slots.h"
#include "job_list.h"

#define JOBS_MAX 16384 /* more are refused */
#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL
#define REPORT_NS (30 * NS_PER_S)

struct jobs {
	struct jobs_config config;
	struct exports *exports;
	struct slots *servers; /* per_server slots each */
	struct cancel cancel;  /* above those of all jobs */

	pthread_mutex_t lock; /* guards the rest, but for what is a run's own in its job */
	pthread_cond_t changed;
	struct job_list list;
	unsigned running_count, thread_count, idle_count;
	bool is_started, is_stopping;
};

/* NULL where there are too many.  is_begun: its journal is on the share. */
static struct job *find_or_add(struct jobs *jobs, const struct job_spec *spec, bool is_begun)
{
	const struct job_attempt attempt = {
		.jobs = jobs, .config = &jobs->config, .exports = jobs->exports, .is_begun = is_begun};
	struct job *job = *job_list_find(&jobs->list, spec);
	return job || jobs->list.count == JOBS_MAX ? job : job_list_add(&jobs->list, spec, &attempt);
}

/* ---- one run; the lock is held but during the run itself */

static void make_idle_thread(struct jobs *jobs);

static void report_success(const struct job *job)
{
	const struct tree_progress *progress = &job->attempt.progress;
	bool has_done_much = atomic_load(&progress->files) + atomic_load(&progress->directories) > 0;
	/* After a failure that was told, so is its end. */
	bool is_news = job->attempt.kind->has_journal || has_done_much || job->failures > 0;
	job_report(job, is_news ? LOG_INFO : LOG_DEBUG, "job is done");
}

/* Decides what becomes of a job that has just run, and forgets it where nothing does. */
static void settle(struct jobs *jobs, struct job *job, int result, const struct status *st)
{
	if (result == 0) {
		report_success(job);
		job->failures = 0;
		if (job->attempt.again_ms >= 0)
			job_make_due(job, job->attempt.again_ms);
	} else {
		int64_t backoff_ms = job_backoff_ms(job, st);
		bool is_repeated = !job->attempt.kind->has_journal || job_attempt_is_worth_another(st);
		job->failures++;
		if (cancel_is_over(&jobs->cancel))
			job_report(job, LOG_INFO, "job is interrupted: a later start goes on with it");
		else
			job_report_failure(job, st, is_repeated ? backoff_ms : -1);
		if (is_repeated)
			job_make_due(job, backoff_ms);
	}
	job_tell_waiters(job, result, st);
	if (job->due_ns == JOB_NEVER)
		job_list_remove(&jobs->list, job);
	else
		job_list_put_last(&jobs->list, job);
}

/* With a slot of its server taken, which is given back. */
static void run_job(struct jobs *jobs, struct job *job, struct cancel *parent)
{
	struct status st = {0};
	char *server = memory_strdup(job->attempt.key.server);
	job->is_running = true;
	job->due_ns = JOB_NEVER;
	job->started_ns = job->reported_ns = cancel_now_ns();
	cancel_init_child(&job->cancel, parent, -1);
	jobs->running_count++;
	make_idle_thread(jobs);
	(void)pthread_mutex_unlock(&jobs->lock);
	int result = job_attempt_run(&job->attempt, &job->cancel, &st);
	(void)pthread_mutex_lock(&jobs->lock); /* a default mutex reports no error */
	jobs->running_count--;
	cancel_release(&job->cancel);
	job->is_running = false;
	settle(jobs, job, result, &st);
	slots_put(jobs->servers, server);
	free(server);
	(void)pthread_cond_broadcast(&jobs->changed);
}

/* A job that is due by then and may run now, with a slot of its server; NULL where there is none. */
static struct job *take_due(struct jobs *jobs, int64_t by_ns)
{
	for (struct job *job = jobs->list.first; job; job = job->next)
		if (!job->is_running && job->due_ns <= by_ns && slots_try(jobs->servers, job->attempt.key.server))
			return job;
	return NULL;
}

/* ---- threads; jobs->lock is held */

/* Writes the lines that are due about jobs that run, and says when there is something to do next. */
static int64_t keep_watch(struct jobs *jobs)
{
	int64_t now_ns = cancel_now_ns(), next_ns = JOB_NEVER;
	for (struct job *job = jobs->list.first; job; job = job->next) {
		int64_t at_ns = job->is_running ? job->reported_ns + REPORT_NS : job->due_ns;
		if (job->is_running && at_ns <= now_ns) {
			job_report(job, LOG_INFO, "job is running");
			job->reported_ns = now_ns;
			at_ns = now_ns + REPORT_NS;
		}
		/* What is due and cannot run waits for another to end, which is said. */
		if (at_ns > now_ns && at_ns < next_ns)
			next_ns = at_ns;
	}
	return next_ns;
}

static void wait_until(struct jobs *jobs, int64_t until_ns)
{
	const struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};
	jobs->idle_count++;
	if (until_ns == JOB_NEVER)
		(void)pthread_cond_wait(&jobs->changed, &jobs->lock);
	else
		(void)pthread_cond_timedwait(&jobs->changed, &jobs->lock, &until); /* ETIMEDOUT is as good */
	jobs->idle_count--;
}

static void *serve(void *argument);

/* One thread more where all are busy.  Signals are the loop's business. */
static void make_idle_thread(struct jobs *jobs)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	if (!jobs->is_started || jobs->is_stopping || jobs->idle_count > 0 || jobs->thread_count > jobs->config.threads)
		return;
	(void)pthread_attr_init(&attributes); /* cannot fail on Linux, nor can the next three */
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	/* Where none can be had, those that are there serve later. */
	if (pthread_create(&thread, &attributes, serve, jobs) == 0)
		jobs->thread_count++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
}

static void *serve(void *argument)
{
	struct jobs *jobs = argument;
	(void)pthread_mutex_lock(&jobs->lock);
	while (!jobs->is_stopping) {
		struct job *job = NULL;
		if (jobs->running_count < jobs->config.threads)
			job = take_due(jobs, cancel_now_ns());
		if (job)
			run_job(jobs, job, &jobs->cancel);
		else
			wait_until(jobs, keep_watch(jobs));
	}
	jobs->thread_count--;
	(void)pthread_cond_broadcast(&jobs->changed);
	(void)pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

static void wake(struct jobs *jobs)
{
	make_idle_thread(jobs);
	(void)pthread_cond_broadcast(&jobs->changed);
}

/* ---- from outside */

struct jobs *jobs_new(const struct jobs_config *config)
{
	struct jobs *jobs = memory_calloc(1, sizeof(*jobs));
	pthread_condattr_t attributes;
	jobs->config = *config;
	jobs->exports = exports_new(&config->exports);
	jobs->servers = slots_new(config->per_server);
	cancel_init(&jobs->cancel, -1);
	(void)pthread_mutex_init(&jobs->lock, NULL); /* as the next ones, cannot fail on Linux */
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&jobs->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	return jobs;
}

void jobs_start(struct jobs *jobs)
{
	(void)pthread_mutex_lock(&jobs->lock);
	jobs->is_started = true;
	if (jobs->list.first)
		wake(jobs);
	(void)pthread_mutex_unlock(&jobs->lock);
}

int jobs_stop(struct jobs *jobs, int64_t timeout_ms, struct status *st)
{
	int64_t until_ns = cancel_now_ns() + timeout_ms * NS_PER_MS;
	const struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};
	int error = 0;
	struct status stops;
	(void)status_set(&stops, STATUS_UNAVAILABLE, "the controller stops");
	cancel_trigger(&jobs->cancel);
	(void)pthread_mutex_lock(&jobs->lock);
	jobs->is_stopping = true;
	for (struct job *job = jobs->list.first; job; job = job->next)
		if (!job->is_running)
			job_tell_waiters(job, -1, &stops);
	(void)pthread_cond_broadcast(&jobs->changed);
	while (jobs->thread_count > 0 && error == 0)
		error = pthread_cond_timedwait(&jobs->changed, &jobs->lock, &until);
	(void)pthread_mutex_unlock(&jobs->lock);
	return error == 0 ? 0 : status_set(st, STATUS_DEADLINE_EXCEEDED, "jobs do not end");
}

void jobs_free(struct jobs *jobs)
{
	if (!jobs)
		return;
	while (jobs->list.first)
		job_list_remove(&jobs->list, jobs->list.first);
	exports_free(jobs->exports);
	slots_free(jobs->servers);
	cancel_release(&jobs->cancel);
	(void)pthread_cond_destroy(&jobs->changed); /* nobody waits or holds it any more, */
	(void)pthread_mutex_destroy(&jobs->lock);   /* nor this */
	free(jobs);
}

void jobs_ask(struct jobs *jobs, const struct job_spec *spec, int64_t delay_ms)
{
	(void)pthread_mutex_lock(&jobs->lock);
	struct job *job = find_or_add(jobs, spec, false);
	if (job) {
		job_make_due(job, delay_ms);
		wake(jobs);
	}
	(void)pthread_mutex_unlock(&jobs->lock);
}

/* ---- waiting for one */

/* Waits for the end of the job's run, with jobs->lock released meanwhile: 0 once the waiter is told. */
static int wait_for(struct jobs *jobs, struct job *job, struct job_waiter *waiter, struct cancel *cancel,
		    struct status *st)
{
	AUTO_CLOSE int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct pollfd event = {.fd = event_fd, .events = POLLIN};
	if (event_fd < 0)
		return status_set_errno(st, errno, "eventfd");
	waiter->event_fd = event_fd;
	waiter->next = job->waiters;
	job->waiters = waiter;
	(void)pthread_mutex_unlock(&jobs->lock);
	int ready = cancel_poll(cancel, &event, 1, (int)jobs->config.patience_ms, st);
	(void)pthread_mutex_lock(&jobs->lock);
	if (waiter->is_done)
		return 0;
	/* Not told: so the job is still there. */
	job_forget_waiter(job, waiter);
	return ready < 0 ? -1 : job_set_progress(job, st);
}

static int await(struct jobs *jobs, const struct job_spec *spec, struct cancel *cancel, struct status *st)
{
	struct job_waiter waiter = {0};
	struct job *job = jobs->is_stopping ? NULL : find_or_add(jobs, spec, false);
	if (!job)
		return status_set(st, STATUS_UNAVAILABLE,
				  jobs->is_stopping ? "the controller stops" : "too many jobs are waiting");
	/* Whoever asks has seen that there is something to do, whatever came of a journal before. */
	if (!job->is_running)
		job->attempt.is_begun = false;
	if (!jobs->is_started && !job->is_running && slots_try(jobs->servers, spec->key->server)) {
		waiter.event_fd = -1;
		job->waiters = &waiter;
		run_job(jobs, job, cancel);
	} else {
		if (!job->is_running)
			job_make_due(job, 0);
		wake(jobs);
		if (wait_for(jobs, job, &waiter, cancel, st) < 0)
			return -1;
	}
	if (waiter.result < 0)
		*st = waiter.st;
	return waiter.result;
}

int jobs_await(struct jobs *jobs, const struct job_spec *spec, struct cancel *cancel, struct status *st)
{
	(void)pthread_mutex_lock(&jobs->lock);
	int result = await(jobs, spec, cancel, st);
	(void)pthread_mutex_unlock(&jobs->lock);
	return result;
}

int jobs_join(struct jobs *jobs, const struct job_kind *kind, const char *server, const char *share,
	      const char *id_prefix, struct cancel *cancel, struct status *st)
{
	struct job_waiter waiter = {0};
	(void)pthread_mutex_lock(&jobs->lock);
	struct job *job = jobs->list.first;
	while (job &&
	       !(job->is_running && job->attempt.kind == kind && strcmp(job->attempt.key.server, server) == 0 &&
		 strcmp(job->attempt.key.share, share) == 0 && strncmp(job->id, id_prefix, strlen(id_prefix)) == 0))
		job = job->next;
	int result = job ? wait_for(jobs, job, &waiter, cancel, st) : 0;
	(void)pthread_mutex_unlock(&jobs->lock);
	return result;
}

/* ---- going on after a restart */

struct resumption {
	struct jobs *jobs;
	const struct export_key *key;
};

static void resume_job(void *context, const Csicore__JobRecord *record)
{
	const struct resumption *resumption = context;
	struct jobs *jobs = resumption->jobs;
	const struct job_kind *const *kind = jobs->config.kinds;
	while (*kind && strcmp((*kind)->name, record->kind) != 0)
		kind++;
	if (!*kind)
		return; /* a later version's */
	const struct job_spec spec = {*kind, resumption->key, record->id, record};
	(void)pthread_mutex_lock(&jobs->lock);
	struct job *job = find_or_add(jobs, &spec, true);
	if (job && !job->is_running)
		job_make_due(job, 0);
	wake(jobs);
	(void)pthread_mutex_unlock(&jobs->lock);
}

static int run_resume(struct export_use *use, struct job_run *run, struct cancel *cancel, struct status *st)
{
	struct resumption resumption = {run->jobs, run->key};
	return job_journal_scan(use, resume_job, &resumption, cancel, st);
}

static const struct job_kind resume_kind = {"resume", false, run_resume};

void jobs_resume(struct jobs *jobs, const struct export_key *key)
{
	const struct job_spec spec = {&resume_kind, key, "journals", NULL};
	jobs_ask(jobs, &spec, 0);
}

void jobs_run_due(struct jobs *jobs, int64_t within_ms)
{
	struct job *job;
	int64_t by_ns = cancel_now_ns() + within_ms * NS_PER_MS;
	(void)pthread_mutex_lock(&jobs->lock);
	while ((job = take_due(jobs, by_ns)))
		run_job(jobs, job, &jobs->cancel);
	(void)pthread_mutex_unlock(&jobs->lock);
}
