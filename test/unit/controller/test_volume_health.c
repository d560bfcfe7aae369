/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/volume.h"

#include <errno.h>

#include "world.h"

#define RECORD ".csicore/volumes/"

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

/* NULL where the call failed. */
static const Csi__V1__VolumeHealth *health_of(const char *volume_id)
{
	struct volume_call call = world_call(&world);
	Csi__V1__ControllerGetVolumeHealthRequest request;
	Csi__V1__ControllerGetVolumeHealthResponse response;
	csi__v1__controller_get_volume_health_request__init(&request);
	csi__v1__controller_get_volume_health_response__init(&response);
	request.volume_id = (char *)volume_id;
	return volume_get_health(&call, &request, &response, &world.st) < 0 ? NULL : response.volume_health;
}

static const Csi__V1__ControllerListVolumeHealthResponse *list(int32_t max_entries, const char *token)
{
	struct volume_call call = world_call(&world);
	Csi__V1__ControllerListVolumeHealthResponse *response = arena_alloc(&world.arena, sizeof(*response));
	Csi__V1__ControllerListVolumeHealthRequest request;
	csi__v1__controller_list_volume_health_request__init(&request);
	csi__v1__controller_list_volume_health_response__init(response);
	request.max_entries = max_entries;
	request.starting_token = (char *)token;
	return volume_list_health(&call, &request, response, &world.st) < 0 ? NULL : response;
}

static void assert_problem(const Csi__V1__VolumeHealth *health, const char *volume_id,
			   Csi__V1__VolumeHealthErrorType type, const char *reason)
{
	assert_non_null(health);
	assert_string_equal(health->volume_id, volume_id);
	assert_int_equal(health->n_health_statuses, 1);
	assert_int_equal(health->health_statuses[0]->status, type);
	assert_string_equal(health->health_statuses[0]->reason, reason);
	assert_string_not_equal(health->health_statuses[0]->message, "");
}

#define DEGRADED CSI__V1__VOLUME_HEALTH_ERROR_TYPE__DEGRADED
#define INACCESSIBLE CSI__V1__VOLUME_HEALTH_ERROR_TYPE__INACCESSIBLE
#define DATA_LOSS CSI__V1__VOLUME_HEALTH_ERROR_TYPE__DATA_LOSS

static const char *make_volume(const char *name)
{
	return create(&world, create_request(&world, name))->volume_id;
}

/* As if the volume had been made long ago. */
static void age_record(const char *name)
{
	Csicore__VolumeRecord *record = record_at(&world, arena_printf(&world.arena, RECORD "%s", name));
	record->created_at = 1;
	plant_record(&world, record);
}

static void set_space(uint64_t available_bytes, uint64_t free_files)
{
	const struct fs_capacity capacity = {1000, available_bytes, available_bytes, 100, free_files};
	fs_memory_set_capacity(world.fs, &capacity);
}

/* ---- one */

static void healthy_volume_has_nothing_to_say(void **state)
{
	const char *volume_id = make_volume("pvc-1");
	const Csi__V1__VolumeHealth *health = health_of(volume_id);
	assert_string_equal(health->volume_id, volume_id);
	assert_int_equal(health->n_health_statuses, 0);
}

static void volume_without_a_record_is_healthy_too(void **state)
{
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	assert_int_equal(health_of("srv#share#pvc-1##")->n_health_statuses, 0);
}

static void directory_that_is_gone_is_data_loss(void **state)
{
	const char *volume_id = make_volume("pvc-1");
	fs_memory_unplant(world.fs, "pvc-1");
	assert_problem(health_of(volume_id), volume_id, DATA_LOSS, "DirectoryMissing");
}

static void what_is_no_volume_is_not_found(void **state)
{
	static const char *const ids[] = {"srv#share#missing##", "srv#share#a/b#missing#", "fake-volume"};
	make_volume("pvc-1");
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_null(health_of(ids[i]));
		assert_failed(&world, STATUS_NOT_FOUND, NULL);
	}
	assert_null(health_of(""));
	assert_failed(&world, STATUS_INVALID_ARGUMENT, "Volume ID missing in request");
}

