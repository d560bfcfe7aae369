/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/volume.h"

#include <errno.h>
#include <stdio.h>

#include "controller/volume_walk.h"
#include "world.h"

#define FOLDER ".csicore/volumes/"

static struct world world;

static int set_up(void **state)
{
	return world_init(&world);
}

static int tear_down(void **state)
{
	fs_memory_set_hook(world.fs, NULL, NULL);
	return world_release(&world);
}

/* The page; NULL where the call failed. */
static const Csi__V1__ListVolumesResponse *list(int32_t max_entries, const char *token)
{
	struct volume_call call = world_call(&world);
	Csi__V1__ListVolumesResponse *response = arena_alloc(&world.arena, sizeof(*response));
	Csi__V1__ListVolumesRequest request;
	csi__v1__list_volumes_request__init(&request);
	csi__v1__list_volumes_response__init(response);
	request.max_entries = max_entries;
	request.starting_token = (char *)token;
	return volume_list(&call, &request, response, &world.st) < 0 ? NULL : response;
}

static void assert_list_fails(const char *token, enum status_code code, const char *message)
{
	assert_null(list(0, token));
	assert_failed(&world, code, message);
}

static const char *name_of(unsigned number)
{
	return arena_printf(&world.arena, "pvc-%03u", number);
}

/* pvc-000 and so on. */
static void create_many(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_non_null(create(&world, create_request(&world, name_of(i))));
}

#define MANY_MAX 600

/* How often each of pvc-000... was listed. */
struct seen {
	unsigned char counts[MANY_MAX];
};

static void count_page(const Csi__V1__ListVolumesResponse *page, struct seen *seen)
{
	assert_non_null(page);
	for (size_t i = 0; i < page->n_entries; i++) {
		unsigned number;
		assert_int_equal(sscanf(page->entries[i]->volume->volume_id, "srv#share#pvc-%u##", &number), 1);
		assert_in_range(number, 0, MANY_MAX - 1);
		seen->counts[number]++;
	}
}

/* All pages of at most max_entries; the number of them. */
static unsigned count_all(int32_t max_entries, const char *token, struct seen *seen)
{
	unsigned pages = 0;
	do {
		const Csi__V1__ListVolumesResponse *page = list(max_entries, token);
		count_page(page, seen);
		assert_true(max_entries == 0 || page->n_entries <= (size_t)max_entries);
		token = page->next_token;
		pages++;
		assert_in_range(pages, 1, MANY_MAX);
	} while (token[0] != '\0');
	return pages;
}

static void assert_each_once(const struct seen *seen, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(seen->counts[i], 1);
}

/* ---- what is listed */

static void no_share_and_no_record_are_an_empty_list(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		const Csi__V1__ListVolumesResponse *page = list(0, "");
		assert_int_equal(page->n_entries, 0);
		assert_string_equal(page->next_token, "");
		if (i == 0)
			know_share(&world, "srv", "/share");
	}
}

static void volume_is_listed_as_it_was_created(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "/a/b/");
	add_parameter(&world, request, "mountPermissions", "0770");
	set_capacity(&world, request, 5 * GIB, 0);
	const Csi__V1__Volume *created = create(&world, request);
	const Csi__V1__ListVolumesResponse *page = list(0, "");
	assert_int_equal(page->n_entries, 1);
	const Csi__V1__Volume *volume = page->entries[0]->volume;
	assert_string_equal(volume->volume_id, created->volume_id);
	assert_int_equal(volume->capacity_bytes, 5 * GIB);
	assert_int_equal(volume->n_volume_context, created->n_volume_context);
	for (size_t i = 0; i < created->n_volume_context; i++)
		assert_string_equal(context_of(volume, created->volume_context[i]->key),
				    created->volume_context[i]->value);
}

/* All shares are one export here: the records of both lie in one folder. */
static void each_share_lists_the_volumes_whose_ids_name_it(void **state)
{
	static const char *const shares[] = {"/b", "/a"};
	for (size_t i = 0; i < 2; i++) {
		Csi__V1__CreateVolumeRequest *request = create_request(&world, name_of((unsigned)i));
		request->parameters[1]->value = (char *)shares[i];
		assert_non_null(create(&world, request));
	}
	const Csi__V1__ListVolumesResponse *page = list(0, "");
	assert_int_equal(page->n_entries, 2);
	assert_string_equal(page->entries[0]->volume->volume_id, "srv#a#pvc-001##");
	assert_string_equal(page->entries[1]->volume->volume_id, "srv#b#pvc-000##");
}

