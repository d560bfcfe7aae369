/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/mutable_params.h"

#include <string.h>

#include "support/cmocka.h"

static struct arena arena;

static int set_up(void **state)
{
	arena_init(&arena, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	arena_release(&arena);
	return 0;
}

static Csicore__VolumeRecord record_with(const char *key, const char *value)
{
	Csicore__VolumeRecord record = CSICORE__VOLUME_RECORD__INIT;
	const struct string_pair pair = {key, value};
	if (key)
		assert_true(mutable_params_apply(&arena, &record, &pair, 1));
	return record;
}

static void keys_are_kept_in_lower_case_once(void **state)
{
	Csicore__VolumeRecord record = record_with("onDelete", "retain");
	const struct string_pair again[] = {{"ONDELETE", "archive"}};
	assert_true(mutable_params_apply(&arena, &record, again, 1));
	assert_int_equal(record.n_mutable_parameters, 1);
	assert_string_equal(record.mutable_parameters[0]->key, "ondelete");
	assert_string_equal(mutable_params_get(&record, "ondelete"), "archive");
}

static void what_is_in_force_already_changes_nothing(void **state)
{
	Csicore__VolumeRecord record = record_with("uid", "1");
	const struct string_pair same[] = {{"UID", "1"}, {"gid", ""}};
	assert_false(mutable_params_apply(&arena, &record, same, 2));
	const struct string_pair back_and_forth[] = {{"uid", "2"}, {"uid", "1"}};
	assert_false(mutable_params_apply(&arena, &record, back_and_forth, 2));
}

static void empty_value_takes_an_entry_out_and_absent_keys_stay(void **state)
{
	Csicore__VolumeRecord record = record_with("uid", "1");
	const struct string_pair more[] = {{"gid", "2"}, {"mountOptions", "hard"}, {"uid", ""}};
	assert_true(mutable_params_apply(&arena, &record, more, 3));
	assert_null(mutable_params_get(&record, "uid"));
	assert_string_equal(mutable_params_get(&record, "gid"), "2");
	assert_string_equal(mutable_params_get(&record, "mountoptions"), "hard");
}

static void keys_about_the_claim_are_not_kept(void **state)
{
	Csicore__VolumeRecord record = record_with(NULL, NULL);
	const struct string_pair pairs[] = {{"csi.storage.k8s.io/pvc/name", "data"}};
	assert_false(mutable_params_apply(&arena, &record, pairs, 1));
	assert_int_equal(record.n_mutable_parameters, 0);
}

static void apply_leaves_the_list_of_a_copy_alone(void **state)
{
	Csicore__VolumeRecord record = record_with("uid", "1");
	const Csicore__VolumeRecord copy = record;
	const struct string_pair other[] = {{"uid", "2"}};
	assert_true(mutable_params_apply(&arena, &record, other, 1));
	assert_string_equal(mutable_params_get(&copy, "uid"), "1");
}

static void equal_whatever_the_order(void **state)
{
	Csicore__VolumeRecord a = record_with("uid", "1"), b = record_with("gid", "2");
	const struct string_pair uid[] = {{"uid", "1"}}, gid[] = {{"gid", "2"}};
	assert_false(mutable_params_equal(&a, &b));
	assert_true(mutable_params_apply(&arena, &a, gid, 1));
	assert_false(mutable_params_equal(&a, &b));
	assert_true(mutable_params_apply(&arena, &b, uid, 1));
	assert_true(mutable_params_equal(&a, &b));
	const struct string_pair other[] = {{"uid", "3"}};
	assert_true(mutable_params_apply(&arena, &b, other, 1));
	assert_false(mutable_params_equal(&a, &b));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_are_kept_in_lower_case_once),
		TEST(what_is_in_force_already_changes_nothing),
		TEST(empty_value_takes_an_entry_out_and_absent_keys_stay),
		TEST(keys_about_the_claim_are_not_kept),
		TEST(apply_leaves_the_list_of_a_copy_alone),
		TEST(equal_whatever_the_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