static void full_export_degrades(void **state)
{
	const char *volume_id = make_volume("pvc-1");
	set_space(0, 1);
	assert_problem(health_of(volume_id), volume_id, DEGRADED, "NoSpace");
	set_space(1, 0);
	assert_problem(health_of(volume_id), volume_id, DEGRADED, "NoInodes");
	set_space(1, 1);
	assert_int_equal(health_of(volume_id)->n_health_statuses, 0);
}

static void server_that_tells_no_sizes_is_not_full(void **state)
{
	const struct fs_capacity nothing = {0};
	const char *volume_id = make_volume("pvc-1");
	fs_memory_set_capacity(world.fs, &nothing);
	assert_int_equal(health_of(volume_id)->n_health_statuses, 0);
}

static void server_that_does_not_answer_makes_inaccessible(void **state)
{
	const Csi__V1__VolumeHealth *health = health_of("dead#share#pvc-1##");
	assert_problem(health, "dead#share#pvc-1##", INACCESSIBLE, "ServerUnavailable");
}

static void failures_make_inaccessible(void **state)
{
	static const struct {
		int errnum;
		const char *reason;
	} rows[] = {{EIO, "ServerError"},
		    {ECONNRESET, "ServerUnavailable"},
		    {ETIMEDOUT, "ServerUnavailable"},
		    {EACCES, "AccessDenied"}};
	const char *volume_id = make_volume("pvc-1");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned nth = 1; nth <= 2; nth++) {
			fs_memory_fail_nth(world.fs, nth, rows[i].errnum, FS_MEMORY_FAIL_BEFORE);
			assert_problem(health_of(volume_id), volume_id, INACCESSIBLE, rows[i].reason);
		}
	}
}

static void call_that_is_over_says_nothing_of_the_volume(void **state)
{
	const char *volume_id = make_volume("pvc-1");
	cancel_trigger(&world.cancel);
	assert_null(health_of(volume_id));
	assert_failed(&world, STATUS_CANCELLED, NULL);
}

static void busy_server_says_nothing_of_the_volume(void **state)
{
	for (int i = 0; i < 4; i++)
		assert_true(slots_try(world.controller.servers, "srv"));
	assert_null(health_of("srv#share#pvc-1##"));
	assert_failed(&world, STATUS_UNAVAILABLE, NULL);
	for (int i = 0; i < 4; i++)
		slots_put(world.controller.servers, "srv");
}

/* ---- all */

static void healthy_volumes_are_not_listed(void **state)
{
	make_volume("pvc-1");
	make_volume("pvc-2");
	fs_memory_unplant(world.fs, "pvc-2");
	age_record("pvc-2");
	const Csi__V1__ControllerListVolumeHealthResponse *page = list(0, "");
	assert_int_equal(page->n_entries, 1);
	assert_problem(page->entries[0], "srv#share#pvc-2##", DATA_LOSS, "DirectoryMissing");
	assert_string_equal(page->next_token, "");
}

static void volume_that_is_being_made_is_no_loss(void **state)
{
	make_volume("pvc-1");
	fs_memory_unplant(world.fs, "pvc-1");
	assert_int_equal(list(0, "")->n_entries, 0);
}

static void volume_that_is_being_deleted_is_no_loss(void **state)
{
	struct volume_call call = world_call(&world);
	struct volume_locks locks = {0};
	struct volume_id id;
	assert_int_equal(volume_read_id(&world.arena, make_volume("pvc-1"), &id, &world.st), 0);
	fs_memory_unplant(world.fs, "pvc-1");
	age_record("pvc-1");
	assert_int_equal(volume_lock(&call, &id, "", &locks, &world.st), 0);
	assert_int_equal(list(0, "")->n_entries, 0);
	assert_null(health_of("srv#share#pvc-1##"));
	assert_failed(&world, STATUS_NOT_FOUND, NULL);
	volume_locks_release(&locks);
	assert_int_equal(list(0, "")->n_entries, 1);
}

static int end_deletion(void *data, const struct fs_memory_operation *operation)
{
	static bool has_read;
	if (strcmp(operation->verb, "read_file") == 0 && has_read)
		fs_memory_unplant(world.fs, RECORD "pvc-1");
	has_read = has_read || strcmp(operation->verb, "read_file") == 0;
	return 0;
}

