/* SPDX-License-Identifier: Apache-2.0 */
/* read_dir: every entry once, with its attributes, however many there are and whatever goes meanwhile. */
#include <stdio.h>

#include "contract/contract.h"

#define MANY 3000

static const char *many_name(unsigned i, char name[32])
{
	(void)snprintf(name, 32, "entry-%u", i);
	return name;
}

static void plant_many(struct contract_world *w)
{
	char first[32], name[32];
	contract_plant_file(w, many_name(0, first), "");
	for (unsigned i = 1; i < MANY; i++)
		contract_plant_link(w, many_name(i, name), first);
}

/* Counts how often each of plant_many's entries is in page; anything else fails. */
static void count_entries(const struct fs_page *page, unsigned char seen[MANY])
{
	for (size_t i = 0; i < page->count; i++) {
		unsigned number = MANY;
		assert_int_equal(sscanf(page->entries[i].name, "entry-%u", &number), 1);
		assert_in_range(number, 0, MANY - 1);
		assert_int_equal(page->entries[i].attr.type, FS_FILE);
		seen[number]++;
	}
}

static void listing_has_every_type_with_the_attributes_of_lookup(void **state)
{
	struct contract_world *w = contract_begin(state);
	contract_plant_all_types(w);
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	size_t count = 0;
	while (!page.is_end) {
		assert_works(w, fs_read_dir(w->fs, w->dir, &page, &w->cancel, &w->st));
		for (size_t i = 0; i < page.count; i++) {
			const struct fs_attr listed = page.entries[i].attr;
			struct fs_attr found = contract_lookup(w, page.entries[i].name);
			assert_int_equal(listed.type, found.type);
			assert_int_equal(listed.mode, found.mode);
			assert_int_equal(listed.uid, found.uid);
			assert_int_equal(listed.gid, found.gid);
			assert_int_equal(listed.link_count, found.link_count);
			assert_true(listed.size_bytes == found.size_bytes);
			assert_true(listed.file_id == found.file_id);
			assert_true(listed.mtime_ns == found.mtime_ns);
		}
		count += page.count;
	}
	assert_int_equal(count, 7);
}

static void empty_directory_has_no_entries(void **state)
{
	struct contract_world *w = contract_begin(state);
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	while (!page.is_end) {
		assert_works(w, fs_read_dir(w->fs, w->dir, &page, &w->cancel, &w->st));
		assert_int_equal(page.count, 0);
	}
}

static void many_entries_come_once_each_in_bounded_pages(void **state)
{
	struct contract_world *w = contract_begin(state);
	plant_many(w);
	static unsigned char seen[MANY];
	memset(seen, 0, sizeof(seen));
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	unsigned pages = 0;
	for (; !page.is_end; pages++) {
		assert_works(w, fs_read_dir(w->fs, w->dir, &page, &w->cancel, &w->st));
		count_entries(&page, seen);
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(seen[i], 1);
	assert_true(pages > 1);
}

static void entries_removed_while_listing_hide_no_other(void **state)
{
	struct contract_world *w = contract_begin(state);
	plant_many(w);
	static unsigned char seen[MANY];
	memset(seen, 0, sizeof(seen));
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	while (!page.is_end) {
		assert_works(w, fs_read_dir(w->fs, w->dir, &page, &w->cancel, &w->st));
		count_entries(&page, seen);
		for (size_t i = 0; i < page.count; i += 2)
			assert_works(w, fs_remove_file(w->fs, w->dir, page.entries[i].name, &w->cancel, &w->st));
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(seen[i], 1);
}

static void removing_page_after_page_from_the_start_empties_the_directory(void **state)
{
	struct contract_world *w = contract_begin(state);
	plant_many(w);
	unsigned removed = 0;
	for (unsigned pass = 0; removed < MANY; pass++) {
		assert_in_range(pass, 0, MANY);
		AUTO(fs_page_release) struct fs_page page;
		fs_page_init(&page);
		assert_works(w, fs_read_dir(w->fs, w->dir, &page, &w->cancel, &w->st));
		for (size_t i = 0; i < page.count; i++)
			assert_works(w, fs_remove_file(w->fs, w->dir, page.entries[i].name, &w->cancel, &w->st));
		removed += (unsigned)page.count;
	}
	assert_works(w, fs_remove_dir(w->fs, w->root, w->dir_name, &w->cancel, &w->st));
}

static void listing_goes_on_behind_any_entry(void **state)
{
	struct contract_world *w = contract_begin(state);
	plant_many(w);
	static unsigned char seen[MANY];
	memset(seen, 0, sizeof(seen));
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	while (!page.is_end) {
		assert_works(w, fs_read_dir(w->fs, w->dir, &page, &w->cancel, &w->st));
		if (page.count > 7) { /* the rest comes again, with what follows */
			page.count = 7;
			page.cookie = page.entries[6].cookie;
			page.is_end = false;
		}
		count_entries(&page, seen);
		if (page.count > 0) /* and it matters not that the entry is gone */
			assert_works(w, fs_remove_file(w->fs, w->dir, page.entries[page.count - 1].name, &w->cancel,
						       &w->st));
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(seen[i], 1);
}

static const struct CMUnitTest tests[] = {
	CONTRACT_TEST(listing_has_every_type_with_the_attributes_of_lookup),
	CONTRACT_TEST(empty_directory_has_no_entries),
	CONTRACT_TEST(many_entries_come_once_each_in_bounded_pages),
	CONTRACT_TEST(entries_removed_while_listing_hide_no_other),
	CONTRACT_TEST(removing_page_after_page_from_the_start_empties_the_directory),
	CONTRACT_TEST(listing_goes_on_behind_any_entry),
};
CONTRACT_GROUP(contract_listings, tests);
