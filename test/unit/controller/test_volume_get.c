/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/volume.h"

#include <errno.h>

#include "world.h"

static struct world world;
static Csi__V1__ControllerGetVolumeResponse response;

static int set_up(void **state)
{
	return world_init(&world);
}

static int tear_down(void **state)
{
	fs_memory_set_hook(world.fs, NULL, NULL);
	return world_release(&world);
}

/* The volume; NULL where the call failed. */
static const Csi__V1__Volume *get(const char *volume_id)
{
	struct volume_call call = world_call(&world);
	Csi__V1__ControllerGetVolumeRequest request;
	csi__v1__controller_get_volume_request__init(&request);
	csi__v1__controller_get_volume_response__init(&response);
	request.volume_id = (char *)volume_id;
	return volume_get(&call, &request, &response, &world.st) < 0 ? NULL : response.volume;
}

static void volume_is_answered_as_it_was_created(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "/a/b/");
	set_capacity(&world, request, 5 * GIB, 0);
	const Csi__V1__Volume *created = create(&world, request);
	const Csi__V1__Volume *volume = get(created->volume_id);
	assert_string_equal(volume->volume_id, created->volume_id);
	assert_int_equal(volume->capacity_bytes, 5 * GIB);
	assert_int_equal(volume->n_volume_context, 3);
	assert_string_equal(context_of(volume, "subDir"), "/a/b/");
	assert_non_null(response.status);
	assert_int_equal(response.status->n_published_node_ids, 0);
}

static void assert_without_record(const Csi__V1__Volume *volume, const char *volume_id)
{
	assert_non_null(volume);
	assert_string_equal(volume->volume_id, volume_id);
	assert_int_equal(volume->capacity_bytes, 0);
	assert_string_equal(context_of(volume, "server"), "srv");
	assert_string_equal(context_of(volume, "share"), "/share");
}

static void volume_without_a_record_has_no_size_and_the_context_of_its_id(void **state)
{
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	assert_without_record(get("srv#share#pvc-1##"), "srv#share#pvc-1##");
	assert_string_equal(context_of(response.volume, "subdir"), "pvc-1");
}

static void share_itself_is_a_volume_where_a_handle_says_so(void **state)
{
	assert_without_record(get("srv#share###"), "srv#share###");
}

static void record_of_another_directory_is_not_its(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "a/b");
	set_capacity(&world, request, 5 * GIB, 0);
	assert_non_null(create(&world, request));
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	assert_without_record(get("srv#share#pvc-1##"), "srv#share#pvc-1##");
}

static int refuse_record(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "read_file") == 0 ? EACCES : 0;
}

static void record_that_may_not_be_read_is_none(void **state)
{
	const char *volume_id = create(&world, create_request(&world, "pvc-1"))->volume_id;
	fs_memory_set_hook(world.fs, refuse_record, NULL);
	assert_without_record(get(volume_id), volume_id);
}

static void id_is_answered_as_it_was_asked(void **state)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, "pvc-1");
	set_capacity(&world, request, 5 * GIB, 0);
	assert_non_null(create(&world, request));
	const Csi__V1__Volume *volume = get("srv#share#pvc-1##archive");
	assert_string_equal(volume->volume_id, "srv#share#pvc-1##archive");
	assert_int_equal(volume->capacity_bytes, 5 * GIB);
}

static void what_is_no_volume_is_not_found(void **state)
{
	static const char *const ids[] = {"srv#share#missing##",
					  "srv#share#a/b#missing#",
					  "srv#share#link##",
					  "srv#share#file##",
					  "srv#share#.csicore##",
					  "fake-volume",
					  "a#b"};
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	fs_memory_plant_symlink(world.fs, "link", "pvc-1");
	fs_memory_plant_file(world.fs, "file", "");
	fs_memory_plant_dir(world.fs, ".csicore", 0700);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_null(get(ids[i]));
		assert_failed(&world, STATUS_NOT_FOUND, NULL);
	}
}

static void record_without_a_directory_is_not_found(void **state)
{
	const char *volume_id = create(&world, create_request(&world, "pvc-1"))->volume_id;
	fs_memory_unplant(world.fs, "pvc-1");
	assert_null(get(volume_id));
	assert_failed(&world, STATUS_NOT_FOUND, NULL);
}

static void id_is_required(void **state)
{
	assert_null(get(""));
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
}

static void server_that_does_not_answer_is_unavailable(void **state)
{
	assert_null(get("dead#share#pvc-1##"));
	assert_failed(&world, STATUS_UNAVAILABLE, NULL);
}

static void failures_are_failures(void **state)
{
	static const struct {
		int errnum;
		enum status_code code;
	} rows[] = {{EIO, STATUS_INTERNAL}, {ETIMEDOUT, STATUS_UNAVAILABLE}, {ECONNRESET, STATUS_UNAVAILABLE}};
	const char *volume_id = create(&world, create_request(&world, "pvc-1"))->volume_id;
	fs_memory_reset_operations(world.fs);
	assert_non_null(get(volume_id));
	unsigned count = fs_memory_operation_count(world.fs);
	assert_in_range(count, 2, 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned nth = 1; nth <= count; nth++) {
			fs_memory_fail_nth(world.fs, nth, rows[i].errnum, FS_MEMORY_FAIL_BEFORE);
			assert_null(get(volume_id));
			assert_failed(&world, rows[i].code, NULL);
		}
	}
	fs_memory_fail_nth(world.fs, 1, ESTALE, FS_MEMORY_FAIL_BEFORE);
	assert_non_null(get(volume_id));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(volume_is_answered_as_it_was_created),
		TEST(volume_without_a_record_has_no_size_and_the_context_of_its_id),
		TEST(share_itself_is_a_volume_where_a_handle_says_so),
		TEST(record_of_another_directory_is_not_its),
		TEST(record_that_may_not_be_read_is_none),
		TEST(id_is_answered_as_it_was_asked),
		TEST(what_is_no_volume_is_not_found),
		TEST(record_without_a_directory_is_not_found),
		TEST(id_is_required),
		TEST(server_that_does_not_answer_is_unavailable),
		TEST(failures_are_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
