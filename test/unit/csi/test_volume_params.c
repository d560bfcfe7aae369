/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/volume_params.h"

#include <string.h>

#include "base/status.h"
#include "support/cmocka.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena arena;
static struct volume_params params;
static struct status st;

static int with_arena(void **state)
{
	arena_init(&arena, 1 << 20);
	return 0;
}

static int without_arena(void **state)
{
	arena_release(&arena);
	return 0;
}

/* server is given, and key is value. */
static int parse_with(enum volume_params_kind kind, const char *key, const char *value)
{
	const struct string_pair pairs[] = {{"server", "srv"}, {"share", "/data"}, {key, value}};
	return volume_params_parse(&arena, kind, pairs, COUNT(pairs), &params, &st);
}

static void assert_refused(const char *key, const char *value, const char *message)
{
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, key, value), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_string_equal(st.message, message);
}

static void server_alone_is_enough_for_a_class(void **state)
{
	const struct string_pair pairs[] = {{"server", "srv"}};
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_CLASS, pairs, 1, &params, &st), 0);
	assert_string_equal(params.server, "srv");
	assert_string_equal(params.share, "");
	assert_null(params.sub_dir);
	assert_null(params.sub_dir_key);
	assert_string_equal(params.on_delete_text, "");
	assert_int_equal(params.on_delete, ON_DELETE_UNSET);
	assert_false(params.has_mount_permissions);
	assert_int_equal(params.uid, VOLUME_PARAMS_KEEP_ID);
	assert_int_equal(params.gid, VOLUME_PARAMS_KEEP_ID);
}

static void keys_are_compared_without_case(void **state)
{
	const struct string_pair pairs[] = {{"SERVER", "srv"}, {"Share", "/data"}, {"SUBDIR", "a"}};
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_CLASS, pairs, 3, &params, &st), 0);
	assert_string_equal(params.server, "srv");
	assert_string_equal(params.share, "/data");
	assert_string_equal(params.sub_dir, "a");
	assert_string_equal(params.sub_dir_key, "SUBDIR");
}

static void later_of_two_entries_wins(void **state)
{
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "server", "other"), 0);
	assert_string_equal(params.server, "other");
}

static void missing_server_is_refused(void **state)
{
	assert_refused("server", "", "server is a required parameter");
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_CLASS, NULL, 0, &params, &st), -1);
	assert_string_equal(st.message, "server is a required parameter");
}

static void attributes_need_a_share(void **state)
{
	const struct string_pair pairs[] = {{"server", "srv"}};
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_ATTRIBUTES, pairs, 1, &params, &st), -1);
	assert_string_equal(st.message, "share is a required parameter");
}

static void unknown_key_is_refused_in_a_class_only(void **state)
{
	assert_refused("colour", "red", "invalid parameter \"colour\" in storage class");
	assert_refused("mountOptions", "hard", "invalid parameter \"mountOptions\" in storage class");
	assert_int_equal(parse_with(VOLUME_PARAMS_ATTRIBUTES, "colour", "red"), 0);
	assert_int_equal(parse_with(VOLUME_PARAMS_ATTRIBUTES, "onDelete", "anything"), 0);
	assert_int_equal(parse_with(VOLUME_PARAMS_ATTRIBUTES, "mountOptions", "hard"), 0);
	assert_string_equal(params.mount_options, "hard");
}

static void traversal_is_refused(void **state)
{
	assert_refused("share", "/a/../b", "invalid share \"/a/../b\": path contains directory traversal sequence");
	assert_refused("subDir", "a\\..\\b", "invalid subDir \"a\\..\\b\": path contains directory traversal sequence");
}

static void traversal_in_a_template_value_is_refused(void **state)
{
	const struct string_pair pairs[] = {
		{"server", "srv"}, {"csi.storage.k8s.io/pvc/name", ".."}, {"subDir", "a/${pvc.metadata.name}"}};
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_CLASS, pairs, 3, &params, &st), -1);
	assert_string_equal(st.message, "invalid subDir \"a/..\": path contains directory traversal sequence");
}

static void templates_are_resolved_whatever_the_order_of_keys(void **state)
{
	const struct string_pair pairs[] = {
		{"subDir", "${pvc.metadata.namespace}/${pvc.metadata.name}-${pv.metadata.name}-${other}"},
		{"server", "srv"},
		{"csi.storage.k8s.io/pvc/name", "claim"},
		{"csi.storage.k8s.io/pvc/namespace", "team"},
		{"csi.storage.k8s.io/pv/name", "pvc-1"},
	};
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_CLASS, pairs, COUNT(pairs), &params, &st), 0);
	assert_string_equal(params.sub_dir, "team/claim-pvc-1-${other}");
}

static void template_without_a_value_stays_as_written(void **state)
{
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "subDir", "x${pvc.metadata.name}"), 0);
	assert_string_equal(params.sub_dir, "x${pvc.metadata.name}");
}

static void resolved_text_is_not_resolved_again(void **state)
{
	const struct string_pair pairs[] = {{"server", "srv"},
					    {"csi.storage.k8s.io/pvc/name", "${pv.metadata.name}"},
					    {"csi.storage.k8s.io/pv/name", "pvc-1"},
					    {"subDir", "${pvc.metadata.name}"}};
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_CLASS, pairs, COUNT(pairs), &params, &st), 0);
	assert_string_equal(params.sub_dir, "${pv.metadata.name}");
}

