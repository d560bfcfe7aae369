/* SPDX-License-Identifier: Apache-2.0 */
#include "node/publications.h"

#include "base/arena.h"
#include "support/cmocka.h"

struct fixture {
	struct publications *publications;
	struct arena arena;
};

static int open_fixture(void **state)
{
	static struct fixture f;

	f.publications = publications_new(2);
	arena_init(&f.arena, 1 << 20);
	*state = &f;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;

	publications_free(f->publications);
	arena_release(&f->arena);
	return 0;
}

static void put(struct fixture *f, const char *volume_id, const char *target)
{
	publications_put(f->publications, &(struct publication){target, volume_id, "srv:/share", true});
}

static void what_was_put_is_found_until_removed(void **state)
{
	struct fixture *f = *state;
	struct publication found;

	assert_false(publications_find(f->publications, &f->arena, "/t1", &found));
	put(f, "v", "/t1");
	assert_true(publications_find(f->publications, &f->arena, "/t1", &found));
	assert_string_equal(found.volume_id, "v");
	assert_string_equal(found.source, "srv:/share");
	assert_true(found.is_single_writer);
	publications_remove(f->publications, "/t1");
	publications_remove(f->publications, "/t1");
	assert_false(publications_find(f->publications, &f->arena, "/t1", &found));
}

static void a_target_has_one_publication(void **state)
{
	struct fixture *f = *state;
	struct publication found;
	struct publication *elsewhere;

	put(f, "old", "/t1");
	put(f, "new", "/t1");
	assert_true(publications_find(f->publications, &f->arena, "/t1", &found));
	assert_string_equal(found.volume_id, "new");
	assert_int_equal(publications_elsewhere(f->publications, &f->arena, "old", "/x", &elsewhere), 0);
}

static void elsewhere_is_the_same_volume_at_other_targets(void **state)
{
	struct fixture *f = *state;
	struct publication *elsewhere;

	put(f, "v", "/t1");
	put(f, "v", "/t2");
	assert_int_equal(publications_elsewhere(f->publications, &f->arena, "v", "/t1", &elsewhere), 1);
	assert_string_equal(elsewhere[0].target, "/t2");
	assert_int_equal(publications_elsewhere(f->publications, &f->arena, "w", "/t1", &elsewhere), 0);
}

static void the_oldest_is_forgotten_when_full(void **state)
{
	struct fixture *f = *state;
	struct publication found;

	put(f, "v", "/t1");
	put(f, "v", "/t2");
	put(f, "v", "/t3");
	assert_false(publications_find(f->publications, &f->arena, "/t1", &found));
	assert_true(publications_find(f->publications, &f->arena, "/t2", &found));
	assert_true(publications_find(f->publications, &f->arena, "/t3", &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_put_is_found_until_removed, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(a_target_has_one_publication, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(elsewhere_is_the_same_volume_at_other_targets, open_fixture,
						close_fixture),
		cmocka_unit_test_setup_teardown(the_oldest_is_forgotten_when_full, open_fixture, close_fixture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
