/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/share_text.h"

#include "base/arena.h"
#include "base/status.h"
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

static void share_is_split_into_its_parts(void **state)
{
	static const struct {
		const char *text;
		struct share_text expected;
	} cases[] = {
		{"srv:/a/b", {"srv", "/a/b", ""}},
		{"srv:/", {"srv", "/", ""}},
		{"srv.example:/a//b/./c/", {"srv.example", "/a/b/c", ""}},
		{"10.0.0.1:/a,nfsvers=3", {"10.0.0.1", "/a", "nfsvers=3"}},
		{"srv:/a,nfsvers=3,port=20490", {"srv", "/a", "nfsvers=3,port=20490"}},
		{"srv:/a,", {"srv", "/a", ""}},
		{"[fd00::1]:/a", {"fd00::1", "/a", ""}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct share_text share;
		struct status st;
		if (share_text_parse(&arena, cases[i].text, &share, &st) < 0)
			fail_msg("%s: %s", cases[i].text, st.message);
		assert_string_equal(share.server, cases[i].expected.server);
		assert_string_equal(share.share, cases[i].expected.share);
		assert_string_equal(share.options, cases[i].expected.options);
	}
}

static void what_is_no_share_is_refused(void **state)
{
	static const char *const texts[] = {"",        "srv",   "/a",   "srv:a", ":/a",         "srv:",
					    "fd00::1", "[]:/a", "[a/b", "[a]/b", "srv,o:/a/..", "srv:/a/../b"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct share_text share;
		struct status st;
		assert_int_equal(share_text_parse(&arena, texts[i], &share, &st), -1);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(share_is_split_into_its_parts),
		TEST(what_is_no_share_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
