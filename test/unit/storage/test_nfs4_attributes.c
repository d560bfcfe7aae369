/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs4_attributes.h"

#include <string.h>

#include "support/cmocka.h"

#define BIT(n) (UINT32_C(1) << ((n) % 32))
#define BYTES(text) (text), sizeof(text) - 1

static void a_whole_entry_is_read_in_the_order_of_the_bits(void **state)
{
	static const char bytes[] = "\0\0\0\2"                  /* type: directory */
				    "\0\0\0\0\0\0\20\0"         /* size 4096 */
				    "\0\0\0\1\0\0\0\7"          /* fileid */
				    "\0\0\6\351"                /* mode 03351 */
				    "\0\0\0\3"                  /* numlinks */
				    "\0\0\0\4"                  /* owner */
				    "1000"                      /**/
				    "\0\0\0\1"                  /* group */
				    "5\0\0\0"                   /**/
				    "\0\0\0\0\0\0\40\0"         /* space_used 8192 */
				    "\0\0\0\0\0\0\0\2\0\0\0\3"; /* time_modify */
	struct nfs4_attributes a;

	assert_int_equal(nfs4_attributes_parse(nfs4_entry_bits, 2, BYTES(bytes), &a), 0);
	assert_int_equal(a.attr.type, FS_DIRECTORY);
	assert_int_equal(a.attr.size_bytes, 4096);
	assert_int_equal(a.attr.file_id, UINT64_C(0x100000007));
	assert_int_equal(a.attr.mode, 03351);
	assert_int_equal(a.attr.link_count, 3);
	assert_int_equal(a.attr.uid, 1000);
	assert_int_equal(a.attr.gid, 5);
	assert_int_equal(a.attr.used_bytes, 8192);
	assert_int_equal(a.attr.mtime_ns, INT64_C(2000000003));
	assert_true(a.has_type && a.has_mode && a.has_uid && a.has_gid);
}

static void any_missing_byte_makes_it_unreadable(void **state)
{
	char bytes[80] = "";
	struct nfs4_attributes a;

	const size_t whole = 56; /* with owners of no bytes */

	for (size_t length = 0; length < whole; length++)
		assert_int_equal(nfs4_attributes_parse(nfs4_entry_bits, 2, bytes, length, &a), -1);
	assert_int_equal(nfs4_attributes_parse(nfs4_entry_bits, 2, bytes, whole, &a), 0);
}

static void an_owner_that_is_a_name_is_nobody(void **state)
{
	const uint32_t bits[2] = {0, BIT(36) | BIT(37)};
	struct nfs4_attributes a;

	assert_int_equal(nfs4_attributes_parse(bits, 2, BYTES("\0\0\0\6a@b.cd\0\0\0\0\0\4-100"), &a), 0);
	assert_int_equal(a.attr.uid, 65534);
	assert_int_equal(a.attr.gid, 65534);
	assert_false(a.has_uid || a.has_gid);
}

static void an_owner_with_a_nul_in_it_is_no_number(void **state)
{
	const uint32_t bits[2] = {0, BIT(36)};
	struct nfs4_attributes a;

	assert_int_equal(nfs4_attributes_parse(bits, 2,
					       BYTES("\0\0\0\3"
						     "1\0002\0"),
					       &a),
			 0);
	assert_false(a.has_uid);
}

static void an_owner_longer_than_the_bytes_is_unreadable(void **state)
{
	const uint32_t bits[2] = {0, BIT(36)};
	struct nfs4_attributes a;

	assert_int_equal(nfs4_attributes_parse(bits, 2, BYTES("\377\377\377\377abcd"), &a), -1);
}

static void an_attribute_nobody_asked_for_is_unreadable(void **state)
{
	const uint32_t acl[2] = {BIT(12), 0}, third_word[3] = {0, 0, 1};
	char bytes[64] = "";
	struct nfs4_attributes a;

	assert_int_equal(nfs4_attributes_parse(acl, 2, bytes, sizeof(bytes), &a), -1);
	assert_int_equal(nfs4_attributes_parse(third_word, 3, bytes, sizeof(bytes), &a), -1);
}

static void a_failed_parse_leaves_the_result_alone(void **state)
{
	struct nfs4_attributes a = {.attr = {.mode = 0123}};

	assert_int_equal(nfs4_attributes_parse(nfs4_entry_bits, 2, "", 0, &a), -1);
	assert_int_equal(a.attr.mode, 0123);
}

static void a_type_that_does_not_exist_is_other(void **state)
{
	const uint32_t bits[1] = {BIT(1)};
	struct nfs4_attributes a;

	assert_int_equal(nfs4_attributes_parse(bits, 1, BYTES("\177\377\377\377"), &a), 0);
	assert_int_equal(a.attr.type, FS_OTHER);
}

static void capacity_is_read(void **state)
{
	static const char bytes[] = "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\5";
	struct nfs4_attributes a;

	assert_int_equal(nfs4_attributes_parse(nfs4_space_bits, 2, BYTES(bytes), &a), 0);
	assert_int_equal(a.capacity.free_files, 1);
	assert_int_equal(a.capacity.total_files, 2);
	assert_int_equal(a.capacity.available_bytes, 3);
	assert_int_equal(a.capacity.free_bytes, 4);
	assert_int_equal(a.capacity.total_bytes, 5);
}

static void what_is_set_is_written_as_it_is_read(void **state)
{
	const struct fs_owner owner = {.mode = 02775, .uid = 4294967294, .gid = 0};
	struct nfs4_settable set;
	struct nfs4_attributes a;

	nfs4_settable_owner(&set, &owner);
	assert_int_equal(nfs4_attributes_parse(set.bitmap, 2, set.bytes, set.length, &a), 0);
	assert_int_equal(a.attr.mode, 02775);
	assert_int_equal(a.attr.uid, 4294967294);
	assert_int_equal(a.attr.gid, 0);
}

static void what_is_kept_is_not_sent(void **state)
{
	const struct fs_owner owner = {.mode = FS_KEEP, .uid = 7, .gid = FS_KEEP};
	struct nfs4_settable set;

	nfs4_settable_owner(&set, &owner);
	assert_int_equal(set.bitmap[0], 0);
	assert_int_equal(set.bitmap[1], BIT(36));
	assert_int_equal(set.length, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_entry_is_read_in_the_order_of_the_bits),
		cmocka_unit_test(any_missing_byte_makes_it_unreadable),
		cmocka_unit_test(an_owner_that_is_a_name_is_nobody),
		cmocka_unit_test(an_owner_with_a_nul_in_it_is_no_number),
		cmocka_unit_test(an_owner_longer_than_the_bytes_is_unreadable),
		cmocka_unit_test(an_attribute_nobody_asked_for_is_unreadable),
		cmocka_unit_test(a_failed_parse_leaves_the_result_alone),
		cmocka_unit_test(a_type_that_does_not_exist_is_other),
		cmocka_unit_test(capacity_is_read),
		cmocka_unit_test(what_is_set_is_written_as_it_is_read),
		cmocka_unit_test(what_is_kept_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