static int refuse_to_read_one(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "read_file") == 0 && strcmp(operation->name, data) == 0 ? EACCES : 0;
}

static void what_is_no_record_of_the_share_is_passed_over(void **state)
{
	create_many(3);
	Csicore__VolumeRecord *record = record_at(&world, FOLDER "pvc-000");
	size_t length;
	const uint8_t *bytes = record_encode(&world.arena, record, &length);
	plant_in_folder(&world, "a-copy", bytes, length);
	plant_in_folder(&world, "half-written", bytes, length - 1);
	plant_in_folder(&world, "~pvc-000", bytes, length);
	plant_in_folder(&world, "empty", "", 0);
	fs_memory_plant_dir(world.fs, FOLDER "directory", 0700);
	fs_memory_plant_symlink(world.fs, FOLDER "link", "pvc-000");
	static const char *const foreign_ids[] = {
		"other#share#foreign##", "srv#other#foreign##",           "no id at all",
		"srv#share###",          "srv#share#.csicore/x#foreign#", "srv#share#x#foreign#e#f"};
	for (size_t i = 0; i < sizeof(foreign_ids) / sizeof(foreign_ids[0]); i++) {
		record->name = arena_printf(&world.arena, "foreign-%zu", i);
		record->volume_id = (char *)foreign_ids[i];
		plant_record(&world, record);
	}
	fs_memory_set_hook(world.fs, refuse_to_read_one, (void *)"pvc-002");
	const Csi__V1__ListVolumesResponse *page = list(0, "");
	assert_int_equal(page->n_entries, 2);
	assert_string_equal(page->entries[0]->volume->volume_id, "srv#share#pvc-000##");
	assert_string_equal(page->entries[1]->volume->volume_id, "srv#share#pvc-001##");
}

/* ---- pages */

static void pages_have_each_volume_once(void **state)
{
	create_many(25);
	fs_memory_set_page_entries(world.fs, 7);
	for (int32_t max_entries = 1; max_entries <= 26; max_entries++) {
		struct seen seen = {0};
		assert_int_equal(count_all(max_entries, "", &seen), (25 + max_entries - 1) / max_entries);
		assert_each_once(&seen, 25);
	}
}

static void pages_go_over_all_shares(void **state)
{
	for (unsigned i = 0; i < 6; i++) {
		Csi__V1__CreateVolumeRequest *request = create_request(&world, name_of(i));
		request->parameters[1]->value = arena_printf(&world.arena, "/share-%u", i / 2);
		assert_non_null(create(&world, request));
	}
	const char *token = "";
	for (unsigned i = 0; i < 6; i++) {
		const Csi__V1__ListVolumesResponse *page = list(1, token);
		assert_int_equal(page->n_entries, 1);
		assert_string_equal(page->entries[0]->volume->volume_id,
				    arena_printf(&world.arena, "srv#share-%u#pvc-%03u##", i / 2, i));
		token = page->next_token;
	}
	assert_string_equal(token, "");
}

static void volumes_that_come_and_go_hide_no_other(void **state)
{
	create_many(20);
	fs_memory_set_page_entries(world.fs, 6);
	struct seen seen = {0};
	const Csi__V1__ListVolumesResponse *page = list(8, "");
	count_page(page, &seen);
	for (unsigned i = 0; i < 8; i++) /* those that were listed, the one that the token points behind among them */
		assert_int_equal(delete_id(&world, page->entries[i]->volume->volume_id), 0);
	assert_int_equal(delete_id(&world, "srv#share#pvc-015##"), 0);
	assert_non_null(create(&world, create_request(&world, "pvc-020")));
	(void)count_all(8, page->next_token, &seen);
	assert_int_equal(seen.counts[15], 0);
	seen.counts[15] = 1;
	assert_each_once(&seen, 21);
}

