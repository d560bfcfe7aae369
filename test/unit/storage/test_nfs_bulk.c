/* SPDX-License-Identifier: Apache-2.0 */
/* Through NFSv3, where each name is a call of its own. */
#include "storage/nfs_bulk.h"

#include <errno.h>
#include <string.h>

#include "storage/libnfs_compat.h"
#include "support/bulk_names.h"
#include "support/cmocka.h"

#define SHORT_MS 100
#define NAMES 300 /* more than can be on their way at once */

static struct bulk_names names;

/* A world with NAMES names, whose server has reply_ms for an answer. */
static void open_world(struct nfs_world *w, int reply_ms)
{
	struct nfs_fake *fake = nfs_fake_start(NFS_FAKE_V3);
	struct fs_libnfs_config config = nfs_world_config(fake, NFS_VERSION_3);

	config.reply_timeout_ms = reply_ms;
	nfs_world_init_with(w, fake, &config);
	assert_int_equal(nfs_world_open_root(w), 0);
	bulk_names_init(&names, NAMES, 8);
}

static void all_names_are_removed_with_a_call_each(void **state)
{
	struct nfs_world w;

	open_world(&w, 20000);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, 0), NAMES);
	assert_int_equal(nfs_fake_count(w.fake, NFS3_REMOVE), NAMES);
	nfs_world_release(&w);
}

static void no_names_are_no_call(void **state)
{
	struct nfs_world w;

	open_world(&w, 20000);
	names.count = 0;
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(nfs_fake_count(w.fake, NFS3_REMOVE), 0);
	nfs_world_release(&w);
}

static void each_name_has_an_outcome_of_its_own(void **state)
{
	struct nfs_world w;

	open_world(&w, 20000);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 3, 1, NFS3ERR_NOENT);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 4, 1, NFS3ERR_ISDIR);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 5, 1, NFS3ERR_NOTEMPTY);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 6, 1, NFS3ERR_ACCES);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(names.errnums[3], 0);
	assert_int_equal(names.errnums[4], EISDIR);
	assert_int_equal(names.errnums[5], EISDIR);
	assert_int_equal(names.errnums[6], EACCES);
	assert_int_equal(bulk_names_count(&names, 0), NAMES - 3);
	nfs_world_release(&w);
}

static void an_answer_that_is_missing_holds_up_no_other(void **state)
{
	struct nfs_world w;

	open_world(&w, SHORT_MS);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 1, 1, NFS_FAKE_SAY_NOTHING);
	assert_int_equal(bulk_names_remove(&names, &w), -1);
	assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(w.st.errnum, ETIMEDOUT);
	assert_int_equal(names.errnums[1], FS_NOT_TRIED);
	assert_int_equal(bulk_names_count(&names, 0), NAMES - 1);
	nfs_world_release(&w);
}

static void what_was_on_its_way_when_the_connection_broke_counts_as_not_tried(void **state)
{
	struct nfs_world w;

	open_world(&w, 20000);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 10, 1, NFS_FAKE_HANG_UP);
	assert_int_equal(bulk_names_remove(&names, &w), -1);
	assert_int_equal(w.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(w.st.errnum, ECONNRESET);
	/* Answers that had been sent may be lost with it. */
	assert_true(bulk_names_count(&names, 0) <= 10);
	assert_int_equal(bulk_names_count(&names, 0) + bulk_names_count(&names, FS_NOT_TRIED), NAMES);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(nfs_fake_connections(w.fake), 3); /* with mountd's */
	nfs_world_release(&w);
}

static void a_deadline_ends_what_is_on_its_way(void **state)
{
	struct nfs_world w;

	open_world(&w, 20000);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 0, NAMES, NFS_FAKE_SAY_NOTHING);
	cancel_release(&w.cancel);
	cancel_init(&w.cancel, SHORT_MS);
	assert_int_equal(bulk_names_remove(&names, &w), -1);
	assert_int_equal(w.st.code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(bulk_names_count(&names, FS_NOT_TRIED), NAMES);
	nfs_world_release(&w);
}

static void names_put_off_are_asked_for_again(void **state)
{
	struct nfs_world w;

	open_world(&w, 20000);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 2, 3, NFS3ERR_JUKEBOX);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, 0), NAMES);
	assert_int_equal(nfs_fake_count(w.fake, NFS3_REMOVE), NAMES + 3);
	nfs_world_release(&w);
}

