/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/nfs_protocol.h"

#include <errno.h>
#include <string.h>

#include "base/cancel.h"
#include "base/status.h"
#include "support/cmocka.h"

static void a_handle_longer_than_the_protocol_has_is_none(void **state)
{
	char bytes[NFS_HANDLE_MAX + 1] = "h";
	struct nfs_handle handle = {.length = 0};

	assert_false(nfs_handle_set(&handle, bytes, 0));
	assert_false(nfs_handle_set(&handle, bytes, NFS_HANDLE_MAX + 1));
	assert_int_equal(handle.length, 0);
	assert_true(nfs_handle_set(&handle, bytes, NFS_HANDLE_MAX));
	assert_int_equal(handle.length, NFS_HANDLE_MAX);
}

static void each_type_has_its_errno_where_another_is_wanted(void **state)
{
	assert_int_equal(nfs_errno_as_directory(FS_DIRECTORY), 0);
	assert_int_equal(nfs_errno_as_directory(FS_SYMLINK), ELOOP);
	assert_int_equal(nfs_errno_as_directory(FS_FILE), ENOTDIR);
	assert_int_equal(nfs_errno_as_file(FS_FILE), 0);
	assert_int_equal(nfs_errno_as_file(FS_DIRECTORY), EISDIR);
	assert_int_equal(nfs_errno_as_file(FS_SYMLINK), ELOOP);
	assert_int_equal(nfs_errno_as_file(FS_OTHER), EINVAL);
}

static void only_what_differs_is_missing_of_an_owner(void **state)
{
	const struct fs_owner wanted = {.mode = 0755, .uid = 1, .gid = FS_KEEP};
	const struct fs_attr same = {.mode = 0755, .uid = 1, .gid = 7}, other = {.mode = 0755, .uid = 0, .gid = 7};
	struct fs_owner missing = nfs_owner_missing(&wanted, &same);

	assert_true(nfs_owner_is_kept(&missing));
	missing = nfs_owner_missing(&wanted, &other);
	assert_int_equal(missing.mode, FS_KEEP);
	assert_int_equal(missing.uid, 1);
}

/* A protocol that knows one name, "late", and has lost all others. */
static int lookup_late(struct nfs_connection *c, const struct nfs_handle *dir, const char *name, struct cancel *cancel,
		       struct nfs_handle *ret_handle, struct fs_attr *ret_attr, struct status *st)
{
	if (strcmp(name, "denied") == 0)
		return status_set_errno(st, EACCES, "look up");
	if (strcmp(name, "late") != 0)
		return status_set_errno(st, ENOENT, "look up");
	ret_attr->mode = 0123;
	return 0;
}

static const struct nfs_protocol late_protocol = {.lookup = lookup_late};

struct page_world {
	struct fs_page page;
	struct nfs_incoming_page incoming;
	struct nfs_connection connection;
	struct nfs_target target;
	struct cancel cancel;
	struct status st;
};

static void init(struct page_world *w)
{
	static char server[] = "server";

	*w = (struct page_world){.target = {.server = server}};
	w->connection.target = &w->target;
	fs_page_init(&w->page);
	cancel_init(&w->cancel, -1);
	nfs_page_start(&w->incoming, &w->page);
}

static int finish(struct page_world *w)
{
	const struct nfs_handle dir = {.length = 1};

	return nfs_page_finish(&w->incoming, &late_protocol, &w->connection, &dir, &w->cancel, &w->st);
}

static void release(struct page_world *w)
{
	fs_page_release(&w->page);
	cancel_release(&w->cancel);
}

static void dot_and_dot_dot_are_left_out(void **state)
{
	const struct fs_attr attr = {.mode = 0644};
	struct page_world w;

	init(&w);
	nfs_page_add(&w.incoming, ".", 1, &attr);
	nfs_page_add(&w.incoming, "..", 2, &attr);
	nfs_page_add(&w.incoming, "...", 3, &attr);
	w.incoming.is_end = true;
	assert_int_equal(finish(&w), 0);
	assert_int_equal(w.page.count, 1);
	assert_string_equal(w.page.entries[0].name, "...");
	release(&w);
}

static void names_that_could_lead_elsewhere_are_a_protocol_error(void **state)
{
	static const struct {
		const char *name;
		size_t length;
	} bad[] = {{"", 0}, {"a/b", 3}, {"/", 1}, {"a\0b", 3}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct page_world w;

		init(&w);
		nfs_page_add(&w.incoming, bad[i].name, bad[i].length, NULL);
		assert_int_equal(finish(&w), -1);
		assert_int_equal(w.st.errnum, EPROTO);
		release(&w);
	}
}

static void missing_attributes_are_asked_for_and_entries_that_are_gone_dropped(void **state)
{
	struct page_world w;

	init(&w);
	nfs_page_add(&w.incoming, "late", 4, NULL);
	nfs_page_add(&w.incoming, "gone", 4, NULL);
	w.incoming.cookie = 9;
	assert_int_equal(finish(&w), 0);
	assert_int_equal(w.page.count, 1);
	assert_string_equal(w.page.entries[0].name, "late");
	assert_int_equal(w.page.entries[0].attr.mode, 0123);
	assert_int_equal(w.page.cookie, 9);
	release(&w);
}

static void an_entry_that_cannot_be_looked_at_fails_the_listing(void **state)
{
	struct page_world w;

	init(&w);
	nfs_page_add(&w.incoming, "denied", 6, NULL);
	assert_int_equal(finish(&w), -1);
	assert_int_equal(w.st.errnum, EACCES);
	release(&w);
}

static void a_listing_that_never_advances_is_a_protocol_error(void **state)
{
	struct page_world w;

	init(&w);
	assert_int_equal(finish(&w), -1);
	assert_int_equal(w.st.errnum, EPROTO);
	release(&w);
}

static void a_page_holds_more_entries_than_it_began_with(void **state)
{
	const struct fs_attr attr = {.mode = 0644};
	struct page_world w;
	char name[] = "aa";

	init(&w);
	for (int i = 0; i < 26 * 26; i++) {
		name[0] = (char)('a' + i / 26);
		name[1] = (char)('a' + i % 26);
		nfs_page_add(&w.incoming, name, 2, &attr);
	}
	w.incoming.is_end = true;
	assert_int_equal(finish(&w), 0);
	assert_int_equal(w.page.count, 26 * 26);
	assert_string_equal(w.page.entries[0].name, "aa");
	assert_string_equal(w.page.entries[26 * 26 - 1].name, "zz");
	release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handle_longer_than_the_protocol_has_is_none),
		cmocka_unit_test(each_type_has_its_errno_where_another_is_wanted),
		cmocka_unit_test(only_what_differs_is_missing_of_an_owner),
		cmocka_unit_test(dot_and_dot_dot_are_left_out),
		cmocka_unit_test(names_that_could_lead_elsewhere_are_a_protocol_error),
		cmocka_unit_test(missing_attributes_are_asked_for_and_entries_that_are_gone_dropped),
		cmocka_unit_test(an_entry_that_cannot_be_looked_at_fails_the_listing),
		cmocka_unit_test(a_listing_that_never_advances_is_a_protocol_error),
		cmocka_unit_test(a_page_holds_more_entries_than_it_began_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