static void token_holds_for_another_controller(void **state)
{
	create_many(9);
	struct seen seen = {0};
	const Csi__V1__ListVolumesResponse *page = list(4, "");
	count_page(page, &seen);
	const char *token = page->next_token;
	world_restart_controller(&world);
	know_share(&world, "a-server-before", "/share");
	know_share(&world, "srv", "/share");
	(void)count_all(4, token, &seen);
	assert_each_once(&seen, 9);
}

static void page_ends_at_its_own_bound_of_records(void **state)
{
	create_many(VOLUME_WALK_RECORDS_MAX + 1);
	const Csi__V1__ListVolumesResponse *page = list(0, "");
	assert_int_equal(page->n_entries, VOLUME_WALK_RECORDS_MAX);
	assert_string_not_equal(page->next_token, "");
	page = list(0, page->next_token);
	assert_int_equal(page->n_entries, 1);
	assert_string_equal(page->next_token, "");
}

static void page_ends_before_it_is_too_large_for_a_client(void **state)
{
	create_many(1);
	Csicore__VolumeRecord *record = record_at(&world, FOLDER "pvc-000");
	char *large = arena_alloc(&world.arena, 60 * 1024);
	memset(large, 'x', 60 * 1024 - 1);
	large[60 * 1024 - 1] = '\0';
	/* The key is one that StorageClasses know, so that the value is shown. */
	Csicore__Parameter parameter = CSICORE__PARAMETER__INIT;
	parameter.key = (char *)"csi.storage.k8s.io/pvc/name";
	parameter.value = large;
	record->parameters[record->n_parameters - 1] = &parameter;
	for (unsigned i = 0; i < 120; i++) {
		record->name = (char *)name_of(i);
		record->volume_id = arena_printf(&world.arena, "srv#share#pvc-%03u##", i);
		plant_record(&world, record);
	}
	struct seen seen = {0};
	unsigned pages = 0;
	const char *token = "";
	do {
		const Csi__V1__ListVolumesResponse *page = list(0, token);
		count_page(page, &seen);
		assert_in_range(csi__v1__list_volumes_response__get_packed_size(page), 1, 7u << 19); /* 3.5 MiB */
		token = page->next_token;
		pages++;
	} while (token[0] != '\0');
	assert_each_once(&seen, 120);
	assert_int_equal(pages, 3);
}

static int64_t slow_clock(void)
{
	static int64_t now_ns;
	return now_ns += 2000000000;
}

static void page_ends_before_a_sidecar_gives_up(void **state)
{
	world.config.exports.now_ns = slow_clock;
	world_restart_controller(&world);
	create_many(10);
	struct seen seen = {0};
	assert_in_range(count_all(0, "", &seen), 4, 10);
	assert_each_once(&seen, 10);
}

/* Repaired when the answer is sent, and then longer: that is measured. */
static void strings_that_are_no_text_are_measured_as_they_are_sent(void **state)
{
	create_many(1);
	Csicore__VolumeRecord *record = record_at(&world, FOLDER "pvc-000");
	char *bad = arena_alloc(&world.arena, 60 * 1024);
	memset(bad, 0xff, 60 * 1024 - 1);
	bad[60 * 1024 - 1] = '\0';
	record->parameters[0]->value = bad;
	for (unsigned i = 0; i < 40; i++) {
		record->name = (char *)name_of(i);
		record->volume_id = arena_printf(&world.arena, "srv#share#pvc-%03u##", i);
		plant_record(&world, record);
	}
	const Csi__V1__ListVolumesResponse *page = list(0, "");
	assert_in_range(csi__v1__list_volumes_response__get_packed_size(page), 1u << 20, 7u << 19);
	assert_string_not_equal(page->next_token, "");
}

/* ---- what is refused */

static void bad_arguments_are_refused(void **state)
{
	create_many(1);
	assert_null(list(-1, ""));
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "max_entries is negative");
	assert_list_fails("invalid-token", STATUS_ABORTED, "starting_token is none that this driver gave");
}

static void token_of_an_unknown_share_is_aborted(void **state)
{
	create_many(2);
	const char *token = list(1, "")->next_token;
	world_restart_controller(&world);
	assert_list_fails(token, STATUS_ABORTED, "the share of starting_token is not known any more");
	know_share(&world, "other", "/share");
	assert_list_fails(token, STATUS_ABORTED, "the share of starting_token is not known any more");
}

static int refuse_cookie(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "read_dir") == 0 ? EINVAL : 0;
}

