/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs4_compound.h"

#include <errno.h>

#include "support/cmocka.h"
#include "support/nfs_world.h"

static const struct fs_owner plain = {.mode = 0755, .uid = 0, .gid = 0}; /* what the fake's directories are */

static void open_world(struct nfs_world *w)
{
	nfs_world_init(w, NFS_FAKE_V4, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(w), 0);
}

static void make_dir_is_one_round_trip(void **state)
{
	struct nfs_world w;

	open_world(&w);
	uint64_t before = fs_libnfs_round_trips(w.fs);

	assert_int_equal(fs_make_dir(w.fs, w.root, "d", &plain, &w.cancel, &w.st), 0);
	assert_int_equal(fs_libnfs_round_trips(w.fs) - before, 1);
	nfs_world_release(&w);
}

static void an_owner_the_server_did_not_set_is_set_afterwards(void **state)
{
	const struct fs_owner other = {.mode = 0755, .uid = 1000, .gid = FS_KEEP};
	struct nfs_world w;

	open_world(&w);
	assert_int_equal(fs_make_dir(w.fs, w.root, "d", &other, &w.cancel, &w.st), 0);
	assert_int_equal(nfs_fake_count(w.fake, OP_SETATTR), 1);
	nfs_world_release(&w);
}

static void a_directory_whose_owner_cannot_be_set_is_removed_again(void **state)
{
	const struct fs_owner other = {.mode = 0755, .uid = 1000, .gid = FS_KEEP};
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_SETATTR, 0, 1, NFS4ERR_PERM);
	assert_int_equal(fs_make_dir(w.fs, w.root, "d", &other, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, EPERM);
	assert_int_equal(nfs_fake_count(w.fake, OP_REMOVE), 1);
	nfs_world_release(&w);
}

static void a_delay_after_the_directory_was_made_does_not_make_it_twice(void **state)
{
	const struct fs_owner setgid = {.mode = 02755, .uid = FS_KEEP, .gid = FS_KEEP};
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_SETATTR, 0, 1, NFS4ERR_DELAY);
	assert_int_equal(fs_make_dir(w.fs, w.root, "d", &setgid, &w.cancel, &w.st), 0);
	assert_int_equal(nfs_fake_count(w.fake, OP_CREATE), 1);
	assert_int_equal(nfs_fake_count(w.fake, OP_SETATTR), 2);
	nfs_world_release(&w);
}

static void a_delayed_request_is_repeated(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_RENAME, 0, 2, NFS4ERR_DELAY);
	assert_int_equal(fs_rename(w.fs, w.root, "a", w.root, "b", &w.cancel, &w.st), 0);
	assert_int_equal(nfs_fake_count(w.fake, OP_RENAME), 3);
	nfs_world_release(&w);
}

static void a_directory_in_the_way_is_enotempty_never_eexist(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_RENAME, 0, 1, NFS4ERR_EXIST);
	nfs_fake_fail(w.fake, OP_REMOVE, 0, 1, NFS4ERR_EXIST);
	assert_int_equal(fs_rename(w.fs, w.root, "a", w.root, "b", &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, ENOTEMPTY);
	assert_int_equal(fs_remove_dir(w.fs, w.root, "a", &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, ENOTEMPTY);
	nfs_world_release(&w);
}

static void remove_asks_the_server_to_check_the_type(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_NVERIFY, 0, 1, NFS4ERR_SAME);
	nfs_fake_fail(w.fake, OP_VERIFY, 0, 1, NFS4ERR_NOT_SAME);
	assert_int_equal(fs_remove_file(w.fs, w.root, "d", &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, EISDIR);
	assert_int_equal(fs_remove_dir(w.fs, w.root, "f", &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, ENOTDIR);
	assert_int_equal(nfs_fake_count(w.fake, OP_REMOVE), 0);
	nfs_world_release(&w);
}

static void a_stale_handle_is_estale(void **state)
{
	struct nfs_world w;
	struct fs_attr attr;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_PUTFH, 0, 1, NFS4ERR_FHEXPIRED);
	assert_int_equal(fs_get_attr(w.fs, w.root, &w.cancel, &attr, &w.st), -1);
	assert_int_equal(w.st.errnum, ESTALE);
	nfs_world_release(&w);
}

static void results_of_other_operations_are_a_protocol_error(void **state)
{
	struct nfs_world w;
	struct strbuf content;

	open_world(&w);
	strbuf_init(&content, 100);
	nfs_fake_mix_results_up(w.fake);
	assert_int_equal(fs_read_file(w.fs, w.root, "file", &content, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, EPROTO);
	strbuf_release(&content);
	nfs_world_release(&w);
}

static void a_listing_has_names_and_attributes(void **state)
{
	struct nfs_world w;
	struct fs_page page;

	open_world(&w);
	fs_page_init(&page);
	assert_int_equal(fs_read_dir(w.fs, w.root, &page, &w.cancel, &w.st), 0);
	assert_true(page.is_end);
	assert_int_equal(page.count, 1);
	assert_string_equal(page.entries[0].name, "file");
	assert_int_equal(page.entries[0].attr.type, FS_FILE);
	assert_int_equal(page.entries[0].attr.size_bytes, 7);
	fs_page_release(&page);
	nfs_world_release(&w);
}

static void a_name_with_a_slash_is_a_protocol_error(void **state)
{
	struct nfs_world w;
	struct fs_page page;

	open_world(&w);
	fs_page_init(&page);
	nfs_fake_list_bad_name(w.fake);
	assert_int_equal(fs_read_dir(w.fs, w.root, &page, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, EPROTO);
	fs_page_release(&page);
	nfs_world_release(&w);
}

static void a_listing_that_does_not_advance_is_a_protocol_error(void **state)
{
	struct nfs_world w;
	struct fs_page page;

	open_world(&w);
	fs_page_init(&page);
	nfs_fake_list_for_ever(w.fake);
	assert_int_equal(fs_read_dir(w.fs, w.root, &page, &w.cancel, &w.st), 0);
	assert_int_equal(fs_read_dir(w.fs, w.root, &page, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, EPROTO);
	fs_page_release(&page);
	nfs_world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(make_dir_is_one_round_trip),
		cmocka_unit_test(an_owner_the_server_did_not_set_is_set_afterwards),
		cmocka_unit_test(a_directory_whose_owner_cannot_be_set_is_removed_again),
		cmocka_unit_test(a_delay_after_the_directory_was_made_does_not_make_it_twice),
		cmocka_unit_test(a_delayed_request_is_repeated),
		cmocka_unit_test(a_directory_in_the_way_is_enotempty_never_eexist),
		cmocka_unit_test(remove_asks_the_server_to_check_the_type),
		cmocka_unit_test(a_stale_handle_is_estale),
		cmocka_unit_test(results_of_other_operations_are_a_protocol_error),
		cmocka_unit_test(a_listing_has_names_and_attributes),
		cmocka_unit_test(a_name_with_a_slash_is_a_protocol_error),
		cmocka_unit_test(a_listing_that_does_not_advance_is_a_protocol_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
