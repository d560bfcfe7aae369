/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slots.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "support/cmocka.h"

static void one_slot_is_a_lock(void **state)
{
	struct slots *s = slots_new(1);

	assert_true(slots_try(s, "pvc-1"));
	assert_false(slots_try(s, "pvc-1"));
	assert_true(slots_try(s, "pvc-2"));
	slots_put(s, "pvc-1");
	assert_true(slots_try(s, "pvc-1"));
	slots_put(s, "pvc-1");
	slots_put(s, "pvc-2");
	slots_free(s);
}

static void several_slots_bound_a_key(void **state)
{
	struct slots *s = slots_new(3);

	for (int i = 0; i < 3; i++)
		assert_true(slots_try(s, "server"));
	assert_false(slots_try(s, "server"));
	slots_free(s);
}

static void a_key_is_used_until_the_last_slot_is_back(void **state)
{
	struct slots *s = slots_new(3);

	assert_false(slots_is_used(s, "pvc-1"));
	assert_true(slots_try(s, "pvc-1"));
	assert_true(slots_try(s, "pvc-1"));
	slots_put(s, "pvc-1");
	assert_true(slots_is_used(s, "pvc-1"));
	assert_false(slots_is_used(s, "pvc-2"));
	slots_put(s, "pvc-1");
	assert_false(slots_is_used(s, "pvc-1"));
	slots_free(s);
}

static void a_slot_is_given_back_at_the_end_of_its_scope(void **state)
{
	struct slots *s = slots_new(1);

	{
		AUTO(slot_release) struct slot slot = {0};

		assert_true(slot_take(&slot, s, "k"));
		AUTO(slot_release) struct slot refused = {0};

		assert_false(slot_take(&refused, s, "k"));
	}
	assert_true(slots_try(s, "k"));
	slots_free(s);
}

static struct slots *shared;
static atomic_int inside;
static atomic_bool was_exclusive = true;

static void *enter_often(void *unused)
{
	for (int i = 0; i < 5000; i++) {
		if (!slots_try(shared, "k"))
			continue;
		if (atomic_fetch_add(&inside, 1) != 0)
			was_exclusive = false;
		atomic_fetch_sub(&inside, 1);
		slots_put(shared, "k");
	}
	return NULL;
}

static void threads_never_share_a_lock(void **state)
{
	pthread_t threads[4];

	shared = slots_new(1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, enter_often, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(was_exclusive);
	slots_free(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_slot_is_a_lock),
		cmocka_unit_test(several_slots_bound_a_key),
		cmocka_unit_test(a_key_is_used_until_the_last_slot_is_back),
		cmocka_unit_test(a_slot_is_given_back_at_the_end_of_its_scope),
		cmocka_unit_test(threads_never_share_a_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