static void token_that_the_server_does_not_know_any_more_is_aborted(void **state)
{
	create_many(2);
	const char *token = list(1, "")->next_token;
	fs_memory_set_hook(world.fs, refuse_cookie, NULL);
	assert_list_fails(token, STATUS_ABORTED, NULL);
}

static void share_that_does_not_answer_fails_the_list(void **state)
{
	create_many(3);
	know_share(&world, "dead", "/share");
	assert_list_fails("", STATUS_UNAVAILABLE, "volumes of dead:/share: server dead does not answer");
}

static void share_that_is_not_exported_fails_the_list(void **state)
{
	know_share(&world, "srv", "/share");
	fs_memory_fail_nth(world.fs, 1, ENOENT, FS_MEMORY_FAIL_BEFORE);
	assert_list_fails("", STATUS_UNAVAILABLE, NULL);
}

static int refuse_folder(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "open_dir") == 0 ? EACCES : 0;
}

static void folder_that_may_not_be_read_fails_the_list(void **state)
{
	create_many(1);
	world_restart_controller(&world);
	know_share(&world, "srv", "/share");
	fs_memory_set_hook(world.fs, refuse_folder, NULL);
	assert_list_fails("", STATUS_PERMISSION_DENIED, NULL);
}

static void busy_server_is_unavailable(void **state)
{
	create_many(1);
	for (int i = 0; i < 4; i++)
		assert_true(slots_try(world.controller.servers, "srv"));
	assert_list_fails("", STATUS_UNAVAILABLE, NULL);
	for (int i = 0; i < 4; i++)
		slots_put(world.controller.servers, "srv");
}

/* ---- failures on the way */

static void no_failure_makes_a_short_list(void **state)
{
	create_many(5);
	fs_memory_set_page_entries(world.fs, 2);
	for (unsigned nth = 1;; nth++) {
		world_restart_controller(&world);
		know_share(&world, "srv", "/share");
		fs_memory_reset_operations(world.fs);
		fs_memory_fail_nth(world.fs, nth, EIO, FS_MEMORY_FAIL_BEFORE);
		const Csi__V1__ListVolumesResponse *page = list(0, "");
		if (fs_memory_operation_count(world.fs) < nth) {
			assert_int_equal(page->n_entries, 5);
			assert_in_range(nth, 9, 20);
			break;
		}
		assert_null(page);
		assert_failed(&world, STATUS_INTERNAL, NULL);
	}
	fs_memory_fail_nth(world.fs, 0, 0, FS_MEMORY_FAIL_BEFORE);
}

static void stale_handle_lists_no_volume_twice(void **state)
{
	create_many(5);
	fs_memory_set_page_entries(world.fs, 2);
	for (unsigned nth = 1; nth <= 8; nth++) {
		struct seen seen = {0};
		fs_memory_fail_nth(world.fs, nth, ESTALE, FS_MEMORY_FAIL_BEFORE);
		assert_int_equal(count_all(0, "", &seen), 1);
		assert_each_once(&seen, 5);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_share_and_no_record_are_an_empty_list),
		TEST(volume_is_listed_as_it_was_created),
		TEST(each_share_lists_the_volumes_whose_ids_name_it),
		TEST(what_is_no_record_of_the_share_is_passed_over),
		TEST(pages_have_each_volume_once),
		TEST(pages_go_over_all_shares),
		TEST(volumes_that_come_and_go_hide_no_other),
		TEST(token_holds_for_another_controller),
		TEST(page_ends_at_its_own_bound_of_records),
		TEST(page_ends_before_it_is_too_large_for_a_client),
		TEST(page_ends_before_a_sidecar_gives_up),
		TEST(strings_that_are_no_text_are_measured_as_they_are_sent),
		TEST(bad_arguments_are_refused),
		TEST(token_of_an_unknown_share_is_aborted),
		TEST(token_that_the_server_does_not_know_any_more_is_aborted),
		TEST(share_that_does_not_answer_fails_the_list),
		TEST(share_that_is_not_exported_fails_the_list),
		TEST(folder_that_may_not_be_read_fails_the_list),
		TEST(busy_server_is_unavailable),
		TEST(no_failure_makes_a_short_list),
		TEST(stale_handle_lists_no_volume_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