static void a_server_that_puts_all_off_until_the_deadline_has_tried_none(void **state)
{
	struct nfs_world w;

	open_world(&w, 20000);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 0, UINT32_MAX, NFS3ERR_JUKEBOX);
	cancel_release(&w.cancel);
	cancel_init(&w.cancel, 3 * SHORT_MS);
	assert_int_equal(bulk_names_remove(&names, &w), -1);
	assert_int_equal(w.st.code, STATUS_DEADLINE_EXCEEDED);
	assert_non_null(strstr(w.st.message, "NFS3ERR_JUKEBOX"));
	assert_int_equal(bulk_names_count(&names, FS_NOT_TRIED), NAMES);
	nfs_world_release(&w);
}

static void a_directory_that_went_stale_is_stale_for_each_name(void **state)
{
	struct nfs_world w;

	open_world(&w, 20000);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 0, UINT32_MAX, NFS3ERR_STALE);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, ESTALE), NAMES);
	nfs_world_release(&w);
}

static void a_name_that_another_request_is_just_removing_is_asked_about_again(void **state)
{
	struct nfs_world w;

	open_world(&w, 20000);
	nfs_fake_fail(w.fake, NFS3_REMOVE, 2, 1, NFS3ERR_STALE);
	assert_int_equal(bulk_names_remove(&names, &w), 0);
	assert_int_equal(bulk_names_count(&names, 0), NAMES);
	assert_int_equal(nfs_fake_count(w.fake, NFS3_REMOVE), NAMES + 1);
	nfs_world_release(&w);
}

/* ---- attributes that a listing came without */

static void attributes_of_names_alone_are_looked_up_at_once(void **state)
{
	struct nfs_world w;
	struct fs_page page;

	open_world(&w, 20000);
	nfs_fake_list(w.fake, NAMES);
	fs_page_init(&page);
	assert_int_equal(fs_read_dir(w.fs, w.root, &page, &w.cancel, &w.st), 0);
	assert_int_equal(page.count, NAMES);
	for (size_t i = 0; i < page.count; i++)
		assert_int_equal(page.entries[i].attr.type, FS_FILE);
	assert_int_equal(nfs_fake_count(w.fake, NFS3_LOOKUP), NAMES);
	fs_page_release(&page);
	nfs_world_release(&w);
}

static void an_entry_that_went_while_it_was_listed_is_left_out(void **state)
{
	struct nfs_world w;
	struct fs_page page;

	open_world(&w, 20000);
	nfs_fake_list(w.fake, 4);
	/* At the look with the others, and at the one of its own that follows. */
	nfs_fake_fail(w.fake, NFS3_LOOKUP, 1, 1, NFS3ERR_NOENT);
	nfs_fake_fail(w.fake, NFS3_LOOKUP, 4, 1, NFS3ERR_NOENT);
	fs_page_init(&page);
	assert_int_equal(fs_read_dir(w.fs, w.root, &page, &w.cancel, &w.st), 0);
	assert_int_equal(page.count, 3);
	assert_string_equal(page.entries[1].name, "file-2");
	fs_page_release(&page);
	nfs_world_release(&w);
}

static void attributes_that_cannot_be_had_fail_the_listing(void **state)
{
	struct nfs_world w;
	struct fs_page page;

	open_world(&w, 20000);
	nfs_fake_list(w.fake, 4);
	nfs_fake_fail(w.fake, NFS3_LOOKUP, 0, UINT32_MAX, NFS3ERR_IO);
	fs_page_init(&page);
	assert_int_equal(fs_read_dir(w.fs, w.root, &page, &w.cancel, &w.st), -1);
	assert_int_equal(w.st.errnum, EIO);
	fs_page_release(&page);
	nfs_world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_names_are_removed_with_a_call_each),
		cmocka_unit_test(no_names_are_no_call),
		cmocka_unit_test(each_name_has_an_outcome_of_its_own),
		cmocka_unit_test(an_answer_that_is_missing_holds_up_no_other),
		cmocka_unit_test(what_was_on_its_way_when_the_connection_broke_counts_as_not_tried),
		cmocka_unit_test(a_deadline_ends_what_is_on_its_way),
		cmocka_unit_test(names_put_off_are_asked_for_again),
		cmocka_unit_test(a_server_that_puts_all_off_until_the_deadline_has_tried_none),
		cmocka_unit_test(a_directory_that_went_stale_is_stale_for_each_name),
		cmocka_unit_test(a_name_that_another_request_is_just_removing_is_asked_about_again),
		cmocka_unit_test(attributes_of_names_alone_are_looked_up_at_once),
		cmocka_unit_test(an_entry_that_went_while_it_was_listed_is_left_out),
		cmocka_unit_test(attributes_that_cannot_be_had_fail_the_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
