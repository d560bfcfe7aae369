/* SPDX-License-Identifier: Apache-2.0 */
/* Cancels that are over, and many threads at once. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "contract/contract.h"

/* Every verb once, under cancel; returns how many did not fail with code. */
static unsigned call_all_verbs(struct contract_world *w, struct cancel *cancel, enum status_code code)
{
	struct fs_dir *dir = NULL;
	struct fs_attr attr;
	struct fs_capacity capacity;
	struct fs *fs = w->fs;
	AUTO(fs_page_release) struct fs_page page;
	AUTO(strbuf_release) struct strbuf content;
	fs_page_init(&page);
	strbuf_init(&content, 100);
	struct status st[13] = {0};
	(void)fs_open_root(fs, cancel, &dir, &st[0]);
	(void)fs_open_dir(fs, w->dir, "dir", cancel, &dir, &st[1]);
	(void)fs_lookup(fs, w->dir, "dir", cancel, &attr, &st[2]);
	(void)fs_get_attr(fs, w->dir, cancel, &attr, &st[3]);
	(void)fs_set_owner(fs, w->dir, &(struct fs_owner){0700, FS_KEEP, FS_KEEP}, cancel, &st[4]);
	(void)fs_make_dir(fs, w->dir, "new", FS_KEEP_OWNER, cancel, &st[5]);
	(void)fs_rename(fs, w->dir, "dir", w->dir, "new", cancel, &st[6]);
	(void)fs_remove_file(fs, w->dir, "file", cancel, &st[7]);
	(void)fs_remove_dir(fs, w->dir, "dir", cancel, &st[8]);
	(void)fs_read_dir(fs, w->dir, &page, cancel, &st[9]);
	(void)fs_read_file(fs, w->dir, "file", &content, cancel, &st[10]);
	(void)fs_create_file(fs, w->dir, "new", 0644, "", 0, cancel, &st[11]);
	(void)fs_capacity(fs, w->dir, cancel, &capacity, &st[12]);
	assert_null(dir);
	assert_int_equal(content.length, 0);
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof(st) / sizeof(st[0]); i++)
		wrong += st[i].code != code;
	return wrong;
}

static void assert_nothing_happened(struct contract_world *w)
{
	assert_int_equal(contract_lookup(w, "dir").type, FS_DIRECTORY);
	assert_int_equal(contract_lookup(w, "file").type, FS_FILE);
	assert_false(contract_exists(w, "new"));
	struct fs_attr attr;
	assert_works(w, fs_get_attr(w->fs, w->dir, &w->cancel, &attr, &w->st));
	assert_int_equal(attr.mode, 0755);
}

static void cancelled_verbs_fail_without_effect(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	struct cancel over;
	cancel_init(&over, -1);
	cancel_trigger(&over);
	assert_int_equal(call_all_verbs(w, &over, STATUS_CANCELLED), 0);
	cancel_release(&over);
	assert_nothing_happened(w);
}

static void verbs_past_their_deadline_fail_without_effect(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	struct cancel over;
	cancel_init(&over, 0);
	assert_int_equal(call_all_verbs(w, &over, STATUS_DEADLINE_EXCEEDED), 0);
	cancel_release(&over);
	assert_nothing_happened(w);
}

#define THREADS 16
#define ROUNDS 10

struct worker {
	pthread_t thread;
	struct contract_world *w;
	unsigned number;
	atomic_uint *winners; /* [ROUNDS] */
	struct status st;
	const char *failed; /* what did; NULL while all is well */
};

/* One thread's life: a directory of its own, and a race with all others for one of each round. */
static void *work(void *data)
{
	struct worker *self = data;
	struct fs *fs = self->w->fs;
	struct cancel *cancel = &self->w->cancel;
	char own[32], shared[32];
	(void)snprintf(own, sizeof(own), "thread-%u", self->number);
	for (unsigned round = 0; round < ROUNDS && !self->failed; round++) {
		(void)snprintf(shared, sizeof(shared), "shared-%u", round);
		struct fs_dir *dir = NULL;
		if (fs_make_dir(fs, self->w->dir, own, FS_KEEP_OWNER, cancel, &self->st) < 0)
			self->failed = "make_dir";
		else if (fs_open_dir(fs, self->w->dir, own, cancel, &dir, &self->st) < 0)
			self->failed = "open_dir";
		else if (fs_create_file(fs, dir, "f", 0644, own, strlen(own), cancel, &self->st) < 0)
			self->failed = "create_file";
		else if (fs_rename(fs, dir, "f", dir, "g", cancel, &self->st) < 0)
			self->failed = "rename";
		else if (fs_remove_file(fs, dir, "g", cancel, &self->st) < 0)
			self->failed = "remove_file";
		else if (fs_remove_dir(fs, self->w->dir, own, cancel, &self->st) < 0)
			self->failed = "remove_dir";
		fs_close(fs, dir);
		if (fs_make_dir(fs, self->w->dir, shared, FS_KEEP_OWNER, cancel, &self->st) == 0)
			atomic_fetch_add(&self->winners[round], 1);
		else if (self->st.errnum != EEXIST)
			self->failed = "make_dir of a shared name";
	}
	return NULL;
}

static void many_threads_work_at_once_and_one_wins_each_race(void **state)
{
	struct contract_world *w = contract_begin(state);
	atomic_uint winners[ROUNDS] = {0};
	struct worker workers[THREADS] = {0};
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i].w = w;
		workers[i].number = i;
		workers[i].winners = winners;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(workers[i].thread, NULL); /* joinable and not this one */
	for (unsigned i = 0; i < THREADS; i++) {
		if (workers[i].failed)
			fail_msg("%s: %s", workers[i].failed, workers[i].st.message);
	}
	for (unsigned round = 0; round < ROUNDS; round++)
		assert_int_equal(winners[round], 1);
}

static const struct CMUnitTest tests[] = {
	CONTRACT_TEST(cancelled_verbs_fail_without_effect),
	CONTRACT_TEST(verbs_past_their_deadline_fail_without_effect),
	CONTRACT_TEST(many_threads_work_at_once_and_one_wins_each_race),
};
CONTRACT_GROUP(contract_bounds, tests);
