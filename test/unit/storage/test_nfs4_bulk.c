/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs4_compound.h"

#include <errno.h>

#include "support/bulk_names.h"
#include "support/cmocka.h"

#define NAMES 400
#define NAMES_OF_A_COMPOUND (NFS4_OPERATIONS_MAX - 1)
#define COMPOUNDS (NAMES / NAMES_OF_A_COMPOUND)

static struct bulk_names names;

static void open_world(struct nfs_world *w)
{
	nfs_world_init(w, NFS_FAKE_V4, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(w), 0);
	bulk_names_init(&names, NAMES, 8);
}

/* Removes all, and says how many compounds that was. */
static unsigned removal_in_compounds(struct nfs_world *w)
{
	uint64_t before = fs_libnfs_round_trips(w->fs);

	assert_int_equal(bulk_names_remove(&names, w), 0);
	return (unsigned)(fs_libnfs_round_trips(w->fs) - before);
}

static void many_names_are_few_compounds(void **state)
{
	struct nfs_world w;

	open_world(&w);
	assert_int_equal(removal_in_compounds(&w), COMPOUNDS);
	assert_int_equal(bulk_names_count(&names, 0), NAMES);
	assert_int_equal(nfs_fake_count(w.fake, OP_REMOVE), NAMES);
	nfs_world_release(&w);
}

static void names_as_long_as_can_be_are_more_compounds(void **state)
{
	struct nfs_world w;

	open_world(&w);
	bulk_names_init(&names, NAMES, 255);
	assert_in_range(removal_in_compounds(&w), COMPOUNDS + 1, NAMES / 10);
	assert_int_equal(bulk_names_count(&names, 0), NAMES);
	nfs_world_release(&w);
}

static void what_comes_after_a_failure_is_tried_again(void **state)
{
	struct nfs_world w;

	open_world(&w);
	names.count = NAMES_OF_A_COMPOUND;
	nfs_fake_fail(w.fake, OP_REMOVE, 1, 1, NFS4ERR_ACCESS);
	assert_int_equal(removal_in_compounds(&w), 2);
	assert_int_equal(names.errnums[1], EACCES);
	assert_int_equal(bulk_names_count(&names, 0), NAMES_OF_A_COMPOUND - 1);
	assert_int_equal(nfs_fake_count(w.fake, OP_REMOVE), NAMES_OF_A_COMPOUND);
	nfs_world_release(&w);
}

static void what_is_gone_is_removed_and_what_is_not_empty_is_a_directory(void **state)
{
	struct nfs_world w;

	open_world(&w);
	names.count = 4;
	nfs_fake_fail(w.fake, OP_REMOVE, 0, 1, NFS4ERR_NOENT);
	nfs_fake_fail(w.fake, OP_REMOVE, 1, 1, NFS4ERR_NOTEMPTY);
	nfs_fake_fail(w.fake, OP_REMOVE, 2, 1, NFS4ERR_EXIST);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(names.errnums[0], 0);
	assert_int_equal(names.errnums[1], EISDIR);
	assert_int_equal(names.errnums[2], EISDIR);
	assert_int_equal(names.errnums[3], 0);
	nfs_world_release(&w);
}

static void a_name_that_is_put_off_holds_up_no_other(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_REMOVE, 0, 2, NFS4ERR_DELAY);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, 0), NAMES);
	assert_int_equal(nfs_fake_count(w.fake, OP_REMOVE), NAMES + 2);
	nfs_world_release(&w);
}

static void a_server_in_its_grace_period_is_asked_again(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_REMOVE, 0, 12, NFS4ERR_GRACE);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, 0), NAMES);
	nfs_world_release(&w);
}

static void a_directory_that_went_stale_is_asked_once_for_each_compound(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_PUTFH, 0, UINT32_MAX, NFS4ERR_STALE);
	assert_int_equal(removal_in_compounds(&w), COMPOUNDS);
	assert_int_equal(bulk_names_count(&names, ESTALE), NAMES);
	nfs_world_release(&w);
}

static void a_directory_that_cannot_be_used_makes_no_name_gone(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_PUTFH, 0, UINT32_MAX, NFS4ERR_NOENT);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, EPROTO), NAMES);
	nfs_world_release(&w);
}

static void an_old_server_is_asked_for_as_much_as_it_takes_from_then_on(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_limit_operations(w.fake, 16);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, 0), NAMES);
	assert_int_equal(removal_in_compounds(&w), (NAMES + 14) / 15);
	nfs_world_release(&w);
}

static void a_server_that_takes_hardly_anything_is_asked_name_by_name(void **state)
{
	struct nfs_world w;

	open_world(&w);
	names.count = 50;
	nfs_fake_limit_operations(w.fake, 2);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, 0), 50);
	assert_int_equal(removal_in_compounds(&w), 50);
	nfs_world_release(&w);
}

static void a_server_that_runs_out_in_the_middle_is_asked_for_less(void **state)
{
	struct nfs_world w;

	open_world(&w);
	names.count = 80;
	nfs_fake_fail(w.fake, OP_REMOVE, 20, 1, NFS4ERR_RESOURCE);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, 0), 80);
	assert_int_equal(removal_in_compounds(&w), 4);
	nfs_world_release(&w);
}

static void one_name_that_is_too_much_is_its_own_failure(void **state)
{
	struct nfs_world w;

	open_world(&w);
	names.count = 1;
	nfs_fake_fail(w.fake, OP_REMOVE, 0, 1, NFS4ERR_RESOURCE);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(names.errnums[0], EAGAIN);
	nfs_world_release(&w);
}

static void a_lost_answer_leaves_its_names_untried(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_PUTFH, 2, 1, NFS_FAKE_HANG_UP);
	assert_int_equal(bulk_names_remove(&names, &w), -1);
	assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(w.st.errnum, ECONNRESET);
	assert_in_range(bulk_names_count(&names, FS_NOT_TRIED), NAMES - 2 * NAMES_OF_A_COMPOUND, NAMES);
	assert_int_equal(bulk_names_count(&names, 0) + bulk_names_count(&names, FS_NOT_TRIED), NAMES);
	nfs_world_release(&w);
}

static void results_of_other_operations_are_taken_for_no_success(void **state)
{
	struct nfs_world w;

	nfs_world_init(&w, NFS_FAKE_V4, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(&w), 0);
	nfs_fake_mix_results_up(w.fake);
	bulk_names_init(&names, NAMES, 8);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, EPROTO), NAMES);
	nfs_world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_names_are_few_compounds),
		cmocka_unit_test(names_as_long_as_can_be_are_more_compounds),
		cmocka_unit_test(what_comes_after_a_failure_is_tried_again),
		cmocka_unit_test(what_is_gone_is_removed_and_what_is_not_empty_is_a_directory),
		cmocka_unit_test(a_name_that_is_put_off_holds_up_no_other),
		cmocka_unit_test(a_server_in_its_grace_period_is_asked_again),
		cmocka_unit_test(a_directory_that_went_stale_is_asked_once_for_each_compound),
		cmocka_unit_test(a_directory_that_cannot_be_used_makes_no_name_gone),
		cmocka_unit_test(an_old_server_is_asked_for_as_much_as_it_takes_from_then_on),
		cmocka_unit_test(a_server_that_takes_hardly_anything_is_asked_name_by_name),
		cmocka_unit_test(a_server_that_runs_out_in_the_middle_is_asked_for_less),
		cmocka_unit_test(one_name_that_is_too_much_is_its_own_failure),
		cmocka_unit_test(a_lost_answer_leaves_its_names_untried),
		cmocka_unit_test(results_of_other_operations_are_taken_for_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
