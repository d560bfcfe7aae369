/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs4_compound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka.h"
#include "support/nfs_world.h"

static void open_world(struct nfs_world *w)
{
	nfs_world_init(w, NFS_FAKE_V4, NFS_VERSION_4);
	assert_int_equal(nfs_world_open_root(w), 0);
}

static int create(struct nfs_world *w, size_t length)
{
	char *bytes = calloc(1, length + 1);
	int result = fs_create_file(w->fs, w->root, "file", 0600, bytes, length, &w->cancel, &w->st);

	free(bytes);
	return result;
}

static void a_small_file_costs_two_round_trips_once_the_client_is_known(void **state)
{
	struct nfs_world w;

	open_world(&w);
	assert_int_equal(create(&w, 100), 0);
	uint64_t before = fs_libnfs_round_trips(w.fs);

	assert_int_equal(create(&w, 100), 0);
	assert_int_equal(fs_libnfs_round_trips(w.fs) - before, 2);
	assert_int_equal(nfs_fake_count(w.fake, OP_SETCLIENTID), 1);
	assert_int_equal(nfs_fake_count(w.fake, OP_CLOSE), 2);
	nfs_world_release(&w);
}

static void a_large_file_is_written_whole(void **state)
{
	struct nfs_world w;

	open_world(&w);
	assert_int_equal(create(&w, 10000), 0);
	assert_int_equal(nfs_fake_written_anonymously(w.fake) + nfs_fake_written_opened(w.fake), 10000);
	nfs_world_release(&w);
}

static void an_empty_file_is_not_written(void **state)
{
	struct nfs_world w;

	open_world(&w);
	assert_int_equal(create(&w, 0), 0);
	assert_int_equal(nfs_fake_count(w.fake, OP_WRITE), 0);
	assert_int_equal(nfs_fake_count(w.fake, OP_CLOSE), 1);
	nfs_world_release(&w);
}

static void a_first_open_is_confirmed_before_it_is_closed(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_ask_to_confirm(w.fake);
	assert_int_equal(create(&w, 10), 0);
	assert_int_equal(nfs_fake_count(w.fake, OP_OPEN_CONFIRM), 1);
	assert_int_equal(nfs_fake_count(w.fake, OP_CLOSE), 1);
	nfs_world_release(&w);
}

static void a_client_that_the_server_forgot_makes_itself_known_again(void **state)
{
	static const uint32_t statuses[] = {NFS4ERR_STALE_CLIENTID, NFS4ERR_EXPIRED, NFS4ERR_BAD_SEQID};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct nfs_world w;

		open_world(&w);
		nfs_fake_fail(w.fake, OP_OPEN, 1, 1, statuses[i]);
		assert_int_equal(create(&w, 10), 0);
		assert_int_equal(create(&w, 10), 0);
		assert_int_equal(nfs_fake_count(w.fake, OP_SETCLIENTID), 2);
		nfs_world_release(&w);
	}
}

static void a_server_that_always_forgets_is_given_up(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_OPEN, 0, 100, NFS4ERR_STALE_CLIENTID);
	assert_int_equal(create(&w, 10), -1);
	assert_int_equal(w.st.errnum, EIO);
	assert_int_equal(nfs_fake_count(w.fake, OP_OPEN), 3);
	nfs_world_release(&w);
}

static void an_open_during_grace_is_repeated(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_OPEN, 0, 2, NFS4ERR_GRACE);
	assert_int_equal(create(&w, 10), 0);
	assert_int_equal(nfs_fake_count(w.fake, OP_OPEN), 3);
	nfs_world_release(&w);
}

static void a_grace_longer_than_the_deadline_ends_with_it(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_OPEN, 0, 100, NFS4ERR_GRACE);
	cancel_release(&w.cancel);
	cancel_init(&w.cancel, 100);
	assert_int_equal(create(&w, 10), -1);
	assert_int_equal(w.st.code, STATUS_DEADLINE_EXCEEDED);
	assert_non_null(strstr(w.st.message, "NFS4ERR_GRACE"));
	nfs_world_release(&w);
}

