/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/nfs_options.h"

#include <string.h>
#include <sys/mount.h>

#include "base/arena.h"
#include "base/status.h"
#include "support/cmocka.h"

static int with_arena(void **state)
{
	static struct arena a;

	arena_init(&a, 1 << 20);
	*state = &a;
	return 0;
}

static int without_arena(void **state)
{
	arena_release(*state);
	return 0;
}

static struct nfs_options parse(void **state, const char *text)
{
	struct nfs_options options;
	struct status st = {0};

	if (nfs_options_parse(*state, &text, 1, &options, &st) < 0)
		fail_msg("\"%s\": %s", text, st.message);
	return options;
}

static struct status parse_fails(void **state, const char *text)
{
	struct nfs_options options;
	struct status st = {0};

	if (nfs_options_parse(*state, &text, 1, &options, &st) == 0)
		fail_msg("\"%s\" was accepted", text);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	return st;
}

static void keys_go_to_the_kernel_in_order(void **state)
{
	struct nfs_options options = parse(state, "hard,timeo=600,,proto=tcp,nolock");

	assert_int_equal(options.count, 4);
	assert_string_equal(options.items[0].key, "hard");
	assert_null(options.items[0].value);
	assert_string_equal(options.items[1].key, "timeo");
	assert_string_equal(options.items[1].value, "600");
	assert_string_equal(options.items[3].key, "nolock");
	assert_null(options.version);
}

static void several_texts_are_one_list(void **state)
{
	const char *const texts[] = {"hard,vers=3", "noatime", "vers=4.1,soft"};
	struct nfs_options options;
	struct status st;

	assert_int_equal(nfs_options_parse(*state, texts, 3, &options, &st), 0);
	assert_int_equal(options.count, 2);
	assert_string_equal(options.items[1].key, "soft");
	assert_string_equal(options.version, "4.1");
}

static void mount_point_words_become_attributes(void **state)
{
	struct nfs_options options = parse(state, "ro,nosuid,nodev,noexec,nodiratime,noatime");

	assert_int_equal(options.count, 0);
	assert_int_equal(options.attributes.flags, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
							   MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODIRATIME |
							   MOUNT_ATTR_NOATIME);
	assert_true(options.attributes.has_atime);
}

static void the_later_word_wins(void **state)
{
	struct nfs_options options = parse(state, "ro,nosuid,noatime,rw,suid,strictatime");

	assert_int_equal(options.attributes.flags, MOUNT_ATTR_STRICTATIME);
	assert_int_equal(parse(state, "noatime,relatime").attributes.flags, MOUNT_ATTR_RELATIME);
}

static void every_spelling_of_a_version_is_known(void **state)
{
	static const char *const spellings[][2] = {
		{"vers=3", "3"},
		{"nfsvers=3", "3"},
		{"v3", "3"},
		{"vers=4", "4"},
		{"v4", "4"},
		{"nfsvers=4.1", "4.1"},
		{"v4.2", "4.2"},
		{"nfsvers=4,minorversion=1", "4.1"},
		{"minorversion=0,vers=4", "4.0"},
	};

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct nfs_options options = parse(state, spellings[i][0]);

		assert_int_equal(options.count, 0);
		assert_string_equal(options.version, spellings[i][1]);
	}
}

static void a_minor_version_of_3_is_refused(void **state)
{
	(void)parse_fails(state, "vers=3,minorversion=1");
}

static void words_of_fstab_are_dropped(void **state)
{
	struct nfs_options options =
		parse(state, "defaults,rw,_netdev,auto,nofail,bg,retry=2,x-systemd.automount,addr=10.0.0.1,comment=x");

	assert_int_equal(options.count, 0);
	assert_int_equal(options.attributes.flags, 0);
}

static void what_would_be_another_mount_is_refused(void **state)
{
	static const char *const texts[] = {"bind", "hard,remount", "source=other:/x", "move", "loop"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		(void)parse_fails(state, texts[i]);
}

static void quoted_values_keep_their_commas(void **state)
{
	struct nfs_options options = parse(state, "context=\"system_u:object_r:nfs_t:s0:c1,c2\",hard");

	assert_int_equal(options.count, 2);
	assert_string_equal(options.items[0].key, "context");
	assert_string_equal(options.items[0].value, "system_u:object_r:nfs_t:s0:c1,c2");
}

static void an_open_quote_is_refused(void **state)
{
	(void)parse_fails(state, "context=\"a,b");
}

static void space_around_an_option_is_dropped(void **state)
{
	struct nfs_options options = parse(state, " hard ,\ttimeo = 3 ");

	assert_string_equal(options.items[0].key, "hard");
	assert_string_equal(options.items[1].key, "timeo");
	assert_string_equal(options.items[1].value, "3");
}

static void control_characters_are_refused(void **state)
{
	(void)parse_fails(state, "hard\nsoft");
}

static void security_is_noticed(void **state)
{
	assert_true(parse(state, "sec=krb5p").has_security);
	assert_false(parse(state, "hard").has_security);
}

static void ipv6_transport_is_noticed(void **state)
{
	assert_true(parse(state, "proto=tcp6").wants_ipv6);
	assert_false(parse(state, "proto=tcp").wants_ipv6);
	assert_false(parse(state, "proto=").wants_ipv6);
}

static void values_that_must_be_there_are_asked_for(void **state)
{
	(void)parse_fails(state, "vers");
	(void)parse_fails(state, "nfsvers=");
	(void)parse_fails(state, "=3");
}

static void limits_hold(void **state)
{
	char text[NFS_OPTIONS_TEXT_BYTES + 2];

	memset(text, 'k', sizeof(text));
	text[NFS_OPTION_KEY_BYTES] = '\0';
	(void)parse_fails(state, text);
	memset(text, 'v', sizeof(text));
	memcpy(text, "k=", 2);
	text[NFS_OPTION_VALUE_BYTES + 2] = '\0';
	(void)parse_fails(state, text);
	memset(text, ',', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	(void)parse_fails(state, text);
	for (size_t i = 0; i <= NFS_OPTIONS_MAX; i++)
		memcpy(text + 2 * i, "k,", 3);
	(void)parse_fails(state, text);
}

static void messages_do_not_hold_values(void **state)
{
	char text[NFS_OPTION_VALUE_BYTES + 16] = "password=";

	memset(text + 9, 's', NFS_OPTION_VALUE_BYTES);
	text[9 + NFS_OPTION_VALUE_BYTES] = '\0';
	struct status st = parse_fails(state, text);

	assert_non_null(strstr(st.message, "password"));
	assert_null(strstr(st.message, "ssss"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_go_to_the_kernel_in_order, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(several_texts_are_one_list, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(mount_point_words_become_attributes, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(the_later_word_wins, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(every_spelling_of_a_version_is_known, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(a_minor_version_of_3_is_refused, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(words_of_fstab_are_dropped, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(what_would_be_another_mount_is_refused, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(quoted_values_keep_their_commas, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(an_open_quote_is_refused, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(space_around_an_option_is_dropped, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(control_characters_are_refused, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(security_is_noticed, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(ipv6_transport_is_noticed, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(values_that_must_be_there_are_asked_for, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(limits_hold, with_arena, without_arena),
		cmocka_unit_test_setup_teardown(messages_do_not_hold_values, with_arena, without_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