static void volume_that_was_deleted_meanwhile_is_no_loss(void **state)
{
	make_volume("pvc-1");
	fs_memory_unplant(world.fs, "pvc-1");
	age_record("pvc-1");
	fs_memory_set_hook(world.fs, end_deletion, NULL);
	assert_int_equal(list(0, "")->n_entries, 0);
}

static void pages_have_each_unhealthy_volume_once(void **state)
{
	unsigned count = 0, pages = 0;
	for (unsigned i = 0; i < 7; i++)
		make_volume(arena_printf(&world.arena, "pvc-%u", i));
	set_space(0, 0);
	const char *token = "";
	do {
		const Csi__V1__ControllerListVolumeHealthResponse *page = list(2, token);
		for (size_t i = 0; i < page->n_entries; i++)
			assert_problem(page->entries[i], arena_printf(&world.arena, "srv#share#pvc-%u##", count++),
				       DEGRADED, "NoSpace");
		assert_in_range(page->n_entries, 1, 2);
		token = page->next_token;
		pages++;
	} while (token[0] != '\0');
	assert_int_equal(count, 7);
	assert_int_equal(pages, 4);
}

static int refuse_volume(void *data, const struct fs_memory_operation *operation)
{
	return strcmp(operation->verb, "open_dir") == 0 && strcmp(operation->name, "pvc-1") == 0 ? EACCES : 0;
}

static void volume_that_may_not_be_looked_at_is_inaccessible(void **state)
{
	make_volume("pvc-1");
	make_volume("pvc-2");
	fs_memory_set_hook(world.fs, refuse_volume, NULL);
	const Csi__V1__ControllerListVolumeHealthResponse *page = list(0, "");
	assert_int_equal(page->n_entries, 1);
	assert_problem(page->entries[0], "srv#share#pvc-1##", INACCESSIBLE, "AccessDenied");
}

/* A volume that is left out is taken for healthy. */
static void server_that_does_not_answer_fails_the_list(void **state)
{
	make_volume("pvc-1");
	know_share(&world, "dead", "/share");
	assert_null(list(0, ""));
	assert_failed(&world, STATUS_UNAVAILABLE, "volumes of dead:/share: server dead does not answer");
}

static void server_that_goes_away_fails_the_list(void **state)
{
	make_volume("pvc-1");
	fs_memory_reset_operations(world.fs);
	assert_non_null(list(0, ""));
	unsigned count = fs_memory_operation_count(world.fs);
	for (unsigned nth = 1; nth <= count; nth++) {
		fs_memory_fail_nth(world.fs, nth, ECONNRESET, FS_MEMORY_FAIL_BEFORE);
		assert_null(list(0, ""));
		assert_failed(&world, STATUS_UNAVAILABLE, NULL);
	}
}

static void bad_token_is_aborted(void **state)
{
	make_volume("pvc-1");
	assert_null(list(0, "invalid-token"));
	assert_failed(&world, STATUS_ABORTED, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(healthy_volume_has_nothing_to_say),
		TEST(volume_without_a_record_is_healthy_too),
		TEST(directory_that_is_gone_is_data_loss),
		TEST(what_is_no_volume_is_not_found),
		TEST(full_export_degrades),
		TEST(server_that_tells_no_sizes_is_not_full),
		TEST(server_that_does_not_answer_makes_inaccessible),
		TEST(failures_make_inaccessible),
		TEST(call_that_is_over_says_nothing_of_the_volume),
		TEST(busy_server_says_nothing_of_the_volume),
		TEST(healthy_volumes_are_not_listed),
		TEST(volume_that_is_being_made_is_no_loss),
		TEST(volume_that_is_being_deleted_is_no_loss),
		TEST(volume_that_was_deleted_meanwhile_is_no_loss),
		TEST(pages_have_each_unhealthy_volume_once),
		TEST(volume_that_may_not_be_looked_at_is_inaccessible),
		TEST(server_that_does_not_answer_fails_the_list),
		TEST(server_that_goes_away_fails_the_list),
		TEST(bad_token_is_aborted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
