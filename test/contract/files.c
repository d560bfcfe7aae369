/* SPDX-License-Identifier: Apache-2.0 */
/* create_file, read_file and capacity. */
#include "contract/contract.h"

#define LARGE_BYTES ((size_t)3 << 20)

static int create(struct contract_world *w, const char *name, uint32_t mode, const void *bytes, size_t length)
{
	return fs_create_file(w->fs, w->dir, name, mode, bytes, length, &w->cancel, &w->st);
}

static int read_into(struct contract_world *w, const char *name, struct strbuf *content)
{
	return fs_read_file(w->fs, w->dir, name, content, &w->cancel, &w->st);
}

static void assert_round_trip(struct contract_world *w, const char *name, const char *bytes, size_t length)
{
	assert_works(w, create(w, name, 0644, bytes, length));
	assert_true(contract_lookup(w, name).size_bytes == length);
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, LARGE_BYTES);
	assert_works(w, read_into(w, name, &content));
	assert_true(content.length == length);
	if (length > 0)
		assert_memory_equal(content.data, bytes, length);
}

static void content_comes_back_byte_for_byte(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_round_trip(w, "empty", "", 0);
	assert_round_trip(w, "one", "x", 1);
	assert_round_trip(w, "binary", "\0\xff\n\r\0", 5);
	AUTO_FREE char *large = memory_alloc(LARGE_BYTES);
	for (size_t i = 0; i < LARGE_BYTES; i++)
		large[i] = (char)(i * 31 + i / 4096);
	assert_round_trip(w, "large", large, LARGE_BYTES);
	assert_round_trip(w, "odd", large, ((size_t)1 << 20) + 1);
}

static void new_file_has_exactly_the_mode(void **state)
{
	struct contract_world *w = contract_begin(state);
	const uint32_t modes[] = {0, 0400, 0600, 0644, 0666, 0777};
	const char *names[] = {"a", "b", "c", "d", "e", "f"};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_works(w, create(w, names[i], modes[i], "abc", 3));
		assert_int_equal(contract_lookup(w, names[i]).mode, modes[i]);
		assert_int_equal(contract_lookup(w, names[i]).type, FS_FILE);
	}
}

static void create_where_anything_stands_is_EEXIST_and_changes_nothing(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	const char *names[] = {"dir", "file", "fifo", "to-dir", "to-file", "to-nothing", "to-itself"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_fails(w, EEXIST, create(w, names[i], 0644, "new", 3));
	assert_false(contract_exists(w, "nothing"));
	contract_assert_content(w, w->dir, "file", "content");
}

static void read_of_no_regular_file_says_what_it_is(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, 100);
	assert_fails(w, ENOENT, read_into(w, "missing", &content));
	assert_fails(w, EISDIR, read_into(w, "dir", &content));
	assert_fails(w, EINVAL, read_into(w, "fifo", &content));
	const char *links[] = {"to-dir", "to-file", "to-nothing", "to-itself"};
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		assert_fails(w, ELOOP, read_into(w, links[i], &content));
	assert_int_equal(content.length, 0);
}

static void read_past_the_limit_is_EFBIG_and_keeps_the_buffer(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, create(w, "file", 0644, "0123456789", 10));
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, 14);
	(void)strbuf_puts(&content, "12345");
	assert_fails(w, EFBIG, read_into(w, "file", &content));
	assert_string_equal(strbuf_text(&content), "12345");
}

static void read_up_to_the_limit_appends(void **state)
{
	struct contract_world *w = contract_begin(state);
	assert_works(w, create(w, "file", 0644, "0123456789", 10));
	assert_works(w, create(w, "empty", 0644, "", 0));
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, 15);
	(void)strbuf_puts(&content, "12345");
	assert_works(w, read_into(w, "file", &content));
	assert_string_equal(strbuf_text(&content), "123450123456789");
	assert_works(w, read_into(w, "empty", &content));
	assert_int_equal(content.length, 15);
}

static void capacity_is_plausible(void **state)
{
	struct contract_world *w = contract_begin(state);
	struct fs_capacity capacity = {0};
	assert_works(w, fs_capacity(w->fs, w->dir, &w->cancel, &capacity, &w->st));
	assert_true(capacity.total_bytes > 0);
	assert_true(capacity.free_bytes <= capacity.total_bytes);
	assert_true(capacity.available_bytes <= capacity.free_bytes);
	assert_true(capacity.free_files <= capacity.total_files);
}

static const struct CMUnitTest tests[] = {
	CONTRACT_TEST(content_comes_back_byte_for_byte),
	CONTRACT_TEST(new_file_has_exactly_the_mode),
	CONTRACT_TEST(create_where_anything_stands_is_EEXIST_and_changes_nothing),
	CONTRACT_TEST(read_of_no_regular_file_says_what_it_is),
	CONTRACT_TEST(read_past_the_limit_is_EFBIG_and_keeps_the_buffer),
	CONTRACT_TEST(read_up_to_the_limit_appends),
	CONTRACT_TEST(capacity_is_plausible),
};
CONTRACT_GROUP(contract_files, tests);
