/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/export.h"

#include <errno.h>

#include "world.h"

#define EXPORTS_MAX 4 /* world.h's */

static struct world world;
static struct export_key key = {.server = "srv", .share = "/a"};

static int set_up(void **state)
{
	return world_init(&world);
}

static int tear_down(void **state)
{
	return world_release(&world);
}

static struct export *get(const char *share)
{
	key = (struct export_key){.server = "srv", .share = share};
	struct export *export = exports_get(world.controller.exports, &key, &world.st);
	assert_non_null(export);
	return export;
}

static void put(struct export *export)
{
	exports_put(world.controller.exports, export);
}

/* Opens a folder and leaves where it went. */
struct opening {
	enum export_folder folder;
	bool is_made;
	struct fs_dir *dir;
	unsigned runs;
	unsigned stale_runs; /* how many of them fail with ESTALE */
};

static int open_one(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct opening *opening = context;
	if (++opening->runs <= opening->stale_runs)
		return status_set_errno(st, ESTALE, "root");
	return export_open_folder(use, opening->folder, opening->is_made, cancel, &opening->dir, st);
}

static int run(struct export *export, struct opening *opening)
{
	return export_run(export, open_one, opening, &world.cancel, &world.st);
}

static void export_is_opened_once_however_often_it_is_asked_for(void **state)
{
	struct opening opening = {EXPORT_ROOT};
	struct export *export = get("/a");
	assert_int_equal(world.open_count, 0);
	assert_int_equal(run(export, &opening), 0);
	assert_int_equal(run(export, &opening), 0);
	put(export);
	assert_ptr_equal(get("/a"), export);
	assert_int_equal(run(export, &opening), 0);
	put(export);
	assert_int_equal(world.open_count, 1);
	assert_string_equal(fs_memory_log(world.fs), "open_root\n");
}

static void each_way_to_a_share_is_an_export_of_its_own(void **state)
{
	const struct export_key with_options = {"srv", "/a", NFS_VERSION_3, 2050, 0};
	struct export *export = exports_get(world.controller.exports, &with_options, &world.st);
	struct export *plain = get("/a");
	assert_ptr_not_equal(plain, export);
	put(export);
	put(plain);
}

static void export_is_noted_as_reached_once(void **state)
{
	struct export *export = get("/a");
	assert_false(export_is_reached(export));
	assert_true(export_note_reached(export));
	assert_true(export_is_reached(export));
	assert_false(export_note_reached(export));
	put(export);
}

static void export_used_least_recently_goes(void **state)
{
	static const char *const shares[] = {"/1", "/2", "/3", "/4"};
	struct opening opening = {EXPORT_ROOT};
	for (size_t i = 0; i < EXPORTS_MAX; i++) {
		struct export *export = get(shares[i]);
		assert_int_equal(run(export, &opening), 0);
		put(export);
	}
	put(get("/1"));
	put(get("/5"));
	assert_int_equal(world.open_count, 4);
	struct export *kept = get("/1");
	assert_int_equal(run(kept, &opening), 0);
	put(kept);
	assert_int_equal(world.open_count, 4);
	struct export *gone = get("/2");
	assert_int_equal(run(gone, &opening), 0);
	put(gone);
	assert_int_equal(world.open_count, 5);
}

static void exports_in_use_are_never_dropped(void **state)
{
	struct export *held[EXPORTS_MAX];
	static const char *const shares[] = {"/1", "/2", "/3", "/4"};
	for (size_t i = 0; i < EXPORTS_MAX; i++)
		held[i] = get(shares[i]);
	key.share = "/5";
	assert_null(exports_get(world.controller.exports, &key, &world.st));
	assert_failed(&world, STATUS_UNAVAILABLE, "all 4 exports that may be open are in use");
	put(held[2]);
	struct export *fifth = exports_get(world.controller.exports, &key, &world.st);
	assert_non_null(fifth);
	put(fifth);
	put(held[0]);
	put(held[1]);
	put(held[3]);
}

static void missing_folder_is_made_only_where_asked(void **state)
{
	struct opening looking = {EXPORT_TRASH, false};
	struct opening making = {EXPORT_TRASH, true};
	struct export *export = get("/a");
	assert_int_equal(run(export, &looking), -1);
	assert_int_equal(world.st.errnum, ENOENT);
	assert_int_equal(run(export, &making), 0);
	assert_tree(&world, ".csicore/\n.csicore/trash/\n");
	assert_int_equal(run(export, &looking), 0);
	assert_ptr_equal(looking.dir, making.dir);
	put(export);
}

static void stale_operation_runs_again_with_fresh_handles(void **state)
{
	struct opening once = {EXPORT_ROOT, .stale_runs = 1};
	struct export *export = get("/a");
	assert_int_equal(run(export, &once), 0);
	assert_int_equal(once.runs, 2);
	assert_int_equal(world.open_count, 2);
	put(export);
}

