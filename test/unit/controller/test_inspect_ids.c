/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect_world.h"

#define PREFIX "csi-controller inspect id "

static void every_historical_form_is_decoded(void **state)
{
	static const struct {
		const char *id, *form, *path, *name, *note;
	} cases[] = {
		{"srv/share/pvc-1", "server/share/subdir: csi-driver-nfs v3.0", "srv:/share/pvc-1", "pvc-1", "-"},
		{"srv/a/b/pvc-1", "server/share/subdir: csi-driver-nfs v3.0", "srv:/a/b/pvc-1", "pvc-1", "-"},
		{"srv#share#pvc-1", "server#share#subdir: csi-driver-nfs v3.1 and v4.0, or a static volume's",
		 "srv:/share/pvc-1", "pvc-1", "-"},
		{"srv##pvc-1", "server#share#subdir: csi-driver-nfs v3.1 and v4.0, or a static volume's", "srv:/pvc-1",
		 "pvc-1", "-"},
		{"srv#share#pvc-1#", "server#share#subdir#name: csi-driver-nfs v4.1 and v4.2", "srv:/share/pvc-1",
		 "pvc-1", "-"},
		{"srv#share#a/b#pvc-1", "server#share#subdir#name: csi-driver-nfs v4.1 and v4.2", "srv:/share/a/b",
		 "pvc-1", "-"},
		{"srv#share#pvc-1##", "server#share#subdir#name#ondelete: csicore, and csi-driver-nfs since v4.3",
		 "srv:/share/pvc-1", "pvc-1", "-"},
		{"fd00::1#share#a#pvc-1#Archive",
		 "server#share#subdir#name#ondelete: csicore, and csi-driver-nfs since v4.3", "[fd00::1]:/share/a",
		 "pvc-1", "-"},
		{"srv/share##", "server#share#subdir: csi-driver-nfs v3.1 and v4.0, or a static volume's",
		 "srv/share:/", "-", "names the share itself: can be mounted, is never deleted"},
		{"srv#share#snap#snap#pvc-1", "server#share#snapshot#snapshot#source: a snapshot of csi-driver-nfs",
		 "srv:/share/snap", "snap", "no volume"},
		{"srv#share#a#pvc-1#recycle",
		 "server#share#subdir#name#ondelete: csicore, and csi-driver-nfs since v4.3", "srv:/share/a", "pvc-1",
		 "ambiguous, a '#' is part of an element: can be mounted, is never deleted"},
		{"srv#share#a#b#c#d", "more than five elements", "srv:/share/a", "b",
		 "ambiguous, a '#' is part of an element: can be mounted, is never deleted"},
		{"srv#share#.csicore/x##", "server#share#subdir#name#ondelete: csicore, and csi-driver-nfs since v4.3",
		 "srv:/share/.csicore/x", ".csicore/x", "lies in the driver's own folder, is never deleted"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(INSPECT("id", "decode", cases[i].id), 0);
		assert_says(arena_printf(&world.arena, "FORM      %s\n", cases[i].form));
		assert_says(arena_printf(&world.arena, "\nPATH      %s\n", cases[i].path));
		assert_says(arena_printf(&world.arena, "\nNAME      %s\n", cases[i].name));
		assert_says(arena_printf(&world.arena, "\nNOTE      %s\n", cases[i].note));
	}
}

static void decoded_id_is_one_object(void **state)
{
	assert_int_equal(INSPECT("id", "decode", "srv#share#a#pvc-1#retain", "-o", "json"), 0);
	assert_string_equal(out, "{\"form\": \"server#share#subdir#name#ondelete: csicore, and csi-driver-nfs since "
				 "v4.3\", \"server\": \"srv\", \"share\": \"/share\", \"subDir\": \"a\", "
				 "\"name\": \"pvc-1\", \"onDelete\": \"retain\", \"path\": \"srv:/share/a\", "
				 "\"note\": null}\n");
}

static void what_is_no_id_is_refused(void **state)
{
	assert_refused(INSPECT("id", "decode", "pvc-1"), 2,
		       PREFIX "decode: \"pvc-1\" is not a volume id of this driver");
	assert_refused(INSPECT("id", "decode", "srv#share#../x##"), 2,
		       PREFIX "decode: invalid subDir \"../x\": path contains directory traversal sequence");
}

static void id_is_encoded_as_create_volume_does(void **state)
{
	assert_int_equal(INSPECT("id", "encode", "--share=srv:/a/b", "--name=pvc-1"), 0);
	assert_string_equal(out, "srv#a/b#pvc-1##\n");
	assert_int_equal(
		INSPECT("id", "encode", "--share=[fd00::1]:/", "--subdir=/x/y/", "--name=pvc-1", "--ondelete=retain"),
		0);
	assert_string_equal(out, "fd00::1##x/y#pvc-1#retain\n");
	assert_int_equal(INSPECT("id", "encode", "--share=srv:/a", "--subdir=x", "-o=json"), 0);
	assert_string_equal(out, "{\"id\": \"srv#a#x##\"}\n");
}

static void id_that_cannot_be_is_refused(void **state)
{
	assert_refused(INSPECT("id", "encode", "--share=srv:/a"), 2, PREFIX "encode: --name or --subdir is missing");
	assert_refused(INSPECT("id", "encode", "--name=x"), 2, PREFIX "encode: --share is missing");
	assert_refused(INSPECT("id", "encode", "--share=srv:/a", "--name=x", "--ondelete=recycle"), 2,
		       PREFIX "encode: --ondelete: \"recycle\" is not delete, retain or archive");
	assert_refused(INSPECT("id", "encode", "--share=srv:/a", "--subdir=a#b"), 2,
		       PREFIX "encode: invalid subDir \"a#b\": '#' separates the elements of a volume id");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_historical_form_is_decoded), TEST(decoded_id_is_one_object),
		TEST(what_is_no_id_is_refused),         TEST(id_is_encoded_as_create_volume_does),
		TEST(id_that_cannot_be_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
