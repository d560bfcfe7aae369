/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/volume_id.h"

#include "base/arena.h"
#include "base/status.h"
#include "support/cmocka.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena arena;
static struct volume_id id;
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

struct expected {
	const char *text, *server, *share, *sub_dir, *uuid;
	enum on_delete on_delete;
	const char *name;
};

static void assert_parses(const struct expected *expected)
{
	assert_int_equal(volume_id_parse(&arena, expected->text, &id, &st), 0);
	assert_string_equal(id.server, expected->server);
	assert_string_equal(id.share, expected->share);
	assert_string_equal(id.sub_dir, expected->sub_dir);
	assert_string_equal(id.uuid, expected->uuid);
	assert_int_equal(id.on_delete, expected->on_delete);
	assert_string_equal(volume_id_name(&id), expected->name);
	assert_false(id.is_ambiguous);
	assert_false(id.is_own_folder);
}

static void every_historical_form_parses(void **state)
{
	static const struct expected forms[] = {
		/* v4.5 and later: five elements */
		{"nfs-server#share#pvc-1##", "nfs-server", "/share", "pvc-1", "", ON_DELETE_UNSET, "pvc-1"},
		{"nfs-server##pvc-1##", "nfs-server", "/", "pvc-1", "", ON_DELETE_UNSET, "pvc-1"},
		{"srv#share#subdir#pvc-1#", "srv", "/share", "subdir", "pvc-1", ON_DELETE_UNSET, "pvc-1"},
		{"srv#a/b#ns/claim#pvc-1#retain", "srv", "/a/b", "ns/claim", "pvc-1", ON_DELETE_RETAIN, "pvc-1"},
		{"srv##claim#pvc-1#Archive", "srv", "/", "claim", "pvc-1", ON_DELETE_ARCHIVE, "pvc-1"},
		{"srv##pvc-1##delete", "srv", "/", "pvc-1", "", ON_DELETE_DELETE, "pvc-1"},
		/* v4.1, v4.2: four elements */
		{"s#sh#pv#", "s", "/sh", "pv", "", ON_DELETE_UNSET, "pv"},
		{"s#sh#sub#pvc-2", "s", "/sh", "sub", "pvc-2", ON_DELETE_UNSET, "pvc-2"},
		/* v3.1, v4.0: three */
		{"server#base#pv", "server", "/base", "pv", "", ON_DELETE_UNSET, "pv"},
		/* v3.0: slashes */
		{"server/share/pv", "server", "/share", "pv", "", ON_DELETE_UNSET, "pv"},
		{"server/a/b/c/pv", "server", "/a/b/c", "pv", "", ON_DELETE_UNSET, "pv"},
		{"server//pv", "server", "/", "pv", "", ON_DELETE_UNSET, "pv"},
		/* handles of static volumes in csi-driver-nfs's examples */
		{"nfs.svc.cluster.local/share##", "nfs.svc.cluster.local/share", "/", "", "", ON_DELETE_UNSET, ""},
		{"nfs.svc.cluster.local/share#sub#", "nfs.svc.cluster.local/share", "/sub", "", "", ON_DELETE_UNSET,
		 ""},
	};
	for (size_t i = 0; i < COUNT(forms); i++)
		assert_parses(&forms[i]);
}

static void anything_else_is_no_id(void **state)
{
	static const char *const texts[] = {"",     "volume", "a#b",    "a/b",         "/a/b",      "a/b/",
					    "#a#b", "##",     "a#b#..", "a#../x#y#z#", "a#b#c#..#", "a/b/.."};
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(volume_id_parse(&arena, texts[i], &id, &st), -1);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	}
}

/* csi-driver-nfs writes `s#sh#my#dir#pvc-1#retain` for subDir my#dir: it names my, which is another's. */
static void stray_hash_makes_an_id_ambiguous(void **state)
{
	static const char *const texts[] = {"s#sh#my#dir#pvc-1#retain", "s#sh#my#dir#pvc-1#", "s#sh#my#dir#pvc-1",
					    "s#sh#pv##delete#", "s#sh#pv##shred"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(volume_id_parse(&arena, texts[i], &id, &st), 0);
		assert_true(id.is_ambiguous);
	}
}

static void drivers_folder_is_seen_anywhere(void **state)
{
	static const char *const texts[] = {"s#sh#.csicore#u#", "s#sh#a/.csicore/volumes#u#", "s#sh/.csicore#volumes##",
					    "s/sh/.csicore/volumes", "s#sh#.CSIcore#u#"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(volume_id_parse(&arena, texts[i], &id, &st), 0);
		assert_true(id.is_own_folder);
	}
}

static void traversal_names_its_element(void **state)
{
	assert_int_equal(volume_id_parse(&arena, "s#sh#a/../b##", &id, &st), -1);
	assert_string_equal(st.message, "invalid subDir \"a/../b\": path contains directory traversal sequence");
	assert_int_equal(volume_id_parse(&arena, "s#../x#a##", &id, &st), -1);
	assert_string_equal(st.message, "invalid baseDir \"../x\": path contains directory traversal sequence");
	assert_int_equal(volume_id_parse(&arena, "s#x#a#../b#", &id, &st), -1);
	assert_string_equal(st.message, "invalid uuid \"../b\": path contains directory traversal sequence");
}

