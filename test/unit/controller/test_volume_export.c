/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "world.h"

/* A second server, at port 12049, whose tree is its own; the world's is at the default port. */
static struct world world;
static struct fs *other_fs;
static struct fs_ops other_ops;
static unsigned new_share_count;

static struct fs *open_by_port(void *context, const struct export_key *key, struct arena *arena, struct path *ret_below,
			       struct status *st)
{
	struct fs *fs = world_open(context, key, arena, ret_below, st);
	return key->nfs_port == 12049 ? other_fs : fs;
}

static void count_new_share(struct controller *controller, const struct export_key *key)
{
	new_share_count++;
}

static int set_up(void **state)
{
	(void)world_init(&world);
	other_fs = fs_memory_new();
	other_ops = *other_fs->ops;
	other_ops.free = world_keep_tree;
	other_fs->ops = &other_ops;
	new_share_count = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)world_release(&world);
	other_fs->ops = world.memory_ops;
	fs_free(other_fs);
	return 0;
}

static void restart_with_shares(const struct export_key *shares, size_t count)
{
	world.config.shares = shares;
	world.config.share_count = count;
	world_restart_controller(&world);
	world.controller.on_new_share = count_new_share;
}

static void restart_with_two_servers(const struct export_key *shares, size_t count)
{
	world.config.exports.open = open_by_port;
	restart_with_shares(shares, count);
}

static const Csi__V1__Volume *create_with(const char *name, const char *mount_flag)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, name);
	request->volume_capabilities[0] = mount_capability(&world, mount_flag);
	return create(&world, request);
}

static int delete_with_secret(const char *volume_id, const char *options)
{
	struct volume_call call = world_call(&world);
	Csi__V1__DeleteVolumeRequest request;
	Csi__V1__DeleteVolumeRequest__SecretsEntry entry, *entries = &entry;
	csi__v1__delete_volume_request__init(&request);
	csi__v1__delete_volume_request__secrets_entry__init(&entry);
	entry.key = (char *)"MountOptions";
	entry.value = (char *)options;
	request.volume_id = (char *)volume_id;
	request.secrets = &entries;
	request.n_secrets = 1;
	return volume_delete(&call, &request, &world.fate, &world.st);
}

#define VOLUME_ID "srv#share#pvc-1##"

static void delete_goes_the_way_of_the_create(void **state)
{
	assert_non_null(create_with("pvc-1", "nfsvers=3,port=2050"));
	assert_int_equal(delete_id(&world, VOLUME_ID), 0);
	assert_int_equal(world.open_count, 1);
}

static void delete_after_a_restart_goes_the_way_that_the_record_names(void **state)
{
	assert_non_null(create_with("pvc-1", "nfsvers=3"));
	assert_non_null(create_with("pvc-2", "nfsvers=3"));
	world_restart_controller(&world);
	assert_int_equal(delete_id(&world, VOLUME_ID), 0);
	assert_int_equal(world.open_count, 3);
	assert_int_equal(world.last_key.version, NFS_VERSION_3);
	assert_int_equal(delete_id(&world, "srv#share#pvc-2##"), 0);
	assert_int_equal(world.open_count, 3);
}

static void options_that_were_changed_are_the_way_too(void **state)
{
	assert_non_null(create_with("pvc-1", "nfsvers=4.0"));
	assert_int_equal(modify(&world, VOLUME_ID, "mountOptions", "hard,nfsvers=3"), 0);
	world_restart_controller(&world);
	assert_int_equal(delete_id(&world, VOLUME_ID), 0);
	assert_int_equal(world.last_key.version, NFS_VERSION_3);
}

/* Both ports led to the world's server when the volume was made. */
static void plant_volume_made_by_port(const char *mount_flag)
{
	assert_non_null(create_with("pvc-1", mount_flag));
	world.config.exports.open = open_by_port;
	world_restart_controller(&world);
}

static void way_of_a_record_is_not_taken_to_a_server_without_it(void **state)
{
	plant_volume_made_by_port("port=12049");
	fs_memory_plant_dir(other_fs, "pvc-1", 0755);
	assert_int_equal(delete_id(&world, VOLUME_ID), 0);
	assert_false(fs_memory_exists(world.fs, "pvc-1"));
	assert_true(fs_memory_exists(other_fs, "pvc-1"));
}

static void way_of_a_record_that_leads_nowhere_is_not_insisted_on(void **state)
{
	plant_volume_made_by_port("port=12049");
	fs_memory_fail_nth(other_fs, 1, ETIMEDOUT, FS_MEMORY_FAIL_BEFORE);
	assert_int_equal(delete_id(&world, VOLUME_ID), 0);
	assert_false(fs_memory_exists(world.fs, "pvc-1"));
}

static void failure_of_the_plain_way_says_what_helps(void **state)
{
	fs_memory_fail_nth(world.fs, 1, ECONNREFUSED, FS_MEMORY_FAIL_BEFORE);
	assert_int_equal(delete_id(&world, VOLUME_ID), -1);
	assert_int_equal(world.st.code, STATUS_UNAVAILABLE);
	assert_non_null(strstr(world.st.message, "--share srv:/share,OPTIONS"));
	assert_non_null(strstr(world.st.message, "provisioner secret"));
	assert_int_equal(delete_id(&world, VOLUME_ID), 0);
}

static void declared_share_is_reached_by_its_options(void **state)
{
	const struct export_key declared = {.server = "srv", .share = "/share", .nfs_port = 12049};
	restart_with_two_servers(&declared, 1);
	fs_memory_plant_dir(other_fs, "pvc-1", 0755);
	assert_int_equal(delete_id(&world, VOLUME_ID), 0);
	assert_false(fs_memory_exists(other_fs, "pvc-1"));
	assert_non_null(create_with("pvc-2", NULL));
	assert_true(fs_memory_exists(other_fs, "pvc-2"));
}

