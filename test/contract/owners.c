/* SPDX-License-Identifier: Apache-2.0 */
/* Modes and owners, exactly as asked; attributes that are plausible. */
#include <sys/stat.h>
#include <time.h>

#include "contract/contract.h"

static const uint32_t modes[] = {0, 0100, 0500, 0700, 0755, 0777, 01777, 02770, 02755, 03775, 04755, 07777};
#define MODE_COUNT (sizeof(modes) / sizeof(modes[0]))

static void make_dir_gives_exactly_the_mode(void **state)
{
	struct contract_world *w = contract_begin(state);
	for (size_t i = 0; i < MODE_COUNT; i++) {
		const struct fs_owner owner = {modes[i], FS_KEEP, FS_KEEP};
		assert_works(w, fs_make_dir(w->fs, w->dir, "d", &owner, &w->cancel, &w->st));
		assert_int_equal(contract_lookup(w, "d").mode, modes[i]);
		assert_works(w, fs_remove_dir(w->fs, w->dir, "d", &w->cancel, &w->st));
	}
}

static void make_dir_without_a_mode_is_0755(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "d"));
	assert_int_equal(contract_lookup(w, "d").mode, 0755);
}

static void make_dir_gives_owner_group_and_setgid_together(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_need_chown(w);
	const struct fs_owner owner = {02770, 1234, 5678};
	assert_works(w, fs_make_dir(w->fs, w->dir, "d", &owner, &w->cancel, &w->st));
	struct fs_attr attr = contract_lookup(w, "d");
	assert_int_equal(attr.mode, 02770);
	assert_int_equal(attr.uid, 1234);
	assert_int_equal(attr.gid, 5678);
}

static void set_owner_changes_what_it_names_and_keeps_the_rest(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_need_chown(w);
	assert_works(w, contract_make_dir(w, "d"));
	struct fs_dir *dir = contract_open_dir(w, "d");
	const struct fs_owner steps[] = {{FS_KEEP, 11, FS_KEEP},
					 {FS_KEEP, FS_KEEP, 22},
					 {02750, FS_KEEP, FS_KEEP},
					 {03777, 33, 44},
					 FS_OWNER_KEEP};
	const struct fs_owner expected[] = {
		{0755, 11, 0}, {0755, 11, 22}, {02750, 11, 22}, {03777, 33, 44}, {03777, 33, 44}};
	uint32_t gid = contract_lookup(w, "d").gid;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_works(w, fs_set_owner(w->fs, dir, &steps[i], &w->cancel, &w->st));
		struct fs_attr attr;
		assert_works(w, fs_get_attr(w->fs, dir, &w->cancel, &attr, &w->st));
		assert_int_equal(attr.mode, expected[i].mode);
		assert_int_equal(attr.uid, expected[i].uid);
		assert_int_equal(attr.gid, i == 0 ? gid : expected[i].gid);
	}
	fs_close(w->fs, dir);
}

static void set_owner_gives_exactly_the_mode(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_need_chown(w);
	assert_works(w, contract_make_dir(w, "d"));
	struct fs_dir *dir = contract_open_dir(w, "d");
	for (size_t i = 0; i < MODE_COUNT; i++) {
		const struct fs_owner owner = {modes[i], FS_KEEP, FS_KEEP};
		assert_works(w, fs_set_owner(w->fs, dir, &owner, &w->cancel, &w->st));
		assert_int_equal(contract_lookup(w, "d").mode, modes[i]);
	}
	fs_close(w->fs, dir);
}

/* Some servers (nfs-ganesha) let any user choose the owner of what it makes; never may another owner stand. */
static void make_dir_that_cannot_set_the_owner_leaves_nothing(void **state)
{
	struct contract_world *w = contract_begin(state);
	const struct fs_owner owner = {0755, 1234, FS_KEEP};
	if (fs_make_dir(w->fs, w->dir, "d", &owner, &w->cancel, &w->st) == 0) {
		assert_int_equal(contract_lookup(w, "d").uid, 1234);
		return;
	}
	assert_int_equal(w->st.errnum, EPERM);
	assert_int_equal(w->st.code, STATUS_PERMISSION_DENIED);
	assert_false(contract_exists(w, "d"));
}

static void set_owner_without_the_right_changes_nothing(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, contract_make_dir(w, "d"));
	struct fs_dir *dir = contract_open_dir(w, "d");
	const struct fs_owner owner = {0700, 1234, FS_KEEP};
	assert_fails(w, EPERM, fs_set_owner(w->fs, dir, &owner, &w->cancel, &w->st));
	assert_int_equal(contract_lookup(w, "d").mode, 0755);
	fs_close(w->fs, dir);
}

static void entries_in_the_directory_of_another_are_refused(void **state)
{
	struct contract_world *w = contract_begin(state);
	const struct fs_owner closed = {0500, FS_KEEP, FS_KEEP};
	assert_works(w, fs_make_dir(w->fs, w->dir, "d", &closed, &w->cancel, &w->st));
	struct fs_dir *dir = contract_open_dir(w, "d");
	assert_fails(w, EACCES, fs_make_dir(w->fs, dir, "x", FS_KEEP_OWNER, &w->cancel, &w->st));
	assert_fails(w, EACCES, fs_create_file(w->fs, dir, "x", 0644, "", 0, &w->cancel, &w->st));
	fs_close(w->fs, dir);
}

static void times_are_since_the_epoch_in_nanoseconds(void **state)
{
	struct contract_world *w = contract_begin(state);
	const int64_t day_ns = INT64_C(86400) * 1000000000;
	assert_works(w, contract_make_dir(w, "d"));
	int64_t now_ns = time(NULL) * INT64_C(1000000000), mtime_ns = contract_lookup(w, "d").mtime_ns;
	assert_true(mtime_ns > now_ns - day_ns && mtime_ns < now_ns + day_ns);
}

static const struct CMUnitTest tests[] = {
	CONTRACT_TEST(make_dir_gives_exactly_the_mode),
	CONTRACT_TEST(make_dir_without_a_mode_is_0755),
	CONTRACT_TEST(make_dir_gives_owner_group_and_setgid_together),
	CONTRACT_TEST(set_owner_changes_what_it_names_and_keeps_the_rest),
	CONTRACT_TEST(set_owner_gives_exactly_the_mode),
	CONTRACT_TEST_AS_NOBODY(make_dir_that_cannot_set_the_owner_leaves_nothing),
	CONTRACT_TEST_AS_NOBODY(set_owner_without_the_right_changes_nothing),
	CONTRACT_TEST_AS_NOBODY(entries_in_the_directory_of_another_are_refused),
	CONTRACT_TEST(times_are_since_the_epoch_in_nanoseconds),
};
CONTRACT_GROUP(contract_owners, tests);