static void operation_that_stays_stale_fails(void **state)
{
	struct opening always = {EXPORT_ROOT, .stale_runs = 9};
	struct export *export = get("/a");
	assert_int_equal(run(export, &always), -1);
	assert_int_equal(world.st.errnum, ESTALE);
	assert_int_equal(always.runs, 2);
	struct opening next = {EXPORT_ROOT};
	assert_int_equal(run(export, &next), 0);
	put(export);
}

static int use_across_a_stale_neighbour(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct opening stale = {EXPORT_ROOT, .stale_runs = 1};
	struct fs_dir *root;
	struct fs_attr attr;
	if (export_open_folder(use, EXPORT_ROOT, false, cancel, &root, st) < 0)
		return -1;
	assert_int_equal(run(context, &stale), 0);
	assert_ptr_not_equal(stale.dir, root);
	return fs_get_attr(use->fs, root, cancel, &attr, st);
}

static void handles_given_up_live_until_their_last_user_is_done(void **state)
{
	struct export *export = get("/a");
	assert_int_equal(export_run(export, use_across_a_stale_neighbour, export, &world.cancel, &world.st), 0);
	assert_int_equal(fs_memory_open_count(world.fs), 1);
	put(export);
}

static void success_after_a_failure_leaves_the_status_alone(void **state)
{
	struct opening once = {EXPORT_ROOT, .stale_runs = 1};
	struct export *export = get("/a");
	(void)status_set(&world.st, STATUS_DATA_LOSS, "untouched");
	assert_int_equal(run(export, &once), 0);
	assert_failed(&world, STATUS_DATA_LOSS, "untouched");
	put(export);
}

static struct fs *open_below(void *context, const struct export_key *ignored, struct arena *arena,
			     struct path *ret_below, struct status *st)
{
	return path_split(arena, "share", "in/side", ret_below, st) < 0 ? NULL : world.fs;
}

static void export_may_lie_below_the_root_of_its_file_system(void **state)
{
	struct opening making = {EXPORT_VOLUMES, true};
	world.config.exports.open = open_below;
	world_restart_controller(&world);
	struct export *export = get("/a");
	assert_int_equal(run(export, &making), -1);
	assert_int_equal(world.st.code, STATUS_NOT_FOUND);
	assert_int_equal(world.st.errnum, 0);
	fs_memory_plant_dir(world.fs, "in/side", 0755);
	assert_int_equal(run(export, &making), 0);
	assert_tree(&world, "in/\nin/side/\nin/side/.csicore/\nin/side/.csicore/volumes/\n");
	put(export);
}

static struct fs *open_nothing(void *context, const struct export_key *ignored, struct arena *arena,
			       struct path *ret_below, struct status *st)
{
	(void)status_set(st, STATUS_NOT_FOUND, "no such directory");
	return NULL;
}

static void export_that_cannot_be_opened_says_why(void **state)
{
	struct opening opening = {EXPORT_ROOT};
	world.config.exports.open = open_nothing;
	world_restart_controller(&world);
	struct export *export = get("/a");
	assert_int_equal(run(export, &opening), -1);
	assert_failed(&world, STATUS_NOT_FOUND, "no such directory");
	put(export);
}

static int refuse_ping(struct fs *fs, struct cancel *cancel, struct status *st)
{
	return status_set_errno(st, ECONNREFUSED, "ping");
}

static int time_out(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	return status_set_errno(st, ETIMEDOUT, "operation");
}

static void server_that_is_down_is_not_waited_for_again(void **state)
{
	struct opening opening = {EXPORT_ROOT};
	struct export *export = get("/a");
	world.kept_ops.ping = refuse_ping;
	assert_int_equal(export_run(export, time_out, NULL, &world.cancel, &world.st), -1);
	assert_int_equal(world.st.errnum, ETIMEDOUT);
	assert_int_equal(run(export, &opening), -1);
	assert_int_equal(world.st.code, STATUS_UNAVAILABLE);
	assert_non_null(strstr(world.st.message, "NFS server srv does not answer, tried again in"));
	assert_int_equal(opening.runs, 0);
	put(export);
}

static void first_refusal_is_reported_once(void **state)
{
	struct export *export = get("/a");
	assert_true(export_is_first_refusal(export));
	assert_false(export_is_first_refusal(export));
	put(export);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(export_is_opened_once_however_often_it_is_asked_for),
		TEST(each_way_to_a_share_is_an_export_of_its_own),
		TEST(export_is_noted_as_reached_once),
		TEST(export_used_least_recently_goes),
		TEST(exports_in_use_are_never_dropped),
		TEST(missing_folder_is_made_only_where_asked),
		TEST(stale_operation_runs_again_with_fresh_handles),
		TEST(operation_that_stays_stale_fails),
		TEST(handles_given_up_live_until_their_last_user_is_done),
		TEST(success_after_a_failure_leaves_the_status_alone),
		TEST(export_may_lie_below_the_root_of_its_file_system),
		TEST(export_that_cannot_be_opened_says_why),
		TEST(server_that_is_down_is_not_waited_for_again),
		TEST(first_refusal_is_reported_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