static void empty_sub_dir_is_absent_but_an_emptied_template_is_not(void **state)
{
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "subDir", ""), 0);
	assert_null(params.sub_dir);
	assert_string_equal(params.sub_dir_key, "subDir");
	const struct string_pair pairs[] = {
		{"server", "srv"}, {"csi.storage.k8s.io/pvc/name", ""}, {"subDir", "${pvc.metadata.name}"}};
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_CLASS, pairs, 3, &params, &st), 0);
	assert_string_equal(params.sub_dir, "");
}

static void endless_sub_dir_is_refused(void **state)
{
	static char long_text[5000];
	memset(long_text, 'a', sizeof(long_text) - 1);
	assert_refused("subDir", long_text, "invalid subDir: longer than 4096 bytes");
}

static void on_delete_keeps_the_users_spelling(void **state)
{
	static const struct {
		const char *text;
		enum on_delete policy;
	} cases[] = {{"", ON_DELETE_UNSET},
		     {"Delete", ON_DELETE_DELETE},
		     {"RETAIN", ON_DELETE_RETAIN},
		     {"archive", ON_DELETE_ARCHIVE}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "onDelete", cases[i].text), 0);
		assert_int_equal(params.on_delete, cases[i].policy);
		assert_string_equal(params.on_delete_text, cases[i].text);
	}
	assert_refused("onDelete", "recycle",
		       "invalid value recycle for OnDelete, supported values are delete, retain and archive");
}

static void mount_permissions_are_octal(void **state)
{
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "mountPermissions", "2775"), 0);
	assert_int_equal(params.mount_permissions, 02775);
	assert_true(params.has_mount_permissions);
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "mountPermissions", "0"), 0);
	assert_true(params.has_mount_permissions);
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "mountPermissions", ""), 0);
	assert_false(params.has_mount_permissions);
	assert_refused("mountPermissions", "0789", "invalid mountPermissions 0789 in storage class");
	assert_refused("mountPermissions", "10000", "invalid mountPermissions 10000 in storage class");
	assert_int_equal(parse_with(VOLUME_PARAMS_ATTRIBUTES, "mountPermissions", "x"), -1);
	assert_string_equal(st.message, "invalid mountPermissions x");
}

static void uid_and_gid_are_decimal_and_bounded(void **state)
{
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "uid", "2147483647"), 0);
	assert_int_equal(params.uid, 2147483647);
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "GID", "0"), 0);
	assert_int_equal(params.gid, 0);
	assert_refused("uid", "2147483648", "invalid uid 2147483648");
	assert_refused("uid", "-1", "invalid uid -1");
	assert_refused("gid", "", "invalid gid ");
}

static void mutable_parameters_need_nothing_and_may_be_few(void **state)
{
	static const char *const others[] = {"server", "share", "subDir", "iops", "csi.storage.k8s.i/x"};
	const struct string_pair pairs[] = {{"ONDELETE", "Retain"},
					    {"mountOptions", "hard"},
					    {"CSI.storage.k8s.io/pvc/name", "data"},
					    {"uid", "7"}};
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_MUTABLE, NULL, 0, &params, &st), 0);
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_MUTABLE, pairs, COUNT(pairs), &params, &st), 0);
	assert_int_equal(params.on_delete, ON_DELETE_RETAIN);
	assert_string_equal(params.mount_options, "hard");
	assert_int_equal(params.uid, 7);
	assert_false(params.has_mount_permissions);
	for (size_t i = 0; i < COUNT(others); i++) {
		const struct string_pair pair = {others[i], "1"};
		assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_MUTABLE, &pair, 1, &params, &st), -1);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	}
	assert_string_equal(st.message, "invalid mutable parameter \"csi.storage.k8s.i/x\"");
}

static void mutable_mount_options_are_bounded(void **state)
{
	const struct string_pair longest = {"mountOptions", arena_printf(&arena, "%04096d", 0)};
	const struct string_pair longer = {"mountOptions", arena_printf(&arena, "%04097d", 0)};
	const struct string_pair broken = {"mountOptions", "hard\nsoft"};
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_MUTABLE, &longest, 1, &params, &st), 0);
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_MUTABLE, &longer, 1, &params, &st), -1);
	assert_int_equal(volume_params_parse(&arena, VOLUME_PARAMS_MUTABLE, &broken, 1, &params, &st), -1);
}

static void failure_leaves_the_result_alone(void **state)
{
	params.server = "untouched";
	assert_int_equal(parse_with(VOLUME_PARAMS_CLASS, "uid", "x"), -1);
	assert_string_equal(params.server, "untouched");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_alone_is_enough_for_a_class),
		cmocka_unit_test(keys_are_compared_without_case),
		cmocka_unit_test(later_of_two_entries_wins),
		cmocka_unit_test(missing_server_is_refused),
		cmocka_unit_test(attributes_need_a_share),
		cmocka_unit_test(unknown_key_is_refused_in_a_class_only),
		cmocka_unit_test(traversal_is_refused),
		cmocka_unit_test(traversal_in_a_template_value_is_refused),
		cmocka_unit_test(templates_are_resolved_whatever_the_order_of_keys),
		cmocka_unit_test(template_without_a_value_stays_as_written),
		cmocka_unit_test(resolved_text_is_not_resolved_again),
		cmocka_unit_test(empty_sub_dir_is_absent_but_an_emptied_template_is_not),
		cmocka_unit_test(endless_sub_dir_is_refused),
		cmocka_unit_test(on_delete_keeps_the_users_spelling),
		cmocka_unit_test(mount_permissions_are_octal),
		cmocka_unit_test(uid_and_gid_are_decimal_and_bounded),
		cmocka_unit_test(mutable_parameters_need_nothing_and_may_be_few),
		cmocka_unit_test(mutable_mount_options_are_bounded),
		cmocka_unit_test(failure_leaves_the_result_alone),
	};
	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