static void plain_create_does_not_go_the_way_of_another_class(void **state)
{
	restart_with_two_servers(NULL, 0);
	assert_non_null(create_with("pvc-1", "port=12049"));
	assert_non_null(create_with("pvc-2", NULL));
	assert_true(fs_memory_exists(other_fs, "pvc-1"));
	assert_true(fs_memory_exists(world.fs, "pvc-2"));
}

static void of_two_ports_the_one_with_the_record_is_meant(void **state)
{
	restart_with_two_servers(NULL, 0);
	assert_non_null(create_with("pvc-1", "port=12049"));
	assert_non_null(create_with("pvc-2", NULL));
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	assert_int_equal(delete_id(&world, VOLUME_ID), 0);
	assert_false(fs_memory_exists(other_fs, "pvc-1"));
	assert_true(fs_memory_exists(world.fs, "pvc-1"));
}

static void of_two_ports_without_a_record_none_is_guessed(void **state)
{
	restart_with_two_servers(NULL, 0);
	assert_non_null(create_with("pvc-2", "port=12049"));
	assert_non_null(create_with("pvc-3", NULL));
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	fs_memory_plant_dir(other_fs, "pvc-1", 0755);
	assert_int_equal(delete_id(&world, VOLUME_ID), -1);
	assert_failed(
		&world, STATUS_FAILED_PRECONDITION,
		"share srv:/share is known at ports 2049 and 12049, and nothing tells which one the volume is on: "
		"name the port in the provisioner secret's mountOptions");
	assert_true(fs_memory_exists(world.fs, "pvc-1"));
	assert_true(fs_memory_exists(other_fs, "pvc-1"));
	assert_int_equal(delete_with_secret(VOLUME_ID, "port=12049"), 0);
	assert_true(fs_memory_exists(world.fs, "pvc-1"));
	assert_false(fs_memory_exists(other_fs, "pvc-1"));
}

static void record_at_both_ports_is_no_answer(void **state)
{
	restart_with_two_servers(NULL, 0);
	assert_non_null(create_with("pvc-1", "port=12049"));
	assert_non_null(create_with("pvc-1", NULL));
	assert_int_equal(delete_id(&world, VOLUME_ID), -1);
	assert_int_equal(world.st.code, STATUS_FAILED_PRECONDITION);
}

static void server_that_does_not_answer_is_not_taken_for_one_without_the_volume(void **state)
{
	restart_with_two_servers(NULL, 0);
	assert_non_null(create_with("pvc-1", "port=12049"));
	assert_non_null(create_with("pvc-2", NULL));
	fs_memory_fail_nth(other_fs, 1, ETIMEDOUT, FS_MEMORY_FAIL_BEFORE);
	assert_int_equal(delete_id(&world, VOLUME_ID), -1);
	assert_int_equal(world.st.code, STATUS_UNAVAILABLE);
	assert_int_equal(delete_id(&world, VOLUME_ID), 0);
	assert_false(fs_memory_exists(other_fs, "pvc-1"));
}

static void all_options_are_kept_where_they_matter(void **state)
{
	world.config.exports.has_all_options = true;
	restart_with_shares(NULL, 0);
	assert_non_null(create_with("pvc-1", "sec=krb5,nfsvers=4.1"));
	assert_string_equal(world.last_key.options, "sec=krb5,nfsvers=4.1");
	assert_int_equal(delete_with_secret(VOLUME_ID, "sec=krb5p"), 0);
	assert_string_equal(world.last_key.options, "sec=krb5p");
	assert_int_equal(world.open_count, 2);
	world_restart_controller(&world);
	assert_non_null(create_with("pvc-2", "sec=krb5"));
	world_restart_controller(&world);
	assert_int_equal(delete_id(&world, "srv#share#pvc-2##"), 0);
	assert_string_equal(world.last_key.options, "sec=krb5");
}

static void share_is_announced_when_it_was_reached_first(void **state)
{
	const struct export_key declared = {.server = "declared", .share = "/share"};
	restart_with_shares(&declared, 1);
	fs_memory_fail_nth(world.fs, 1, ECONNREFUSED, FS_MEMORY_FAIL_BEFORE);
	assert_null(create_with("pvc-1", NULL));
	assert_int_equal(new_share_count, 0);
	assert_non_null(create_with("pvc-1", NULL));
	assert_non_null(create_with("pvc-2", NULL));
	assert_int_equal(delete_id(&world, "declared#share#pvc-3##"), 0);
	assert_int_equal(new_share_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(delete_goes_the_way_of_the_create),
		TEST(delete_after_a_restart_goes_the_way_that_the_record_names),
		TEST(options_that_were_changed_are_the_way_too),
		TEST(way_of_a_record_is_not_taken_to_a_server_without_it),
		TEST(way_of_a_record_that_leads_nowhere_is_not_insisted_on),
		TEST(failure_of_the_plain_way_says_what_helps),
		TEST(declared_share_is_reached_by_its_options),
		TEST(plain_create_does_not_go_the_way_of_another_class),
		TEST(of_two_ports_the_one_with_the_record_is_meant),
		TEST(of_two_ports_without_a_record_none_is_guessed),
		TEST(record_at_both_ports_is_no_answer),
		TEST(server_that_does_not_answer_is_not_taken_for_one_without_the_volume),
		TEST(all_options_are_kept_where_they_matter),
		TEST(share_is_announced_when_it_was_reached_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
