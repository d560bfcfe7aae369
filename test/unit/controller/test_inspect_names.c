/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/inspect_names.h"

#include <string.h>

#include "base/arena.h"
#include "support/cmocka.h"

#define UUID "3f1c2d34-0000-4000-8000-0123456789ab"

static void names_of_the_provisioner_and_the_snapshotter_are_known(void **state)
{
	assert_true(names_is_pv("pvc-" UUID));
	assert_false(names_is_pv("pvc-" UUID "0"));
	assert_false(names_is_pv("pvc-1"));
	assert_false(names_is_pv("pvc-3F1C2D34-0000-4000-8000-0123456789AB"));
	assert_false(names_is_pv("pvc-3f1c2d340000-4000-8000-0123456789ab"));
	assert_true(names_is_snapshot("snapshot-" UUID));
	assert_false(names_is_snapshot("snapshot-"));
	assert_true(names_is_archive("archived-x"));
	assert_false(names_is_archive("archive-x"));
}

static void names_of_objects_are_dns_subdomains(void **state)
{
	static const char *const good[] = {"a", "pvc-1", "a.b-c.0"};
	static const char *const bad[] = {"", "A", "a_b", "-a", "a-", "a..b", ".a", "a.", "a/b", "\xC3\xA9"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(names_is_object(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(names_is_object(bad[i]));
	char longest[255];
	memset(longest, 'a', sizeof(longest));
	longest[253] = '\0';
	assert_true(names_is_object(longest));
	longest[253] = 'a';
	longest[254] = '\0';
	assert_false(names_is_object(longest));
}

static void provisioned_name_tells_claim_and_volume(void **state)
{
	struct provisioned_name name;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	assert_true(names_parse_provisioned(&arena, "default-data-pvc-" UUID, &name));
	assert_string_equal(name.claim_namespace, "default");
	assert_string_equal(name.claim, "data");
	assert_string_equal(name.pv, "pvc-" UUID);
	assert_true(names_parse_provisioned(&arena, "kube-system-my-data-pvc-" UUID, &name));
	assert_null(name.claim_namespace);
	assert_null(name.claim);
	assert_string_equal(name.both, "kube-system-my-data");
	arena_release(&arena);
}

static void other_names_are_not_provisioned(void **state)
{
	static const char *const names[] = {"",
					    "pvc-" UUID,
					    "a-pvc-" UUID,
					    "-a-pvc-" UUID,
					    "a--pvc-" UUID,
					    "a-b-pvc-" UUID "x",
					    "a-bpvc-" UUID,
					    "default-data"};
	struct provisioned_name name;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(names_parse_provisioned(&arena, names[i], &name));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_the_provisioner_and_the_snapshotter_are_known),
		cmocka_unit_test(names_of_objects_are_dns_subdomains),
		cmocka_unit_test(provisioned_name_tells_claim_and_volume),
		cmocka_unit_test(other_names_are_not_provisioned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
