/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of storage/fs.h as tests that every back end must pass.  A back end is one row of contract_backends[]; a
 * test is written once, works in a directory of its own and sees the back end only through struct fs, beside the
 * contract_plant functions that put things on the export behind its back.
 */
#ifndef CSICORE_TEST_CONTRACT_CONTRACT_H
#define CSICORE_TEST_CONTRACT_CONTRACT_H

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "storage/fs.h"
#include "support/cmocka.h"

/* uid of an unprivileged client; CONTRACT_SELF is root's where the back end can be root. */
#define CONTRACT_SELF 0
#define CONTRACT_NOBODY 65534

struct contract_world;

struct contract_backend {
	const char *name;
	/* Opens the export as uid and sets fs and local_root_fd.  -1 where it cannot: why goes to world->st. */
	int (*open)(struct contract_world *world, unsigned uid);
	void (*close)(struct contract_world *world);
};

extern const struct contract_backend contract_backends[];
extern const size_t contract_backend_count;

struct contract_world {
	const struct contract_backend *backend;
	struct fs *fs;
	int local_root_fd; /* the export's root as a directory of this machine; -1: it is fs_memory's */
	int local_fd;      /* of dir, as above */
	struct fs_dir *root;
	struct fs_dir *dir; /* the test's own, empty, mode 0755, owned by the back end's user */
	char dir_name[32];
	struct cancel cancel;
	struct status st;
};

/* Set-up and tear-down of a test; *state is the back end before and struct contract_world after. */
int contract_set_up(void **state);
int contract_set_up_as_nobody(void **state);
int contract_tear_down(void **state);

/* The world of a running test; skips where the back end cannot be the user that the test asks for. */
struct contract_world *contract_begin(void **state);
/* Skips where the back end may not give away what it owns. */
void contract_need_chown(const struct contract_world *w);

#define CONTRACT_TEST(name) \
	{ \
#name, name, contract_set_up, contract_tear_down, NULL \
	}
#define CONTRACT_TEST_AS_NOBODY(name) \
	{ \
#name, name, contract_set_up_as_nobody, contract_tear_down, NULL \
	}

/* One table a file; main.c runs them all. */
struct contract_group {
	const char *name;
	const struct CMUnitTest *tests;
	size_t count;
};
#define CONTRACT_GROUP(group_name, table) \
	const struct contract_group group_name = {#group_name, table, sizeof(table) / sizeof((table)[0])}
extern const struct contract_group contract_directories, contract_owners, contract_renames, contract_removals,
	contract_listings, contract_files, contract_bounds, contract_trees;

/* ---- behind the back end's back, in the test's directory */
void contract_plant_dir(struct contract_world *w, const char *name);
void contract_plant_file(struct contract_world *w, const char *name, const char *content);
/* Another name of an empty file: where many entries are wanted, that is much faster than many files. */
void contract_plant_link(struct contract_world *w, const char *name, const char *empty_file);
void contract_plant_symlink(struct contract_world *w, const char *name, const char *target);
void contract_plant_fifo(struct contract_world *w, const char *name);
/* One entry of each type: "dir", "file", "fifo", and the symlinks "to-dir", "to-file", "to-nothing", "to-itself". */
void contract_plant_all_types(struct contract_world *w);

/* ---- short forms, all in the test's directory */
#define FS_KEEP_OWNER (&FS_OWNER_KEEP)
int contract_make_dir(struct contract_world *w, const char *name);
/* The caller closes it with fs_close(). */
struct fs_dir *contract_open_dir(struct contract_world *w, const char *name);
struct fs_attr contract_lookup(struct contract_world *w, const char *name);
bool contract_exists(struct contract_world *w, const char *name);
void contract_assert_content(struct contract_world *w, struct fs_dir *dir, const char *name, const char *expected);

/* Checks that call failed with that errno. */
#define assert_fails(w, expected_errno, call) \
	do { \
		(w)->st = (struct status){0}; \
		assert_int_equal((call), -1); \
		assert_string_equal(strerrorname_np((w)->st.errnum), strerrorname_np(expected_errno)); \
	} while (0)
/* Checks that call succeeded, and shows the status where it did not. */
#define assert_works(w, call) \
	do { \
		(w)->st = (struct status){0}; \
		int result_ = (call); \
		assert_string_equal((w)->st.message, ""); \
		assert_int_equal(result_, 0); \
	} while (0)

#endif
