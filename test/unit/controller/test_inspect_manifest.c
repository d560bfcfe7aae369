/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/inspect_manifest.h"

#include <string.h>

#include "base/arena.h"
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

static const struct string_pair hostile[] = {{"share", "/a"}, {"x\nkind: \"Secret\"\ny", "\xFF\n- b"}};

static struct inspect_manifest manifest_of(const struct string_pair *attributes, size_t count)
{
	return (struct inspect_manifest){.name = "pv",
					 .driver_name = "nfs.csicore.io",
					 .volume_id = "srv#a#pv##",
					 .attributes = attributes,
					 .attribute_count = count,
					 .capacity = "1Gi",
					 .storage_class = ""};
}

static void text_of_others_stays_within_its_quotes(void **state)
{
	const struct inspect_manifest manifest = manifest_of(hostile, 2);
	const char *yaml = inspect_manifest_yaml(&arena, &manifest);
	assert_non_null(strstr(yaml, "\n      share: \"/a\"\n"
				     "      \"x\\u000akind: \\\"Secret\\\"\\u000ay\": \"\\ufffd\\u000a- b\"\n"));
	const char *json = inspect_manifest_json(&arena, &manifest);
	assert_non_null(strstr(json, "\"x\\nkind: \\\"Secret\\\"\\ny\": \"\xEF\xBF\xBD\\n- b\"\n"));
}

static void what_is_not_known_is_left_out(void **state)
{
	const struct inspect_manifest manifest = manifest_of(hostile, 1);
	const char *yaml = inspect_manifest_yaml(&arena, &manifest);
	assert_null(strstr(yaml, "claimRef"));
	assert_null(strstr(yaml, "mountOptions"));
	assert_non_null(strstr(yaml, "\n  storageClassName: \"\"\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_of_others_stays_within_its_quotes),
		TEST(what_is_not_known_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