static void sub_dir_comes_as_names(void **state)
{
	assert_int_equal(volume_id_parse(&arena, "s#sh#/a//./b/#u#", &id, &st), 0);
	assert_int_equal(id.path.count, 2);
	assert_string_equal(id.path.names[0], "a");
	assert_string_equal(id.path.names[1], "b");
	assert_int_equal(volume_id_parse(&arena, "s#sh#.#u#", &id, &st), 0);
	assert_int_equal(id.path.count, 0);
}

static const char *format(const char *server, const char *share, const char *sub_dir, const char *uuid,
			  const char *on_delete)
{
	const struct volume_id_parts parts = {server, share, sub_dir, uuid, on_delete};
	return volume_id_format(&arena, &parts, &st);
}

static void ids_are_those_of_csi_driver_nfs(void **state)
{
	assert_string_equal(format("nfs-server", "/share/", "pvc-1", "", ""), "nfs-server#share#pvc-1##");
	assert_string_equal(format("nfs-server", "/", "pvc-1", "", ""), "nfs-server##pvc-1##");
	assert_string_equal(format("nfs-server", "", "pvc-1", "", ""), "nfs-server##pvc-1##");
	assert_string_equal(format("srv", "/a/b", "/ns/claim/", "pvc-1", "retain"), "srv#a/b#ns/claim#pvc-1#retain");
	assert_string_equal(format("fd00::1", "/a//b", "x", "pvc-1", ""), "fd00::1#a//b#x#pvc-1#");
	assert_string_equal(format("/srv/", "/a", "x", "", ""), "srv#a#x##");
}

static void what_is_formatted_parses_back(void **state)
{
	assert_parses(&(struct expected){format("srv", "/a/b/", "ns/claim", "pvc-1", "Retain"), "srv", "/a/b",
					 "ns/claim", "pvc-1", ON_DELETE_RETAIN, "pvc-1"});
	assert_parses(&(struct expected){format("::1", "", "pvc-1", "", ""), "::1", "/", "pvc-1", "", ON_DELETE_UNSET,
					 "pvc-1"});
}

static void hash_is_refused_in_every_element(void **state)
{
	assert_null(format("s#", "sh", "d", "u", ""));
	assert_null(format("s", "s#h", "d", "u", ""));
	assert_string_equal(st.message, "invalid share \"s#h\": '#' separates the elements of a volume id");
	assert_null(format("s", "sh", "d#", "u", ""));
	assert_null(format("s", "sh", "d", "#u", ""));
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
}

static void the_share_itself_is_no_volume(void **state)
{
	static const char *const sub_dirs[] = {"", "/", ".", "./", "//.//"};
	for (size_t i = 0; i < COUNT(sub_dirs); i++) {
		assert_null(format("s", "sh", sub_dirs[i], "u", ""));
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	}
}

static void the_drivers_folder_is_no_volume(void **state)
{
	assert_null(format("s", "sh", ".csicore", "u", ""));
	assert_null(format("s", "sh", "/./.csicore/volumes", "u", ""));
	assert_string_equal(st.message, "invalid subDir \"/./.csicore/volumes\": .csicore is the driver's own folder");
	assert_non_null(format("s", "sh", ".csicore-like", "u", ""));
	assert_null(format("s", "sh", ".CSICORE", "u", ""));
	assert_null(format("s", "sh", "a/.csicore", "u", ""));
	assert_null(format("s", "sh/.csicore", "volumes", "u", ""));
	assert_string_equal(st.message, "invalid share \"sh/.csicore\": .csicore is the driver's own folder");
}

static void traversal_cannot_be_formatted(void **state)
{
	assert_null(format("s", "..", "d", "u", ""));
	assert_null(format("s", "sh", "..", "", ""));
	assert_null(format("s", "sh", "d", "a/../b", ""));
	assert_null(format("/", "sh", "d", "u", ""));
	assert_string_equal(st.message, "server is a required parameter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_historical_form_parses),     cmocka_unit_test(anything_else_is_no_id),
		cmocka_unit_test(traversal_names_its_element),      cmocka_unit_test(sub_dir_comes_as_names),
		cmocka_unit_test(ids_are_those_of_csi_driver_nfs),  cmocka_unit_test(what_is_formatted_parses_back),
		cmocka_unit_test(stray_hash_makes_an_id_ambiguous), cmocka_unit_test(drivers_folder_is_seen_anywhere),
		cmocka_unit_test(hash_is_refused_in_every_element), cmocka_unit_test(the_share_itself_is_no_volume),
		cmocka_unit_test(the_drivers_folder_is_no_volume),  cmocka_unit_test(traversal_cannot_be_formatted),
	};
	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