static void an_existing_file_is_eexist_and_stays_closed(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_OPEN, 0, 1, NFS4ERR_EXIST);
	assert_int_equal(create(&w, 10), -1);
	assert_int_equal(w.st.errnum, EEXIST);
	assert_int_equal(nfs_fake_count(w.fake, OP_CLOSE), 0);
	nfs_world_release(&w);
}

static void a_server_that_wants_a_state_id_is_written_to_with_the_opens(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_WRITE, 0, 1, NFS4ERR_BAD_STATEID);
	assert_int_equal(create(&w, 10), 0);
	assert_int_equal(nfs_fake_written_anonymously(w.fake), 0);
	assert_int_equal(nfs_fake_written_opened(w.fake), 10);
	nfs_world_release(&w);
}

static void a_write_that_fails_is_reported_and_the_file_closed(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_WRITE, 0, 1, NFS4ERR_NOSPC);
	assert_int_equal(create(&w, 10), -1);
	assert_int_equal(w.st.errnum, ENOSPC);
	assert_int_equal(nfs_fake_count(w.fake, OP_CLOSE), 1);
	nfs_world_release(&w);
}

static void a_close_that_fails_does_not_undo_a_file_on_stable_storage(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_CLOSE, 0, 1, NFS4ERR_BAD_STATEID);
	assert_int_equal(create(&w, 10), 0);
	assert_int_equal(create(&w, 10), 0);
	assert_int_equal(nfs_fake_count(w.fake, OP_SETCLIENTID), 2);
	nfs_world_release(&w);
}

static void an_open_that_no_time_is_left_to_close_ends_with_its_client_id(void **state)
{
	struct nfs_world w;

	open_world(&w);
	nfs_fake_fail(w.fake, OP_WRITE, 1, 4, NFS4ERR_DELAY); /* more than are sent in that time */
	cancel_release(&w.cancel);
	cancel_init(&w.cancel, 100);
	assert_int_equal(create(&w, 10000), -1);
	assert_int_equal(w.st.code, STATUS_DEADLINE_EXCEEDED);
	assert_int_equal(nfs_fake_count(w.fake, OP_CLOSE), 0);
	cancel_release(&w.cancel);
	cancel_init(&w.cancel, 20000);
	assert_int_equal(create(&w, 10), 0);
	assert_int_equal(nfs_fake_count(w.fake, OP_SETCLIENTID), 2);
	nfs_world_release(&w);
}

static void a_file_that_cannot_be_read_without_an_open_is_opened(void **state)
{
	struct nfs_world w;
	struct strbuf content;

	open_world(&w);
	strbuf_init(&content, 100);
	nfs_fake_fail(w.fake, OP_READ, 0, 1, NFS4ERR_BAD_STATEID);
	assert_int_equal(fs_read_file(w.fs, w.root, "file", &content, &w.cancel, &w.st), 0);
	assert_string_equal(strbuf_text(&content), "content");
	assert_int_equal(nfs_fake_count(w.fake, OP_CLOSE), 1);
	strbuf_release(&content);
	nfs_world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_file_costs_two_round_trips_once_the_client_is_known),
		cmocka_unit_test(a_large_file_is_written_whole),
		cmocka_unit_test(an_empty_file_is_not_written),
		cmocka_unit_test(a_first_open_is_confirmed_before_it_is_closed),
		cmocka_unit_test(a_client_that_the_server_forgot_makes_itself_known_again),
		cmocka_unit_test(a_server_that_always_forgets_is_given_up),
		cmocka_unit_test(an_open_during_grace_is_repeated),
		cmocka_unit_test(a_grace_longer_than_the_deadline_ends_with_it),
		cmocka_unit_test(an_existing_file_is_eexist_and_stays_closed),
		cmocka_unit_test(a_server_that_wants_a_state_id_is_written_to_with_the_opens),
		cmocka_unit_test(a_write_that_fails_is_reported_and_the_file_closed),
		cmocka_unit_test(a_close_that_fails_does_not_undo_a_file_on_stable_storage),
		cmocka_unit_test(an_open_that_no_time_is_left_to_close_ends_with_its_client_id),
		cmocka_unit_test(a_file_that_cannot_be_read_without_an_open_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
