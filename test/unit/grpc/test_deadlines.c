/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/deadlines.h"

#include "base/cancel.h"
#include "base/status.h"
#include "net/loop.h"
#include "support/cmocka.h"

#define COUNT 4

struct world {
	struct loop *loop;
	struct grpc_deadlines deadlines;
	struct grpc_deadline items[COUNT];
	int passed[COUNT]; /* indices in the order they passed */
	int passed_count, stop_after;
};

static void on_passed(void *user, struct grpc_deadline *deadline)
{
	struct world *world = user;

	assert_true(cancel_now_ns() >= deadline->at_ns);
	assert_false(deadline->is_listed);
	world->passed[world->passed_count++] = (int)(deadline - world->items);
	if (world->passed_count == world->stop_after)
		loop_stop(world->loop);
}

static void world_init(struct world *world, int stop_after)
{
	struct status st;

	*world = (struct world){.loop = loop_new(&st), .stop_after = stop_after};
	assert_non_null(world->loop);
	grpc_deadlines_init(&world->deadlines, world->loop, on_passed, world);
}

static void world_release(struct world *world)
{
	grpc_deadlines_release(&world->deadlines);
	loop_free(world->loop);
}

static void deadlines_pass_in_their_order_not_in_that_of_arrival(void **state)
{
	static const int after_ms[COUNT] = {9, 3, 12, 6};
	struct world world;

	world_init(&world, COUNT);
	int64_t now_ns = cancel_now_ns();

	for (int i = 0; i < COUNT; i++)
		grpc_deadlines_add(&world.deadlines, &world.items[i], now_ns + after_ms[i] * 1000000);
	loop_run(world.loop);
	assert_int_equal(world.passed_count, COUNT);
	assert_int_equal(world.passed[0], 1);
	assert_int_equal(world.passed[1], 3);
	assert_int_equal(world.passed[2], 0);
	assert_int_equal(world.passed[3], 2);
	world_release(&world);
}

static void a_removed_deadline_never_passes(void **state)
{
	struct world world;

	world_init(&world, 1);
	int64_t now_ns = cancel_now_ns();

	grpc_deadlines_add(&world.deadlines, &world.items[0], now_ns + 1000000);
	grpc_deadlines_add(&world.deadlines, &world.items[1], now_ns + 5000000);
	grpc_deadlines_remove(&world.deadlines, &world.items[0]);
	grpc_deadlines_remove(&world.deadlines, &world.items[0]);
	loop_run(world.loop);
	assert_int_equal(world.passed_count, 1);
	assert_int_equal(world.passed[0], 1);
	world_release(&world);
}

static void an_earlier_deadline_moves_the_timer_forward(void **state)
{
	struct world world;

	world_init(&world, 1);
	int64_t now_ns = cancel_now_ns();

	grpc_deadlines_add(&world.deadlines, &world.items[0], now_ns + 3600 * (int64_t)1000000000);
	grpc_deadlines_add(&world.deadlines, &world.items[1], now_ns + 2000000);
	loop_run(world.loop);
	assert_int_equal(world.passed[0], 1);
	grpc_deadlines_remove(&world.deadlines, &world.items[0]);
	world_release(&world);
}

static void no_deadline_is_not_listed(void **state)
{
	struct world world;

	world_init(&world, 1);
	grpc_deadlines_add(&world.deadlines, &world.items[0], CANCEL_NO_DEADLINE);
	assert_false(world.items[0].is_listed);
	assert_true(TAILQ_EMPTY(&world.deadlines.list));
	world_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines_pass_in_their_order_not_in_that_of_arrival),
		cmocka_unit_test(a_removed_deadline_never_passes),
		cmocka_unit_test(an_earlier_deadline_moves_the_timer_forward),
		cmocka_unit_test(no_deadline_is_not_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
